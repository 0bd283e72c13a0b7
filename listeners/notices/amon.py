"""AMON: neutrino and gamma-ray coincidences, the HAWC burst monitor, and AMON's tests.

Rates are per year, and error radii in arcmin; Error2Radius is the 50 % radius in coincidences and the 90 % one in
HAWC's. A coincidence may be private: it carries the label ``amon`` then.

References
----------
Ayala Solares et al. 2020, Astropart. Phys. 114, 68; GCN: AMON notices, https://gcn.nasa.gov/missions/icecube .
"""

from listeners.classic import YEAR_S, Reader, VoEventType, read_arcmin_radius
from listeners.notices.icecube_voevent import read_radius, read_run_event
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

LABEL = "amon"


def read_coincidence(document: VoEvent, reading: Reading) -> None:
    """Read a coincidence of neutrinos with gamma rays."""
    _read_coincidence(document, reading, "NuEM")


def read_gw_coincidence(document: VoEvent, reading: Reading) -> None:
    """Read a coincidence of gravitational waves with high-energy neutrinos; none was ever seen: as the other kind."""
    _read_coincidence(document, reading, "GWHEN")


def _read_coincidence(document: VoEvent, reading: Reading, head: str) -> None:
    params = document.params
    date = params.text("Event_Date")
    reading.identify(None if date is None else f"{head}-{date}")
    params.expect("Event_Date", "FAR", "src_err_90")
    if params.flag("private") or params.flag("Trigger_ID/PrivateFlag"):
        reading.labels.add(LABEL)
    retractions = [params.flag("retraction"), params.flag("Trigger_ID/RetractFlag")]
    reading.is_retraction = any(retractions)
    _read_statistics(document, reading, revision="Rev")
    read_arcmin_radius(document, reading, "src_err_90", 0.9)
    radius_50_arcmin = params.number("src_err_50")
    reading.detail("error_radius_50_deg", None if radius_50_arcmin is None else radius_50_arcmin / 60.0)
    reading.detail("pair", params.integer("Pair_Name_ID"))


def read_hawc(document: VoEvent, reading: Reading) -> None:
    """Read a burst seen by HAWC."""
    params = document.params
    read_run_event(params, reading)
    reading.is_retraction = params.flag("Trigger_ID/Retraction") is True
    _read_statistics(document, reading, revision="rev")
    read_arcmin_radius(document, reading, "src_err_90", 0.9)
    reading.detail("p_value", params.number("Pvalue"))


def read_test(document: VoEvent, reading: Reading) -> None:
    """Read AMON's test packet, which looks like an old IceCube one."""
    params = document.params
    read_run_event(params, reading)
    reading.detail("rev", params.integer("Rev"))
    read_radius(params, reading)


def _read_statistics(document: VoEvent, reading: Reading, *, revision: str) -> None:
    params = document.params
    far_per_year = params.number("FAR")
    if far_per_year is not None and far_per_year > 0.0:
        reading.far_hz = far_per_year / YEAR_S
    number = params.integer(revision)
    reading.detail("rev", number)
    reading.phase = Phase.UPDATE if number else Phase.INITIAL
    reading.detail("duration_s", params.number("deltaT"))


def _type(
    number: int,
    name: str,
    read: Reader,
    messenger: Messenger,
    *,
    containment: float | None = 0.9,
    is_test: bool = False,
) -> VoEventType:
    return VoEventType(
        number=number,
        name=name,
        stream="amon",
        read=read,
        messenger=messenger,
        phase=Phase.INITIAL,
        error_containment=containment,
        time_is_at="geocentre",
        is_test=is_test,
    )


TYPES = (
    _type(172, "AMON_NU_EM_COINC", read_coincidence, Messenger.NEUTRINO, containment=0.5),
    _type(168, "GWHEN_COINC", read_gw_coincidence, Messenger.NEUTRINO, containment=0.5),
    _type(171, "HAWC_BURST_MONITOR", read_hawc, Messenger.GAMMA_RAY),
    _type(159, "AMON_TEST", read_test, Messenger.NEUTRINO, is_test=True),
)
