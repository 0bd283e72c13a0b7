"""Receptions: bytes as they arrived, kept once, with every road they came by and how far each road was read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Select, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.domain.notices import RawNotice
from tocsin.store.feed_progress import FeedProgress
from tocsin.store.prepared import kept
from tocsin.store.rows import NoticeStatus, RawKept, SourcePosition
from tocsin.store.tables import kafka_positions, notices, raw_blobs, receptions, topic_counts
from tocsin.store.topic import PUBLIC, any_of, numbered

#: Notices written by one statement; databases limit a statement's parameters.
AT_ONCE = 1000

_ADD_NOTICES = kept(notices.insert())
_ADD_RECEPTIONS = kept(receptions.insert())
#: Digests asked for together are so many, some of them twice: few statements are made ready.
ROUND = 16


@cache
def _keys_of(number: int) -> Select[*tuple[Any, ...]]:
    """Numbers of the notices of so many digests."""
    return kept(select(notices.c.raw_sha256, notices.c.key).where(any_of(notices.c.raw_sha256, "digest_", number)))


class Receptions(FeedProgress):
    """Raw notices and their source positions."""

    def add_raw(self, raw: RawNotice) -> RawKept:
        """Keep a received notice: its bytes once, this reception in any case; see `add_raws`."""
        return self.add_raws([raw])[0]

    def add_raws(self, raws: Sequence[RawNotice]) -> list[RawKept]:
        """Keep received notices, in order: bytes once per digest, each reception, and how far each topic was read.

        The same bytes are one notice whatever road they take; other bytes under the same identifier (mission ids are
        used again after years) are another notice. Transactions that receive take turns, so that numbers grow in the
        order in which they become visible.
        """
        self.lock("receptions")
        starts = range(0, len(raws), AT_ONCE)
        return [kept for start in starts for kept in self._add_some(raws[start : start + AT_ONCE])]

    def _add_some(self, raws: Sequence[RawNotice]) -> list[RawKept]:
        """Keep as many notices as go into one statement."""
        digests = [raw.sha256 for raw in raws]
        keys = self._keys(digests)
        new = {digest: raw for digest, raw in reversed(list(zip(digests, raws, strict=True))) if digest not in keys}
        self._keep_bytes(new)
        keys |= self._number(sorted(new.items(), key=lambda item: digests.index(item[0])))
        kept = _kept(digests, keys, set(new))
        self._statements.execute(_ADD_RECEPTIONS, [_reception(raw, k) for raw, k in zip(raws, kept, strict=True)])
        self._count(raws, kept)
        self._keep_progress(raws, kept)
        self._keep_positions(raws)
        return kept

    def _keys(self, digests: Sequence[str]) -> dict[str, int]:
        """Numbers of the notices whose bytes are kept already, by digest."""
        asked = sorted(set(digests))
        if not asked:
            return {}
        if len(asked) > 1:
            asked += asked[:1] * (-len(asked) % ROUND)
        found = self._statements.execute(_keys_of(len(asked)), numbered("digest_", asked))
        return {digest: key for digest, key in found}  # noqa: C416 - rows, not pairs, to the type checker

    def _keep_bytes(self, new: dict[str, RawNotice]) -> None:
        """Keep bytes under their digest."""
        blobs = [{"sha256": d, "size_bytes": len(raw.payload), "content": raw.payload} for d, raw in new.items()]
        self._insert_if_absent(raw_blobs, blobs)

    def _number(self, new: list[tuple[str, RawNotice]]) -> dict[str, int]:
        """Numbers of new notices, growing in the order given, by digest."""
        if not new:
            return {}
        self._statements.execute(_ADD_NOTICES, [_notice(digest, raw) for digest, raw in new])
        return self._keys([digest for digest, _ in new])

    def _count(self, raws: Sequence[RawNotice], kept: Sequence[RawKept]) -> None:
        """Count receptions per topic."""
        counts: dict[str, dict[str, Any]] = {}
        for raw, one in zip(raws, kept, strict=True):
            if raw.topic is None:
                continue
            row = counts.setdefault(
                raw.topic, {"topic": raw.topic, "received": 0, "stored": 0, "last_received_utc": raw.received_utc}
            )
            row["received"] += 1
            row["stored"] += one.is_new
            row["last_received_utc"] = max(row["last_received_utc"], raw.received_utc)
        if counts:
            self._statements.execute(_COUNT[self._connection.dialect.name], list(counts.values()))

    def _keep_positions(self, raws: Sequence[RawNotice]) -> None:
        """Remember where reading goes on, per broker, topic and partition."""
        last = {
            (raw.origin, raw.topic, raw.partition): raw.offset
            for raw in raws
            if raw.transport == "kafka" and None not in {raw.topic, raw.partition, raw.offset}
        }
        if last:
            rows = [
                {"origin": origin, "topic": topic, "partition": partition, "offset": offset}
                for (origin, topic, partition), offset in last.items()
            ]
            self._replace(kafka_positions, rows)

    def kafka_offsets(self, origin: str | None = None) -> dict[tuple[str, int], int]:
        """Offset of the last notice stored, by (topic, partition): reading goes on at the next one.

        The last one stored, not the highest: a topic that was made anew begins again at 0.

        Parameters
        ----------
        origin
            Broker; None for all, and then the lowest offset where two brokers have a topic of the same name, since
            reading twice does no harm and not reading does.
        """
        statement = select(kafka_positions.c.topic, kafka_positions.c.partition, kafka_positions.c.offset)
        if origin is not None:
            statement = statement.where(kafka_positions.c.origin == origin)
        found: dict[tuple[str, int], int] = {}
        for topic, partition, offset in self._all(statement):
            found[topic, partition] = min(offset, found.get((topic, partition), offset))
        return found

    def newest_reception_utc(self) -> datetime | None:
        """When the last notice was received; None before the first."""
        statement = select(func.max(topic_counts.c.last_received_utc))
        newest: datetime | None = self._connection.execute(statement).scalar()
        return newest

    def rewind(self, origin: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Let reading begin again at these offsets, by (topic, partition), instead of behind the last one stored."""
        rows = [
            {"origin": origin, "topic": topic, "partition": partition, "offset": offset - 1}
            for (topic, partition), offset in offsets.items()
        ]
        self._replace(kafka_positions, rows)

    def source_positions(self, key: int) -> list[SourcePosition]:
        """Every reception of a notice, in order."""
        rows = self._all(select(receptions).where(receptions.c.notice_key == key).order_by(receptions.c.id))
        return [
            SourcePosition(
                notice_key=row.notice_key,
                transport=row.transport,
                origin=row.origin,
                topic=row.topic,
                partition=row.partition,
                offset=row.offset,
                received_utc=row.received_utc,
            )
            for row in rows
        ]


def _kept(digests: Sequence[str], keys: dict[str, int], new: set[str]) -> list[RawKept]:
    """What became of each: the first of several with new bytes is new, the others are its duplicates."""
    kept = []
    for digest in digests:
        is_new = digest in new
        new.discard(digest)
        key = keys[digest]
        kept.append(RawKept(key=key, is_new=is_new, duplicate_of=None if is_new else key))
    return kept


def _notice(digest: str, raw: RawNotice) -> dict[str, Any]:
    """Row of a new notice."""
    return {
        "raw_sha256": digest,
        "received_utc": raw.received_utc,
        "topic": raw.topic,
        "status": NoticeStatus.RECEIVED,
        "is_test": False,
        "labels": PUBLIC,
    }


def _reception(raw: RawNotice, kept: RawKept) -> dict[str, Any]:
    """Row of one reception."""
    return {
        "notice_key": kept.key,
        "is_first": kept.is_new,
        "transport": raw.transport,
        "origin": raw.origin,
        "topic": raw.topic,
        "partition": raw.partition,
        "offset": raw.offset,
        "received_utc": raw.received_utc,
    }


def _count_statement(insert: postgresql.Insert | sqlite.Insert) -> Insert:
    """Add to the counts of a topic."""
    new = insert.excluded
    later = new.last_received_utc > topic_counts.c.last_received_utc
    return kept(
        insert.on_conflict_do_update(
            index_elements=["topic"],
            set_={
                "received": topic_counts.c.received + new.received,
                "stored": topic_counts.c.stored + new.stored,
                "last_received_utc": case((later, new.last_received_utc), else_=topic_counts.c.last_received_utc),
            },
        )
    )


_COUNT = {
    "sqlite": _count_statement(sqlite.insert(topic_counts)),
    "postgresql": _count_statement(postgresql.insert(topic_counts)),
}


def earliest_seen(hidden: Sequence[str]) -> Select[tuple[int]]:
    """Receptions that are the first by another topic, of notices that came by one of these `hidden` ones before."""
    first, again = receptions.alias("first"), receptions.alias("again")
    return (
        select(func.min(again.c.id))
        .join(first, first.c.notice_key == again.c.notice_key)
        .where(first.c.topic.in_(hidden), first.c.is_first, again.c.is_first.is_(False), again.c.topic.not_in(hidden))
        .group_by(again.c.notice_key)
    )
