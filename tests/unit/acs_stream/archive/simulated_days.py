"""Days of simulated SPI-ACS counts in an archive, quickly made, with bursts at known times."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from acs_stream.archive.days import midnight_tt_us
from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import RateKind, RateRows

KIND = RateKind(product="consolidated", clock_error_s=0.001, energy_kev=(75.0, 10_000.0))
BIN_US = 50_000


def write_days(
    place: str | Path, first: date, days: int, *, hours: float = 24.0, bursts: Mapping[float, float] | None = None
) -> RateArchive:
    """Archive with `days` days of which the first `hours` hold data.

    Parameters
    ----------
    bursts
        Counts per second added for 1 s, by seconds since the first midnight.
    """
    archive = RateArchive(place)
    for number in range(days):
        day = first + timedelta(days=number)
        n = round(hours * 3600.0 / 0.05)
        random = np.random.default_rng((11, number))
        counts = 2.0 * random.poisson(2100.0 * 0.95, n)
        counts += 2.0 * random.poisson(105.0, n)
        for at_s, rate in (bursts or {}).items():
            start = round((at_s - 86_400.0 * number) / 0.05)
            counts[max(start, 0) : max(start + 20, 0)] += 2.0 * round(rate * 0.025)
        zero = np.zeros(n, dtype=np.int64)
        width = np.full(n, BIN_US, dtype=np.int64)
        archive.append(
            "SPI-ACS",
            RateRows(
                start_tt_us=midnight_tt_us(day) + BIN_US * np.arange(n),
                width_us=width,
                live_us=width,
                counts=counts,
                variance_counts=np.full(n, np.nan),
                is_masked=np.zeros(n, dtype=bool),
                kind=zero,
                revision=zero,
                kinds=(KIND,),
            ),
        )
    return archive
