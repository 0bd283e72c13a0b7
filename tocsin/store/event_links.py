"""Events that were found to be one, or must stay two: by a notice that bridges them, or by a person."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, or_, select, update

from tocsin.store.rows import LinkKind, LinkRow
from tocsin.store.tables import event_aliases, event_links, event_views, notices
from tocsin.store.topic import Topic


class EventLinks(Topic):
    """Merges and separations, to which lines are only ever added; and the moving of notices between events."""

    def add_link(self, kind: LinkKind, event_id: str, other_id: str, *, actor: str, reason: str, at: datetime) -> None:
        """Keep that `event_id` was merged into `other_id`, or that the two must stay apart, or may meet again."""
        row = {
            "kind": kind.value,
            "event_id": event_id,
            "other_id": other_id,
            "actor": actor,
            "reason": reason,
            "at_utc": at,
        }
        self._connection.execute(event_links.insert(), row)

    def links(self, event_id: str) -> list[LinkRow]:
        """Links of an event in either direction, oldest first."""
        either = or_(event_links.c.event_id == event_id, event_links.c.other_id == event_id)
        return [
            LinkRow(
                kind=LinkKind(row.kind),
                event_id=row.event_id,
                other_id=row.other_id,
                actor=row.actor,
                reason=row.reason,
                at_utc=row.at_utc,
            )
            for row in self._all(select(event_links).where(either).order_by(event_links.c.id))
        ]

    def standing_id(self, event_id: str) -> str:
        """Event that an event is now: itself, or what it was merged into, however often."""
        seen = {event_id}
        while True:
            statement = (
                select(event_links.c.other_id)
                .where(event_links.c.event_id == event_id, event_links.c.kind == LinkKind.MERGED.value)
                .order_by(event_links.c.id.desc())
            )
            found = self._connection.execute(statement.limit(1)).scalar_one_or_none()
            if found is None or found in seen:
                return event_id
            event_id = found
            seen.add(event_id)

    def are_apart(self, event_id: str, other_id: str) -> bool:
        """Whether two events must stay two: the newest word on the pair counts."""
        pair = or_(
            and_(event_links.c.event_id == event_id, event_links.c.other_id == other_id),
            and_(event_links.c.event_id == other_id, event_links.c.other_id == event_id),
        )
        kinds = self._connection.execute(
            select(event_links.c.kind).where(pair).order_by(event_links.c.id.desc()).limit(1)
        )
        return kinds.scalar_one_or_none() == LinkKind.APART.value

    def move_notices(self, keys: Sequence[int], event_id: str) -> int:
        """Put notices under another event; how many there were."""
        moved = notices.c.key.in_(list(keys))
        for row in self._all(select(notices.c.event_id, notices.c.labels).where(moved)):
            self._touch(row.event_id or event_id, row.labels)
            self._touch(event_id, row.labels)
        statement = update(notices).where(moved).values(event_id=event_id)
        return self._connection.execute(statement).rowcount

    def drop_aliases(self, event_id: str) -> None:
        """Take all identifiers from an event: it is told anew under which it is known."""
        self._connection.execute(delete(event_aliases).where(event_aliases.c.event_id == event_id))

    def drop_views(self, event_id: str) -> None:
        """Forget how audiences saw an event, before that is worked out anew."""
        self._connection.execute(delete(event_views).where(event_views.c.event_id == event_id))
