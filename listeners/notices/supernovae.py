"""Supernova neutrinos by VOEvent: SNEWS and Super-Kamiokande.

Both send tests at fixed times that look like the real thing; a real one differs by its role only.
"""

from listeners.classic import VoEventType
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

_KPC_PER_MPC = 1000.0


def read_snews(document: VoEvent, reading: Reading) -> None:
    """Read a SNEWS coincidence: which detectors took part, no position."""
    params = document.params
    reading.identify(params.text("TrigID"))
    params.expect("TrigID")
    reading.is_retraction = params.flag("Trigger_ID/Retraction") is True
    detectors = [
        name.removeprefix("Misc_Flags/Detector_").removesuffix("_Participate")
        for name in params
        if name.startswith("Misc_Flags/Detector_") and name.endswith("_Participate") and params.flag(name)
    ]
    if detectors:
        reading.details["detectors"] = ",".join(detectors)
    reading.detail("signal_counts", params.integer("Event_Signal"))


def read_super_k(document: VoEvent, reading: Reading) -> None:
    """Read a burst of neutrinos seen by Super-Kamiokande; distances are in kpc."""
    params = document.params
    reading.identify(params.text("Trigger_Number"))
    params.expect("Trigger_Number", "Src_Error90", "N_Events")
    radius_deg = params.number("Src_Error90")
    if radius_deg is not None and radius_deg > 0.0 and reading.ra_deg is not None:
        reading.error_radius_deg, reading.error_containment = radius_deg, 0.9
    reading.detail("error_radius_68_deg", params.number("Src_Error68"))
    reading.detail("neutrinos", params.integer("N_Events"))
    reading.detail("duration_s", params.number("Duration"))
    reading.detail("energy_threshold_mev", params.number("Energy_Limit"))
    for name, detail in (("Min_Distance", "distance_low_mpc"), ("Max_Distance", "distance_high_mpc")):
        distance_kpc = params.number(name)
        reading.detail(detail, None if distance_kpc is None else distance_kpc / _KPC_PER_MPC)


TYPES = (
    VoEventType(
        number=149,
        name="SNEWS",
        stream="snews_sk",
        read=read_snews,
        messenger=Messenger.NEUTRINO,
        phase=Phase.INITIAL,
        time_is_at="geocentre",
    ),
    VoEventType(
        number=175,
        name="SK_SN",
        stream="snews_sk",
        read=read_super_k,
        messenger=Messenger.NEUTRINO,
        phase=Phase.INITIAL,
        time_is_at="super_kamiokande",
    ),
)
