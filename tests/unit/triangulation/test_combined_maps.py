"""Maps multiplied with others: systematics of GBM, nothing twice, distances kept, lineage in the header."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from tocsin.domain.errors import ScienceError
from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.delay import DelayPosterior
from triangulation.distances import mean_distance_mpc
from triangulation.gbm_systematics import SYSTEMATICS, GbmLocation, roboba
from triangulation.geometry import baseline, radec_deg, separation_deg, unit_vector
from triangulation.skymap import SkyMap, overlap

SOURCE = (30.0, 40.0)


def ring(position_km: list[float], sigma_deg: float) -> Annulus:
    pair = baseline(position_km, [0.0, 0.0, 0.0])
    delay = float(pair.delay_s(unit_vector(*SOURCE)))
    sigma = pair.light_time_s * np.sqrt(1 - (delay / pair.light_time_s) ** 2) * np.radians(sigma_deg)
    return annulus_from_delay(position_km, [0.0, 0.0, 0.0], DelayPosterior.gaussian(delay, float(sigma)))


def lvk_like(mean_mpc: float = 100.0, sigma_mpc: float = 20.0) -> SkyMap:
    uniq = np.arange(4 * 4**4, 16 * 4**4)
    density = np.random.default_rng(1).uniform(0.5, 1.5, uniq.size)
    layers = {
        "DISTMU": np.full(uniq.size, mean_mpc),
        "DISTSIGMA": np.full(uniq.size, sigma_mpc),
        "DISTNORM": np.full(uniq.size, 1.0 / (mean_mpc**2 + sigma_mpc**2)),
    }
    layers["DISTMU"][:50] = np.inf
    layers["DISTNORM"][:50] = 0.0
    return SkyMap(
        uniq=uniq, density_sr=density, distance=layers, header={"DISTMEAN": 1.0}, sources=frozenset(["map:a"])
    )


@pytest.mark.parametrize("kind", list(GbmLocation))
def test_truths_drawn_from_the_systematics_lie_in_the_regions_as_often_as_they_say(kind: GbmLocation) -> None:
    rng = np.random.default_rng(7)
    statistical = 3.0
    skymap = SkyMap.from_position(*SOURCE, error_radius_deg=statistical, systematic=SYSTEMATICS[kind])
    share, radii = np.array(SYSTEMATICS[kind]).T
    chosen = rng.choice(share.size, size=400, p=share)
    sigma = np.hypot(statistical, radii[chosen]) / np.sqrt(-2 * np.log(0.32))
    axis = unit_vector(*SOURCE)
    drawn = axis + np.radians(sigma)[:, None] * rng.normal(size=(400, 3))
    drawn -= ((drawn - axis) @ axis)[:, None] * axis
    levels = [skymap.containment(*(float(angle) for angle in radec_deg(vector))) for vector in drawn]
    assert np.mean(np.array(levels) < 0.5) == pytest.approx(0.5, abs=0.09)
    assert np.mean(np.array(levels) < 0.9) == pytest.approx(0.9, abs=0.055)


def test_the_tail_of_a_human_position_holds_a_tenth_of_the_probability() -> None:
    skymap = SkyMap.from_position(*SOURCE, error_radius_deg=0.5, systematic=SYSTEMATICS[GbmLocation.PEOPLE])
    vectors = np.stack([unit_vector(*SOURCE)])
    cells = np.stack([skymap.order, skymap.pixel])
    assert cells.shape[1] == len(skymap)
    far = np.array([float(separation_deg(vectors[0], v)) > 12.0 for v in _centres(skymap)])
    assert float(skymap.probability[far].sum()) == pytest.approx(0.1 * 0.32 ** ((12 / 14) ** 2), rel=0.1)


def _centres(skymap: SkyMap) -> np.ndarray:
    from triangulation.pixels import centres_mixed

    return centres_mixed(skymap.order, skymap.pixel)


def test_duration_classes_of_notices_choose_the_robobas_numbers() -> None:
    assert [roboba(word).value[-5:] for word in ("Long", "Short", "unknown", "")] == [
        "_long",
        "short",
        "known",
        "known",
    ]
    assert all(sum(share for share, _ in mixture) == pytest.approx(1.0) for mixture in SYSTEMATICS.values())


def test_shares_that_do_not_make_one_are_refused() -> None:
    with pytest.raises(ScienceError, match="shares"):
        SkyMap.from_position(*SOURCE, error_radius_deg=1.0, systematic=[(0.5, 3.0)])


def test_the_same_position_is_not_multiplied_in_twice() -> None:
    disc = SkyMap.from_position(*SOURCE, error_radius_deg=3.0, source="position:FERMI_GBM_GND_POS")
    timed = SkyMap.from_annuli([ring([1e6, 0, 0], 0.5)], pairs=[("GBM", "KW")], priors=[disc])
    assert timed.sources == {"position:FERMI_GBM_GND_POS", "delay:GBM|KW"}
    with pytest.raises(ScienceError, match="both maps hold position:FERMI_GBM_GND_POS"):
        timed.combine(disc)


def test_a_map_made_from_the_third_pair_of_three_craft_is_not_multiplied_in() -> None:
    star = SkyMap.from_annuli([ring([1e6, 0, 0], 0.5), ring([0, 4e5, 0], 0.5)], pairs=[("A", "X"), ("B", "X")])
    third = SkyMap.from_annuli([ring([1e6, -4e5, 0], 0.5)], pairs=[("B", "A")])
    with pytest.raises(ScienceError, match="same photons twice"):
        star.combine(third)


def test_a_map_read_from_a_file_remembers_what_it_was_made_from(tmp_path: Path) -> None:
    disc = SkyMap.from_position(*SOURCE, error_radius_deg=3.0, source="position:FERMI_GBM_GND_POS")
    made = SkyMap.from_annuli([ring([1e6, 0, 0], 0.5)], pairs=[("GBM", "KW")], priors=[disc])
    made.write(tmp_path / "made.fits")
    again = SkyMap.read(tmp_path / "made.fits")
    assert again.sources == made.sources
    with pytest.raises(ScienceError, match="both maps hold"):
        again.combine(disc)


def test_a_foreign_map_is_a_source_of_its_own_and_not_multiplied_with_itself() -> None:
    content = SkyMap(uniq=np.arange(4, 16), density_sr=np.arange(1.0, 13.0)).to_bytes()
    one, other = SkyMap.from_bytes(content), SkyMap.from_bytes(content)
    assert one.sources == other.sources
    with pytest.raises(ScienceError, match="both maps hold map:"):
        one.combine(other)


def test_distance_layers_survive_product_file_and_back(tmp_path: Path) -> None:
    lvk = lvk_like()
    together = SkyMap.from_annuli([ring([1e6, 0, 0], 0.5)], pairs=[("GBM", "KW")]).combine(lvk)
    together.write(tmp_path / "joint.fits.gz")
    again = SkyMap.read(tmp_path / "joint.fits.gz")
    assert set(again.distance) == {"DISTMU", "DISTSIGMA", "DISTNORM"}
    cell = again.cell_at(*SOURCE)
    coarse = lvk.cell_at(*SOURCE)
    assert again.distance["DISTMU"][cell] == lvk.distance["DISTMU"][coarse]
    assert np.isinf(again.distance["DISTMU"]).any()
    with fits.open(tmp_path / "joint.fits.gz") as file:
        assert file[1].columns["DISTNORM"].unit == "Mpc-2"
        assert file[1].header["DISTMEAN"] == pytest.approx(107.4, abs=0.5)  # not the 1.0 of the old header


def test_the_mean_distance_is_that_of_numerical_integration() -> None:
    mu, sigma = np.array([100.0, 40.0]), np.array([20.0, 30.0])
    r = np.linspace(0.0, 400.0, 400_001)
    shape = [r**2 * np.exp(-0.5 * ((r - m) / s) ** 2) for m, s in zip(mu, sigma, strict=True)]
    mean = [np.trapezoid(r * p, r) / np.trapezoid(p, r) for p in shape]
    square = [np.trapezoid(r * r * p, r) / np.trapezoid(p, r) for p in shape]
    found = mean_distance_mpc(np.array([0.25, 0.75]), mu, sigma, np.ones(2))
    assert found is not None
    assert found[0] == pytest.approx(0.25 * mean[0] + 0.75 * mean[1], rel=1e-6)
    assert found[1] == pytest.approx(np.sqrt(0.25 * square[0] + 0.75 * square[1] - found[0] ** 2), rel=1e-6)


def test_a_map_without_distances_has_no_mean_distance() -> None:
    assert SkyMap.from_position(*SOURCE, error_radius_deg=3.0).distance_mpc is None


@pytest.mark.parametrize("order", [2, 5, 7])
def test_a_coarse_map_holds_the_exact_means_of_the_fine_one(order: int) -> None:
    annulus = ring([1.4e6, 2e5, 1e5], 0.3)
    fine, coarse = SkyMap.from_annuli([annulus]), SkyMap.from_annuli([annulus], max_order=order)
    assert int(coarse.order.max()) <= order
    assert coarse.probability.sum() == pytest.approx(1.0, abs=1e-12)
    # Overlaps with anything on cells as coarse are the same, but for what centres differ from means.
    disc = SkyMap.from_position(*SOURCE, error_radius_deg=20.0)
    rough = SkyMap(uniq=coarse.uniq, density_sr=np.ones(len(coarse))).combine(
        SkyMap(uniq=np.arange(4 * 4**2, 16 * 4**2), density_sr=np.random.default_rng(2).uniform(0.1, 1, 192))
    )
    assert overlap(coarse, rough) == pytest.approx(overlap(fine, rough), rel=1e-3)
    assert overlap(fine, disc) == overlap(disc, fine)


def test_an_order_that_is_none_is_refused() -> None:
    with pytest.raises(ScienceError, match="orders from 0 to 14"):
        SkyMap.from_annuli([ring([1e6, 0, 0], 0.5)], max_order=15)


@pytest.mark.parametrize("radius_deg", [20.0, 63.0, 90.0])
@pytest.mark.parametrize("sigma_deg", [0.02, 0.05, 0.3])
def test_areas_of_single_rings_are_analytic_at_any_radius(radius_deg: float, sigma_deg: float) -> None:
    light_s = 1.4e6 / 299_792.458
    sigma = light_s * np.sin(np.radians(radius_deg)) * np.radians(sigma_deg)
    posterior = DelayPosterior.gaussian(light_s * np.cos(np.radians(radius_deg)), float(sigma))
    skymap = SkyMap.from_annuli([annulus_from_delay(1.4e6 * unit_vector(40, 20), [0, 0, 0], posterior)])
    exact = 4 * np.pi * 1.6448536 * sigma / light_s * (180 / np.pi) ** 2
    assert skymap.credible_area_deg2(0.9) == pytest.approx(exact, rel=1e-3)
