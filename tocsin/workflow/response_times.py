"""Response times: from T0 to the circular, stage by stage, and how soon who acknowledges."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tocsin.domain.events import Tier
from tocsin.domain.people import MessagePurpose
from tocsin.store import EventRow, UnitOfWork
from tocsin.workflow.circulars import SEEN

#: Stages in their order.
STAGES = ("t0", "issued", "received", "paged", "acknowledged", "drafted", "approved", "seen")
#: Upper ends of the bins of response times, s; the last bin is open.
BINS_S = (60.0, 300.0, 600.0, 3600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTimes:
    """When an event reached each stage; None for those it did not reach.

    Parameters
    ----------
    event_id, name, tier
        Which event.
    at_utc
        Time by stage.
    acknowledged_by, via
        Who was first, by which door.
    """

    event_id: str
    name: str
    tier: Tier
    at_utc: Mapping[str, datetime | None]
    acknowledged_by: str | None = None
    via: str | None = None

    def between_s(self, first: str, second: str) -> float | None:
        """Seconds from one stage to another; None where either was not reached."""
        start, stop = self.at_utc.get(first), self.at_utc.get(second)
        return None if start is None or stop is None else (stop - start).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Times of one kind, s: how many, their mean, median and 90 % quantile, and how they fall into `BINS_S`."""

    count: int
    mean_s: float
    median_s: float
    high_90_s: float
    histogram: tuple[int, ...]

    @classmethod
    def of(cls, times_s: Sequence[float]) -> "Summary | None":
        """Summary of some times; None of none."""
        if not times_s:
            return None
        ordered = sorted(times_s)
        counts = [0] * (len(BINS_S) + 1)
        for value in ordered:
            counts[sum(value > edge for edge in BINS_S)] += 1
        return cls(
            count=len(ordered),
            mean_s=statistics.fmean(ordered),
            median_s=statistics.median(ordered),
            high_90_s=ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))],
            histogram=tuple(counts),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTimes:
    """Everything about the events of a stretch of time.

    Parameters
    ----------
    events
        Their times, newest first.
    steps
        Summary of the time from each stage to the next that has both, by ``first-second``.
    by_person, by_tier
        Time from the first page to the first acknowledgement: its mean is the MTTA.
    not_acknowledged
        How many pages of tier 1 nobody acknowledged.
    """

    events: tuple[EventTimes, ...]
    steps: Mapping[str, Summary]
    by_person: Mapping[str, Summary]
    by_tier: Mapping[int, Summary]
    not_acknowledged: int


def response_times(
    work: UnitOfWork, *, since_utc: datetime, clearance: frozenset[str], is_drill: bool = False
) -> ResponseTimes:
    """Response times of the events made since a time, as one audience may see them; of drills alone, if told.

    Parameters
    ----------
    work
        Read only.
    since_utc
        Events made before are left out; replays always are.
    clearance
        Of the asker.
    is_drill
        Drills instead of what happened in the sky.
    """
    rows = _rows(work, since_utc, clearance)
    wanted = [row for row in rows if row.is_test is is_drill and (not is_drill or work.meta(f"drill/{row.id}"))]
    events = tuple(times_of(work, row, clearance=clearance) for row in wanted)
    paged = [one for one in events if one.at_utc["paged"] is not None]
    steps = {f"{a}-{b}": Summary.of(_between(events, a, b)) for a, b in pairwise(STAGES)}
    people = sorted({one.acknowledged_by for one in paged if one.acknowledged_by})
    by_person = {who: _answers(one for one in paged if one.acknowledged_by == who) for who in people}
    by_tier = {int(tier): _answers(one for one in paged if one.tier is tier) for tier in Tier}
    return ResponseTimes(
        events=events,
        steps={name: found for name, found in steps.items() if found is not None},
        by_person={name: found for name, found in by_person.items() if found is not None},
        by_tier={tier: found for tier, found in by_tier.items() if found is not None},
        not_acknowledged=sum(one.at_utc["acknowledged"] is None for one in paged),
    )


def times_of(work: UnitOfWork, row: EventRow, *, clearance: frozenset[str] | None = None) -> EventTimes:
    """When an event reached each stage, as far as `clearance` may see it."""
    notices = work.notice_rows(row.id, clearance=clearance)
    pages = [
        one.sent_utc
        for one in work.messages(row.id)
        if one.message.purpose is MessagePurpose.PAGE and one.sent_utc is not None
    ]
    taken = work.acknowledgements(row.id)
    drafts = [one.made_utc for one in work.drafts(row.id, clearance=clearance) if one.made_utc is not None]
    seen = [line.at_utc for line in work.audit_rows(row.id) if line.action == SEEN]
    return EventTimes(
        event_id=row.id,
        name=row.name,
        tier=row.tier,
        at_utc={
            "t0": row.t0_utc,
            "issued": min((one.issued_utc for one in notices if one.issued_utc is not None), default=None),
            "received": min((one.received_utc for one in notices), default=None),
            "paged": min(pages, default=None),
            "acknowledged": taken[0].at_utc if taken else None,
            "drafted": min(drafts, default=None),
            "approved": min((one.at_utc for one in work.approvals(row.id)), default=None),
            "seen": min(seen, default=None),
        },
        acknowledged_by=taken[0].person_id if taken else None,
        via=taken[0].via if taken else None,
    )


def _rows(work: UnitOfWork, since_utc: datetime, clearance: frozenset[str]) -> list[EventRow]:
    found: list[EventRow] = []
    cursor: str | None = None
    while True:
        # An event is made after its T0, and rarely more than a day after: lists are in the order of T0.
        rows, cursor = work.event_rows(
            limit=200, before=cursor, clearance=clearance, start_utc=since_utc - timedelta(days=2)
        )
        found += [row for row in rows if row.created_utc >= since_utc and not row.is_replay]
        if cursor is None:
            return found


def _between(events: Iterable[EventTimes], first: str, second: str) -> list[float]:
    return [value for one in events if (value := one.between_s(first, second)) is not None]


def _answers(events: Iterable[EventTimes]) -> Summary | None:
    return Summary.of(_between(events, "paged", "acknowledged"))
