"""After a restore: what went out after the backup was taken is owed again, and must be looked for before it is sent."""

from datetime import datetime, timedelta

from notifier.channel import Remembering
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.people import OutgoingMessage
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Door

#: Small fact of the store: when it was restored.
RESTORED = "restored_utc"
#: For so long after it, shared places are read before anything is sent there for the first time.
LOOKS_FOR = timedelta(days=1)


def note_restored(work: UnitOfWork, now: datetime) -> None:
    """Remember that the store was restored just now."""
    work.set_meta(RESTORED, iso_utc(now))


def is_restored_lately(work: UnitOfWork, now: datetime) -> bool:
    """Whether somebody may have sent already what is owed here for the first time."""
    restored = work.meta(RESTORED)
    return restored is not None and abs(now - to_utc(restored)) < LOOKS_FOR


def shown_before(door: Door, message: OutgoingMessage) -> str | None:
    """Message by which a shared place shows the event already, though this store does not know of it.

    Raises
    ------
    RemoteError
        The place cannot be read: nothing is known yet, ask again.
    """
    if message.replaces is not None or not door.is_shared or not isinstance(door.channel, Remembering):
        return None
    return door.channel.find_event(message)
