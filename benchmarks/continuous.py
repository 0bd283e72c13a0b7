"""The continuous search of a followed stream: false triggers against what is claimed, bursts found, and how soon.

Days of `simulated_days` (drifts, red noise, a rate of spikes that differs from day to day) are fed to the watch as a
follower feeds it; each trigger is a false one. The claim is the setting: triggers that the stream's own background,
spikes and all, makes at most once a day. Of each variance factor and spike rate, some days are searched beforehand, as
the service searches the days that have ended, and are the background of those that are fed. One stream has none and
begins with the law of spikes. Bursts are put in afterwards, at random phases against the feed.

    python benchmarks/continuous.py --seed 1 --seed 2 --days 3
    python benchmarks/search.py --days 30 --seed 20031 --keep before.jsonl
    python benchmarks/continuous.py --seed 1 --days 10 --phi 1.4 --spikes 200 --before before.jsonl
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from figures import Figure
from search_false_alarms import poisson_interval, read
from simulated_days import DAY_S, simulated_day

from acs_stream.archive.rows import RateKind, RateRows
from acs_stream.far_history import FarHistory, FarSource
from acs_stream.follower.triggers import StreamTrigger
from acs_stream.follower.watching import StreamWatch, WatchSettings, WatchState
from acs_stream.search_day import search_background
from acs_stream.time_systems import SECOND_US, utc_to_tt_us
from tocsin.domain.light_curves import LightCurve

START_UTC = datetime(2024, 10, 17, tzinfo=UTC)
ZERO_US = utc_to_tt_us(START_UTC)
BIN_US = 50_000
#: Days fed of each stream, days known before, and how much is fed at a time: of streams without bursts, and with, s.
DAYS, DAYS_BEFORE = 1.0, 10
QUIET_FEED_S, FEED_S = 60.0, 10.0
#: Variance factors and spikes a day (S/N 6 in 0.1 s) of the streams.
STREAMS = ((1.2, 60.0), (1.4, 200.0), (2.0, 600.0))
#: The stream that nothing is known of, and the one with bursts.
UNKNOWN, LIT = (1.4, 200.0), (1.4, 200.0)
BURSTS = 40
#: Stream around each burst, s.
SPACING_S = 700.0
BURST_S = 1.0
#: Expected S/N of the bursts in a window that fits them.
BURST_SNR = 12.0
RATE_CTS_S = 84_000.0
WEEKLY_HZ = 1.0 / (7 * DAY_S)
KIND = RateKind(product="realtime", clock_error_s=0.010, is_approximate=True, energy_kev=(75.0, 10_000.0))


class Memory:
    """Keeps nothing."""

    def load(self) -> WatchState:
        """Nothing."""
        return WatchState()

    def save(self, state: WatchState) -> None:
        """Nothing."""


class Stream:
    """Rows of a light curve, as an archive would give those that have come."""

    def __init__(self, curve: LightCurve) -> None:
        n = len(curve)
        zero, width = np.zeros(n, dtype=np.int64), np.full(n, BIN_US, dtype=np.int64)
        self._rows = RateRows(
            start_tt_us=ZERO_US + np.round(curve.start_s * SECOND_US).astype(np.int64),
            width_us=width,
            live_us=width,
            counts=curve.counts,
            variance_counts=np.full(n, np.nan),
            is_masked=np.zeros(n, dtype=bool),
            kind=zero,
            revision=zero,
            kinds=(KIND,),
        )
        self._come = 0

    def come(self, until_s: float) -> RateRows:
        """Rows that come until then."""
        stop = int(np.searchsorted(self._rows.start_tt_us, ZERO_US + round(until_s * SECOND_US)))
        fresh = self._rows.take(np.arange(self._come, stop))
        self._come = stop
        return fresh

    def append(self, _instrument: str, _rows: RateRows) -> object:
        """Nothing: all is there."""
        return None

    def rows_between(self, _instrument: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        """Rows of an interval that have come."""
        first, last = np.searchsorted(self._rows.start_tt_us, [start_tt_us, stop_tt_us])
        return self._rows.take(np.arange(first, min(int(last), self._come)))

    def last_tt_us(self, _instrument: str) -> int | None:
        """Not asked here."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What came of feeding a stream.

    Parameters
    ----------
    told
        Triggers, with the time of the stream at which they were told, s.
    cost_s
        CPU of each search, s.
    live_s
        Time of data, s.
    """

    told: tuple[tuple[float, StreamTrigger], ...]
    cost_s: tuple[float, ...]
    live_s: float


def feed(
    curve: LightCurve, *, trailing: FarHistory | None = None, feed_s: float = FEED_S, first_s: float = FEED_S
) -> Fed:
    """Feed a light curve whose T0 is `START_UTC` to a watch, the first part of it at once."""
    stream = Stream(curve)
    told: list[tuple[float, StreamTrigger]] = []
    cost_s = []
    now_s = 0.0
    watch = StreamWatch(
        "SPI-ACS",
        store=stream,
        memory=Memory(),
        tell=lambda found: told.extend((now_s, one) for one in found),
        settings=WatchSettings(far_per_day=1.0),
        trailing=lambda _instrument, _t0_utc: trailing,
    )
    for now_s in np.arange(float(curve.start_s[0]) + first_s, float(curve.stop_s[-1]) + feed_s, feed_s):
        watch.notice(stream.come(now_s))
        begun_s = time.process_time()
        watch.step()
        cost_s.append(time.process_time() - begun_s)
    return Fed(told=tuple(told), cost_s=tuple(cost_s), live_s=float(curve.width_s.sum()))


def run(seed: int = 1, number: float = DAYS) -> list[Figure]:
    """Figures of the continuous search, of so many days of each stream."""
    found = [one for phi, spikes in STREAMS for one in false_triggers(seed, number, phi=phi, spikes=spikes)]
    return [*found, *at_the_start(seed, number), *bursts(seed)]


def false_triggers(
    seed: int,
    days: float,
    *,
    phi: float,
    spikes: float,
    feed_s: float = QUIET_FEED_S,
    before: FarHistory | None = None,
) -> list[Figure]:
    """Figures of a stream without bursts whose days before are known; searched here, if not given."""
    random = np.random.default_rng([seed, round(100 * phi), round(spikes)])
    trailing = before or _before(random, phi, spikes)
    fed = [feed(curve, trailing=trailing, feed_s=feed_s) for curve in _days(random, days, phi, spikes)]
    told = [one for each in fed for _, one in each.told]
    claimed = sum(each.live_s for each in fed) / DAY_S
    low, high = poisson_interval(len(told))
    name = f"phi {phi:g}, {spikes:g} spikes a day: false triggers"
    return [
        Figure(name=f"{name} in {claimed:.2f} days", value=float(len(told))),
        Figure(name=f"{name} a day (1 claimed), 90 % from", value=low / claimed, high=1.4),
        Figure(name=f"{name} a day (1 claimed)", value=len(told) / claimed),
        Figure(name=f"{name} a day (1 claimed), 90 % to", value=high / claimed, low=0.7 if claimed >= 10 else None),
        Figure(name=f"{name} that claim at most one a week", value=float(sum(one.far_hz <= WEEKLY_HZ for one in told))),
    ]


def at_the_start(seed: int, days: float, *, feed_s: float = QUIET_FEED_S) -> list[Figure]:
    """Figures of streams of which nothing is known before: each of those days is a first one."""
    random = np.random.default_rng([seed, 7])
    told = [one for curve in _days(random, days, *UNKNOWN) for one in feed(curve, feed_s=feed_s).told]
    by_law = [one for _, one in told if one.far_source == FarSource.MODEL.value]
    first = [one for now_s, one in told if now_s <= 6 * 3600.0]
    name = f"first day of a stream, phi {UNKNOWN[0]:g}, {UNKNOWN[1]:g} spikes a day: false triggers"
    return [
        Figure(name=f"{name} a day (1 claimed)", value=len(told) / days, high=3.0 if days < 10 else 1.4),
        Figure(name="... of these in the first six hours, a day of such", value=4 * len(first) / days),
        Figure(name="... of these by the law of spikes, in all", value=float(len(by_law))),
    ]


def bursts(seed: int) -> list[Figure]:
    """Figures of bursts in a stream whose days before are known."""
    random = np.random.default_rng([seed, 8])
    trailing = _before(random, *LIT)
    (day,) = _days(random, 1.0, *LIT)
    at_s = [SPACING_S * (k + 1) - random.uniform(60.0, 80.0) for k in range(BURSTS)]
    # Each is the only one of its day: forty in a day would be counted as what is common on it.
    fed = [feed(_with_burst(random, day, at, LIT[0]), trailing=trailing, first_s=SPACING_S - 100.0) for at in at_s]
    told = [one for each in fed for one in each.told]
    first = [_first_of(told, one) for one in at_s]
    latency_s = [one[0] for one in first if one is not None]
    offset_s = [abs(one[1]) for one in first if one is not None]
    again = [len([t for _, t in told if abs(_since_s(t) - one) < 20.0]) for one in at_s]
    extra = [t for _, t in told if all(abs(_since_s(t) - one) > 20.0 for one in at_s)]
    cost_s = np.array([one for each in fed for one in each.cost_s[1:]])
    return [
        Figure(name="CPU of one search, median, ms", value=1e3 * float(np.median(cost_s))),
        Figure(name="CPU of a day of stream, s", value=float(cost_s.mean()) * DAY_S / FEED_S),
        Figure(name=f"bursts of S/N {BURST_SNR:g} told, share of {BURSTS}", value=len(latency_s) / BURSTS, low=0.95),
        Figure(name="from burst to trigger, s of stream, median", value=_at(latency_s, 0.5), high=15.0),
        Figure(name="from burst to trigger, s of stream, longest", value=_at(latency_s, 1.0), high=30.0),
        Figure(name="onset off by, s, 90 % of bursts", value=_at(offset_s, 0.9), high=0.5),
        Figure(name="notices for one burst, mean", value=float(np.mean(again)), high=2.0),
        Figure(name="triggers beside the bursts", value=float(len(extra)), high=3.0),
    ]


def _at(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share)) if values else float("nan")


def _before(random: np.random.Generator, phi: float, spikes: float) -> FarHistory:
    """Background of the days before."""
    days = (simulated_day(random, phi, spikes_per_day=spikes).curve for _ in range(DAYS_BEFORE))
    return FarHistory.joined(search_background(curve).history for curve in days)


def _days(random: np.random.Generator, days: float, phi: float, spikes: float) -> list[LightCurve]:
    """Light curves of whole days, and a part of one."""
    lengths = [1.0] * int(days) + ([days % 1] if days % 1 else [])
    whole = [simulated_day(random, phi, spikes_per_day=spikes, with_gaps=False).curve for _ in lengths]
    return [one.select(one.start_s < length * DAY_S) for one, length in zip(whole, lengths, strict=True)]


def _with_burst(random: np.random.Generator, day: LightCurve, at_s: float, phi: float) -> LightCurve:
    """`SPACING_S` of a day, with a burst of `BURST_S` that begins at this time."""
    first_s = SPACING_S * (at_s // SPACING_S)
    curve = day.select((day.start_s >= first_s) & (day.start_s < first_s + SPACING_S))
    share = np.clip((curve.stop_s - at_s) / 0.05, 0, 1) - np.clip((curve.stop_s - at_s - BURST_S) / 0.05, 0, 1)
    lit = share * BURST_SNR * np.sqrt(phi * RATE_CTS_S * BURST_S) / (BURST_S / 0.05)
    return replace(curve, counts=curve.counts + 2.0 * np.round(random.poisson(lit) / 2.0))


def _since_s(trigger: StreamTrigger) -> float:
    return (trigger.t0_utc - START_UTC).total_seconds()


def _first_of(told: Sequence[tuple[float, StreamTrigger]], at_s: float) -> tuple[float, float] | None:
    """How long after a burst's onset it was first told, and how far off its onset was, s."""
    mine = [(when - at_s, _since_s(t) - at_s) for when, t in told if abs(_since_s(t) - at_s) < 20.0]
    return min(mine) if mine else None


def main() -> int:
    """Print the figures; 1 where one is unmet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, action="append", help="repeatable; 1 by default")
    parser.add_argument("--days", type=float, default=DAYS)
    parser.add_argument("--phi", type=float, help="of one stream alone, without a first day and bursts")
    parser.add_argument("--spikes", type=float, default=200.0, help="a day, of that stream")
    parser.add_argument("--start", action="store_true", help="first days of a stream alone")
    parser.add_argument("--before", type=Path, help="days kept by search.py --keep: the last 30 are those before")
    parser.add_argument("--feed", type=float, default=QUIET_FEED_S, help="fed at a time without bursts, s")
    options = parser.parse_args()
    is_met = True
    for seed in options.seed or [1]:
        if options.start:
            found = at_the_start(seed, options.days, feed_s=options.feed)
        elif options.phi is not None:
            found = false_triggers(
                seed,
                options.days,
                phi=options.phi,
                spikes=options.spikes,
                feed_s=options.feed,
                before=None
                if options.before is None
                else FarHistory.joined(day.history() for day in read(options.before)[-30:]),
            )
        else:
            found = run(seed, options.days)
        is_met &= all(figure.is_met for figure in found)
        print(json.dumps({"name": "continuous", "seed": seed, "figures": [figure.to_json() for figure in found]}))
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
