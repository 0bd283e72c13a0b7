"""A stream that is searched as it comes finds what a search of the whole finds, each once, and no shadows of it."""

import numpy as np

from acs_stream.excesses import Excess
from acs_stream.far_history import ExcessKind
from acs_stream.search_day import search_background
from acs_stream.search_stretch import DATA_BEFORE_S, Stretch, search_stretch
from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import FloatArray, LightCurve

PACKET_S = 10.0


def curve(counts: FloatArray) -> LightCurve:
    start_s = np.asarray(0.05 * np.arange(counts.size), dtype=np.float64)
    return LightCurve("SPI-ACS", to_utc("2024-10-17T02:00:00"), start_s, np.full(counts.size, 0.05), counts)


def noise(seconds: float, seed: int) -> FloatArray:
    return np.asarray(2.0 * np.random.default_rng(seed).poisson(2100.0, round(seconds / 0.05)), dtype=np.float64)


def as_it_comes(whole: LightCurve, from_s: float) -> list[Excess]:
    found: list[Excess] = []
    for stop_s in np.arange(from_s + PACKET_S, float(whole.stop_s[-1]) + 0.01, PACKET_S):
        start_s = float(stop_s) - PACKET_S
        inside = (whole.start_s > start_s - DATA_BEFORE_S - 0.01) & (whole.start_s < stop_s - 0.01)
        found += search_stretch(whole.select(inside), Stretch(start_s=start_s, stop_s=float(stop_s)))
    return found


def test_a_spike_stands_for_no_burst_when_it_has_left_the_stretch() -> None:
    counts = noise(900.0, seed=1)
    counts[13_000] += 12_000.0
    found = [one for one in as_it_comes(curve(counts), 600.0) if one.start_s <= 650.05 <= one.stop_s]
    assert [one.kind for one in found] == [ExcessKind.SPIKE_LIKE]


def test_a_burst_cut_in_two_by_the_packets_is_found_whole_as_on_the_whole_day() -> None:
    counts = noise(1200.0, seed=2)
    counts[15_950:16_050] += 110.0
    whole = curve(counts)
    (day,) = [one for one in search_background(whole).excesses if abs(one.t_s - 800.0) < 5]
    found = [one for one in as_it_comes(whole, 700.0) if abs(one.t_s - 800.0) < 5]
    best = max(found, key=lambda one: one.rank)
    assert abs(best.snr / day.snr - 1) < 0.15
    assert best.stop_s > 800.0 > best.start_s


def test_no_window_is_judged_twice() -> None:
    counts = noise(2400.0, seed=3)
    counts[20_000::4_000] += 600.0
    found = as_it_comes(curve(counts), 600.0)
    windows = [(round(one.t_s, 3), round(one.scale_s, 3)) for one in found]
    assert windows
    assert len(set(windows)) == len(windows)
