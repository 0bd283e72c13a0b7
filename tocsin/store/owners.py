"""Owners of restricted data: who is to be told of a result that touches their rights, by when, and who told them."""

from datetime import datetime

from sqlalchemy import select, update

from tocsin.store.rows import OwnerTaskRow
from tocsin.store.tables import owner_tasks
from tocsin.store.topic import Topic


class OwnerTasks(Topic):
    """Tasks to inform an owner: one for each event and label."""

    def add_owner_task(
        self, event_id: str, label: str, *, owner: str, about: str, made_utc: datetime, due_utc: datetime
    ) -> bool:
        """Owe an owner word of a result; False where that is owed, or done, already."""
        row = {
            "event_id": event_id,
            "label": label,
            "owner": owner,
            "about": about,
            "made_utc": made_utc,
            "due_utc": due_utc,
        }
        self._note_labels(frozenset({label}))
        statement = select(owner_tasks.c.id).where(owner_tasks.c.event_id == event_id, owner_tasks.c.label == label)
        if self._one(statement) is not None:
            return False
        self._connection.execute(owner_tasks.insert(), row)
        return True

    def owner_tasks(
        self, event_id: str | None = None, *, clearance: frozenset[str] | None = None
    ) -> list[OwnerTaskRow]:
        """Tasks (of one event), the oldest first, of labels that `clearance` (None: all) holds."""
        statement = select(owner_tasks).order_by(owner_tasks.c.id)
        if event_id is not None:
            statement = statement.where(owner_tasks.c.event_id == event_id)
        return [
            OwnerTaskRow(
                id=row.id,
                event_id=row.event_id,
                label=row.label,
                owner=row.owner,
                about=row.about,
                made_utc=row.made_utc,
                due_utc=row.due_utc,
                done_utc=row.done_utc,
                done_by=row.done_by,
            )
            for row in self._all(statement)
            if clearance is None or row.label in clearance
        ]

    def finish_owner_task(self, task_id: int, person_id: str, at_utc: datetime) -> bool:
        """Keep that an owner was told, and by whom; False where it was done already, or is not there."""
        statement = update(owner_tasks).where(owner_tasks.c.id == task_id, owner_tasks.c.done_utc.is_(None))
        return self._connection.execute(statement.values(done_utc=at_utc, done_by=person_id)).rowcount == 1
