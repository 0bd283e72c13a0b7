"""Sky maps: areas against analytic ones, integrals, overlaps, occultation, files, refusals."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from scipy.special import ndtri

from tocsin.domain.errors import ScienceError
from triangulation import pixels
from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.delay import DelayPosterior
from triangulation.geometry import SPEED_OF_LIGHT_KM_S, SpacecraftPosition, baseline, unit_vector
from triangulation.skymap import SkyMap, overlap

SOURCE = (30.0, 40.0)
FAR, HIGH, OTHER = [1.4e6, 2e5, 1e5], [-1e5, 5e4, 9e4], [3e5, -2e5, 1e5]


def ring(position_km: list[float], sigma_deg: float, source: tuple[float, float] = SOURCE) -> Annulus:
    pair = baseline(position_km, [0.0, 0.0, 0.0])
    delay = float(pair.delay_s(unit_vector(*source)))
    sine = np.sqrt(1.0 - (delay / pair.light_time_s) ** 2)
    sigma = pair.light_time_s * sine * np.radians(sigma_deg)
    return annulus_from_delay(position_km, [0.0, 0.0, 0.0], DelayPosterior.gaussian(delay, float(sigma)))


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_areas_of_a_thin_annulus_are_analytic_to_a_part_in_a_thousand(level: float) -> None:
    annulus = ring(FAR, 0.05)
    skymap = SkyMap.from_annuli([annulus])
    z = annulus.posterior.sigma_s / annulus.pair.light_time_s * ndtri(0.5 + 0.5 * level)
    assert skymap.credible_area_deg2(level) == pytest.approx(4 * np.pi * z * pixels.SQUARE_DEG, rel=1e-3)


def test_three_annuli_and_the_earth_give_one_small_region_about_the_source() -> None:
    fermi = SpacecraftPosition(spacecraft="Fermi", epoch_utc="2020-01-01", vector_km=[-2000.0, 6500.0, 800.0])
    rings = [ring(FAR, 0.1), ring(HIGH, 0.5), ring(OTHER, 0.3)]
    skymap = SkyMap.from_annuli(rings, pairs=[("a", "x"), ("b", "x"), ("c", "x")], detected_by=[fermi])
    assert skymap.probability.sum() == pytest.approx(1.0, abs=1e-9)
    assert skymap.credible_area_deg2(0.9) < 1.0
    assert skymap.containment(*SOURCE) < 0.1
    assert skymap.peak == pytest.approx(SOURCE, abs=0.2)


def test_the_earth_takes_away_what_lies_behind_it() -> None:
    craft = SpacecraftPosition(spacecraft="Fermi", epoch_utc="2020-01-01", vector_km=[6900.0, 0.0, 0.0])
    skymap = SkyMap.from_annuli([ring(HIGH, 5.0)], detected_by=[craft])
    assert skymap.density_at(180.0, 0.0) < 1e-9 * skymap.density_sr.max()


def test_the_third_pair_of_three_craft_is_refused() -> None:
    rings = [ring(FAR, 0.1), ring(HIGH, 0.5), ring(OTHER, 0.3)]
    with pytest.raises(ScienceError, match="same photons twice"):
        SkyMap.from_annuli(rings, pairs=[("a", "b"), ("b", "c"), ("a", "c")])


def test_a_shared_reference_shrinks_the_region_by_what_the_correlation_tells() -> None:
    rings = [ring([1e6, 0.0, 0.0], 0.5), ring([0.0, 1e6, 0.0], 0.5)]
    sigma = np.array([each.posterior.sigma_s for each in rings])
    covariance = np.outer(sigma, sigma) * np.array([[1.0, 0.5], [0.5, 1.0]])
    plain, joint = SkyMap.from_annuli(rings), SkyMap.from_annuli(rings, delay_covariance_s2=covariance)
    ratio = joint.credible_area_deg2(0.9) / plain.credible_area_deg2(0.9)
    assert ratio == pytest.approx(np.sqrt(1 - 0.25), rel=0.01)


def test_what_delays_share_does_not_carry_the_map_into_the_tails_of_their_posteriors() -> None:
    rings = [with_tails(ring([1e6, 0.0, 0.0], 0.5)), with_tails(ring([0.0, 1e6, 0.0], 0.5))]
    sigma = np.array([each.posterior.sigma_s for each in rings])
    covariance = np.outer(sigma, sigma) * np.array([[1.0, 0.5], [0.5, 1.0]])
    plain, joint = SkyMap.from_annuli(rings), SkyMap.from_annuli(rings, delay_covariance_s2=covariance)
    assert joint.credible_area_deg2(0.9) < plain.credible_area_deg2(0.9)
    assert joint.density_at(*SOURCE) > plain.density_at(*SOURCE)


def with_tails(annulus: Annulus) -> Annulus:
    """Same annulus with a delay that has exponential tails of five of its sigma, a hundredth as high as its peak."""
    core, z = annulus.posterior, np.linspace(-40.0, 40.0, 4001)
    density = np.exp(-0.5 * z * z) + 0.01 * np.exp(-np.abs(z) / 5.0)
    tailed = DelayPosterior(delay_s=core.mean_s + core.sigma_s * z, density=density)
    place = annulus.pair.axis * annulus.pair.light_time_s * SPEED_OF_LIGHT_KM_S
    return annulus_from_delay(place, [0.0, 0.0, 0.0], tailed)


def test_annuli_that_miss_each_other_are_refused() -> None:
    with pytest.raises(ScienceError, match="do not meet"):
        SkyMap.from_annuli([ring(FAR, 0.05), ring(FAR, 0.05, (200.0, -60.0))])


def test_the_overlap_is_symmetric_and_one_for_a_map_that_knows_nothing() -> None:
    a, b = SkyMap.from_position(*SOURCE, error_radius_deg=2.0), SkyMap.from_annuli([ring(FAR, 0.3)])
    flat = SkyMap(uniq=np.arange(4, 16), density_sr=np.ones(12))
    assert overlap(a, b) == overlap(b, a) > 10.0
    assert overlap(a, flat) == pytest.approx(1.0, abs=1e-12)


def test_the_overlap_of_two_discs_is_that_of_two_gaussians() -> None:
    sigma = [np.radians(each) / np.sqrt(-2 * np.log(1 - 0.68)) for each in (3.0, 4.0)]
    a = SkyMap.from_position(10.0, 0.0, error_radius_deg=3.0)
    b = SkyMap.from_position(12.0, 0.0, error_radius_deg=4.0)
    variance = sigma[0] ** 2 + sigma[1] ** 2
    expected = 2.0 / variance * np.exp(-0.5 * np.radians(2.0) ** 2 / variance)
    assert overlap(a, b) == pytest.approx(expected, rel=2e-3)


def test_the_overlap_of_a_whole_ring_and_a_disc_is_that_of_two_gaussians_to_a_part_in_a_thousand() -> None:
    around = SkyMap.from_annuli([ring([0.0, 0.0, 1.4e6], 0.3, (0.0, 0.0))])
    disc = SkyMap.from_position(33.0, 0.0, error_radius_deg=0.5)
    sigma = np.hypot(np.radians(0.3), np.radians(0.5) / np.sqrt(-2 * np.log(1 - 0.68)))
    assert overlap(around, disc) == pytest.approx(2.0 / (np.sqrt(2 * np.pi) * sigma), rel=1e-3)


def test_a_map_of_three_rings_is_no_larger_for_its_sharpness_than_its_share_of_cells() -> None:
    rings = [ring(FAR, 0.2), ring(HIGH, 0.3), ring(OTHER, 4.0)]
    assert len(SkyMap.from_annuli(rings)) < 350_000 / 3


def test_a_product_of_maps_is_the_map_of_the_product() -> None:
    disc = SkyMap.from_position(*SOURCE, error_radius_deg=4.0)
    together = SkyMap.from_annuli([ring(FAR, 0.2)], priors=[disc])
    apart = SkyMap.from_annuli([ring(FAR, 0.2)]).combine(disc)
    assert together.credible_area_deg2(0.9) == pytest.approx(apart.credible_area_deg2(0.9), rel=0.02)
    assert overlap(together, apart) == pytest.approx(overlap(apart, apart), rel=0.02)


@pytest.mark.parametrize("name", ["map.fits", "map.fits.gz"])
def test_a_written_map_reads_back_the_same(tmp_path: Path, name: str) -> None:
    skymap = SkyMap.from_annuli([ring(HIGH, 2.0)], header={"LINEAGE": "abc", "NPAIRS": 1})
    skymap.write(tmp_path / name)
    again = SkyMap.read(tmp_path / name)
    assert np.array_equal(again.uniq, skymap.uniq)
    assert np.allclose(again.density_sr, skymap.density_sr, rtol=1e-14)
    assert again.header["LINEAGE"] == "abc"
    assert SkyMap.from_bytes(skymap.to_bytes()).header["NPAIRS"] == 1
    with fits.open(tmp_path / name) as file:
        assert file[1].header["ORDERING"] == "NUNIQ"
        assert (file[1].columns["PROBDENSITY"].unit, file[1].columns.names) == ("sr-1", ["UNIQ", "PROBDENSITY"])


def test_a_flat_nested_map_of_probabilities_reads_as_densities(tmp_path: Path) -> None:
    prob = np.zeros(12 * 4**3)
    prob[100] = 1.0
    table = fits.BinTableHDU.from_columns([fits.Column("PROB", "D", array=prob)])
    table.header["ORDERING"] = "NESTED"
    table.writeto(tmp_path / "flat.fits")
    skymap = SkyMap.read(tmp_path / "flat.fits")
    assert skymap.credible_area_deg2(0.5) == pytest.approx(0.5 * skymap.area_deg2[100])


@pytest.mark.parametrize("content", [b"", b"no FITS at all", b"\x1f\x8bbroken"])
def test_bytes_that_hold_no_map_are_refused(content: bytes) -> None:
    with pytest.raises(ScienceError, match="no sky map"):
        SkyMap.from_bytes(content)


def test_cells_that_leave_a_hole_are_refused() -> None:
    with pytest.raises(ScienceError, match="whole sky once"):
        SkyMap(uniq=np.arange(4, 15), density_sr=np.ones(11))


def test_uniq_numbers_round_trip_at_every_order() -> None:
    order = np.arange(30)
    pixel = 12 * np.int64(4) ** order - 1
    found_order, found_pixel = pixels.order_and_pixel(pixels.uniq_of(order, pixel))
    assert np.array_equal(found_order, order)
    assert np.array_equal(found_pixel, pixel)


def test_a_moc_covers_the_area_of_its_region() -> None:
    pytest.importorskip("mocpy")
    skymap = SkyMap.from_position(*SOURCE, error_radius_deg=3.0)
    moc = skymap.credible_moc(0.9)
    assert moc.sky_fraction * 41252.96 == pytest.approx(skymap.credible_area_deg2(0.9), rel=1e-3)
