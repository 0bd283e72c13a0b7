"""How bright a burst must be for the search, against a filter that knows its time and shape."""

from dataclasses import dataclass

import numpy as np
from figures import Figure

from acs_stream.search import search
from tocsin.domain.light_curves import LightCurve

BIN_S, HALF_S, WINDOW_S, RATE_CTS_S, PHI = 0.05, 620.0, 300.0, 84_000.0, 1.4
#: Both must reach this S/N.
THRESHOLD = 6.0
#: Durations, s, and whether they are judged; none but 4 s lies near a scale of the grid, and starts have any phase.
DURATIONS = {0.05: False, 0.1: False, 0.3: True, 1.0: True, 4.0: True, 5.0: False, 16.0: False, 60.0: False}
HIGHEST_RATIO = 1.1
STEPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Counts one injected burst needs: in the search, and in the ideal filter; its label when it is just found."""

    search: float
    ideal: float
    is_spike_like: bool


def efficiency_figures(number: int, seed: int) -> list[Figure]:
    """Ratio of the amplitudes found half the time, for each duration."""
    figures = []
    for k, (length_s, is_judged) in enumerate(DURATIONS.items()):
        rng = np.random.default_rng([seed, k])
        found = [_needed(rng, length_s) for _ in range(number)]
        ratio = float(np.median([one.search for one in found]) / np.median([one.ideal for one in found]))
        name = f"efficiency: amplitude for 50 % over that of an ideal filter, {length_s:g} s"
        figures.append(Figure(name=name, value=ratio, high=HIGHEST_RATIO if is_judged else None))
        if length_s <= 0.3:
            share = float(np.mean([one.is_spike_like for one in found]))
            figures.append(Figure(name=f"efficiency: share labelled spike-like, {length_s:g} s", value=share))
    return figures


def _needed(rng: np.random.Generator, length_s: float) -> Needed:
    n = round(2 * HALF_S / BIN_S)
    mean = RATE_CTS_S * BIN_S
    background = 2 * np.rint((mean + np.sqrt(PHI * mean) * rng.standard_normal(n)) / 2)
    start_s = float(rng.uniform(-250.0, 250.0 - length_s))
    edges = BIN_S * np.arange(n + 1) - HALF_S
    held = np.clip(edges[1:], start_s, start_s + length_s) - np.clip(edges[:-1], start_s, start_s + length_s)
    shape = held / held.sum()
    weight = shape / np.sqrt((shape**2).sum() * PHI * mean)
    noise_snr, per_count = float((weight * (background - mean)).sum()), float((weight * shape).sum())
    ideal = (THRESHOLD - noise_snr) / per_count
    low, high = 0.3 * THRESHOLD / per_count, 2.5 * THRESHOLD / per_count
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        is_found, _ = _look(background + middle * shape, start_s, length_s)
        low, high = (low, middle) if is_found else (middle, high)
    _, is_spike_like = _look(background + high * shape, start_s, length_s)
    return Needed(search=0.5 * (low + high), ideal=ideal, is_spike_like=is_spike_like)


def _look(counts: np.ndarray, start_s: float, length_s: float) -> tuple[bool, bool]:
    """Whether the search finds an excess over the threshold there, and whether it calls it a spike."""
    curve = LightCurve("SPI-ACS", "2023-03-07T00:00:00", BIN_S * np.arange(counts.size) - HALF_S, BIN_S, counts)
    found = [
        e
        for e in search(curve, t0_s=0.0, window_s=WINDOW_S).excesses
        if e.snr >= THRESHOLD and e.start_s < start_s + length_s and e.stop_s > start_s
    ]
    return bool(found), bool(found) and max(found, key=lambda e: e.snr).is_spike_like
