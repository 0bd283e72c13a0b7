"""What a pass over a light curve leaves for the search: noise of each scale, windows that stand out, the background."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from acs_stream.grouping import Candidates
from tocsin.domain.light_curves import FloatArray

#: Least S/N of a window that is looked at, of its length and stride, s.
LeastSnr: TypeAlias = Callable[[float, float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A stretch of time to look at: from where to where, s, and the least S/N of a window there."""

    start_s: float
    stop_s: float
    least_snr: LeastSnr


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleNoise:
    """Noise at one scale within the first stretch looked at.

    Parameters
    ----------
    scale_s, stride_s
        Length of the windows and the step between them, s.
    sigma_counts
        Poisson noise of a window and its background, counts.
    scatter
        Measured over Poisson standard deviation.
    degrees_of_freedom
        How well that is known.
    windows
        Number of windows looked at.
    max_snr
        Highest S/N of any of them; NaN where there is none.
    """

    scale_s: float
    stride_s: float
    sigma_counts: float
    scatter: float
    degrees_of_freedom: float
    windows: int
    max_snr: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Background and noise of a light curve, known excesses left out of both, and the windows that stand out.

    Parameters
    ----------
    start_s, stop_s
        Edges of the bins, s, shape (n,).
    scales
        Shortest first.
    found
        Windows of high S/N, for each stretch looked at.
    residual
        Cumulative counts above background, shape (n + 1,).
    background_cts_s
        Shape (n,); NaN where it is not known.
    spread
        Stated variance over counts (1: Poisson).
    """

    start_s: FloatArray
    stop_s: FloatArray
    scales: tuple[ScaleNoise, ...]
    found: tuple[Candidates, ...]
    residual: FloatArray
    background_cts_s: FloatArray
    spread: float
