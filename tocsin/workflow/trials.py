"""Trials: what is going to be looked at is declared in the ledger before it is looked at; then what came of it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.domain.clock import iso_utc
from tocsin.domain.events import Event
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.rates import StreamRate
from triggers.coincidence_config import PairWindow
from triggers.companions import Association, windows_for

COINCIDENCE = "coincidence"


def declare_windows(
    context: Context, work: UnitOfWork, event: Event, rates: Mapping[str, StreamRate]
) -> dict[str, str]:
    """Declare every window in which companions of an event will be looked for; their keys by name.

    The same window about the same T0 is one trial however often it is looked at; another T0 is another one.
    """
    windows = windows_for(event, context.rules.book.coincidence)
    audience = f"/for-{'+'.join(sorted(event.labels))}" if event.labels else ""
    moment = iso_utc(event.t0_utc)
    keys = {window.name: f"{COINCIDENCE}/{event.id}/{window.name}/{moment}{audience}" for window in windows}
    work.declare_trials(
        {keys[window.name]: (window.name, _declaration(window, event, rates)) for window in windows},
        kind=COINCIDENCE,
        event_id=event.id,
        labels=event.labels,
        at_utc=context.clock.now(),
    )
    return keys


def conclude_windows(
    context: Context, work: UnitOfWork, keys: Mapping[str, str], found: Sequence[Association], looked_at: int
) -> None:
    """Keep what came of the windows declared."""
    outcomes: dict[str, dict[str, object]] = {}
    for name, key in keys.items():
        here = [one for one in found if one.window == name]
        fars = [one.joint_far_hz for one in here if one.joint_far_hz is not None]
        least_hz = _finite(min(fars, default=None))
        outcomes[key] = {"events_looked_at": looked_at, "companions": len(here), "least_joint_far_hz": least_hz}
    work.conclude_trials(outcomes, context.clock.now())


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _declaration(window: PairWindow, event: Event, rates: Mapping[str, StreamRate]) -> dict[str, Any]:
    rate = rates[window.whole.name]
    return {
        "t0_utc": iso_utc(event.t0_utc),
        "first": window.first.name,
        "second": window.second.name,
        "window_s": [window.window.start_s, window.window.stop_s],
        "by_far": window.by_far,
        "is_targeted": window.is_targeted,
        "rate_hz": rate.rate_hz,
        "rate_is_measured": rate.is_measured,
        "rate_source": rate.source,
    }
