"""Missions whose JSON follows the unified schema, as far as it goes, and GCN's own messages."""

import math

from listeners.fields import Fields
from listeners.json_message import JsonMessage, read_schema, read_unified
from listeners.reading import Reading
from listeners.times import from_unix_ms, parse_time
from tocsin.domain.clock import iso_utc
from tocsin.domain.notices import Phase

#: Delay of a frequency of 1 GHz by a dispersion measure of 1 pc/cm3, s.
DISPERSION_S = 4.148808e-3
#: No corner is further along any axis, deg; as a comparison of whole numbers it bears any of them.
_LARGEST_ANGLE_DEG = 360
#: Corners further than this from the position are no error box of MAXI's scans, deg.
_LARGEST_CORNER_DEG = 30.0
#: Lowest frequency observed, MHz.
_LOWEST_MHZ = {"chime": 400.0, "dsa110": 1280.0}


def read_mission(message: JsonMessage, reading: Reading) -> None:
    """Read a notice that the unified schema describes."""
    read_unified(message, reading)
    if message.fields.flag("is_test"):
        reading.test("is_test is true")
    read_corners(message.fields, reading)


def read_corners(fields: Fields, reading: Reading) -> None:
    """Take the corner furthest from the position as its radius, where MAXI gives a rectangle instead of one."""
    corners = fields.peek("rectangular_error_corners")
    if not isinstance(corners, list) or reading.ra_deg is None or reading.dec_deg is None:
        return
    points = [one for one in corners if isinstance(one, list) and len(one) == 2 and all(map(_is_number, one))]
    reaches_deg = [_apart_deg(reading.ra_deg, reading.dec_deg, float(ra), float(dec)) for ra, dec in points]
    if len(points) != len(corners) or not reaches_deg or max(reaches_deg) > _LARGEST_CORNER_DEG:
        return
    fields.use("rectangular_error_corners")
    reading.details["error_corners_deg"] = "; ".join(f"{float(ra):g} {float(dec):+g}" for ra, dec in points)
    if reading.error_radius_deg is None:
        reading.error_radius_deg = max(reaches_deg)
        reading.error_containment = fields.number("containment_probability") or 0.9


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST_ANGLE_DEG


def _apart_deg(ra_a_deg: float, dec_a_deg: float, ra_b_deg: float, dec_b_deg: float) -> float:
    """Angle between two directions, deg."""
    dec_a, dec_b = math.radians(dec_a_deg), math.radians(dec_b_deg)
    half_ra = math.radians(ra_b_deg - ra_a_deg) / 2.0
    h = math.sin((dec_b - dec_a) / 2.0) ** 2 + math.cos(dec_a) * math.cos(dec_b) * math.sin(half_ra) ** 2
    return math.degrees(2.0 * math.asin(math.sqrt(min(1.0, h))))


def read_named(message: JsonMessage, reading: Reading) -> None:
    """Read a notice whose event's name identifies it, ``id`` being a running number (KM3NeT); energies in GeV."""
    read_unified(message, reading, identifiers=("event_name",))
    details = message.fields.peek("event_details")
    first = details[0] if isinstance(details, list) and details else None
    energy_gev = Fields(first).number("energy_measured") if isinstance(first, dict) else None
    reading.detail("energy_tev", None if energy_gev is None else energy_gev / 1000.0)


def read_radio_burst(message: JsonMessage, reading: Reading) -> None:
    """Read a fast radio burst: its time is that of the lowest frequency, so many s after what left the source with it.

    The delay is what the notice's own time at infinite frequency says; without one, by its dispersion measure.
    """
    fields = message.fields
    read_unified(message, reading)
    reading.detail("dispersion_measure_error_pc_cm3", fields.number("dm_error"))
    reading.detail("dispersion_measure_galactic_pc_cm3", fields.number("dm_gal_ne_2001_max"))
    reading.detail("known_source", fields.text("known_source"))
    reading.detail("association_probability", fields.number("association_probability"))
    lowest_mhz = _LOWEST_MHZ.get(reading.stream)
    unbent_utc = parse_time(fields.text("trigger_time_inf_freq"))
    measure = reading.details.get("dispersion_measure_pc_cm3")
    if reading.t0_utc is None:
        return
    if unbent_utc is not None:
        reading.details["dispersion_delay_s"] = (reading.t0_utc - unbent_utc).total_seconds()
        reading.detail("t0_infinite_frequency_error_s", fields.number("trigger_time_inf_freq_error"))
    elif isinstance(measure, float) and lowest_mhz is not None:
        reading.details["dispersion_delay_s"] = DISPERSION_S * measure / (lowest_mhz / 1000.0) ** 2


def read_flare(message: JsonMessage, reading: Reading) -> None:
    """Read a flare of a known source: the name is the source's, and there is no trigger."""
    fields = message.fields
    read_unified(message, reading, identifiers=())
    reading.detail("source_name", fields.text("event_name"))
    reading.detail("test_statistic", fields.number("TS"))


def read_boom(message: JsonMessage, reading: Reading) -> None:
    """Read optical cross-matches; a message with one target has its name and position."""
    fields = message.fields
    read_schema(message, reading)
    reading.issued_utc = parse_time(fields.text("alert_datetime"))
    reading.detail("mission", fields.text("mission"))
    data = fields.inside("data")
    targets = data.peek("targets") if data is not None else None
    found = [Fields(target) for target in targets if isinstance(target, dict)] if isinstance(targets, list) else []
    if data is not None and found:
        data.use("targets")
    for target in found:
        reading.identify(*target.texts("event_name"))
        matches = target.peek("gcn_crossmatch")
        for match in matches if isinstance(matches, list) else ():
            if isinstance(match, dict):
                reading.references.extend(Fields(match).texts("ref_ID"))
    if len(found) == 1:
        reading.place(found[0].number("ra"), found[0].number("dec"))


def read_archive(message: JsonMessage, reading: Reading) -> None:
    """Read word of data in an archive: no event at all."""
    fields = message.fields
    read_unified(message, reading, identifiers=())
    reading.detail("observation_id", fields.text("obs_id"))
    reading.detail("source_name", fields.text("target_name"))
    reading.detail("facility", fields.text("facility_name"))


def read_circular(message: JsonMessage, reading: Reading) -> None:
    """Read a circular: a person's report, sent again on every edit; the text itself stays in the raw message."""
    fields = message.fields
    read_schema(message, reading)
    number = fields.integer("circularId")
    version = fields.integer("version")
    reading.identify(fields.text("eventId"))
    reading.issued_utc = from_unix_ms(fields.number("createdOn"))
    reading.detail("created_utc", iso_utc(reading.issued_utc))
    edited_utc = from_unix_ms(fields.number("editedOn"))
    if edited_utc is not None:
        reading.issued_utc, reading.phase = edited_utc, Phase.UPDATE
    fields.expect("circularId", "subject", "createdOn")
    if number is not None:
        reading.notice_id = f"circular/{number}" if version is None else f"circular/{number}v{version}"
        reading.details["circular_id"] = number
    reading.detail("version", version)
    reading.detail("subject", fields.text("subject"))
    reading.detail("submitter", fields.text("submitter"))
    kinds = fields.texts("eventType")
    if kinds:
        reading.details["event_type"] = ",".join(kinds)


def read_heartbeat(message: JsonMessage, reading: Reading) -> None:
    """Read the broker's heartbeat."""
    read_schema(message, reading)
    reading.issued_utc = parse_time(message.fields.text("alert_datetime"))
