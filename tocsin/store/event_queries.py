"""Lists of events, each as far as the asker may see it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)

from tocsin.domain.events import EventKind, Tier
from tocsin.domain.products import may_see
from tocsin.store.columns import UtcTime, from_micros, to_micros
from tocsin.store.event_index import EventIndex, EventSelection
from tocsin.store.prepared import kept
from tocsin.store.rows import EventRow
from tocsin.store.tables import event_index, event_views, events, label_sets, notices
from tocsin.store.tables.partners import RESTRICTED_EVENTS
from tocsin.store.topic import any_of, numbered, one_of, rounded

#: Where an event stands of which the asker may know no time.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
#: Pages of partly seen events looked through for one page of a list, where few of them fit.
MOST_LOOKS = 20
#: T0 and identifier, by which lists are ordered.
_Place = tuple[datetime, str]
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
        asked = rounded(event_ids)
        rows = self._all(_texts(len(asked)), **numbered("event_", asked))
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
        part_fits: Callable[[EventRow], bool] | None = None,
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
        part_fits
            Tells of an event of which the asker may see only a part, as that part was saved, whether it may be wanted.

        Raises
        ------
        ValueError
            `before` is no cursor.
        """
        since = None if before is None else _place(before)
        visible = None if clearance is None or self._opens_all(clearance) else self._visible_labels(clearance)
        interval = start_utc, stop_utc
        asked = wanted or EventSelection()
        found = self._seen_whole(asked, interval, since, visible, limit + 1)
        if visible is not None:
            fits = part_fits or _whatever
            parts = self._fitting_parts(asked, interval, since, clearance or frozenset(), limit + 1, fits)
            found = sorted([*found, *parts], reverse=True)
        cursor = _cursor(found[limit - 1]) if len(found) > limit else None
        event_ids = [event_id for _, event_id in found[:limit]]
        if clearance is not None:
            event_ids = self._with_notice(event_ids, clearance)
        return self._as_seen(self._rows_of(event_ids), clearance), cursor

    def _seen_whole(
        self,
        wanted: EventSelection,
        interval: tuple[datetime | None, datetime | None],
        since: _Place | None,
        visible: list[frozenset[str]] | None,
        limit: int,
    ) -> list[_Place]:
        """Where the events that are selected stand, of those of which nothing is hidden: read in the index's order."""
        place = event_index.c.sort_utc, event_index.c.event_id
        conditions = [*self._selected(wanted), *_in_interval(event_index.c.sort_utc, *interval)]
        if visible is not None:
            conditions.append(event_index.c.labels.in_(visible))
        if since is not None:
            conditions.append(tuple_(*place) < tuple_(literal(since[0], UtcTime), literal(since[1])))
        statement = select(*place).where(*conditions).order_by(place[0].desc(), place[1].desc()).limit(limit)
        return [(row.sort_utc, row.event_id) for row in self._all(statement)]

    def _fitting_parts(
        self,
        asked: EventSelection,
        interval: tuple[datetime | None, datetime | None],
        since: _Place | None,
        clearance: frozenset[str],
        limit: int,
        part_fits: Callable[[EventRow], bool],
    ) -> list[_Place]:
        """Where events stand of which a part is hidden, without those whose saved part does not fit."""
        kept: list[_Place] = []
        visible = self._visible_labels(clearance)
        for _ in range(MOST_LOOKS):
            places = self._seen_in_part(asked.instrument, interval, since, visible, limit)
            rows = self._as_seen(self._rows_of([event_id for _, event_id in places]), clearance)
            fitting = {row.id for row in rows if part_fits(row)}
            kept += [place for place in places if place[1] in fitting]
            if len(places) < limit or len(kept) >= limit:
                break
            since = places[-1]
        return kept[:limit]

    def _seen_in_part(
        self,
        instrument: str | None,
        interval: tuple[datetime | None, datetime | None],
        since: _Place | None,
        visible: list[frozenset[str]],
        limit: int,
    ) -> list[_Place]:
        """Where events stand of which a part is hidden, by T0 as the asker may know it: no order tells more.

        All of them: whoever asked looks at the part that may be seen. What has nothing of an instrument at all has
        nothing of it in any part.
        """
        seen = (
            select(event_views.c.event_id, func.max(event_views.c.t0_utc, type_=UtcTime).label("t0_utc"))
            .where(event_views.c.audience.in_(visible))
            .group_by(event_views.c.event_id)
            .subquery()
        )
        event_id = event_index.c.event_id
        moment = func.coalesce(seen.c.t0_utc, literal(_LONG_AGO, UtcTime), type_=UtcTime)
        conditions: list[ColumnElement[bool]] = [
            literal_column(RESTRICTED_EVENTS, Boolean),
            event_index.c.labels.not_in(visible),
            exists().where(notices.c.event_id == event_id, notices.c.labels.in_(visible)),
            *_in_interval(moment, *interval),
        ]
        if instrument is not None:
            conditions.append(self._has_instrument(instrument))
        if since is not None:
            conditions.append(or_(moment < since[0], and_(moment == since[0], event_id < since[1])))
        statement = select(event_id, moment.label("moment")).join(seen, seen.c.event_id == event_id, isouter=True)
        statement = statement.where(*conditions).order_by(moment.desc(), event_id.desc()).limit(limit)
        return [(row.moment, row.event_id) for row in self._all(statement)]

    def _with_notice(self, event_ids: list[str], clearance: frozenset[str]) -> list[str]:
        """Those of which the asker may see a notice."""
        visible = self._visible_labels(clearance)
        statement = select(notices.c.event_id).distinct()
        statement = statement.where(one_of(notices.c.event_id, event_ids), notices.c.labels.in_(visible))
        found = set(self._statements.execute(statement).scalars())
        return [event_id for event_id in event_ids if event_id in found]

    def _rows_of(self, event_ids: list[str]) -> list[EventRow]:
        """Events of these ids, in this order."""
        rows = {row.id: _event_row(row) for row in self._all(select(events).where(one_of(events.c.id, event_ids)))}
        return [rows[event_id] for event_id in event_ids if event_id in rows]

    def events_between(self, start_utc: datetime, stop_utc: datetime) -> list[EventRow]:
        """Real events with T0 in [start, stop), oldest first, whoever may see them: for counting."""
        statement = select(events).where(events.c.t0_utc >= start_utc, events.c.t0_utc < stop_utc)
        statement = statement.where(events.c.is_test.is_(False)).order_by(events.c.t0_utc, events.c.id)
        return [_event_row(row) for row in self._all(statement)]

    def _opens_all(self, clearance: frozenset[str]) -> bool:
        """Whether every set of labels in the store is open to `clearance`."""
        return set(self._statements.execute(select(label_sets.c.labels)).scalars()) <= set(
            self._visible_labels(clearance)
        )

    def _as_seen(self, rows: list[EventRow], clearance: frozenset[str] | None) -> list[EventRow]:
        """Rows as somebody with `clearance` may see them."""
        if clearance is None:
            return rows
        hidden = [row.id for row in rows if not may_see(row.labels, clearance)]
        views: dict[str, list[Row[*tuple[Any, ...]]]] = {event_id: [] for event_id in hidden}
        if hidden:
            for view in self._all(select(event_views).where(one_of(event_views.c.event_id, hidden))):
                if may_see(view.audience | view.labels, clearance):
                    views[view.event_id].append(view)
        return [_part_of(row, views[row.id]) if row.id in views else row for row in rows]


def _whatever(row: EventRow) -> bool:  # noqa: ARG001 - a predicate
    """Every event fits."""
    return True


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


def _in_interval(
    moment: ColumnElement[datetime], start_utc: datetime | None, stop_utc: datetime | None
) -> Iterator[ColumnElement[bool]]:
    """Conditions that `moment` lies in [start, stop)."""
    if start_utc is not None:
        yield moment >= start_utc
    if stop_utc is not None:
        yield moment < stop_utc


def _cursor(place: _Place) -> str:
    """Where the next page begins."""
    return f"{to_micros(place[0])}~{place[1]}"


def _place(cursor: str) -> _Place:
    """Place in a list of which `cursor` tells."""
    micros, separator, event_id = cursor.partition("~")
    if not separator or not micros.removeprefix("-").isdecimal():
        raise ValueError(f"{cursor!r} is no cursor of a list of events")
    return from_micros(int(micros)), event_id


def _part_of(row: EventRow, views: list[Row[*tuple[Any, ...]]]) -> EventRow:
    """The part of an event that somebody may see: the best saved view for it, or next to nothing."""
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
