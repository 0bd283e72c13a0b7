"""Notices: what was read in the bytes, which event they belong to, and what could not be read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Text, bindparam, or_, select, type_coerce, update

from tocsin.store.conditions import IS_OPEN, IS_POINTING, IS_QUARANTINED
from tocsin.store.prepared import kept
from tocsin.store.receptions import earliest_seen
from tocsin.store.rows import NoticeRow, NoticeStatus, NoticeText, QuarantineRow
from tocsin.store.tables import notices, raw_blobs, receptions
from tocsin.store.topic import PUBLIC, Topic, any_of, numbered

_OF_EVENT = kept(select(notices).where(notices.c.event_id == bindparam("event_id")).order_by(notices.c.key))
_TEXTS_OF_EVENT = kept(
    select(notices.c.key, notices.c.received_utc, notices.c.raw_sha256, type_coerce(notices.c.record, Text))
    .where(notices.c.event_id == bindparam("event_id"), notices.c.status == NoticeStatus.DECODED)
    .order_by(notices.c.key)
)
_BY_KEY = kept(select(notices).where(notices.c.key == bindparam("of_key")))
_CHANGE = kept(update(notices).where(notices.c.key == bindparam("of_key")))


@cache
def _seen_of_event(n_visible: int) -> Select[*tuple[Any, ...]]:
    """Notices of an event of one of so many sets of labels, in order of their numbers."""
    return kept(_OF_EVENT.where(any_of(notices.c.labels, "visible_", n_visible)))


class Notices(Topic):
    """Decoded, quarantined and not yet decoded notices."""

    def set_decoded(
        self,
        key: int,
        notice_record: Mapping[str, Any],
        *,
        stream: str,
        notice_type: str,
        notice_id: str,
        is_test: bool,
        labels: frozenset[str],
        issued_utc: datetime | None,
        event_id: str | None,
    ) -> None:
        """Keep what a decoder read in a notice, and its event; also of one that failed before."""
        self._note_labels(labels)
        self._change(
            key,
            status=NoticeStatus.DECODED,
            record=notice_record,
            stream=stream,
            notice_type=notice_type,
            notice_id=notice_id,
            is_test=is_test,
            labels=labels,
            issued_utc=issued_utc,
            event_id=event_id,
            reason=None,
        )
        if event_id is not None:
            self._touch(event_id, labels)

    def set_received(self, key: int, received_utc: datetime) -> None:
        """Let a notice count as received at another time: that of the road by which more people may know of it."""
        self._change(key, received_utc=received_utc)

    def quarantine(self, key: int, reason: str) -> None:
        """Mark bytes as no notice, with the reason; they are kept."""
        self._change(key, status=NoticeStatus.QUARANTINED, reason=reason)

    def mark_undecoded(self, key: int, error: str) -> None:
        """Mark a notice whose handling failed by a fault of ours: kept, to be tried again."""
        self._change(key, status=NoticeStatus.UNDECODED, reason=error)

    def raw_payload(self, key: int) -> bytes:
        """Bytes of a notice, as received.

        Raises
        ------
        LookupError
            There is no such notice.
        """
        row = self._one(
            select(raw_blobs.c.content)
            .join(notices, notices.c.raw_sha256 == raw_blobs.c.sha256)
            .where(notices.c.key == key)
        )
        if row is None:
            raise LookupError(f"there is no notice {key}")
        return bytes(row.content)

    def notice_row(self, key: int, *, clearance: frozenset[str] | None = None) -> NoticeRow | None:
        """One notice; None if there is none that `clearance` may see."""
        statement = _BY_KEY
        if clearance is not None:
            statement = statement.where(notices.c.labels.in_(self._visible_labels(clearance)))
        row = self._one(statement, of_key=key)
        return None if row is None else _notice_row(row)

    def notice_rows(self, event_id: str, *, clearance: frozenset[str] | None = None) -> list[NoticeRow]:
        """Notices of an event that `clearance` may see (None: all), in order of their numbers."""
        if clearance is None:
            return [_notice_row(row) for row in self._all(_OF_EVENT, event_id=event_id)]
        visible = self._visible_labels(clearance)
        rows = self._all(_seen_of_event(len(visible)), event_id=event_id, **numbered("visible_", visible))
        return [_notice_row(row) for row in rows]

    def notice_rows_of_stream(self, stream: str, since_utc: datetime) -> list[NoticeRow]:
        """Notices of a stream received since a time, in order of their numbers."""
        statement = select(notices).where(notices.c.stream == stream, notices.c.received_utc >= since_utc)
        return [_notice_row(row) for row in self._all(statement.order_by(notices.c.key))]

    def last_pointing(self, types: Sequence[str], start_utc: datetime, stop_utc: datetime) -> NoticeRow | None:
        """Newest public notice of these types of where a craft points, issued in [start, stop); None without one."""
        known = notices.c.notice_type.in_(types), notices.c.labels == PUBLIC
        issued = notices.c.issued_utc >= start_utc, notices.c.issued_utc < stop_utc
        statement = select(notices).where(IS_POINTING, *known, *issued)
        row = self._one(statement.order_by(notices.c.issued_utc.desc(), notices.c.key.desc()).limit(1))
        return None if row is None else _notice_row(row)

    def notice_texts(self, event_id: str) -> list[NoticeText]:
        """Decoded notices of an event with their records as text, in order of their numbers."""
        return [
            NoticeText(key=key, received_utc=received_utc, raw_sha256=sha256, record_text=text)
            for key, received_utc, sha256, text in self._all(_TEXTS_OF_EVENT, event_id=event_id)
        ]

    def notice_rows_by_id(self, notice_id: str) -> list[NoticeRow]:
        """Notices that bear an identifier: several, where the mission used it again."""
        statement = select(notices).where(notices.c.notice_id == notice_id).order_by(notices.c.key)
        return [_notice_row(row) for row in self._all(statement)]

    def notice_rows_undecoded(self, limit: int = 1000) -> list[NoticeRow]:
        """Notices received but not handled yet, or whose handling failed; oldest first."""
        statement = select(notices).where(IS_OPEN).order_by(notices.c.key).limit(limit)
        return [_notice_row(row) for row in self._all(statement)]

    def quarantined(self, limit: int = 100, *, hidden: Sequence[str] = ()) -> list[QuarantineRow]:
        """Quarantined notices, newest first; of those that came by `hidden` topics what came by others since."""
        is_told: ColumnElement[bool] = receptions.c.is_first
        if hidden:
            is_seen = or_(receptions.c.topic.is_(None), receptions.c.topic.not_in(hidden))
            is_told = or_(is_told & is_seen, receptions.c.id.in_(earliest_seen(hidden)))
        statement = (
            select(notices.c.key, notices.c.raw_sha256, notices.c.reason, receptions, raw_blobs.c.size_bytes)
            .join(receptions, receptions.c.notice_key == notices.c.key)
            .join(raw_blobs, raw_blobs.c.sha256 == notices.c.raw_sha256)
            .where(IS_QUARANTINED, is_told)
            .order_by(receptions.c.id.desc())
            .limit(limit)
        )
        return [
            QuarantineRow(
                key=row.key,
                topic=row.topic,
                transport=row.transport,
                origin=row.origin,
                received_utc=row.received_utc,
                raw_sha256=row.raw_sha256,
                size_bytes=row.size_bytes,
                reason=row.reason or "",
            )
            for row in self._all(statement)
        ]

    def _change(self, key: int, **values: object) -> None:
        """Change a notice."""
        if self._statements.execute(_CHANGE, {"of_key": key, **values}).rowcount != 1:
            raise LookupError(f"there is no notice {key}")


def _notice_row(row: Row[*tuple[Any, ...]]) -> NoticeRow:
    """Notice of a row."""
    return NoticeRow(
        key=row.key,
        record=row.record or {},
        event_id=row.event_id,
        received_utc=row.received_utc,
        raw_sha256=row.raw_sha256,
        status=row.status,
        topic=row.topic,
        stream=row.stream,
        notice_type=row.notice_type,
        notice_id=row.notice_id,
        is_test=row.is_test,
        labels=row.labels,
        issued_utc=row.issued_utc,
        reason=row.reason,
    )
