"""What a delay can be made of: photons, bins of many widths, dead time, two bursts; and what is refused by name."""

import numpy as np
import pytest

from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import EventList, FloatArray, LightCurve
from triangulation.delay import estimate_delay

T0 = to_utc("2020-01-01T00:00:00")
LATER_S = 0.137


def photons(delay_s: float, seed: int, *, burst: int = 3000, background_hz: float = 800.0) -> EventList:
    """Background and three pulses of a tenth of a second each."""
    rng = np.random.default_rng(seed)
    steady = rng.uniform(-15.0, 15.0, rng.poisson(30.0 * background_hz))
    pulses = rng.choice([0.0, 0.35, 0.5], size=burst) + rng.gamma(2.0, 0.03, size=burst)
    return EventList("photons", T0, np.sort(np.concatenate([steady, pulses + delay_s])))


def binned(events: EventList, edges_s: FloatArray) -> LightCurve:
    counts = np.diff(np.searchsorted(events.times_s, edges_s)).astype(float)
    return LightCurve("bins", T0, start_s=edges_s[:-1], width_s=np.diff(edges_s), counts=counts)


def konus_edges() -> FloatArray:
    """2 ms, 16 ms, 64 ms and 256 ms one after the other about the trigger, 2.944 s before it."""
    parts = [
        np.arange(-14.848, -0.512, 2.944),
        np.arange(-0.512, 0.512, 0.002),
        np.arange(0.512, 2.56, 0.016),
        np.arange(2.56, 5.12, 0.064),
        np.arange(5.12, 14.5, 0.256),
    ]
    return np.asarray(np.unique(np.round(np.concatenate(parts), 6)))


def test_photons_give_the_delay_of_their_finest_bins() -> None:
    a, b = photons(0.0, 1), photons(LATER_S, 2)
    found = estimate_delay(a, b, max_delay_s=1.0)
    edges = np.arange(-15.0, 15.0, 0.0005)
    fine = estimate_delay(binned(a, edges), binned(b, edges), max_delay_s=1.0)
    assert abs(found.median_s - LATER_S) < 3.5 * found.sigma_s
    assert found.median_s == pytest.approx(fine.median_s, abs=0.35 * fine.sigma_s)
    assert found.sigma_s == pytest.approx(fine.sigma_s, rel=0.3)


def test_photons_of_one_instrument_go_with_wide_bins_of_another() -> None:
    wide = binned(photons(LATER_S, 3, burst=20_000), np.arange(-15.0, 15.0, 0.256))
    found = estimate_delay(photons(0.0, 4), wide, max_delay_s=1.0)
    assert abs(found.median_s - LATER_S) < 3.5 * found.sigma_s
    assert found.sigma_s < 0.02


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_bins_of_four_widths_in_one_curve_are_taken_as_they_are(seed: int) -> None:
    konus = binned(photons(LATER_S, seed), konus_edges())
    even = binned(photons(0.0, seed + 100), np.arange(-15.0, 15.0, 0.004))
    found = estimate_delay(even, konus, max_delay_s=1.0)
    assert abs(found.median_s - LATER_S) < 3.5 * found.sigma_s
    assert found.sigma_s < 0.008


def test_a_stated_dead_time_is_taken_out() -> None:
    t = np.arange(-10.0, 10.0, 0.004)
    shape = np.exp(-0.5 * (t / 0.04) ** 2) + np.exp(-0.5 * ((t - 0.3) / 0.07) ** 2)
    rng = np.random.default_rng(12)
    true_hz = 1000.0 + 60_000.0 * shape
    dead_s = 5e-6
    seen = rng.poisson(0.004 * true_hz / (1.0 + dead_s * true_hz)).astype(float)
    whole = LightCurve("whole", T0, start_s=t, width_s=0.004, counts=rng.poisson(0.004 * true_hz).astype(float))
    lossy = LightCurve("lossy", T0, start_s=t, width_s=0.004, counts=seen)
    stated, hidden = (estimate_delay(whole, lossy.replace(dead_time_s=d), max_delay_s=0.5) for d in (dead_s, None))
    assert stated.flags == ()
    assert abs(stated.median_s) < 3.5 * stated.sigma_s
    # Unknown, it makes the two curves differ: said, and widened.
    assert "poor_fit" in hidden.flags
    assert hidden.figures["inflation"] > 1.0


def test_two_bursts_in_the_window_are_one_pattern() -> None:
    edges = np.arange(-15.0, 15.0, 0.008)

    def twice(delay_s: float, seed: int) -> LightCurve:
        one, other = photons(delay_s, seed), photons(delay_s + 4.0, seed + 50, burst=1500, background_hz=0.01)
        both = np.sort(np.concatenate([one.times_s, other.times_s]))
        return binned(EventList("twice", T0, both), edges)

    found = estimate_delay(twice(0.0, 9), twice(LATER_S, 10), max_delay_s=5.0)
    assert found.detected
    assert abs(found.median_s - LATER_S) < 3.5 * found.sigma_s
    assert found.sigma_s < 0.01
    assert found.interval(0.9973)[0] > 0.1


def test_a_few_photons_are_no_burst() -> None:
    with pytest.raises(ScienceError, match="photons"):
        estimate_delay(EventList("one", T0, np.array([0.0])), photons(0.0, 1), max_delay_s=1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"counts": np.array([1.0, -2.0, 3.0])}, "negative counts"),
        ({"counts": np.array([1.0, np.nan, 3.0])}, "not finite"),
        ({"start_s": np.array([0.0, 2.0, 1.0])}, "backwards"),
        ({"start_s": np.array([0.0, 0.5, 2.0])}, "overlap"),
    ],
)
def test_curves_that_cannot_be_are_refused_before_a_delay_is_made_of_them(
    changes: dict[str, FloatArray], words: str
) -> None:
    good = {"start_s": np.array([0.0, 1.0, 2.0]), "width_s": np.ones(3), "counts": np.ones(3)}
    with pytest.raises(ScienceError, match=words):
        LightCurve("X", T0, **(good | changes))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("true_s", "is_cut"), [(0.5, False), (-0.9, False), (1.0, True), (-1.0, True), (1.02, True)])
def test_a_delay_at_the_end_of_its_range_is_called_so(true_s: float, is_cut: bool, seed: int) -> None:
    edges = np.arange(-15.0, 15.0, 0.016)
    a, b = (binned(photons(t, seed + n), edges) for t, n in ((0.0, 0), (true_s, 50)))
    found = estimate_delay(a, b, max_delay_s=1.0, clock_error_s=0.01)
    assert ("at_range_edge" in found.flags) == is_cut
