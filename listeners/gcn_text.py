"""GCN Classic text notices: ``KEY: value`` lines. Identifier, times, position and its error are read.

Positions come three times over (J2000, current, 1950): the first is taken. Errors are in the unit they are written
in. The type is known from the topic only, since the texts name it freely.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from listeners.fields import as_number
from listeners.reading import Reading
from listeners.times import from_tjd
from listeners.voevent_types import TEST_NUMBERS, find_gcn_type_by_name
from tocsin.domain.errors import NoticeError

_LOOKS_LIKE_TEXT = re.compile(rb"\A\s*TITLE:[^\n]{0,80}GCN", re.IGNORECASE)
_LINE = re.compile(r"^([0-9A-Za-z_ /-]{2,30}):[ \t]*(.*)$")
_MOST_LINES, _LONGEST_LINE = 1000, 300
_TOPIC = "gcn.classic.text."
_EVENT = r"(?:GRB|EVENT|BURST|TRIGGER|TRANS|DISCOVERY|TRIG|IMG_START|SRC|SOURCE)"
_TJD = re.compile(r"(\d+)\s*TJD")
_SOD = re.compile(r"(-?\d+(?:\.\d*)?)\s*SOD")
_DEGREES = re.compile(r"([+-]?\d+(?:\.\d*)?)d\b")
_ERROR = re.compile(r"(\d+(?:\.\d*)?)\s*\[(deg|arcmin|arcsec)")
_PER_DEGREE = {"deg": 1.0, "arcmin": 60.0, "arcsec": 3600.0}


def is_gcn_text(payload: bytes) -> bool:
    """Whether the bytes are a GCN text notice: they begin with its title."""
    return _LOOKS_LIKE_TEXT.match(payload[:200]) is not None


def read_text(payload: bytes, reading: Reading, *, topic: str | None) -> None:
    """Read a text notice.

    Raises
    ------
    NoticeError
        It is not in UTF-8 or Latin-1 as GCN sends it.
    """
    if b"\0" in payload:
        raise NoticeError("a text notice with zero bytes in it")
    text = payload.decode("utf-8", "replace").replace("\N{NO-BREAK SPACE}", " ")
    fields = _fields(text)
    reading.is_public_source = True
    reading.details["format"] = "text"
    _read_type(fields, reading, topic)
    trigger = next(_triggers(fields), None)
    if trigger is not None and trigger != "-1":
        reading.identify(trigger)
    reading.issued_utc = _notice_date(fields.get("NOTICE_DATE", ""))
    day, second = _find(fields, "DATE", _TJD), _find(fields, "TIME", _SOD)
    reading.t0_utc = from_tjd(day, second)
    if reading.place(_find(fields, "RA", _DEGREES), _find(fields, "DEC", _DEGREES)):
        _read_error(fields, reading)
    if re.search(r"\btest\b", f"{fields.get('NOTICE_TYPE', '')} {fields.get('TITLE', '')}", re.IGNORECASE):
        reading.test("the notice's type says test")


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines()[:_MOST_LINES]:
        match = _LINE.match(line[:_LONGEST_LINE])
        if match is not None and match[2].strip():
            found.setdefault(match[1].strip().upper(), match[2].strip())
    return found


def _read_type(fields: dict[str, str], reading: Reading, topic: str | None) -> None:
    kind = find_gcn_type_by_name(topic.removeprefix(_TOPIC)) if topic is not None and topic.startswith(_TOPIC) else None
    reading.details["notice_type_text"] = fields.get("NOTICE_TYPE", "")
    if kind is None:
        return
    reading.stream, reading.notice_type, reading.messenger = kind.stream, kind.name, kind.messenger
    reading.phase = kind.phase
    reading.detail("time_is_at", kind.time_is_at)
    if kind.is_test or kind.number in TEST_NUMBERS:
        reading.test(f"type {kind.name}")


def _triggers(fields: dict[str, str]) -> Iterator[str]:
    """Identifiers: the first word before the first comma, where there is one."""
    for key in ("TRIGGER_NUM", "TRIGGER_NUMBER", "TRANS_NUM", "EVENT_NUM", "SUPEREVENT_ID", "EVENT_NAME"):
        yield from fields.get(key, "").partition(",")[0].split()[:1]


def _find(fields: dict[str, str], part: str, pattern: re.Pattern[str]) -> float | None:
    name = re.compile(rf"^(?:{_EVENT}_)?{part}$")
    for key, value in fields.items():
        match = pattern.search(value) if name.match(key) else None
        if match is not None:
            return as_number(match[1])
    return None


def _read_error(fields: dict[str, str], reading: Reading) -> None:
    name = re.compile(rf"^{_EVENT}_ERROR(?:90)?$")
    for key, value in fields.items():
        match = _ERROR.search(value) if name.match(key) else None
        if match is not None:
            radius_deg = float(match[1]) / _PER_DEGREE[match[2]]
            reading.error_radius_deg = radius_deg or None
            return


def _notice_date(text: str) -> datetime | None:
    """Time of a date like ``Mon 17 Nov 25 12:19:53 UT``."""
    try:
        return datetime.strptime(text.removesuffix("UT").strip(), "%a %d %b %y %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
