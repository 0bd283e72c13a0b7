"""JSON messages: hardened parsing, and what GCN's unified schema puts where.

Producers do not upgrade and differ from their schemas, so nothing is validated hard: an unknown field or an old
``$schema`` never costs a notice.

References
----------
GCN unified schema, https://gcn.nasa.gov/docs/schema .
"""

import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime

import orjson

from listeners.fields import Fields, as_number
from listeners.fits_check import is_whole_fits
from listeners.reading import Reading
from listeners.times import from_mjd, parse_time
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import Phase, SkyMapReference

_SCHEMA = re.compile(r"/schema/(?P<version>[^/]+)/(?P<path>.+)\.schema\.json$")
#: Versions of the unified schema these decoders were written against.
_CURRENT_SCHEMA = re.compile(r"^(main|stable|latest|v7(\.\d+)*)$")
_PHASES = {
    "initial": Phase.INITIAL,
    "subsequent": Phase.UPDATE,
    "update": Phase.UPDATE,
    "retraction": Phase.RETRACTION,
}
#: The schema's default for what an error radius contains.
_DEFAULT_CONTAINMENT = 0.9
_TEXTS = (
    ("mission", "mission"),
    ("instrument", "instruments"),
    ("pipeline", "pipeline"),
    ("alert_topology", "alert_topology"),
    ("subtype", "subtype"),
    ("trigger_type", "trigger_type"),
    ("slew_status", "slew_status"),
    ("light_curve_url", "lightcurve_url"),
    ("data_archive_page", "event_page_url"),
    ("flux_unit", "flux_unit"),
    ("detection_timescale_units", "detection_time_scale_unit"),
)
_COUNTS = (
    ("record_number", "rev"),
    ("n_events", "neutrinos"),
    ("number_of_events", "neutrinos"),
)
_BANDS = ("rate_energy_range", "image_energy_range", "localization_energy_range")
_NUMBERS = (
    ("p_astro", "p_astro"),
    ("nu_energy", "energy_tev"),
    ("p_value", "p_value"),
    ("duration", "duration_s"),
    ("rate_duration", "time_scale_s"),
    ("image_duration", "time_scale_s"),
    ("event_duration", "duration_s"),
    ("t90", "duration_s"),
    ("luminosity_distance", "distance_mpc"),
    ("luminosity_distance_error", "distance_error_mpc"),
    ("trigger_time_error", "t0_error_s"),
    ("hardness_ratio", "hardness_ratio"),
    ("dm", "dispersion_measure_pc_cm3"),
    ("importance", "importance"),
    ("net_count_rate", "intensity_cts_s"),
    ("flux", "flux"),
    ("src_error_50", "error_radius_50_deg"),
    ("detection_timescale", "detection_time_scale"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonMessage:
    """A JSON object received as a message.

    Parameters
    ----------
    fields
        Its fields.
    schema_path, schema_version
        From ``$schema``: ``gcn/notices/einstein_probe/wxt/alert`` and ``v4.1.0``; None without.
    """

    fields: Fields
    schema_path: str | None
    schema_version: str | None


def parse_json(payload: bytes) -> JsonMessage:
    """JSON object in the bytes; a list holding one object counts as the object.

    Raises
    ------
    NoticeError
        It is no JSON, not in UTF-8, too deep, or neither an object nor a list with one.
    """
    try:
        value = orjson.loads(payload.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        value = _parse_leniently(payload)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise NoticeError("JSON, but no object: a notice is an object with named fields")
    return wrap_json(value)


def wrap_json(value: dict[str, object]) -> JsonMessage:
    """Message of an object already parsed."""
    schema = value.get("$schema")
    match = _SCHEMA.search(schema) if isinstance(schema, str) else None
    return JsonMessage(
        fields=Fields(value),
        schema_path=match["path"] if match else None,
        schema_version=match["version"] if match else None,
    )


def _parse_leniently(payload: bytes) -> object:
    """NaN and Infinity, which Python's own writers produce, are taken where the strict parser refuses."""
    try:
        return json.loads(payload.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NoticeError(f"no JSON: {str(error)[:200]}") from error


def read_schema(message: JsonMessage, reading: Reading) -> None:
    """Read ``$schema``; an old or unknown one is named as dropped, and the notice read all the same."""
    if message.schema_version is not None and _CURRENT_SCHEMA.match(message.schema_version):
        message.fields.use("$schema")
    reading.detail("schema_version", message.schema_version)


def read_unified(
    message: JsonMessage, reading: Reading, *, identifiers: tuple[str, ...] = ("id", "event_name")
) -> None:
    """Read what the unified schema's core parts say: alert, event, reporter, time, localization, statistics.

    Parameters
    ----------
    message, reading
        What is read, and where it goes.
    identifiers
        Fields that name the event, the mission's own first.
    """
    fields = message.fields
    read_schema(message, reading)
    for name in identifiers:
        reading.identify(*fields.texts(name))
    fields.expect(*identifiers[:1], "trigger_time")
    reading.issued_utc = parse_time(fields.text("alert_datetime"))
    reading.t0_utc = read_moment(fields, "trigger_time")
    reading.judge_tense(fields.text("alert_tense"))
    alert_type = fields.text("alert_type")
    if alert_type is not None:
        reading.phase = _PHASES.get(alert_type.lower())
        reading.is_retraction = reading.phase is Phase.RETRACTION
        reading.details["alert_type"] = alert_type
    fields.use("messenger")
    for name, detail in _TEXTS:
        reading.detail(detail, fields.text(name))
    for name, detail in _NUMBERS:
        reading.detail(detail, fields.number(name))
    for name, detail in _COUNTS:
        reading.detail(detail, fields.integer(name))
    reading.far_hz = fields.number("far")
    reading.signal_to_noise = _first_number(fields, "rate_snr", "image_snr", "snr")
    read_localization(fields, reading)
    _read_classes(fields, reading)
    reading.references.extend((*fields.texts("ref_ID"), *fields.texts("follow_up_event")))
    _read_band(fields, reading)


def read_moment(fields: Fields, name: str) -> datetime | None:
    """Time in a field, ISO 8601 or (pending in the schema) a modified Julian day."""
    value = fields.peek(name)
    moment = parse_time(value) if isinstance(value, str) else None
    moment = from_mjd(as_number(value)) if moment is None else moment
    if moment is not None:
        fields.use(name)
    return moment


def read_localization(fields: Fields, reading: Reading) -> None:
    """Read position, error (number, or ellipse of axes and position angle) and sky map."""
    if reading.place(fields.number("ra"), fields.number("dec")):
        axes = _axes(fields.peek("ra_dec_error"))
        if axes:
            fields.use("ra_dec_error")
            reading.error_radius_deg = max(axes[:2])
            reading.error_containment = _containment(fields)
        if len(axes) > 1:
            reading.details["error_major_deg"], reading.details["error_minor_deg"] = max(axes[:2]), min(axes[:2])
        if len(axes) > 2:
            reading.details["error_position_angle_deg"] = axes[2]
    reading.detail("systematic_included", fields.flag("systematic_included"))
    read_skymap(fields, reading, content_name="healpix_file", url_name="healpix_url")


def _containment(fields: Fields) -> float | None:
    """Probability that the error holds: the schema's default where none is stated; None where nonsense is."""
    name = "containment_probability"
    if fields.peek(name) is None:
        return _DEFAULT_CONTAINMENT
    stated = as_number(fields.peek(name))
    if stated is None or not 0.0 < stated <= 1.0:
        return None
    fields.use(name)
    return stated


def read_skymap(fields: Fields, reading: Reading, *, content_name: str, url_name: str | None) -> None:
    """Read a sky map, by value (base64 of FITS; Avro holds the bytes) or by URL; a broken one is named as dropped."""
    url = fields.text(url_name) if url_name is not None else None
    content = None
    value = fields.peek(content_name)
    if isinstance(value, str | bytes) and value:
        content = _decode_map(value)
        if content is not None:
            fields.use(content_name)
    if content is not None or url is not None:
        reading.skymap = SkyMapReference(url=url, content=content)


def _decode_map(value: str | bytes) -> bytes | None:
    try:
        content = value if isinstance(value, bytes) else binascii.a2b_base64(value.encode("ascii"))
    except ValueError:  # no base64, or not ASCII
        return None
    return content if is_whole_fits(content) else None


def _axes(value: object) -> list[float]:
    """Numbers of an error given as one number or as a list; empty where any of them is none or not positive."""
    items = value if isinstance(value, list) else [value]
    numbers = [number for number in map(as_number, items) if number is not None]
    if len(numbers) != len(items) or not numbers or min(numbers[:2]) <= 0.0:
        return []
    return numbers


def _read_band(fields: Fields, reading: Reading) -> None:
    for name in _BANDS:
        band = fields.peek(name)
        numbers = [as_number(edge) for edge in band] if isinstance(band, list) and len(band) == 2 else []
        if numbers and None not in numbers:
            fields.use(name)
            reading.detail("energy_low_kev", numbers[0])
            reading.detail("energy_high_kev", numbers[1])
            return


def _read_classes(fields: Fields, reading: Reading) -> None:
    classes = fields.inside("classification")
    for name in classes if classes is not None else ():
        reading.classify(name, classes.number(name) if classes is not None else None)


def _first_number(fields: Fields, *names: str) -> float | None:
    for name in names:
        value = fields.number(name)
        if value is not None:
            return value
    return None
