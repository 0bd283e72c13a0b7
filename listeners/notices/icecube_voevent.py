"""IceCube by VOEvent: gold and bronze tracks, cascades, and the older HESE and EHE streams.

The identifier is ``run_event``, the same as in IceCube's JSON notices, so that one neutrino that comes by both roads
is one event. Revision 0 comes within a minute; later ones move the position by degrees, not the signalness, energy or
false-alarm rate.

References
----------
Blaufuss et al. 2019, ICRC; GCN: IceCube notices, https://gcn.nasa.gov/missions/icecube .
"""

from listeners.classic import YEAR_S, Reader, VoEventType
from listeners.fields import Fields
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase, SkyMapReference

_DETAILS = (
    ("energy", "energy_tev"),
    ("src_error_50", "error_radius_50_deg"),
    ("charge", "charge_photoelectrons"),
    ("signal_trackness", "trackness"),
    ("pvalue", "p_value"),
)


def read_track(document: VoEvent, reading: Reading) -> None:
    """Read a track alert of any of the streams."""
    params = document.params
    read_run_event(params, reading)
    revision = params.integer("Rev")
    reading.detail("rev", revision)
    reading.phase = Phase.UPDATE if revision else Phase.INITIAL
    signalness = params.number("signalness")
    reading.detail("signalness", params.number("Signalness") if signalness is None else signalness)
    for name, detail in _DETAILS:
        reading.detail(detail, params.number(name))
    far_per_year = params.number("FAR")
    if far_per_year is not None and far_per_year > 0.0:
        reading.far_hz = far_per_year / YEAR_S
    read_radius(params, reading)
    reading.is_retraction = params.flag("Trigger_ID/Retraction") is True
    params.use("Trigger_ID/Test", "Trigger_ID/InternalTest")


def read_astrotrack(document: VoEvent, reading: Reading) -> None:
    """Read a gold or bronze track."""
    document.params.expect("signalness", "FAR", "energy", "src_error_90")
    read_track(document, reading)


def read_cascade(document: VoEvent, reading: Reading) -> None:
    """Read a cascade, which has a name and a sky map of its own."""
    read_track(document, reading)
    params = document.params
    params.expect("signalness", "FAR", "energy", "src_error_90", "skymap_fits")
    reading.identify(params.text("event_name"))
    url = params.text("skymap_fits")
    if url is not None and url.startswith("http"):
        reading.skymap = SkyMapReference(url=url)
    reading.detail("location_map_url", params.text("skymap_png"))


def read_run_event(params: Fields, reading: Reading) -> None:
    """Read run and event number as one identifier, without leading zeros."""
    run, event = params.integer("run_id"), params.integer("event_id")
    if run is None or event is None:
        params.expect("run_id", "event_id")
        return
    reading.identify(f"{run}_{event}")


def read_radius(params: Fields, reading: Reading) -> None:
    """Read what the error radius means: the 90 % one is preferred, else the 50 % one stands as such."""
    radius_90_deg, radius_50_deg = params.number("src_error_90"), params.number("src_error_50")
    if reading.ra_deg is None:
        return
    if radius_90_deg is not None and radius_90_deg > 0.0:
        reading.error_radius_deg, reading.error_containment = radius_90_deg, 0.9
    elif radius_50_deg is not None and radius_50_deg > 0.0:
        reading.error_radius_deg, reading.error_containment = radius_50_deg, 0.5


def _type(number: int, name: str, read: Reader) -> VoEventType:
    return VoEventType(
        number=number,
        name=name,
        stream="icecube_classic",
        read=read,
        messenger=Messenger.NEUTRINO,
        phase=Phase.INITIAL,
        time_is_at="icecube",
    )


TYPES = (
    _type(157, "AMON_ICECUBE_COINC", read_track),  # none is to be had: read as AMON's single tracks are
    _type(158, "AMON_ICECUBE_HESE", read_track),
    _type(169, "AMON_ICECUBE_EHE", read_track),
    _type(173, "ICECUBE_ASTROTRACK_GOLD", read_astrotrack),
    _type(174, "ICECUBE_ASTROTRACK_BRONZE", read_astrotrack),
    _type(176, "ICECUBE_CASCADE", read_cascade),
)
