"""The continuous search of a followed stream: false triggers against what is claimed, bursts found, and how soon.

Days of SPI-ACS counts are simulated at variance over mean 1.4 without bursts and fed to the watch as a follower feeds
it, ten seconds at a time (`FEED_S`); each trigger is a false one. The claim is the setting: a trigger is what noise
makes at most once a day, and of excesses that look like spikes, what noise and spikes make. One stream of days has no
spikes, the other the spikes of `simulated_days`. Bursts are put in afterwards, at random phases against the feed.

    python benchmarks/continuous.py --seed 1 --seed 2 --days 3
"""

import argparse
import json
import sys
import time
from datetime import UTC, datetime

import numpy as np
from figures import Figure
from simulated_days import SPIKES_FROM, SPIKES_PER_DAY, SPIKES_SLOPE

from acs_stream.archive.merging import merged
from acs_stream.archive.rows import RateKind, RateRows, empty_rows, joined
from acs_stream.excesses import SPIKE_LIKE, SPIKE_LONGEST_S
from acs_stream.follower.triggers import StreamTrigger
from acs_stream.follower.watching import StreamWatch, WatchSettings, WatchState
from acs_stream.time_systems import SECOND_US, utc_to_tt_us

START_UTC = datetime(2024, 10, 17, tzinfo=UTC)
BIN_US = 50_000
FEED_S = 10.0
DAYS = 1.0
BURSTS = 40
BURST_S = 1.0
#: Expected S/N of the bursts in a window that fits them.
BURST_SNR = 12.0
RATE_CTS_S, VARIANCE_FACTOR = 90_000.0, 1.4
KIND = RateKind(product="realtime", clock_error_s=0.010, is_approximate=True, energy_kev=(75.0, 10_000.0))


class Memory:
    """Keeps nothing."""

    def load(self) -> WatchState:
        """Nothing."""
        return WatchState()

    def save(self, state: WatchState) -> None:
        """Nothing."""


class Stream:
    """Rows in memory, as an archive would give them."""

    def __init__(self) -> None:
        self.kept: list[RateRows] = []

    def append(self, _instrument: str, rows: RateRows) -> object:
        """Keep rows; those older than half an hour are let go."""
        self.kept = [*self.kept, rows][-200:]
        return None

    def rows_between(self, _instrument: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        """Rows of an interval."""
        found = merged(joined(self.kept)) if self.kept else empty_rows()
        return found.take((found.start_tt_us >= start_tt_us) & (found.stop_tt_us <= stop_tt_us))

    def last_tt_us(self, _instrument: str) -> int | None:
        """End of the latest."""
        return int(self.kept[-1].stop_tt_us[-1]) if self.kept else None


def run(seed: int = 1, number: float = DAYS) -> list[Figure]:
    """Figures of the continuous search: of so many days without spikes, and of as many with them."""
    random = np.random.default_rng(seed)
    false, cost_ms = _feed(random, number * 86_400.0, bursts=())
    spiky, _ = _feed(random, number * 86_400.0, bursts=(), spikes_per_day=SPIKES_PER_DAY)
    like_spikes = sum(one.spike_score >= SPIKE_LIKE and one.scale_s <= SPIKE_LONGEST_S for _, one in spiky)
    spacing_s = 120.0
    at_s = tuple(600.0 + spacing_s * k + float(random.uniform(0, 20)) for k in range(BURSTS))
    told, _ = _feed(random, 700.0 + spacing_s * BURSTS, bursts=at_s)
    first = [_first_of(told, one) for one in at_s]
    latency_s = [one[0] for one in first if one is not None]
    offset_s = [abs(one[1]) for one in first if one is not None]
    again = [len([t for _, t in told if abs(_since_s(t) - one) < 20.0]) for one in at_s]
    extra = [t for _, t in told if all(abs(_since_s(t) - one) > 20.0 for one in at_s)]
    return [
        Figure(name="days without a burst, without and with spikes, each", value=number),
        Figure(name="false triggers a day (1 claimed)", value=len(false) / number, high=2.5),
        Figure(name="false triggers a day with 200 spikes a day (2 claimed)", value=len(spiky) / number, high=5.0),
        Figure(name="... of these labelled as spikes, a day (1 claimed)", value=like_spikes / number),
        Figure(name="CPU of one search, median, ms", value=float(np.median(cost_ms))),
        Figure(name="CPU of a day of stream, s", value=float(np.sum(cost_ms)) / 1e3 / number),
        Figure(name=f"bursts of S/N {BURST_SNR:g} told, share of {BURSTS}", value=len(latency_s) / BURSTS, low=0.95),
        Figure(name="from burst to trigger, s of stream, median", value=float(np.median(latency_s)), high=15.0),
        Figure(name="from burst to trigger, s of stream, longest", value=float(np.max(latency_s)), high=30.0),
        Figure(name="onset off by, s, 90 % of bursts", value=float(np.quantile(offset_s, 0.9)), high=0.5),
        Figure(name="notices for one burst, mean", value=float(np.mean(again)), high=2.0),
        Figure(name="triggers beside the bursts", value=float(len(extra)), high=3.0),
    ]


def _since_s(trigger: StreamTrigger) -> float:
    return (trigger.t0_utc - START_UTC).total_seconds()


def _first_of(told: list[tuple[float, StreamTrigger]], at_s: float) -> tuple[float, float] | None:
    """How long after a burst's onset it was first told, and how far off its onset was, s."""
    mine = [(when - at_s, _since_s(t) - at_s) for when, t in told if abs(_since_s(t) - at_s) < 20.0]
    return min(mine) if mine else None


def _feed(
    random: np.random.Generator, length_s: float, *, bursts: tuple[float, ...], spikes_per_day: float = 0.0
) -> tuple[list[tuple[float, StreamTrigger]], list[float]]:
    """Triggers with the time of the stream at which they were told, and CPU of each search, ms."""
    stream = Stream()
    told: list[tuple[float, StreamTrigger]] = []
    now_s = 0.0
    watch = StreamWatch(
        "SPI-ACS",
        store=stream,
        memory=Memory(),
        tell=lambda found: told.extend((now_s, one) for one in found),
        settings=WatchSettings(far_per_day=1.0),
    )
    zero_us = utc_to_tt_us(START_UTC)
    n = round(FEED_S * SECOND_US / BIN_US)
    cost_ms = []
    for packet in range(round(length_s / FEED_S)):
        start_s = packet * FEED_S
        now_s = start_s + FEED_S
        counts = _counts(random, start_s + 0.05 * np.arange(n), bursts, spikes_per_day)
        rows = _rows(zero_us + round(start_s * SECOND_US), counts)
        stream.append("SPI-ACS", rows)
        watch.notice(rows)
        begun_s = time.process_time()
        watch.step()
        cost_ms.append(1e3 * (time.process_time() - begun_s))
    return told, cost_ms


def _counts(
    random: np.random.Generator, start_s: np.ndarray, bursts: tuple[float, ...], spikes_per_day: float
) -> np.ndarray:
    """Even counts of a drifting background with extra variance, the bursts, and spikes in single bins."""
    mean = RATE_CTS_S * 0.05 * (1.0 + 0.01 * np.sin(2 * np.pi * start_s / 7200.0))
    spread = np.sqrt((VARIANCE_FACTOR - 1.0) * mean)
    lit = np.maximum(mean + spread * random.standard_normal(start_s.size), 0.0)
    for at_s in bursts:
        share = np.clip((start_s + 0.05 - at_s) / 0.05, 0, 1) - np.clip((start_s + 0.05 - at_s - BURST_S) / 0.05, 0, 1)
        lit = lit + share * BURST_SNR * np.sqrt(VARIANCE_FACTOR * RATE_CTS_S * BURST_S) / (BURST_S / 0.05)
    if spikes_per_day > 0:
        often = spikes_per_day * (6.0 / SPIKES_FROM) ** SPIKES_SLOPE * start_s.size * 0.05 / 86_400.0
        size = SPIKES_FROM * (1 - random.random(random.poisson(often))) ** (-1 / SPIKES_SLOPE)
        at = random.integers(0, start_s.size, size.size)
        np.add.at(lit, at, size * np.sqrt(2 * VARIANCE_FACTOR * RATE_CTS_S * 0.05))
    return 2.0 * np.round(random.poisson(lit) / 2.0)


def _rows(start_us: int, counts: np.ndarray) -> RateRows:
    n = counts.size
    zero = np.zeros(n, dtype=np.int64)
    width = np.full(n, BIN_US, dtype=np.int64)
    return RateRows(
        start_tt_us=start_us + BIN_US * np.arange(n),
        width_us=width,
        live_us=width,
        counts=counts,
        variance_counts=np.full(n, np.nan),
        is_masked=np.zeros(n, dtype=bool),
        kind=zero,
        revision=zero,
        kinds=(KIND,),
    )


def main() -> int:
    """Print the figures; 1 where one is unmet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, action="append", help="repeatable; 1 by default")
    parser.add_argument("--days", type=float, default=DAYS)
    options = parser.parse_args()
    is_met = True
    for seed in options.seed or [1]:
        found = run(seed, options.days)
        is_met &= all(figure.is_met for figure in found)
        print(json.dumps({"name": "continuous", "seed": seed, "figures": [figure.to_json() for figure in found]}))
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
