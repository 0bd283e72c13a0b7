"""Sky maps: projections invert, regions have the area they claim, circles are where they should be."""

import re
from dataclasses import dataclass

import healpix
import numpy as np
import numpy.typing as npt
import pytest
from lxml import etree

from tocsin.pictures import Disc, DrawnAnnulus, SkyPoint, Symbol, View, sky_map_svg
from tocsin.pictures.contours import contours
from tocsin.pictures.projection import Mollweide, Projection, Zenithal
from tocsin.pictures.sky_region import SkyCells
from tocsin.pictures.sphere import galactic_plane, separation_deg, small_circle

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Map:
    uniq: npt.NDArray[np.int64]
    density_sr: npt.NDArray[np.float64]


def gaussian_map(ra_deg: float, dec_deg: float, sigma_deg: float, order: int = 6) -> Map:
    n = 12 * 4**order
    ra, dec = healpix.pix2ang(2**order, np.arange(n), nest=True, lonlat=True)
    density = np.exp(-0.5 * (separation_deg(ra, dec, ra_deg, dec_deg) / sigma_deg) ** 2)
    return Map(np.arange(n) + 4 * 4**order, density / (density.sum() * 4 * np.pi / n))


def desc(svg: str) -> str:
    return etree.fromstring(svg).findtext(f"{SVG}desc") or ""


@pytest.mark.parametrize(
    "projection",
    [Mollweide(), Mollweide(centre_ra_deg=0.0), Zenithal(ra_deg=10, dec_deg=88, half_width_deg=40, half_height_deg=30)],
)
def test_a_projection_and_its_inverse_undo_each_other(projection: Projection) -> None:
    rng = np.random.default_rng(2)
    ra, dec = rng.uniform(0, 360, 4000), np.degrees(np.arcsin(rng.uniform(-1, 1, 4000)))
    x, y = projection.forward(ra, dec)
    seen = np.isfinite(x)
    back_ra, back_dec = projection.inverse(x[seen], y[seen])
    assert seen.sum() > 100
    for r, d, br, bd in zip(ra[seen], dec[seen], back_ra, back_dec, strict=True):
        assert separation_deg(np.array([r]), np.array([d]), br, bd)[0] < 1e-5


def test_right_ascension_increases_to_the_left_and_north_is_up() -> None:
    for projection in (Mollweide(), Zenithal(ra_deg=180, dec_deg=0, half_width_deg=40, half_height_deg=40)):
        x, y = projection.forward(np.array([190.0, 170.0, 180.0]), np.array([0.0, 0.0, 20.0]))
        assert x[0] < 0 < x[1]
        assert y[2] > 0


def test_the_poles_and_the_seam_project_to_finite_places() -> None:
    x, y = Mollweide().forward(np.array([0.0, 123.0, 77.0]), np.array([0.0, 90.0, -90.0]))
    assert np.isfinite(x).all()
    assert y == pytest.approx([0.0, 1.0, -1.0], abs=1e-6)


def test_a_small_circle_keeps_its_distance_and_the_galactic_plane_holds_the_galactic_centre() -> None:
    ra, dec = small_circle(80.2, 23.9, 53.1)
    assert separation_deg(ra, dec, 80.2, 23.9) == pytest.approx(np.full(ra.size, 53.1))
    ra, dec = galactic_plane()
    assert separation_deg(ra, dec, 266.405, -28.936).min() < 0.06


def test_contours_close_around_regions_also_at_the_border_and_around_holes() -> None:
    rows, columns = np.mgrid[0:40, 0:60]
    ring = np.abs(np.hypot(rows - 20, columns - 30) - 10.0)
    assert len(contours(ring, 3.0)) == 2
    corner = np.hypot(rows, columns)
    (only,) = contours(corner, 8.0)
    assert (only.columns[0], only.rows[0]) == (only.columns[-1], only.rows[-1])


def test_a_contour_of_a_cone_is_a_circle_of_the_right_radius() -> None:
    rows, columns = np.mgrid[0:60, 0:60]
    (round_,) = contours(np.hypot(rows - 30.0, columns - 30.0), 17.3)
    assert np.hypot(round_.rows - 30, round_.columns - 30) == pytest.approx(np.full(round_.rows.size, 17.3), abs=0.05)


def test_credible_areas_are_those_of_the_gaussian() -> None:
    made = gaussian_map(120.0, -40.0, 5.0)
    cells = SkyCells.from_uniq(made.uniq, made.density_sr)
    expected = -2 * np.pi * 25.0 * np.log(1 - 0.9)  # flat-sky area of the 90 % region, deg2
    assert cells.area_within_deg2(0.9) == pytest.approx(expected, rel=0.02)
    assert cells.peak() == pytest.approx((120.0, -40.0), abs=1.0)


def test_cells_of_mixed_orders_in_any_order_are_found_by_direction() -> None:
    coarse = np.arange(1, 12) + 4  # order 0 without pixel 0, which is split
    fine = np.arange(4) + 16  # order 1, the children of pixel 0
    uniq = np.concatenate([coarse, fine])[::-1]
    density = np.where(uniq == 17, 10.0, 0.001)
    cells = SkyCells.from_uniq(uniq, density)
    ra, dec = healpix.pix2ang(2, np.array([1]), nest=True, lonlat=True)
    assert cells.at(ra, dec) == pytest.approx([0.0])
    assert cells.at(np.array([0.0]), np.array([-80.0]))[0] > 0.9


def test_numbers_of_the_finest_order_are_not_rounded_into_the_next() -> None:
    cells = SkyCells.from_uniq([2**62 - 1, 4], [1.0, 1.0])
    assert sorted(cells.order.tolist()) == [0, 29]


def test_everything_at_once_is_well_formed_small_and_said_in_words() -> None:
    svg = sky_map_svg(
        gaussian_map(120.0, -40.0, 12.0),
        [
            DrawnAnnulus(
                label="KW - ACS", ra_deg=334.3, dec_deg=-2.8, radius_deg=47.2, minus_3sigma_deg=3.4, plus_3sigma_deg=3.5
            ),
            DrawnAnnulus(
                label="GBM - HEND",
                ra_deg=95.2,
                dec_deg=23.5,
                radius_deg=73.18,
                minus_3sigma_deg=0.02,
                plus_3sigma_deg=0.02,
            ),
        ],
        [
            SkyPoint(label="Sun", ra_deg=1, dec_deg=0, symbol=Symbol.SUN),
            SkyPoint(label="Moon", ra_deg=300, dec_deg=-20, symbol=Symbol.MOON),
        ],
        discs=[Disc(label="Earth", ra_deg=10, dec_deg=5, radius_deg=67)],
    )
    assert len(svg.encode()) < 60_000
    assert "90 % in 2," in desc(svg)
    assert "KW - ACS: 47.200" in desc(svg)
    assert "style=" not in svg


def test_a_region_thinner_than_the_grid_is_still_drawn() -> None:
    pixel = np.array([12345])
    tiny = Map(np.concatenate([pixel + 4 * 4**12]), np.array([1.0]))
    assert 'class="region region90"' in sky_map_svg(tiny)


def test_a_map_of_noise_stays_small() -> None:
    order = 6
    n = 12 * 4**order
    noise = np.random.default_rng(3).exponential(1.0, n) ** 3
    svg = sky_map_svg(Map(np.arange(n) + 4 * 4**order, noise))
    assert len(svg.encode()) < 60_000
    etree.fromstring(svg)


def test_a_field_shows_its_own_lines_and_only_points_within_it() -> None:
    points = [SkyPoint(label="in", ra_deg=121, dec_deg=-40), SkyPoint(label="out", ra_deg=300, dec_deg=40)]
    svg = sky_map_svg(None, points=points, view=View(ra_deg=120, dec_deg=-40, half_width_deg=5))
    labels = [node.text for node in etree.fromstring(svg).iter(f"{SVG}text") if node.get("class") == "label"]
    assert labels == ["in"]
    assert len(re.findall(r'class="tick"', svg)) >= 4


@pytest.mark.parametrize(("ra", "dec"), [(0.0, 90.0), (0.0, -90.0), (359.9, 0.0), (0.05, 12.0)])
def test_fields_at_the_poles_and_the_zero_of_right_ascension_are_drawn(ra: float, dec: float) -> None:
    svg = sky_map_svg(gaussian_map(ra, dec, 3.0), view=View(ra_deg=ra, dec_deg=dec, half_width_deg=15))
    assert "nan" not in svg
    etree.fromstring(svg)


@pytest.mark.parametrize("radius", [0.0, 0.01, 90.0, 179.9, 180.0])
def test_annuli_that_are_points_or_great_circles_are_drawn(radius: float) -> None:
    annulus = DrawnAnnulus(label="<b>", ra_deg=0, dec_deg=90, radius_deg=radius, minus_3sigma_deg=5, plus_3sigma_deg=5)
    svg = sky_map_svg(None, [annulus])
    assert "<b>" not in svg
    etree.fromstring(svg)
