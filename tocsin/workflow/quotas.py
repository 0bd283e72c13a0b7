"""Quotas: how often a caller may come, within one process or shared by several.

Each caller has a bucket that fills at its rate and holds a minute of it. Where several processes serve one service the
bucket of a token lies in the store, and each process takes a stock of requests from it at once: requests themselves
write nothing. So all processes together let in what one would, plus at most the stocks that lie unused, an eighth of a
minute each.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from tocsin.domain.clock import Clock
from tocsin.store import Store

#: Callers remembered for their rate; who came longest ago is forgotten first.
MOST_CALLERS = 20_000
#: Part of a minute's requests that a process takes at once.
STOCKS_A_MINUTE = 8
#: A stock is good for so long, s: the bucket has filled again by then.
STOCK_LASTS_S = 60.0
#: An empty bucket is not looked into again for so long, s, however often somebody comes.
LEAST_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What is left of a caller's minute.

    Parameters
    ----------
    limit, remaining
        Requests a minute; those that may still be made at once.
    wait_s
        How long to wait before the next one; 0: none.
    """

    limit: int
    remaining: int
    wait_s: float


Value = TypeVar("Value")
UNLIMITED = Rate(limit=0, remaining=0, wait_s=0.0)


class OwnQuotas:
    """Buckets of this process alone.

    Parameters
    ----------
    clock
        What time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, per_minute: int) -> Rate:
        """Take one request from the bucket of a caller."""
        now_s, per_s = self._clock.monotonic_s(), per_minute / 60.0
        with self._lock:
            level, since_s = self._levels.get(key, (float(per_minute), now_s))
            level = min(float(per_minute), level + (now_s - since_s) * per_s)
            is_allowed = level >= 1.0
            _keep(self._levels, key, (level - 1.0 if is_allowed else level, now_s))
        if is_allowed:
            return Rate(limit=per_minute, remaining=int(level - 1.0), wait_s=0.0)
        return Rate(limit=per_minute, remaining=0, wait_s=(1.0 - level) / per_s)


@dataclass(slots=True)
class _Stock:
    """Requests that this process may let in without asking; what the bucket held then; when to ask, and to forget."""

    left: int = 0
    in_bucket: int = 0
    until_s: float = 0.0
    not_before_s: float = 0.0


class SharedQuotas:
    """Buckets in the store, of which this process takes stocks.

    Parameters
    ----------
    store, clock
        Where they lie, and what time it is.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._stocks: OrderedDict[str, _Stock] = OrderedDict()

    def must_ask(self, key: str) -> bool:
        """Whether the store has to be asked before the next `take`."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            stock = self._stocks.get(key)
            if stock is None:
                return True
            return now_s >= stock.not_before_s and (stock.left < 1 or now_s >= stock.until_s)

    def ask(self, key: str, token_id: str, per_minute: int) -> None:
        """Take a stock from the bucket in the store: one transaction, for many requests."""
        with self._asking:
            if not self.must_ask(key):
                return  # another request has brought it
            wanted = max(1, per_minute // STOCKS_A_MINUTE)
            with self._store.begin() as work:
                given, level = work.take_requests(token_id, wanted, per_minute, self._clock.now())
            now_s = self._clock.monotonic_s()
            wait_s = 0.0 if given else (1.0 - level) * 60.0 / per_minute
            pause_s = 0.0 if given == wanted else max(LEAST_PAUSE_S, wait_s)
            made = _Stock(left=given, in_bucket=int(level), until_s=now_s + STOCK_LASTS_S, not_before_s=now_s + pause_s)
            with self._lock:
                _keep(self._stocks, key, made)

    def take(self, key: str, per_minute: int) -> Rate:
        """Take one request from the stock; what is not there must be waited for."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            stock = self._stocks.get(key)
            if stock is None or stock.left < 1 or now_s >= stock.until_s:
                wait_s = LEAST_PAUSE_S if stock is None else max(LEAST_PAUSE_S, stock.not_before_s - now_s)
                return Rate(limit=per_minute, remaining=0, wait_s=wait_s)
            stock.left -= 1
            return Rate(limit=per_minute, remaining=stock.left + stock.in_bucket, wait_s=0.0)


def _keep(callers: OrderedDict[str, Value], key: str, value: Value) -> None:
    """Keep what is known of a caller, and forget who came longest ago."""
    callers[key] = value
    callers.move_to_end(key)
    if len(callers) > MOST_CALLERS:
        callers.popitem(last=False)
