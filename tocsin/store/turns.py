"""Whose turn it is to write: notices and pages first, what can wait last, and nobody for ever.

Threads queue here, where waking up is instant, and not on SQLite's file, where it is not. PostgreSQL has them all at
once; there, who is in no hurry waits for a moment before beginning while somebody in a hurry is at it, since all share
one interpreter and one server.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum


class Haste(IntEnum):
    """How much of a hurry somebody is in: a page is owed, or may be; somebody waits for it; nobody does."""

    URGENT = 0
    USUAL = 1
    PATIENT = 2


#: Who has waited for so long is in a hurry, s: a flood of notices stops nothing else.
PATIENCE_S = 0.5
#: On PostgreSQL nobody waits longer than this for those in a hurry, s.
GIVES_WAY_S = 0.1


@dataclass(slots=True, eq=False)
class _Waiting:
    """Somebody in the queue."""

    haste: Haste
    since_s: float
    called: threading.Event = field(default_factory=threading.Event)

    def rank(self, now_s: float) -> tuple[Haste, float]:
        """The lower the sooner."""
        return Haste.URGENT if now_s - self.since_s >= PATIENCE_S else self.haste, self.since_s


class Turns:
    """A queue for the right to write.

    Parameters
    ----------
    one_at_a_time
        Whether there is one writer at a time.
    monotonic_s
        Seconds that only grow.
    """

    def __init__(self, monotonic_s: Callable[[], float], *, one_at_a_time: bool) -> None:
        self._one_at_a_time = one_at_a_time
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._is_taken = False
        self._queue: list[_Waiting] = []
        self._writing: set[int] = set()
        self._in_a_hurry = 0
        self._calm = threading.Condition(self._lock)

    @contextmanager
    def taken(self, haste: Haste = Haste.USUAL) -> Iterator[None]:
        """Wait for the turn and keep it; it may be given back by another thread than the one that took it.

        Raises
        ------
        RuntimeError
            This thread has it already, and would wait for itself.
        """
        me = threading.get_ident()
        if me in self._writing:
            raise RuntimeError("this thread is writing already: use savepoint() within the transaction it has")
        self._take(haste)
        self._writing.add(me)
        try:
            yield
        finally:
            self._writing.discard(me)
            self._give_back(haste)

    def is_awaited(self) -> bool:
        """Whether somebody in a hurry waits for the turn; where there are no turns, other machines may: always."""
        with self._lock:
            return not self._one_at_a_time or any(one.haste is Haste.URGENT for one in self._queue)

    def _take(self, haste: Haste) -> None:
        with self._lock:
            if not self._one_at_a_time:
                self._give_way(haste)
                return
            if not self._is_taken:
                self._is_taken = True
                return
            mine = _Waiting(haste, self._monotonic_s())
            self._queue.append(mine)
        try:
            mine.called.wait()
        except BaseException:
            self._leave_queue(mine)
            raise

    def _leave_queue(self, mine: _Waiting) -> None:
        """Give up waiting, or give back what was given meanwhile."""
        with self._lock:
            if mine in self._queue:
                self._queue.remove(mine)
                return
        self._give_back(mine.haste)

    def _give_way(self, haste: Haste) -> None:
        """Let those in a hurry go first, for a moment."""
        if haste is Haste.URGENT:
            self._in_a_hurry += 1
        elif self._in_a_hurry:
            self._calm.wait_for(lambda: not self._in_a_hurry, GIVES_WAY_S)

    def _give_back(self, haste: Haste) -> None:
        """Call the next one; the turn stays taken meanwhile, so that nobody slips in."""
        with self._lock:
            if not self._one_at_a_time:
                self._in_a_hurry -= haste is Haste.URGENT
                if not self._in_a_hurry:
                    self._calm.notify_all()
                return
            if not self._queue:
                self._is_taken = False
                return
            now_s = self._monotonic_s()
            following = min(self._queue, key=lambda one: one.rank(now_s))
            self._queue.remove(following)
        following.called.set()
