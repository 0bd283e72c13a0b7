"""What may be asked of the feeds: figures of those that the asker may know of. Nothing here writes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tocsin.domain.notices import notice_number
from tocsin.domain.products import may_see
from tocsin.store import FeedRow, QuarantineRow, SeenFirst, UnitOfWork

PUBLIC: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsView:
    """Feeds, totals over those shown, and what was quarantined."""

    feeds: tuple[FeedRow, ...]
    received: int
    stored: int
    duplicates: int
    quarantined: int
    unknown: int
    quarantine: tuple[QuarantineRow, ...]


def feeds(
    work: UnitOfWork,
    *,
    clearance: frozenset[str] = PUBLIC,
    labels_of: Mapping[str, frozenset[str]] | None = None,
    limit: int = 50,
) -> FeedsView:
    """Figures of the feeds that may be seen, and what was quarantined on them.

    Parameters
    ----------
    labels_of
        Labels of restricted topics and streams, by name; one that is not named is public.
    """
    labels = labels_of or {}
    report = work.feed_report()
    hidden = [r.topic_or_stream for r in report if not may_see(labels.get(r.topic_or_stream, PUBLIC), clearance)]
    seen_first = work.seen_first(hidden) if hidden else {}
    rows = tuple(_as_seen(r, seen_first.get(r.topic_or_stream)) for r in report if r.topic_or_stream not in hidden)
    quarantine = tuple(
        replace(q, key=notice_number(q.raw_sha256))
        for q in work.quarantined(limit, hidden=hidden)
        if may_see(labels.get(q.topic or q.transport, PUBLIC), clearance)
    )
    return FeedsView(
        feeds=rows,
        received=sum(row.received for row in rows),
        stored=sum(row.stored for row in rows),
        duplicates=sum(row.duplicates for row in rows),
        quarantined=sum(row.quarantined for row in rows),
        unknown=sum(row.unknown for row in rows),
        quarantine=quarantine,
    )


def _as_seen(row: FeedRow, first: SeenFirst | None) -> FeedRow:
    """Figures as they are without the hidden topics, by which some of this came before."""
    if first is None:
        return row
    return replace(
        row,
        stored=row.stored + first.stored,
        duplicates=row.duplicates - first.stored,
        quarantined=row.quarantined + first.quarantined,
        unknown=row.unknown + first.unknown,
    )
