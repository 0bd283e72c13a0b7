"""Why was I woken: the rule, how often it wakes, how rare the event is, what the instruments can say; as data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from advocates.escalation import ON_CALL
from tocsin.domain.clock import iso_utc
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.store import UnitOfWork
from tocsin.workflow.owing import notice_cause
from tocsin.workflow.queries import EventView
from triggers.coincidence import YEAR_S
from triggers.wakings import Expected, Wakings


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """Whether an instrument can say something of an event: its name, and in one word and in words where it stands."""

    instrument: str
    state: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyWoken:
    """Why people were woken for an event.

    Parameters
    ----------
    rule
        Rule that decided.
    at_utc
        When.
    reasons
        In words.
    expected
        How often such wakings come; None where nothing was replayed.
    measured_on
        What that was counted on.
    far_per_year
        The event's own false-alarm rate; None where it states none.
    coverage
        Instruments, in the order of the settings.
    who
        Whom the rule wakes: persons, or groups of the escalation plan.
    woken
        Who was woken then, by id.
    """

    rule: str
    at_utc: datetime
    reasons: tuple[str, ...]
    expected: Expected | None
    measured_on: str
    far_per_year: float | None
    coverage: tuple[Covered, ...]
    who: tuple[str, ...] = ()
    woken: tuple[str, ...] = ()


def why_woken(work: UnitOfWork, view: EventView, wakings: Wakings, *, clearance: frozenset[str]) -> WhyWoken | None:
    """Why people were woken, as far as the asker may know; None where nobody was."""
    event = view.item.event
    rows = work.decisions(event.id, clearance=clearance)
    woke = next((row for row in rows if row.decision.pages and row.notice_key in {None, *event.notice_keys}), None)
    if woke is None:
        return None
    return WhyWoken(
        rule=woke.decision.rule,
        at_utc=woke.at_utc,
        reasons=woke.decision.reasons,
        expected=wakings.expected(woke.decision.rule),
        measured_on=wakings.source,
        far_per_year=None if event.far_hz is None else event.far_hz * YEAR_S,
        coverage=coverage(view),
        who=woke.decision.who or (ON_CALL,),
        woken=_woken(work, event.id, woke.notice_key),
    )


def why_json(why: WhyWoken | None, name_of: Callable[[str], str] = str) -> dict[str, object] | None:
    """JSON-able form, with people by their names; None where nobody was woken."""
    if why is None:
        return None
    expected = why.expected
    return {
        "rule": why.rule,
        "who": list(why.who),
        "woken": [name_of(one) for one in why.woken],
        "at_utc": iso_utc(why.at_utc),
        "reasons": list(why.reasons),
        "expected_per_30_days": None if expected is None else expected.per_month,
        "expected_90_percent": None if expected is None else [expected.low, expected.high],
        "measured_on": why.measured_on,
        "far_per_year": why.far_per_year,
        "coverage": [{"instrument": c.instrument, "state": c.state, "words": c.words} for c in why.coverage],
    }


def _woken(work: UnitOfWork, event_id: str, notice_key: int | None) -> tuple[str, ...]:
    """Recipients of the pages that a notice led to, whatever door they are owed at, each once."""
    row = None if notice_key is None else work.notice_row(notice_key)
    cause = "" if row is None else notice_cause(row.raw_sha256)
    pages = [
        job
        for job in work.jobs(event_id)
        if job.kind is JobKind.SEND
        and job.payload["purpose"] == MessagePurpose.PAGE.value
        and job.key.endswith(f"/{cause}")
    ]
    named = (one for job in pages for one in (str(job.payload["recipient"]), *map(str, job.payload.get("also", ()))))
    return tuple(dict.fromkeys(named))


def coverage(view: EventView) -> tuple[Covered, ...]:
    """What each instrument that was asked can say of an event."""
    found = [
        Covered(
            instrument=one.instrument,
            state="none" if one.problem else "searched",
            words=one.problem or "its data were searched",
        )
        for one in view.item.findings
    ]
    known = {one.instrument for one in found}
    awaited = [
        Covered(instrument=name, state="awaited", words="its data are awaited")
        for name in view.awaited
        if name not in known
    ]
    return (*found, *awaited)
