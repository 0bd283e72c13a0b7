"""Feeds: how much came by each road, when the last, and what could not be read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import case as sql_case

from tocsin.store.columns import UtcTime
from tocsin.store.conditions import IS_OPEN, IS_QUARANTINED, IS_UNKNOWN
from tocsin.store.feed_progress import FeedProgress
from tocsin.store.receptions import earliest_seen
from tocsin.store.rows import FeedRow, NoticeCounts, SeenFirst
from tocsin.store.tables import notices, receptions, topic_counts


class Feeds(FeedProgress):
    """Figures of the feeds. Topics are counted as they grow; only what has no topic is counted when asked."""

    def feed_report(self) -> list[FeedRow]:
        """Figures per Kafka topic, then per stream for what came without one."""
        return [*self._topic_rows(), *self._stream_rows()]

    def notice_counts(self) -> NoticeCounts:
        """Totals over all roads."""
        report = self.feed_report()
        return NoticeCounts(
            received=sum(row.received for row in report),
            stored=sum(row.stored for row in report),
            duplicates=sum(row.duplicates for row in report),
            quarantined=self._number_of(IS_QUARANTINED),
            unknown=self._number_of(IS_UNKNOWN),
            undecoded=self._number_of(IS_OPEN),
        )

    def seen_first(self, hidden: Sequence[str]) -> dict[str, SeenFirst]:
        """What came first by roads that are not to be known of (`hidden` topics), by the topic it came by next.

        To somebody who knows nothing of the hidden ones it is new there, no duplicate.
        """
        statement = (
            select(
                receptions.c.topic,
                func.count().label("stored"),
                _sum(IS_QUARANTINED).label("quarantined"),
                _sum(IS_UNKNOWN).label("unknown"),
            )
            .join(notices, notices.c.key == receptions.c.notice_key)
            .where(receptions.c.id.in_(earliest_seen(hidden)))
            .group_by(receptions.c.topic)
        )
        return {
            row.topic: SeenFirst(stored=row.stored, quarantined=row.quarantined, unknown=row.unknown)
            for row in self._all(statement)
        }

    def _topic_rows(self) -> list[FeedRow]:
        """Figures per Kafka topic."""
        quarantined = self._per_topic(IS_QUARANTINED)
        unknown = self._per_topic(IS_UNKNOWN)
        progress = self._progress_per_topic()
        return [
            replace(
                _feed_row(
                    row.topic,
                    row.last_received_utc,
                    received=row.received,
                    stored=row.stored,
                    quarantined=quarantined.get(row.topic, 0),
                    unknown=unknown.get(row.topic, 0),
                ),
                **progress.get(row.topic, {}),
            )
            for row in self._all(select(topic_counts).order_by(topic_counts.c.topic))
        ]

    def _stream_rows(self) -> list[FeedRow]:
        """Figures per stream of what came without a topic."""
        stream = func.coalesce(notices.c.stream, receptions.c.transport).label("stream")
        statement = (
            select(
                stream,
                func.max(receptions.c.received_utc, type_=UtcTime).label("last"),
                func.count().label("received"),
                _sum(receptions.c.is_first).label("stored"),
                _sum(receptions.c.is_first & IS_QUARANTINED).label("quarantined"),
                _sum(receptions.c.is_first & IS_UNKNOWN).label("unknown"),
            )
            .join(notices, notices.c.key == receptions.c.notice_key)
            .where(receptions.c.topic.is_(None))
            .group_by(stream)
            .order_by(stream)
        )
        return [
            _feed_row(
                row.stream,
                row.last,
                received=row.received,
                stored=row.stored,
                quarantined=row.quarantined,
                unknown=row.unknown,
            )
            for row in self._all(statement)
        ]

    def _progress_per_topic(self) -> dict[str, dict[str, Any]]:
        """Gaps, replays and lag by topic, over all brokers and partitions."""
        found: dict[str, dict[str, Any]] = {}
        for (_, topic, _), one in self.progress().items():
            row = found.setdefault(topic, {"gaps": 0, "missing": 0, "replays": 0, "lag": None, "lag_utc": None})
            row |= {name: row[name] + getattr(one, name) for name in ("gaps", "missing", "replays")}
            if one.lag is not None and one.lag_utc is not None:
                row["lag"] = (row["lag"] or 0) + one.lag
                row["lag_utc"] = one.lag_utc if row["lag_utc"] is None else min(row["lag_utc"], one.lag_utc)
        return found

    def _per_topic(self, condition: ColumnElement[bool]) -> dict[str, int]:
        """Number of notices by topic."""
        statement = (
            select(notices.c.topic, func.count())
            .where(condition, notices.c.topic.is_not(None))
            .group_by(notices.c.topic)
        )
        return {topic: int(number) for topic, number in self._all(statement)}

    def _number_of(self, condition: ColumnElement[bool]) -> int:
        """Number of notices."""
        return self._statements.execute(select(func.count()).select_from(notices).where(condition)).scalar_one()


def _sum(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """Number of rows for which `condition` holds."""
    return func.coalesce(func.sum(sql_case((condition, 1), else_=0)), 0)


def _feed_row(
    name: str, last_received_utc: datetime, *, received: int, stored: int, quarantined: int, unknown: int
) -> FeedRow:
    """Row of the report."""
    return FeedRow(
        topic_or_stream=name,
        last_received_utc=last_received_utc,
        received=received,
        stored=stored,
        duplicates=received - stored,
        quarantined=quarantined,
        unknown=unknown,
    )
