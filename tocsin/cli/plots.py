"""Pictures written by commands: SVG or PNG, by the ending of the file's name."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli.output import fail, needs_server
from tocsin.domain.errors import ScienceError

if TYPE_CHECKING:
    from acs_stream.burst_file import Burst, PairDelay, TriangulationResult
    from tocsin.pictures import Disc, DrawnAnnulus, View
    from triangulation.geometry import SpacecraftPosition

#: Half the field around a region, in radii of a disc of its area; and bounds of it, deg.
FIELD_RADII, FIELD_BOUNDS_DEG = 2.5, (0.05, 25.0)
#: Time drawn on each side of the burst, in lengths of it, and at least, s.
AROUND_BURST, LEAST_AROUND_S = 1.5, 0.3
EARTH_RADIUS_KM = 6378.137
#: The Earth is drawn for craft nearer than this, km.
LOW_ORBIT_KM = 50_000.0


def write_picture(path: Path, svg: str) -> None:
    """Write a picture as SVG, or as PNG where the name ends so."""
    if path.suffix.casefold() == ".svg":
        path.write_text(svg, encoding="utf-8")
        return
    if path.suffix.casefold() != ".png":
        fail(f"{path.name}: a picture is .svg or .png", status=2)
    try:
        from tocsin.pictures.png import png  # noqa: PLC0415 - needs the server's packages
    except ImportError as error:
        needs_server(error)
    path.write_bytes(png(svg))


def write_delays(path: Path, delays: Sequence["PairDelay"], *, title: str) -> None:
    """Posteriors of delays, the classical curves beside them."""
    from acs_stream.burst_file import delays_to_json  # noqa: PLC0415 - slow to import
    from tocsin.pictures.delay import DrawnDelay, delays_svg  # noqa: PLC0415 - only for a picture

    drawn = []
    for delay, row in zip(delays, delays_to_json(delays), strict=True):
        widths = f"sigma {1e3 * row['sigma_s']:.2f} ms, of which counts {1e3 * row['statistical_sigma_s']:.2f} ms"
        words = [
            widths,
            f"energies: {row['energy'] or 'not treated'}",
            *(flag.replace("_", " ") for flag in row["flags"]),
        ]
        drawn.append(
            DrawnDelay(
                label=f"{delay.a} to {delay.b}",
                delay_s=delay.posterior.delay_s,
                density=delay.posterior.density,
                median_s=row["delay_s"],
                minus_3sigma_s=row["minus_3sigma_s"],
                plus_3sigma_s=row["plus_3sigma_s"],
                interval_90_s=delay.posterior.hpd(0.9),
                remark="; ".join(words),
                classical=[(name, found.delay_s, found.density) for name, found in delay.classical],
            )
        )
    write_picture(path, delays_svg(drawn, title=title))


def write_curves(path: Path, burst: "Burst", delays: Sequence["PairDelay"]) -> None:
    """Light curves, each shifted by its delay, so that the burst lies at one place in all panels."""
    from acs_stream.burst_file import aligned_at  # noqa: PLC0415 - slow to import
    from tocsin.pictures import light_curve_svg  # noqa: PLC0415 - only for a picture
    from triangulation.curves import find_burst, series_of  # noqa: PLC0415 - slow to import

    arrival, later_s = aligned_at(burst, delays)
    curves = [burst.observation(name).light_curve.replace(instrument=name) for name in later_s]
    around_s = LEAST_AROUND_S
    for name in later_s:
        try:
            curve = burst.observation(name).light_curve
            around_s = max(around_s, AROUND_BURST * find_burst(series_of(curve, curve.t0_utc)).duration_s)
        except ScienceError:
            continue
    svg = light_curve_svg(
        curves,
        t0_utc=arrival,
        window_s=(-around_s, 2.0 * around_s),
        shifts_s=later_s,
        title=f"Light curves of {burst.name}, aligned by their delays",
    )
    write_picture(path, svg)


def write_sky(path: Path, result: "TriangulationResult", *, check: tuple[float, float] | None, is_near: bool) -> None:
    """Annuli and map on the whole sky, or in the field around the map's peak."""
    from tocsin.pictures import SkyPoint, Symbol, sky_map_svg  # noqa: PLC0415 - only for a picture

    view = _field(result) if is_near else None
    if is_near and view is None:
        fail("there is no sky map to look at closely")
    points = [SkyPoint(label="to check", ra_deg=check[0], dec_deg=check[1], symbol=Symbol.CROSS)] if check else []
    svg = sky_map_svg(
        result.skymap,
        _annuli(result),
        points,
        discs=[] if is_near else [_earth(place) for place in result.detected_by if place.distance_km < LOW_ORBIT_KM],
        view=view,
        title=result.name,
    )
    write_picture(path, svg)


def _annuli(result: "TriangulationResult") -> list["DrawnAnnulus"]:
    from tocsin.pictures import DrawnAnnulus  # noqa: PLC0415 - only for a picture

    return [
        DrawnAnnulus(
            label=f"{pair.a} - {pair.b}",
            ra_deg=pair.annulus.ra_deg,
            dec_deg=pair.annulus.dec_deg,
            radius_deg=pair.annulus.radius_deg,
            minus_3sigma_deg=pair.annulus.minus_3sigma_deg,
            plus_3sigma_deg=pair.annulus.plus_3sigma_deg,
        )
        for pair in result.annuli
    ]


def _earth(place: "SpacecraftPosition") -> "Disc":
    from tocsin.pictures import Disc  # noqa: PLC0415 - only for a picture
    from triangulation.geometry import radec_deg  # noqa: PLC0415 - slow to import

    ra, dec = radec_deg(-place.vector_km)
    radius = math.degrees(math.asin(EARTH_RADIUS_KM / place.distance_km))
    return Disc(label="Earth", seen_from=place.spacecraft, ra_deg=float(ra), dec_deg=float(dec), radius_deg=radius)


def _field(result: "TriangulationResult") -> "View | None":
    from tocsin.pictures import View  # noqa: PLC0415 - only for a picture

    if result.skymap is None:
        return None
    ra, dec = result.skymap.peak
    wanted = FIELD_RADII * math.sqrt(result.skymap.credible_area_deg2(0.9) / math.pi)
    low, high = FIELD_BOUNDS_DEG
    return View(ra_deg=ra, dec_deg=dec, half_width_deg=min(max(wanted, low), high))
