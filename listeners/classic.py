"""What GCN Classic VOEvents have in common: time, position, identifiers of the message, citations.

A decoder of `listeners.notices` is a `VoEventType`: facts of the type, and a function that reads what only it has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from listeners.fields import Fields, as_number
from listeners.reading import Reading
from listeners.times import from_tjd, parse_time, tdb_to_utc
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase, Role

#: One year of a false-alarm rate "per year".
YEAR_S = 365.25 * 86400.0

#: Where GCN's templates put the truncated Julian day and the second of the day of the event.
_DAY_AND_SECOND = (
    ("Burst_TJD", "Burst_SOD"),
    ("Event_TJD", "Event_SOD"),
    ("Trans_TJD", "Trans_SOD"),
    ("Slew_TJD", "Slew_SOD"),
    ("EVENT_DATE", "EVENT_TIME"),
    ("Trigger_TJD", "Trigger_SOD"),
    ("Source_TJD", "Source_SOD"),
    ("Detection_TJD", "Detection_SOD"),
    ("ExpoStart_TJD", "ExpoStart_SOD"),
    ("SpecStart_TJD", "SpecStart_SOD"),
    ("LCStart_TJD", "LCStart_SOD"),
    ("Discovery_date", "Discovery_time"),
)
#: ISOTime and TJD/SOD that differ by more than the first, but no more than the second, show a misprinted fraction of a
#: second (``.100`` for 1.00): TJD/SOD stands then. Larger differences are garbage TJDs: ISOTime stands.
_MISPRINT_S = (0.02, 1.0)
_COORDS_ABSENT = 0
_COORDS_POINTING = 2


#: Reads what only one type of notice has.
Reader = Callable[[VoEvent, Reading], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoEventType:
    """A type of VOEvent notice: what is the same in all of its notices, and how to read the rest.

    Parameters
    ----------
    number
        Packet_Type; None where the source uses none.
    name, stream
        As in `Notice`.
    read
        Reads what only this type has.
    messenger, phase
        As in `Notice`.
    error_containment
        Probability that the error circle holds; None where the sender does not say.
    time_is_at
        Where T0 was taken: a craft or observatory by name, or ``geocentre``.
    is_test
        All notices of this type are tests.
    """

    number: int | None
    name: str
    stream: str
    read: Reader
    messenger: Messenger | None = None
    phase: Phase | None = None
    error_containment: float | None = None
    time_is_at: str | None = None
    is_test: bool = False


def read_typed(document: VoEvent, kind: VoEventType, reading: Reading) -> None:
    """Read a VOEvent of a known type: the common part, then what only the type has."""
    reading.stream = kind.stream
    reading.notice_type = kind.name
    reading.messenger = kind.messenger
    reading.phase = kind.phase
    reading.detail("time_is_at", kind.time_is_at)
    read_envelope(document, reading)
    read_position(document, reading, containment=kind.error_containment)
    if kind.is_test:
        reading.test(f"type {kind.number} {kind.name}")
    kind.read(document, reading)
    reading.dropped.extend(document.params.dropped())


def read_envelope(document: VoEvent, reading: Reading) -> None:
    """Read what any VOEvent has: identifier, role, times, citations, flags that say "test"."""
    params = document.params
    reading.notice_id = document.ivorn
    reading.trusts_issue_time = True
    _read_role(document, reading)
    reading.issued_utc = parse_time(document.date)
    if reading.issued_utc is None:
        reading.dropped.append("Date")
    _read_time(document, reading)
    for flag in document.test_flags:
        reading.test(f"{flag} is true")
    params.use(*document.test_flags, "Packet_Type")
    reading.detail("packet_serial", params.integer("Pkt_Ser_Num"))
    reading.references.extend(citation.ivorn for citation in document.citations)


def read_position(document: VoEvent, reading: Reading, *, containment: float | None) -> None:
    """Read the source position and its error circle; a pointing becomes a detail, a placeholder nothing."""
    params = document.params
    coords_type = params.integer("Coords_Type")
    params.use("Coords_String")
    ra_deg, dec_deg = as_number(document.ra_deg), as_number(document.dec_deg)
    if coords_type == _COORDS_ABSENT:
        return
    if coords_type == _COORDS_POINTING:
        point(reading, ra_deg, dec_deg)
        return
    if not reading.place(ra_deg, dec_deg):
        if document.ra_deg is not None and not is_placeholder(ra_deg, dec_deg):
            reading.dropped.append("Position2D")
        return
    take_radius(reading, as_number(document.error_radius_deg), containment)


def read_arcmin_radius(document: VoEvent, reading: Reading, name: str, containment: float) -> None:
    """Read an error radius given in arcmin: it stands before the one of the position, which may mean another level."""
    radius_arcmin = document.params.number(name)
    if radius_arcmin is not None and radius_arcmin > 0.0 and reading.ra_deg is not None:
        reading.error_radius_deg, reading.error_containment = radius_arcmin / 60.0, containment


def take_radius(reading: Reading, radius_deg: float | None, containment: float | None) -> None:
    """Take the radius of the error circle: 0 and negative values mean "not given"; over 180 deg is no circle."""
    if radius_deg is not None and 0.0 < radius_deg <= 180.0:
        reading.error_radius_deg = radius_deg
        reading.error_containment = containment
    elif radius_deg != 0.0:
        reading.dropped.append("Error2Radius")


def read_pointing(params: Fields, reading: Reading, ra_name: str, dec_name: str) -> None:
    """Read the direction the craft pointed at; fields that are no direction are dropped."""
    if point(reading, as_number(params.peek(ra_name)), as_number(params.peek(dec_name))):
        params.use(ra_name, dec_name)


def point(reading: Reading, ra_deg: float | None, dec_deg: float | None) -> bool:
    """Keep the direction the craft pointed at, if it is a direction; whether it is."""
    if ra_deg is not None and dec_deg is not None and 0.0 <= ra_deg <= 360.0 and -90.0 <= dec_deg <= 90.0:
        reading.details["pointing_ra_deg"] = ra_deg
        reading.details["pointing_dec_deg"] = dec_deg
        return True
    return False


def is_placeholder(ra_deg: float | None, dec_deg: float | None) -> bool:
    """Whether a pair of coordinates is one of GCN's ways to say "no position"."""
    return (ra_deg, dec_deg) in {(0.0, 0.0), (-1.0, -1.0)}


def is_mission_id(number: int | None) -> bool:
    """Whether a trigger number identifies something: -1 is GCN's way to say "none"."""
    return number is not None and number != -1


def _read_role(document: VoEvent, reading: Reading) -> None:
    try:
        reading.role = Role(document.role)
    except ValueError:
        reading.dropped.append("role")
    if reading.role is Role.TEST:
        reading.test("role is test")


def _read_time(document: VoEvent, reading: Reading) -> None:
    iso = parse_time(document.iso_time)
    scale = (document.coord_system or "").partition("-")[0].lower()
    if iso is not None and scale in {"tdb", "tt"}:
        iso = tdb_to_utc(iso)
        reading.details["t0_from"] = scale
    fields, counted = _counted_time(document)
    reading.t0_utc = iso if iso is not None else counted
    if counted is None:
        if iso is None and document.iso_time:
            reading.dropped.append("ISOTime")
        return
    difference_s = 0.0 if iso is None else abs((counted - iso).total_seconds())
    if difference_s <= _MISPRINT_S[1]:
        document.params.use(*fields)  # confirmed or used; a garbage day count is a dropped field
    if iso is None or _MISPRINT_S[0] < difference_s <= _MISPRINT_S[1]:
        reading.t0_utc = counted
        reading.details["t0_from"] = "tjd_sod"


def _counted_time(document: VoEvent) -> tuple[tuple[str, str], datetime | None]:
    """Names of the fields that count day and second, and the time they give."""
    params = document.params
    for names in _DAY_AND_SECOND:
        if names[0] in params:
            day, second = (as_number(params.peek(name)) for name in names)
            return names, from_tjd(day, second)
    return ("", ""), None
