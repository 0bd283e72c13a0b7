"""Axes: a linear scale from values to user units, and round tick values."""

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tocsin.pictures.svg import FloatArray

Values = TypeVar("Values", float, FloatArray)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Linear map from [low, high] to [start, stop] user units; `stop` may lie above `start` (y grows downwards)."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: Values) -> Values:
        """User units of a value, or of an array of them."""
        return self.start + (value - self.low) * ((self.stop - self.start) / (self.high - self.low))

    def ticks(self, about: int) -> list[float]:
        """Round values within the scale, about so many, two at least: one alone gives no scale."""
        return next(
            (ticks for n in range(about, about + 6) if len(ticks := round_ticks(self.low, self.high, n)) > 1), []
        )


def round_ticks(low: float, high: float, about: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within [low, high], at most about `about` of them."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    raw = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def tick_label(value: float, ticks: list[float]) -> str:
    """Label with just the decimals that the ticks' step needs; thousands as ``12 k`` from 10 000 on."""
    if ticks and max(abs(t) for t in ticks) >= 1e4:
        return f"{value / 1e3:g} k" if value else "0"
    step = ticks[1] - ticks[0] if len(ticks) > 1 else abs(value) or 1.0
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def padded(low: float, high: float, share: float = 0.08) -> tuple[float, float]:
    """Range widened on both sides; a range without extent gets one, so that a flat line is a line in the middle."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return 0.0, 1.0
    extent = high - low
    margin = share * extent if extent > 0 else max(abs(low) * 0.1, 1.0)
    return low - margin, high + margin
