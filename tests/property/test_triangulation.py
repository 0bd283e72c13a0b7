"""What must hold for any pair of craft, any source and any rotation of the axes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from triangulation.annulus import annulus_from_delay, crossings
from triangulation.delay import DelayPosterior
from triangulation.geometry import baseline, radec_deg, separation_deg, unit_vector

angles = st.tuples(st.floats(0.0, 360.0), st.floats(-89.0, 89.0))
distances = st.floats(6.8e3, 2e6)
sigmas = st.floats(1e-5, 1e-2)


def vector(angle: tuple[float, float], length: float = 1.0) -> np.ndarray:
    return length * unit_vector(*angle)


@given(angles, distances, angles, angles, sigmas)
def test_the_true_direction_lies_on_the_centre_line(
    where: tuple[float, float], distance: float, other: tuple[float, float], source: tuple[float, float], sigma: float
) -> None:
    a, b = vector(where, distance), vector(other, 6900.0)
    if np.linalg.norm(a - b) < 100.0:
        return
    delay = float(baseline(a, b).delay_s(vector(source)))
    annulus = annulus_from_delay(a, b, DelayPosterior.gaussian(delay, sigma))
    cosine = np.cos(np.radians(annulus.radius_deg))
    assert abs(cosine - float(annulus.pair.axis @ vector(source))) < 1e-9
    assert annulus.minus_3sigma_deg >= 0.0
    assert annulus.plus_3sigma_deg >= 0.0


@given(angles, distances, angles, sigmas)
def test_exchanging_the_craft_turns_delay_axis_and_radius_around(
    where: tuple[float, float], distance: float, source: tuple[float, float], sigma: float
) -> None:
    a, b = vector(where, distance), np.array([0.0, 0.0, 6900.0])
    if np.linalg.norm(a - b) < 100.0:
        return
    delay = float(baseline(a, b).delay_s(vector(source)))
    assert abs(float(baseline(b, a).delay_s(vector(source))) + delay) < 1e-12
    one = annulus_from_delay(a, b, DelayPosterior.gaussian(delay, sigma))
    two = annulus_from_delay(b, a, DelayPosterior.gaussian(-delay, sigma))
    assert abs(one.radius_deg + two.radius_deg - 180.0) < 1e-6
    assert abs(one.plus_3sigma_deg - two.minus_3sigma_deg) < 1e-3
    assert float(separation_deg(one.pair.axis, -two.pair.axis)) < 1e-9


@given(angles, distances, angles, distances, angles, st.integers(0, 10_000))
@settings(max_examples=50)
def test_rotating_everything_rotates_the_annuli_and_their_crossings(
    first: tuple[float, float],
    d_first: float,
    second: tuple[float, float],
    d_second: float,
    source: tuple[float, float],
    seed: int,
) -> None:
    turn = Rotation.random(rng=np.random.default_rng(seed))
    far, high, low = vector(first, d_first), vector(second, d_second), np.array([6900.0, 0.0, 0.0])
    if min(np.linalg.norm(far - low), np.linalg.norm(high - low)) < 1e3:
        return
    n = vector(source)
    rings = [annulus_from_delay(r, low, posterior_at(r, low, n)) for r in (far, high)]
    turned = [
        annulus_from_delay(turn.apply(r), turn.apply(low), posterior_at(turn.apply(r), turn.apply(low), turn.apply(n)))
        for r in (far, high)
    ]
    for plain, rotated in zip(rings, turned, strict=True):
        assert abs(plain.radius_deg - rotated.radius_deg) < 1e-5
        assert float(separation_deg(turn.apply(plain.pair.axis.copy()), rotated.pair.axis)) < 1e-9
    sine = float(np.linalg.norm(np.cross(rings[0].pair.axis, rings[1].pair.axis)))
    off_plane = abs(float(np.linalg.det(np.stack([rings[0].pair.axis, rings[1].pair.axis, n]))))
    if sine > 0.1 and off_plane > 0.05:
        points = [unit_vector(*point) for point in crossings(*turned)]
        assert min(float(separation_deg(point, turn.apply(n))) for point in points) < 1e-5


def posterior_at(a: np.ndarray, b: np.ndarray, source: np.ndarray) -> DelayPosterior:
    return DelayPosterior.gaussian(float(baseline(a, b).delay_s(source)), 1e-4)


@given(st.floats(-1.0, 1.0), st.floats(1e-4, 0.3), st.floats(0.05, 0.999))
def test_regions_of_any_gaussian_hold_their_level(mean: float, sigma: float, level: float) -> None:
    posterior = DelayPosterior.gaussian(mean, sigma)
    low, high = posterior.interval(level)
    assert abs(float(posterior.cumulative(high) - posterior.cumulative(low)) - level) < 1e-6
    assert abs(sum(float(np.diff(posterior.cumulative(part))[0]) for part in posterior.hpd(level)) - level) < 1e-5


@given(angles)
def test_directions_round_trip(angle: tuple[float, float]) -> None:
    ra, dec = radec_deg(vector(angle))
    assert float(separation_deg(vector((float(ra), float(dec))), vector(angle))) < 1e-10
