"""How long transactions that write take, by what they are for: on SQLite everybody else waits meanwhile.

The name of a use is that of the function that began the transaction, so none is forgotten.
"""

import sys
import threading
import time
from types import CodeType, FrameType
from typing import Self

from prometheus_client import Gauge, Histogram

WRITE_S = Histogram(
    "tocsin_write_seconds",
    "From a write transaction begun (on SQLite: the file's lock had) to its end, by the function that began it",
    ["use"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
LONGEST_WRITE_S = Gauge(
    "tocsin_longest_write_seconds", "The longest write transaction since this process began, by use", ["use"]
)
#: Modules between who uses a store and its transaction.
_BETWEEN = ("tocsin.store", "contextlib")


class _Use:
    """What is known of one use."""

    def __init__(self, name: str) -> None:
        self._histogram = WRITE_S.labels(name)
        self._longest = LONGEST_WRITE_S.labels(name)
        self._longest_s = 0.0
        self._lock = threading.Lock()

    def took(self, seconds: float) -> None:
        """Note one transaction."""
        self._histogram.observe(seconds)
        if seconds > self._longest_s:
            with self._lock:
                if seconds > self._longest_s:
                    self._longest_s = seconds
                    self._longest.set(seconds)


_USES: dict[tuple[str, CodeType], _Use] = {}


class TimedWrite:
    """Times one write transaction of whoever calls; waiting for it is not counted, `begun` says when it is over."""

    __slots__ = ("_began_s", "_use")

    def __init__(self) -> None:
        self._use = _use_of(sys._getframe(1))  # noqa: SLF001 - the interpreter's own, and much faster than inspect
        self._began_s: float | None = None

    def __enter__(self) -> Self:
        return self

    def begun(self) -> None:
        """Start counting: the transaction has begun."""
        self._began_s = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        if self._began_s is not None:
            self._use.took(time.perf_counter() - self._began_s)


def _use_of(frame: FrameType) -> _Use:
    """Use of the first function outside the store."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_globals.get("__name__", "").startswith(_BETWEEN) and caller.f_back:
        caller = caller.f_back
    code, module = (caller or frame).f_code, str((caller or frame).f_globals.get("__name__", ""))
    found = _USES.get((module, code))
    if found is None:
        name = code.co_qualname.replace(".<locals>", "").replace("<lambda>", "lambda")
        found = _USES.setdefault((module, code), _Use(f"{module.rpartition('.')[2]}.{name}"))
    return found
