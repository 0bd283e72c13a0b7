"""KM3NeT by VOEvent: not yet a public stream, so every notice carries the label ``km3net``.

The rate is printed per year with the number the JSON gives in Hz: Hz is meant. Energies are in GeV.
"""

from listeners.classic import VoEventType
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase, SkyMapReference

LABEL = "km3net"
_PHASES = {"initial": Phase.INITIAL, "update": Phase.UPDATE, "retraction": Phase.RETRACTION}
_TEXTS = (
    ("Instrument", "instruments"),
    ("Pipeline", "pipeline"),
    ("alert_topology", "alert_topology"),
)


def read_alert(document: VoEvent, reading: Reading) -> None:
    """Read a single neutrino or a multiplet."""
    params = document.params
    reading.labels.add(LABEL)
    reading.identify(params.text("Event_Name"))
    params.expect("Event_Name", "FAR", "Alert_Tense")
    reading.judge_tense(params.text("Alert_Tense"))
    reading.phase = _PHASES.get((params.text("Alert_Type") or "").lower())
    reading.is_retraction = reading.phase is Phase.RETRACTION
    for name, detail in _TEXTS:
        reading.detail(detail, params.text(name))
    reading.far_hz = params.number("FAR")
    reading.detail("rev", params.integer("record_number"))
    reading.detail("neutrinos", params.integer("N_events"))
    reading.detail("error_radius_50_deg", params.number("src_error_50"))
    radius_deg = params.number("src_error_90")
    if radius_deg is not None and radius_deg > 0.0 and reading.ra_deg is not None:
        reading.error_radius_deg, reading.error_containment = radius_deg, 0.9
    energy_gev = params.number("Nu_Event_1/energy_measured")
    reading.detail("energy_tev", None if energy_gev is None else energy_gev / 1000.0)
    url = params.text("healpix_url")
    if url is not None and url.rstrip("/").endswith((".fits", ".fits.gz", ".fit")):
        reading.skymap = SkyMapReference(url=url)


ALERT = VoEventType(
    number=None,
    name="KM3NET_ALERT",
    stream="km3net",
    read=read_alert,
    messenger=Messenger.NEUTRINO,
    error_containment=0.9,
    time_is_at="km3net",
)
