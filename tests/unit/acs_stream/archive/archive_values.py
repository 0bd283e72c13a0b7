"""Rates for the tests of the archive."""

from datetime import timedelta
from typing import Any

import numpy as np

from acs_stream.archive.rows import RateRows, from_light_curve
from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import LightCurve, Timing

T0 = to_utc("2023-05-25T12:00:00")
REALTIME = Timing(product="realtime", clock_error_s=0.010, is_approximate=True, note="approximate")
CONSOLIDATED = Timing(product="consolidated", clock_error_s=0.001)


def curve(
    seconds: float = 60.0, *, t0: Any = T0, timing: Timing = CONSOLIDATED, width_s: float = 0.05, seed: int = 3
) -> LightCurve:
    """Counts of SPI-ACS from T0 on, even as the real ones."""
    n = round(seconds / width_s)
    counts = 2.0 * np.random.default_rng(seed).poisson(2100 * width_s / 0.05, n)
    return LightCurve(
        "SPI-ACS", to_utc(t0), np.arange(n) * width_s, width_s, counts, timing=timing, energy_kev=(75.0, 10_000.0)
    )


def rows(*args: Any, revision: int = 0, **kwargs: Any) -> RateRows:
    """The same as rows of an arrival."""
    return from_light_curve(curve(*args, **kwargs)).with_revision(revision)


def after(seconds: float) -> Any:
    """Moment after T0."""
    return T0 + timedelta(seconds=seconds)
