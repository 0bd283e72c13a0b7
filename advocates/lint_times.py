"""Times and names of a circular against each other: seconds of day, dates, trigger numbers, the event's name. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from advocates.findings import blocking, line_of, warning
from advocates.numbers import last_place
from tocsin.domain.drafts import Finding

MONTHS = 12
_DAY_S = 86400.0
_LOOK = "compare with the notice or the data the time is from"
_CLOCK = r"(\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)"
_SECONDS_OF_DAY = re.compile(
    rf"(?<![\d.+-])(\d{{1,5}}(?:\.\d+)?)\s*s(?:ec(?:onds)?)?\.?\s*UTC?\s*\(\s*(?:UTC?\s*)?{_CLOCK}"
)
_ANY_CLOCK = re.compile(rf"(?<![\d:.+-]){_CLOCK}(?![\d:])\s*(?:\(?\s*UTC?\b|Z\b|hereafter)|(?:\bat|T){_CLOCK}(?![\d:])")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = rf"({'|'.join(_MONTH_NAMES)})[a-z]*\.?"
_DATED = re.compile(r"(?<![\d-])(20\d{2})[-/](\d{2})[-/](\d{2})(?![\d])")
_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+(20\d{{2}})\b")
_MONTH_DAY = re.compile(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(20\d{{2}})\b")
_NAMED = re.compile(
    r"\b(?:GRB|IceCube[- ]|SGR |XRF |(?:LIGO|Virgo|KAGRA|LVK|LVC)[ /-]+(?:M?S|GW)|M?S|GW|EP)\s?(\d{2})(\d{2})(\d{2})"
    r"(?:[A-Za-z]{1,4}\b|\.\d|_\d|\b)"
)
_TRIGGER = re.compile(
    rf"\b[Aa]t {_CLOCK} UT\b[\s\S]{{0,300}}?\btrigger(?:ed)?\s*(?:number|no\.?)?\s*\d{{9}}\s*/\s*(\d{{6}})(\d{{3}})\b"
)
#: Events of a sort, one of which a body names when the subject does.
_SORTS = (
    re.compile(r"\bGRB[ _-]?(\d{6}[A-Z])\b"),
    re.compile(r"\b(S\d{6}[a-z]{1,4})\b"),
    re.compile(r"\bIceCube-(\d{6}[A-Z])\b"),
)

#: Words beside a date that say it is the event's own.
_OF_EVENT = re.compile(r"\bT_?0\b|\btrigger|\boccurred\b|\btime of the (?:event|burst|merger|trigger)\b|\btriggered\b")

Date = tuple[str, str, str]


def lint_times(subject: str, body: str) -> Iterator[Finding]:
    """Findings ``time.range``, ``time.seconds-of-day``, ``time.trigger``, ``event.date`` and ``event.other``."""
    yield from _range(body)
    yield from _seconds_of_day(body)
    yield from _trigger(body)
    yield from _date(subject, body)
    yield from _other(subject, body)


def _range(body: str) -> Iterator[Finding]:
    for found in _ANY_CLOCK.finditer(body):
        hours, minutes, seconds = [one for one in found.groups() if one is not None][:3]
        if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 61:
            words = f"{hours}:{minutes}:{seconds} is no time of day"
            yield blocking("time.range", line_of(body, found.start()), words, _LOOK)


def _seconds_of_day(body: str) -> Iterator[Finding]:
    """Seconds of day beside a clock, "T0=31681.403 s UT (08:48:01.403)": one may have fewer digits, rounded or cut."""
    for found in _SECONDS_OF_DAY.finditer(body):
        clock_s = int(found[2]) * 3600 + int(found[3]) * 60 + float(found[4])
        off_s = abs(float(found[1]) - clock_s)
        if min(off_s, abs(off_s - _DAY_S)) > 1.001 * max(last_place(found[1]), last_place(found[4])):
            words = f"{found[1]} s of day is not {found[2]}:{found[3]}:{found[4]}: they differ by {off_s:.6g} s"
            yield blocking("time.seconds-of-day", line_of(body, found.start()), words, _LOOK)


def _trigger(body: str) -> Iterator[Finding]:
    """Fermi GBM's trigger number ends in the date and the thousandth of the day."""
    for found in _TRIGGER.finditer(body):
        day = (int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])) / _DAY_S
        if abs(day - int(found[5]) / 1000) > 0.0021:
            words = f"trigger {found[4]}{found[5]} was at {int(found[5]) / 1000:.3f} of its day, the time is {day:.3f}"
            yield warning("time.trigger", line_of(body, found.start()), words, _LOOK)


def _date(subject: str, body: str) -> Iterator[Finding]:
    """The date in the event's name against the dates printed: of its T0 it must be, of observations it may not be."""
    named = _NAMED.search(subject)
    dates = list(_dates(body[:3000]))
    if named is None or not dates:
        return
    name = (named[1], named[2], named[3])
    if not any(_is_near(name, date) for date, _ in dates):
        is_t0 = any(_OF_EVENT.search(body, max(0, start - 60), start + 70) for _, start in dates)
        printed = ", ".join("20" + "-".join(date) for date in sorted({date for date, _ in dates}))
        words = f"the event is named after 20{'-'.join(name)}, the text prints {printed}"
        yield (blocking if is_t0 else warning)("event.date", "subject", words, "check the event's name and its time")


def _dates(text: str) -> Iterator[tuple[Date, int]]:
    """Dates printed, and where."""
    for one in _DATED.finditer(text):
        yield (one[1][2:], one[2], one[3]), one.start()
    for one in _DAY_MONTH.finditer(text):
        yield (one[3][2:], f"{_MONTH_NAMES.index(one[2]) + 1:02d}", f"{int(one[1]):02d}"), one.start()
    for one in _MONTH_DAY.finditer(text):
        yield (one[3][2:], f"{_MONTH_NAMES.index(one[1]) + 1:02d}", f"{int(one[2]):02d}"), one.start()


def _is_near(name: Date, date: Date) -> bool:
    """The same day, or one beside it (names follow the trigger, texts may tell of the evening after); no month 13."""
    if not all(1 <= int(one[1]) <= MONTHS for one in (name, date)):
        return False
    days = [
        datetime(2000 + int(one[0]), int(one[1]), 1, tzinfo=UTC) + timedelta(days=int(one[2]) - 1)
        for one in (name, date)
    ]
    return abs(days[0] - days[1]) <= timedelta(days=1)


def _other(subject: str, body: str) -> Iterator[Finding]:
    """A body that names events of the subject's sort, but not the subject's."""
    for pattern in _SORTS:
        due, found = pattern.search(subject), list(pattern.finditer(body))
        if due is not None and found and due[1] not in {one[1] for one in found}:
            words = f"the subject is about {due[0]}, the text names {', '.join(sorted({one[0] for one in found}))}"
            yield warning("event.other", line_of(body, found[0].start()), words, "name the same event in both")
