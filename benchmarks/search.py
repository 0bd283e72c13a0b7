"""The search: false-alarm rates it claims, bursts it needs, time it takes.

    python benchmarks/search.py --days 2240 --seed 20010 --keep days.jsonl    # search days, keep each as it comes
    python benchmarks/search.py --searched days.jsonl --skip 240 --trials 60 --seed 20010     # their figures

`tocsin bench search` does the same for 200 days, at 1/day and 1/week; `--number` for as many as wanted. Seeds 20001,
20002 and the first 240 days of 20010 were used while the method was tuned; the figures in the documentation are from
others. Times are of one core (CPU), so other work on it counts little.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from figures import Figure
from search_efficiency import efficiency_figures
from search_false_alarms import (
    WARM_UP_DAYS,
    DayClaims,
    SearchedDay,
    claims,
    false_alarm_figures,
    read,
    searched_days,
    write,
)
from simulated_days import simulated_day

from acs_stream.search import search
from acs_stream.search_day import search_day
from tocsin.domain.light_curves import LightCurve

SHORT_DAYS, FULL_DAYS = 200, 500
#: Days from which on one a day, and one a week, are judged: of fewer, chance decides.
JUDGED_FROM_DAYS = (30, 150)


def _tell_nobody(_done: int, _number: int) -> None:
    """Nobody wants to know how far it is."""


def run(
    seed: int = 20_005, days: int = SHORT_DAYS, trials: int = 40, *, tell: Callable[[int, int], None] = _tell_nobody
) -> list[Figure]:
    """Figures of so many simulated days, and so many injections a duration; `tell` hears days done, and of how many."""
    return figures(claims(_told(searched_days(days + WARM_UP_DAYS, seed), days + WARM_UP_DAYS, tell)), seed, trials)


def _told(days: Iterable[SearchedDay], number: int, tell: Callable[[int, int], None]) -> Iterator[SearchedDay]:
    for done, day in enumerate(days, start=1):
        tell(done, number)
        yield day


def figures(found: Sequence[DayClaims], seed: int, trials: int) -> list[Figure]:
    """All figures: 0.7-1.4 is asked for at all three rates of many days, 0.6-1.6 at two of few, none of a handful."""
    is_full = len(found) >= FULL_DAYS
    low, high = (0.7, 1.4) if is_full else (0.6, 1.6)
    rates = ("1/day", "1/week", "1/month")
    judged = rates if is_full else rates[: sum(len(found) >= least for least in JUDGED_FROM_DAYS)]
    return [
        *false_alarm_figures(found, low=low, high=high, judged=judged),
        *efficiency_figures(trials, seed),
        *speed_figures(seed),
    ]


def speed_figures(seed: int) -> list[Figure]:
    """CPU times."""
    rng = np.random.default_rng(seed)
    day = simulated_day(rng, 1.4).curve
    counts = 2.0 * rng.poisson(2100.0, 24_400)
    window = LightCurve("SPI-ACS", "2023-03-07T00:00:00", 0.05 * np.arange(24_400) - 610.0, 0.05, counts)
    return [
        Figure(
            name="speed: window of 600 s, all scales, CPU ms",
            value=1e3 * _cost_s(lambda: search(window), 20),
            high=50.0,
        ),
        Figure(name="speed: one day of 50 ms bins, CPU s", value=_cost_s(lambda: search_day(day), 3), high=2.0),
    ]


def _cost_s(work: Callable[[], object], times: int) -> float:
    costs = []
    for _ in range(times):
        begun_s = time.process_time()
        work()
        costs.append(time.process_time() - begun_s)
    return float(np.median(costs))


def main() -> int:
    """Print the figures; 1 where one is unmet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=20_005)
    parser.add_argument("--days", type=int, default=SHORT_DAYS)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--keep", type=Path, help="only simulate and search days, and keep what was found here")
    parser.add_argument("--searched", type=Path, action="append", help="use the days kept there; repeatable")
    parser.add_argument("--skip", type=int, default=WARM_UP_DAYS, help="days that serve as history alone")
    options = parser.parse_args()
    if options.keep is not None:
        write(options.keep, options.days, options.seed)
        return 0
    kept = [day for path in options.searched or () for day in claims(read(path), warm_up=options.skip)]
    found = figures(kept, options.seed, options.trials) if kept else run(options.seed, options.days, options.trials)
    print(json.dumps({"name": "search", "seed": options.seed, "figures": [figure.to_json() for figure in found]}))
    return 0 if all(figure.is_met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
