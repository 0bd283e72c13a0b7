"""GECAM, CALET, AGILE MCAL: gamma-ray triggers of smaller missions, by VOEvent.

GECAM marks tests by trigger numbers of 1e8 and more, with the role of an observation, and about a third of its
triggers are solar flares. CALET's position is the instrument's pointing. AGILE (ended 2024-01-18) gives none.
"""

from listeners.classic import VoEventType, is_mission_id
from listeners.notices.fermi_gbm import TEST_TRIGGER
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

#: GECAM's trigger numbers from here on are tests.
GECAM_FIRST_TEST = 100_000_000
#: Classes of GECAM that are no bursts; GENERIC_SOURCE says only that it was not classified.
_NO_BURST = frozenset({"SFLARE", "KNOWN_SOURCE"})


def read_gecam(document: VoEvent, reading: Reading) -> None:
    """Read a GECAM trigger, from flight or ground."""
    params = document.params
    number = params.integer("Trigger_Number")
    if number is not None:
        reading.identify(str(number))
        if number >= GECAM_FIRST_TEST:
            reading.test(f"Trigger_Number {number} is a test's")
    params.expect("Trigger_Number", "SRC_CLASS")
    source_class = params.text("SRC_CLASS")
    reading.detail("source_class", source_class)
    if source_class is not None:
        reading.details["is_not_grb"] = source_class.upper() in _NO_BURST
    reading.detail("craft", params.text("MISSION"))
    reading.signal_to_noise = params.number("TRIGGER_SIGNIF")
    reading.detail("time_scale_s", params.number("TRIGGER_DUR"))
    reading.detail("duration_s", params.number("BURST_DUR"))
    reading.detail("energy_low_kev", params.number("TRIGGER_ERANGE_LoEnergy"))
    reading.detail("energy_high_kev", params.number("TRIGGER_ERANGE_HiEnergy"))
    reading.detail("intensity_cts_s", params.number("BURST_INTEN"))


def read_calet(document: VoEvent, reading: Reading) -> None:
    """Read a CALET light curve trigger."""
    params = document.params
    number = params.integer("TrigID")
    if is_mission_id(number):
        reading.identify(str(number))
    params.expect("TrigID")
    reading.is_retraction = params.flag("Trigger_ID/Retraction") is True
    reading.signal_to_noise = params.number("SIGNIFICANCE")
    reading.detail("time_scale_s", params.number("FOREGND_DUR"))
    reading.detail("energy_low_kev", params.number("E_BAND_LO_E"))
    reading.detail("energy_high_kev", params.number("E_BAND_HI_E"))
    reading.detail("lightcurve_url", params.text("Light_Curve"))


def read_agile(document: VoEvent, reading: Reading) -> None:
    """Read an AGILE trigger, or AGILE's test position."""
    params = document.params
    number = params.integer("TrigID")
    if is_mission_id(number):
        reading.identify(str(number))
    params.expect("TrigID")
    if number == TEST_TRIGGER:
        reading.test(f"TrigID {TEST_TRIGGER}")
    reading.signal_to_noise = params.number("grb_signif")
    reading.detail("peak_signal_to_noise", params.number("peak_signif"))
    reading.detail("time_scale_s", params.number("data_time_scale"))
    reading.detail("duration_s", params.number("integration_time"))
    reading.detail("energy_low_kev", params.number("e_band_lo"))
    reading.detail("energy_high_kev", params.number("e_band_hi"))
    reading.detail("lightcurve_url", params.text("LightCurve_URL"))


def _gecam(number: int, name: str, phase: Phase) -> VoEventType:
    return VoEventType(
        number=number,
        name=name,
        stream="gecam",
        read=read_gecam,
        messenger=Messenger.GAMMA_RAY,
        phase=phase,
        error_containment=0.68,
        time_is_at="gecam",
    )


_AGILE_TEST = VoEventType(
    number=109,
    name="AGILE_GRB_POS_TEST",
    stream="agile",
    read=read_agile,
    messenger=Messenger.GAMMA_RAY,
    time_is_at="agile",
    is_test=True,
)
_AGILE_MCAL = VoEventType(
    number=105,
    name="AGILE_MCAL_ALERT",
    stream="agile",
    read=read_agile,
    messenger=Messenger.GAMMA_RAY,
    phase=Phase.INITIAL,
    time_is_at="agile",
)


def _calet(number: int, name: str, phase: Phase) -> VoEventType:
    return VoEventType(
        number=number,
        name=name,
        stream="calet",
        read=read_calet,
        messenger=Messenger.GAMMA_RAY,
        phase=phase,
        time_is_at="calet",
    )


TYPES = (
    _gecam(188, "GECAM_FLT", Phase.INITIAL),
    _gecam(189, "GECAM_GND", Phase.UPDATE),
    _calet(160, "CALET_GBM_FLT_LC", Phase.INITIAL),
    _calet(161, "CALET_GBM_GND_LC", Phase.UPDATE),  # none was ever seen: read as the one from flight
    _AGILE_MCAL,
    _AGILE_TEST,
)
