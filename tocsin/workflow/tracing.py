"""Traces of the way of the data: where the time of a notice or a piece of work goes; nothing, unless one is set.

Names and attributes say kinds, numbers and outcomes, never what a notice or an event says: traces have no clearance.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

#: Begins a span of a name, with attributes; ended when left, with the exception that left it.
Span = Callable[[str, dict[str, str | int]], AbstractContextManager[object]]

_NOTHING: AbstractContextManager[object] = nullcontext()
_begin: list[Span] = []


def trace_by(span: Span | None) -> None:
    """Trace from now on by this; None: not any more."""
    _begin[:] = [] if span is None else [span]


def traced(name: str, **attributes: str | int) -> AbstractContextManager[object]:
    """Span of a name around a block."""
    return _begin[0](name, attributes) if _begin else _NOTHING
