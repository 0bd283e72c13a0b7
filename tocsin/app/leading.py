"""Leading: among processes that share a store, one does what there must be one of; when it dies another takes over."""

import threading
from collections.abc import Callable

import structlog

from tocsin.domain.clock import Clock
from tocsin.store import Store
from tocsin.store.leases import Lease

log = structlog.get_logger()

#: How often a holder beats, and how long a lease must stand still before another takes it, s.
BEAT_S = 1.0
STILL_S = 5.0
#: Lease of the process that ticks.
TICK = "tick"


class Lead:
    """A lease that this process has, or waits for.

    Parameters
    ----------
    store, clock
        Where the lease is kept; the stopwatch.
    name
        Of the lease.
    holder
        This process, in words for people.
    is_dead
        Whether a holder, in its words, is known to be dead, so that its lease need not be waited for.
    on_change
        Told when the lease is won (True) or lost (False).
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        name: str,
        holder: str,
        is_dead: Callable[[str], bool] = lambda _holder: False,
        on_change: Callable[[bool], None] = lambda _is_mine: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._name = name
        self._holder = holder
        self._is_dead = is_dead
        self._on_change = on_change
        self._held: Lease | None = None
        self._held_at_s = 0.0
        self._seen: Lease | None = None
        self._seen_at_s: float | None = None

    @property
    def holder_seen(self) -> str:
        """Who was seen to have it last, if not we."""
        return "" if self._seen is None else self._seen.holder

    def tell(self, on_change: Callable[[bool], None]) -> None:
        """Tell somebody else, from now on, when the lease is won or lost."""
        self._on_change = on_change

    def is_mine(self) -> bool:
        """Whether we have it, and have said so recently enough that nobody can have taken it."""
        return self._held is not None and self._clock.monotonic_s() - self._held_at_s < STILL_S - BEAT_S

    def store(self) -> Store:
        """The store, each transaction of which fails once somebody else has taken the lease.

        Raises
        ------
        RuntimeError
            We do not have it.
        """
        if self._held is None:
            raise RuntimeError(f"{self._name} is not ours")
        return self._store.fenced(self._name, self._held.number)

    def beat(self) -> bool:
        """Keep the lease, or try to take it; whether we have it now."""
        now_s, was_mine = self._clock.monotonic_s(), self._held is not None
        with self._store.begin() as work:
            if self._held is not None:
                self._held = work.beat_lease(self._name, self._held)
            else:
                self._held = self._taken(work.lease(self._name), now_s, work.take_lease)
        if self._held is not None:
            self._held_at_s = now_s
        if was_mine != (self._held is not None):
            log.info("lease", name=self._name, is_mine=self._held is not None)
            self._on_change(self._held is not None)
        return self._held is not None

    def run(self, stop: threading.Event) -> None:
        """Beat until `stop` is set, then give the lease up."""
        while not stop.is_set():
            try:
                self.beat()
            except Exception:  # process boundary: a database that is away must not end the beating
                log.exception("could not beat", name=self._name)
            stop.wait(BEAT_S)
        self.give_up()

    def give_up(self) -> None:
        """Let another process take over at once."""
        held, self._held = self._held, None
        if held is not None:
            try:
                with self._store.begin() as work:
                    work.give_up_lease(self._name, held)
            except Exception:  # process boundary: the others will see us stand still
                log.exception("could not give up", name=self._name)

    def _taken(self, found: Lease | None, now_s: float, take: Callable[..., Lease | None]) -> Lease | None:
        if found != self._seen or self._seen_at_s is None:
            self._seen, self._seen_at_s = found, now_s
        is_free = found is None or not found.holder or self._is_dead(found.holder)
        if is_free or now_s - self._seen_at_s >= STILL_S:
            return take(self._name, self._holder, seen=found)
        return None
