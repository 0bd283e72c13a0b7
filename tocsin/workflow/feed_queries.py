"""What may be asked of the feeds: figures of those that the asker may know of. Nothing here writes."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.domain.products import may_see
from tocsin.store import FeedRow, QuarantineRow, UnitOfWork

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
    rows = tuple(r for r in work.feed_report() if may_see(labels.get(r.topic_or_stream, PUBLIC), clearance))
    quarantine = tuple(
        q for q in work.quarantined(limit) if may_see(labels.get(q.topic or q.transport, PUBLIC), clearance)
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
