"""Events: made, changed, found again by identifier or time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, or_, select, union, update

from tocsin.domain.events import Event, EventKind, EventState, Tier
from tocsin.store.event_index import EventIndex
from tocsin.store.prepared import kept
from tocsin.store.tables import event_aliases, event_views, events
from tocsin.store.topic import any_of, numbered, rounded

_SAVE = (
    update(events)
    .where(events.c.id == bindparam("of_id"))
    .values(revision=events.c.revision + bindparam("by_revision"))
)
_SAVE_AND_TELL = kept(_SAVE.returning(events.c.revision))
_STATE = kept(select(events.c.state).where(events.c.id == bindparam("event_id")))
_CHANGE = kept(update(events).where(events.c.id == bindparam("of_id")))
_BY_TIME = select(events.c.id).where(
    events.c.t0_utc.between(
        bindparam("start_utc", type_=events.c.t0_utc.type), bindparam("stop_utc", type_=events.c.t0_utc.type)
    )
)


@cache
def _candidates(n_aliases: int, *, by_time: bool) -> Executable:
    """Events by any of so many aliases, or by time as well."""
    by_alias = select(event_aliases.c.event_id).where(any_of(event_aliases.c.alias, "alias_", n_aliases))
    if not by_time:
        return kept(by_alias)
    return kept(union(by_alias, _BY_TIME) if n_aliases else _BY_TIME)


class Events(EventIndex):
    """Events as such."""

    def candidate_event_ids(
        self, alias_keys: Sequence[str], start_utc: datetime | None, stop_utc: datetime | None
    ) -> list[str]:
        """Events that share an alias, or whose T0 lies in [start, stop] (no interval: by alias alone); sorted."""
        by_time = start_utc is not None and stop_utc is not None
        if not (alias_keys or by_time):
            return []
        times = {"start_utc": start_utc, "stop_utc": stop_utc} if by_time else {}
        aliases = rounded(alias_keys)
        statement = _candidates(len(aliases), by_time=by_time)
        found = self._statements.execute(statement, numbered("alias_", aliases) | times).scalars()
        return sorted(set(found))

    def add_event(
        self,
        event_id: str,
        *,
        t0_utc: datetime | None,
        kind: EventKind,
        name: str,
        is_test: bool,
        is_replay: bool,
        labels: frozenset[str],
        created_utc: datetime,
    ) -> bool:
        """Make an event, open and of the quietest tier; False if it exists, which then stays as it is."""
        self._note_labels(labels)
        is_new = self._inserted(
            events,
            {
                "id": event_id,
                "name": name,
                "kind": kind,
                "t0_utc": t0_utc,
                "sort_utc": t0_utc or created_utc,
                "tier": Tier.RECORD.value,
                "state": EventState.OPEN,
                "is_test": is_test,
                "is_retracted": False,
                "is_replay": is_replay,
                "labels": labels,
                "revision": 0,
                "created_utc": created_utc,
                "updated_utc": created_utc,
                "summary": {},
            },
        )
        if is_new:
            self._index_new(
                event_id,
                sort_utc=t0_utc or created_utc,
                kind=EventKind(kind).value,
                tier=Tier.RECORD.value,
                is_test=is_test,
                labels=labels,
            )
        return is_new

    def save_event(
        self,
        event: Event,
        *,
        summary_record: Mapping[str, Any],
        tier: Tier | None = None,
        bumps_revision: bool = True,
    ) -> int:
        """Keep what is known of an event from all its notices, with its aliases; its revision, one higher than before.

        Its tier stays as it is unless told.

        Raises
        ------
        LookupError
            There is no such event.
        """
        self._note_labels(event.labels)
        values = {
            "of_id": event.id,
            "by_revision": int(bumps_revision),
            "name": event.name,
            "kind": event.kind,
            "t0_utc": event.t0_utc,
            "is_test": event.is_test,
            "is_retracted": event.is_retracted,
            "labels": event.labels,
            "updated_utc": self._clock.now(),
            "summary": summary_record,
        }
        if tier is not None:
            values["tier"] = tier.value
        if event.t0_utc is not None:
            values["sort_utc"] = event.t0_utc
        revision = self._statements.execute(_SAVE_AND_TELL, values).scalar_one_or_none()
        if revision is None:
            raise LookupError(f"there is no event {event.id}")
        self._keep_aliases(event.id, event.aliases)
        self._index_event(event, tier)
        return int(revision)

    def save_view(
        self, event: Event, *, audience: frozenset[str], tier: Tier, summary_record: Mapping[str, Any]
    ) -> None:
        """Keep what is known of an event from the notices that `audience` may see, beside what is known from all.

        Wanted where an event has notices of which some are restricted: readers cleared for `audience`, but not for
        all, are shown the event as of here.
        """
        self._note_labels(audience)
        row = {
            "event_id": event.id,
            "audience": audience,
            "name": event.name,
            "kind": event.kind,
            "t0_utc": event.t0_utc,
            "tier": tier.value,
            "is_test": event.is_test,
            "is_retracted": event.is_retracted,
            "labels": event.labels,
            "summary": summary_record,
        }
        self._replace(event_views, [row])

    def event_state(self, event_id: str) -> EventState | None:
        """Where the people stand with an event; None without such an event."""
        found: EventState | None = self._statements.execute(_STATE, {"event_id": event_id}).scalar_one_or_none()
        return found

    def set_event_state(self, event_id: str, state: EventState) -> None:
        """Set where the people stand with an event."""
        self._change_event(event_id, state=state)

    def retire_event(self, event_id: str, state: EventState) -> None:
        """Leave an event without anything known of it: it is found by no time and no list any more.

        Its labels stay: what was counted of it is not counted for more people than before.
        """
        self._change_event(event_id, state=state, summary={}, t0_utc=None)
        self._leave_index(event_id)

    def set_event_tier(self, event_id: str, tier: Tier) -> None:
        """Set how loud an event is."""
        self._change_event(event_id, tier=tier.value)
        self._index_tier(event_id, tier)

    def set_first_page_ms(self, event_id: str, first_page_ms: float) -> bool:
        """Keep the time from the bytes received to the first page delivered, ms; False where one is kept already."""
        statement = update(events).where(events.c.id == event_id, events.c.first_page_ms.is_(None))
        return self._statements.execute(statement, {"first_page_ms": first_page_ms}).rowcount == 1

    def add_aliases(self, event_id: str, keys: Sequence[str]) -> None:
        """Add identifiers under which an event is known, and may be searched."""
        self._keep_aliases(event_id, keys)
        self._index_words(event_id, keys)

    def _keep_aliases(self, event_id: str, keys: Sequence[str]) -> None:
        self._insert_if_absent(event_aliases, [{"alias": key, "event_id": event_id} for key in keys])

    def aliases(self, event_id: str) -> list[str]:
        """Identifiers under which an event is known, sorted."""
        statement = select(event_aliases.c.alias).where(event_aliases.c.event_id == event_id)
        return sorted(self._statements.execute(statement).scalars())

    def events_by_alias(self, alias: str) -> list[str]:
        """Events known under an identifier, or whose id it is, sorted."""
        by_alias = select(event_aliases.c.event_id).where(event_aliases.c.alias == alias)
        statement = select(events.c.id).where(or_(events.c.id == alias, events.c.id.in_(by_alias)))
        return sorted(self._statements.execute(statement).scalars())

    def _change_event(self, event_id: str, **values: object) -> None:
        """Change an event, and say when."""
        values = {"of_id": event_id, "updated_utc": self._clock.now(), **values}
        changed = self._statements.execute(_CHANGE, values).rowcount
        if changed != 1:
            raise LookupError(f"there is no event {event_id}")
        self._touch(event_id)
