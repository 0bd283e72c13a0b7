"""Lists of events, each as far as the asker may see it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from tocsin.domain.events import EventKind, Tier
from tocsin.domain.products import may_see
from tocsin.store.columns import UtcTime, from_micros, to_micros
from tocsin.store.event_index import EventIndex, EventSelection
from tocsin.store.prepared import kept
from tocsin.store.rows import EventRow
from tocsin.store.tables import event_index, event_views, events, label_sets, notices
from tocsin.store.topic import any_of, numbered

#: Where an event stands of which the asker may know no time.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_BY_ID = kept(select(events).where(events.c.id == bindparam("event_id")))


class EventQueries(EventIndex):
    """Events found for people and programs, filtered by clearance."""

    def event_row(self, event_id: str, *, clearance: frozenset[str] | None = None) -> EventRow | None:
        """One event; None if there is none of which `clearance` (None: all) may see at least one notice."""
        if clearance is None:
            row = self._one(_BY_ID, event_id=event_id)
        else:
            visible = self._visible_labels(clearance)
            row = self._one(_visible_by_id(len(visible)), event_id=event_id, **numbered("visible_", visible))
        return None if row is None else self._as_seen([_event_row(row)], clearance)[0]

    def event_texts(self, event_ids: Sequence[str]) -> list[tuple[str, frozenset[str]]]:
        """What is known of events from all their notices, as the JSON text that is stored, with their labels.

        In the order of their identifiers; events of which nothing was saved yet are left out.
        """
        if not event_ids:
            return []
        rows = self._all(_texts(len(event_ids)), **numbered("event_", event_ids))
        return [(text, labels) for text, labels in rows if text != "{}"]

    def event_rows(
        self,
        wanted: EventSelection | None = None,
        *,
        start_utc: datetime | None = None,
        stop_utc: datetime | None = None,
        limit: int = 100,
        before: str | None = None,
        clearance: frozenset[str] | None = None,
    ) -> tuple[list[EventRow], str | None]:
        """Events, newest T0 first, and the cursor of the next page (None on the last).

        Parameters
        ----------
        wanted
            Only such.
        start_utc, stop_utc
            Only T0 in [start, stop).
        limit
            Most rows of a page.
        before
            Cursor from the page before: pages neither repeat nor skip an event when others come in between.
        clearance
            Labels the asker is cleared for; None for all. The selection lets every event pass of which the asker may
            see only a part: to be filtered again after looking at that part.

        Raises
        ------
        ValueError
            `before` is no cursor.
        """
        visible = None if clearance is None else self._visible_labels(clearance)
        conditions = self._selected(wanted or EventSelection(), visible)
        if visible is not None:
            conditions.append(_has_notice(event_index.c.event_id, labels=visible))
        moment = self._moment(visible)
        if start_utc is not None:
            conditions.append(moment >= start_utc)
        if stop_utc is not None:
            conditions.append(moment < stop_utc)
        if before is not None:
            conditions.append(_older_than(before, moment))
        statement = select(event_index.c.event_id, moment.label("moment")).where(*conditions)
        found = self._all(statement.order_by(moment.desc(), event_index.c.event_id.desc()).limit(limit + 1))
        cursor = _cursor(found[limit - 1]) if len(found) > limit else None
        return self._as_seen(self._rows_of([row.event_id for row in found[:limit]]), clearance), cursor

    def _rows_of(self, event_ids: list[str]) -> list[EventRow]:
        """Events of these ids, in this order."""
        rows = {row.id: _event_row(row) for row in self._all(select(events).where(events.c.id.in_(event_ids)))}
        return [rows[event_id] for event_id in event_ids if event_id in rows]

    def events_between(self, start_utc: datetime, stop_utc: datetime) -> list[EventRow]:
        """Real events with T0 in [start, stop), oldest first, whoever may see them: for counting."""
        statement = select(events).where(events.c.t0_utc >= start_utc, events.c.t0_utc < stop_utc)
        statement = statement.where(events.c.is_test.is_(False)).order_by(events.c.t0_utc, events.c.id)
        return [_event_row(row) for row in self._all(statement)]

    def _moment(self, visible: list[frozenset[str]] | None) -> ColumnElement[datetime]:
        """Time by which events stand in a list: T0 as the asker may know it, so that no order and no cursor tells more.

        The plain column, in whose order the index is kept, serves all askers from whom nothing is hidden.
        """
        if visible is None or self._nothing_beyond(visible):
            return event_index.c.sort_utc
        seen = (
            select(func.max(event_views.c.t0_utc, type_=UtcTime))
            .where(event_views.c.event_id == event_index.c.event_id, event_views.c.audience.in_(visible))
            .scalar_subquery()
        )
        hidden = func.coalesce(seen, literal(_LONG_AGO, UtcTime), type_=UtcTime)
        return case((event_index.c.labels.in_(visible), event_index.c.sort_utc), else_=hidden)

    def _nothing_beyond(self, visible: list[frozenset[str]]) -> bool:
        """Whether every set of labels in the store is among the visible ones."""
        return set(self._statements.execute(select(label_sets.c.labels)).scalars()) <= set(visible)

    def _as_seen(self, rows: list[EventRow], clearance: frozenset[str] | None) -> list[EventRow]:
        """Rows as somebody with `clearance` may see them."""
        if clearance is None:
            return rows
        return [row if may_see(row.labels, clearance) else self._part_of(row, clearance) for row in rows]

    def _part_of(self, row: EventRow, clearance: frozenset[str]) -> EventRow:
        """The part of an event that `clearance` may see: the saved view for it, or next to nothing."""
        statement = select(event_views).where(event_views.c.event_id == row.id)
        views = [view for view in self._all(statement) if may_see(view.audience | view.labels, clearance)]
        if not views:
            return replace(
                row,
                name=row.id,
                kind=EventKind.OTHER,
                t0_utc=None,
                tier=Tier.RECORD,
                labels=frozenset(),
                summary_record={},
                is_partial=True,
            )
        view = max(views, key=lambda one: (len(one.audience), sorted(one.audience)))
        return replace(
            row,
            name=view.name,
            kind=view.kind,
            t0_utc=view.t0_utc,
            tier=Tier(view.tier),
            is_test=view.is_test,
            is_retracted=view.is_retracted,
            labels=view.labels,
            summary_record=view.summary,
            is_partial=True,
        )


@cache
def _texts(number: int) -> Select[*tuple[Any, ...]]:
    """Summaries of so many events as text."""
    statement = select(type_coerce(events.c.summary, Text), events.c.labels)
    return kept(statement.where(any_of(events.c.id, "event_", number)).order_by(events.c.id))


@cache
def _visible_by_id(n_visible: int) -> Select[*tuple[Any, ...]]:
    """One event, if it has a notice of one of so many sets of labels."""
    has_notice = exists().where(notices.c.event_id == events.c.id, any_of(notices.c.labels, "visible_", n_visible))
    return kept(select(events).where(events.c.id == bindparam("event_id"), has_notice))


def _has_notice(event_id: ColumnElement[str], *, labels: list[frozenset[str]]) -> ColumnElement[bool]:
    """Whether an event has a notice of these labels."""
    return exists().where(notices.c.event_id == event_id, notices.c.labels.in_(labels))


def _cursor(row: Row[*tuple[Any, ...]]) -> str:
    """Where the next page begins."""
    return f"{to_micros(row.moment)}~{row.event_id}"


def _older_than(cursor: str, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Condition that an event comes after `cursor`."""
    micros, separator, event_id = cursor.partition("~")
    if not separator or not micros.removeprefix("-").isdecimal():
        raise ValueError(f"{cursor!r} is no cursor of a list of events")
    sort_utc = from_micros(int(micros))
    return or_(moment < sort_utc, and_(moment == sort_utc, event_index.c.event_id < event_id))


def _event_row(row: Row[*tuple[Any, ...]]) -> EventRow:
    """Event of a row."""
    return EventRow(
        id=row.id,
        name=row.name,
        kind=row.kind,
        t0_utc=row.t0_utc,
        tier=Tier(row.tier),
        state=row.state,
        is_test=row.is_test,
        is_retracted=row.is_retracted,
        is_replay=row.is_replay,
        labels=row.labels,
        revision=row.revision,
        created_utc=row.created_utc,
        updated_utc=row.updated_utc,
        first_page_ms=row.first_page_ms,
        summary_record=row.summary,
    )
