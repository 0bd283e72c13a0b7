"""LIGO/Virgo/KAGRA by JSON on the topic ``igwn.gwalert``.

There is no role: mock events are named ``MS...``. A retraction has no event. Alerts of a superevent are ordered by
their time of creation; rate, time, pipeline and classes may all change from one to the next.

References
----------
LIGO/Virgo/KAGRA public alerts user guide, https://emfollow.docs.ligo.org/userguide/content.html ; igwn-gwalert-schema
1.3.0.
"""

from listeners.fields import Fields
from listeners.fits_check import header_number
from listeners.json_message import JsonMessage, read_schema, read_skymap
from listeners.notices.lvk_voevent import MOCK_SEARCH
from listeners.reading import MOCK_SUPEREVENT, Reading
from listeners.times import parse_time
from tocsin.domain.notices import Phase

STREAM = "igwn_gwalert"
_PHASES = {
    "EARLYWARNING": Phase.EARLY_WARNING,
    "EARLY_WARNING": Phase.EARLY_WARNING,
    "PRELIMINARY": Phase.PRELIMINARY,
    "INITIAL": Phase.INITIAL,
    "UPDATE": Phase.UPDATE,
    "RETRACTION": Phase.RETRACTION,
}
_TEXTS = ("group", "pipeline", "search")
_NUMBERS = (
    ("duration", "duration_s"),
    ("central_frequency", "central_frequency_hz"),
)
_PROPERTIES = {
    "HasNS": "has_ns",
    "HasRemnant": "has_remnant",
    "HasMassGap": "has_mass_gap",
    "HasSSM": "has_ssm",
}
_EXTERNAL = (
    ("observatory", "external_observatory"),
    ("search", "external_search"),
    ("gcn_notice_id", "external_notice_id"),  # a number, or since 2026 a text: SVOM's names have letters
)
_EXTERNAL_NUMBERS = (
    ("time_difference", "external_time_difference_s"),
    ("time_coincidence_far", "external_time_far_hz"),
    ("time_sky_position_coincidence_far", "external_time_sky_far_hz"),
)


def read_alert(message: JsonMessage, reading: Reading) -> None:
    """Read an alert of any phase."""
    fields = message.fields
    read_schema(message, reading)
    alert_type = (fields.text("alert_type") or "").upper()
    reading.notice_type = f"igwn.gwalert {alert_type}".rstrip()
    reading.phase = _PHASES.get(alert_type)
    reading.is_retraction = reading.phase is Phase.RETRACTION
    fields.expect("alert_type", "time_created", "superevent_id")
    created = fields.text("time_created")
    reading.issued_utc = parse_time(created)
    superevent = fields.text("superevent_id")
    reading.identify(superevent)
    reading.notice_id = f"{superevent}-{alert_type}@{created}"
    if superevent is not None and MOCK_SUPEREVENT.match(superevent):
        reading.test(f"superevent {superevent}")
    urls = fields.inside("urls")
    if urls is not None:
        reading.detail("event_page_url", urls.text("gracedb"))
    event = fields.inside("event")
    if event is not None:
        _read_event(event, reading)
    elif not reading.is_retraction:
        fields.drop("event")
    external = fields.inside("external_coinc")
    if external is not None:
        _read_external(external, reading)


def _read_event(event: Fields, reading: Reading) -> None:
    reading.t0_utc = parse_time(event.text("time"))
    reading.far_hz = event.number("far")
    reading.detail("significant", event.flag("significant"))
    instruments = event.texts("instruments")
    if instruments:
        reading.details["instruments"] = ",".join(instruments)
    for name in _TEXTS:
        reading.detail(name, event.text(name))
    for name, detail in _NUMBERS:
        reading.detail(detail, event.number(name))
    if reading.details.get("search") == MOCK_SEARCH:
        reading.test("search MDC")
    classes = event.inside("classification")
    if classes is not None:
        for name in classes:
            reading.classify(name, classes.number(name))
    properties = event.inside("properties")
    if properties is not None:
        for name in properties:
            reading.detail(_PROPERTIES.get(name, name), properties.number(name))
    _read_chirp_mass(event, reading)
    read_skymap(event, reading, content_name="skymap", url_name=None)
    _read_distance(reading)
    event.expect("time", "far", "significant", "instruments", "group", "pipeline", "search", "skymap")


def _read_distance(reading: Reading) -> None:
    """Read the distance, which the notice gives in its sky map's header alone."""
    content = reading.skymap.content if reading.skymap is not None else None
    if content is not None:
        reading.detail("distance_mpc", header_number(content, "DISTMEAN"))
        reading.detail("distance_error_mpc", header_number(content, "DISTSTD"))


def _read_chirp_mass(event: Fields, reading: Reading) -> None:
    """Read the binned source chirp mass: the most probable bin, where the value has the form of one."""
    if event.peek("mchirp_source") is None:
        return
    reading.detail("mchirp_source_msun", event.number("mchirp_source"))
    table = event.inside("mchirp_source")
    if table is None:
        return
    edges, weights = table.peek("bin_edges"), table.peek("probabilities")
    if not isinstance(edges, list) or not isinstance(weights, list) or len(edges) != len(weights) + 1 or not weights:
        return
    numbers = [weight for weight in weights if isinstance(weight, int | float)]
    if len(numbers) != len(weights):
        return
    best = max(range(len(numbers)), key=numbers.__getitem__)
    low, high = edges[best], edges[best + 1]
    if isinstance(low, int | float) and isinstance(high, int | float):
        reading.details["mchirp_source_low_msun"], reading.details["mchirp_source_high_msun"] = float(low), float(high)
        table.use("bin_edges", "probabilities")


def _read_external(external: Fields, reading: Reading) -> None:
    for name, detail in _EXTERNAL:
        reading.detail(detail, external.text(name))
    for name, detail in _EXTERNAL_NUMBERS:
        reading.detail(detail, external.number(name))
    ivorn = external.text("ivorn")
    if ivorn is not None:
        reading.references.append(ivorn)
    own = reading.skymap
    read_skymap(external, reading, content_name="combined_skymap", url_name=None)
    combined = reading.skymap
    if combined is not own and combined is not None:
        # The event's map stays the notice's own; of the combined one only the digest is kept (its bytes are in the
        # raw notice).
        reading.detail("combined_skymap_sha256", combined.sha256)
        reading.skymap = own
