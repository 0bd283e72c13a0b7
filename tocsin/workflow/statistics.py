"""Statistics of events and of how fast people were reached, each audience's own: made from what it may see alone."""

import statistics as median_of
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.store import UnitOfWork
from tocsin.workflow.queries import EventListItem, EventView, event_view

#: How far back the latest figures go.
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Times until something was done, s: how many, half of them, nine in ten of them."""

    count: int
    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Counts of events, and latencies.

    Parameters
    ----------
    by_kind, by_tier, by_month
        Events that are no tests.
    tests
        Those that are.
    first_page, acknowledged
        From the bytes received to the first page; from the first page's event to who took it.
    recent_events
        No tests, of the last 30 days.
    """

    by_kind: Mapping[str, int]
    by_tier: Mapping[str, int]
    by_month: Mapping[str, int]
    tests: int
    recent_events: int
    first_page: Latency
    acknowledged: Latency


def statistics(work: UnitOfWork, *, clearance: frozenset[str], now: datetime) -> Statistics:
    """Statistics for an audience; an event of which it may see a part counts as that part looks."""
    views = part_views(work, clearance)
    parts = [view.item for view in views]
    whole = work.event_counts(clearance)
    real = [part for part in parts if not part.event.is_test]
    kinds, tiers, months = Counter(whole.by_kind), Counter(whole.by_tier), Counter(whole.by_month)
    kinds.update(part.event.kind.value for part in real)
    tiers.update(str(int(part.tier)) for part in real)
    months.update(part.event.t0_utc.strftime("%Y-%m") for part in real if part.event.t0_utc is not None)
    return Statistics(
        by_kind=dict(sorted(kinds.items())),
        by_tier=dict(sorted(tiers.items())),
        by_month=dict(sorted(months.items(), reverse=True)),
        tests=whole.tests + len(parts) - len(real),
        recent_events=work.events_since(now - RECENT, clearance) + _recent(real, now),
        first_page=_latency([*work.first_page_times_s(clearance), *_first_pages_s(views)]),
        acknowledged=_latency([*work.acknowledgement_times_s(clearance), *_taken_s(views)]),
    )


def part_views(work: UnitOfWork, clearance: frozenset[str]) -> tuple[EventView, ...]:
    """Events of which an audience may see a part and not the whole, each as it sees it."""
    found = (event_view(work, event_id, clearance=clearance) for event_id in work.partly_seen_ids(clearance))
    return tuple(view for view in found if view is not None)


def _recent(parts: Sequence[EventListItem], now: datetime) -> int:
    return sum(part.event.t0_utc is not None and part.event.t0_utc >= now - RECENT for part in parts)


def _first_pages_s(views: Sequence[EventView]) -> list[float]:
    return [view.first_page_ms / 1000.0 for view in views if view.first_page_ms is not None]


def _taken_s(views: Sequence[EventView]) -> list[float]:
    """Times from the making of an event, as its time line tells it, to its first acknowledgement, s."""
    return [
        (view.acknowledgements[0].at_utc - row.at_utc).total_seconds()
        for view in views
        if view.acknowledgements
        for row in view.timeline
        if row.kind == "event"
    ]


def _latency(times_s: Iterable[float]) -> Latency:
    found = sorted(times_s)
    if not found:
        return Latency(count=0, median_s=None, p90_s=None)
    return Latency(
        count=len(found), median_s=median_of.median(found), p90_s=found[min(len(found) - 1, int(0.9 * len(found)))]
    )
