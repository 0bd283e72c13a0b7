"""Parts: what one audience may see of an event. Everything that is read for somebody is read through one of these."""

from dataclasses import dataclass, replace
from datetime import datetime

from listeners.record import from_record as notice_from_record
from tocsin.domain.events import Decision, Event, EventState, StoredNotice, Tier
from tocsin.domain.people import Acknowledgement
from tocsin.domain.products import may_see
from tocsin.store import EventRow, NoticeRow, NoticeStatus, UnitOfWork
from triggers.corrections import has_substance
from triggers.event import from_record as event_from_record
from triggers.event import summarise


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of an event that one audience may see.

    Parameters
    ----------
    row, event
        As stored; as computed from what is seen.
    clearance, is_whole
        Of the audience; whether it sees all of it.
    notice_sha256s, decisions, first_utc
        Of what is seen, and when the first of it came. Not read where all is seen: nothing is held against them.
    """

    row: EventRow
    event: Event
    clearance: frozenset[str]
    is_whole: bool
    notice_sha256s: frozenset[str]
    decisions: tuple[Decision, ...]
    first_utc: datetime | None = None

    @property
    def shows_people(self) -> bool:
        """Whether what people did may be told: the audience sees all, or what it sees would have woken them."""
        return self.is_whole or any(decision.pages for decision in self.decisions)

    @property
    def tier(self) -> Tier:
        """As last decided for what is seen."""
        if self.is_whole:
            return self.row.tier
        return self.decisions[-1].tier if self.decisions else Tier.RECORD

    @property
    def state(self) -> EventState:
        """Where people stand; a retraction counts only if it may be seen."""
        if self.event.is_retracted:
            return EventState.RETRACTED
        if not self.shows_people or (self.row.state is EventState.RETRACTED and not self.is_whole):
            return EventState.OPEN
        return self.row.state

    def as_seen(self, taken: Acknowledgement) -> Acknowledgement:
        """An acknowledgement as this audience is told of it: no sooner than there was anything for it to see."""
        first = self.first_utc
        return taken if first is None or taken.at_utc >= first else replace(taken, at_utc=first)


def find_part(work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> Part | None:
    """Part of an event; None if there is none, or nothing of it may be seen."""
    row = work.event_row(event_id, clearance=clearance)
    return None if row is None else part_of(work, row, clearance)


def part_of(work: UnitOfWork, row: EventRow, clearance: frozenset[str]) -> Part | None:
    """Part of an event whose row was read."""
    is_whole = not row.is_partial and may_see(row.labels, clearance)
    if is_whole and row.summary_record:  # nothing is hidden: no need to read every notice again
        return Part(
            row=row,
            event=event_from_record(row.summary_record),
            clearance=clearance,
            is_whole=True,
            notice_sha256s=frozenset(),
            decisions=(),
        )
    notices = [stored_of(one) for one in visible_rows(work, row.id, clearance)]
    if not has_substance(notices):
        return None
    keys = {one.key for one in notices}
    return Part(
        row=row,
        event=summarise(row.id, notices),
        clearance=clearance,
        is_whole=is_whole,
        notice_sha256s=frozenset(one.raw_sha256 for one in notices),
        decisions=tuple(d.decision for d in work.decisions(row.id, clearance=clearance) if d.notice_key in keys),
        first_utc=None if is_whole else notices[0].received_utc,
    )


def shows_first_alarm(work: UnitOfWork, part: Part) -> bool:
    """Whether people were first woken by a notice that is seen: else times of the alarm would tell of another."""
    woke = next((row for row in work.decisions(part.row.id) if row.decision.pages), None)
    return part.is_whole or woke is None or woke.notice_key in part.event.notice_keys


def visible_rows(work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> list[NoticeRow]:
    """Decoded notices of an event that a clearance opens, in order of reception."""
    rows = work.notice_rows(event_id, clearance=clearance)
    return [row for row in rows if row.record and row.status is NoticeStatus.DECODED and may_see(row.labels, clearance)]


def stored_of(row: NoticeRow) -> StoredNotice:
    """A notice as the fold takes it."""
    return StoredNotice(
        key=row.key,
        notice=notice_from_record(row.record),
        event_id=row.event_id,
        received_utc=row.received_utc,
        raw_sha256=row.raw_sha256,
    )
