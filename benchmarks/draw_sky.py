"""Pictures of the page about maps: how often truths lie in regions, and one burst on the sky.

python benchmarks/draw_sky.py --seed 500000 --number 300 [--curves curves.json] docs/explanation/pictures
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sky import Sky, drawn, measure

from tocsin.pictures import Disc, DrawnAnnulus, SkyPoint, Symbol, View, sky_map_svg
from tocsin.pictures.axis import Scale
from tocsin.pictures.svg import FloatArray, document, element, join, number, path, text_element
from triangulation.annulus import annulus_from_delay
from triangulation.geometry import EARTH_RADIUS_KM, radec_deg
from triangulation.network import star

SIDE, LEFT, TOP = 300.0, 54.0, 14.0
DASHES = (None, "6 3", "2 3")
#: The example: a burst whose region is small enough to look at.
EXAMPLE_SEED = 7


def containment_svg(curves: Sequence[tuple[str, FloatArray]]) -> str:
    """Share of truths within regions against the regions' level; the band is what chance allows (95 %)."""
    x = Scale(low=0.0, high=1.0, start=LEFT, stop=LEFT + SIDE)
    y = Scale(low=0.0, high=1.0, start=TOP + SIDE, stop=TOP)
    grid = np.linspace(0.0, 1.0, 101)
    spread = 1.96 * np.sqrt(grid * (1.0 - grid) / min(len(levels) for _, levels in curves))
    band_x = np.concatenate([grid, grid[::-1]])
    band_y = np.clip(np.concatenate([grid + spread, (grid - spread)[::-1]]), 0.0, 1.0)
    parts = [
        element(
            "path",
            d=path(np.asarray(x(band_x)), np.asarray(y(band_y)), closed=True),
            fill="currentColor",
            fill_opacity=0.15,
        ),
        element("rect", x=LEFT, y=TOP, width=SIDE, height=SIDE, fill="none", stroke="currentColor", stroke_opacity=0.5),
    ]
    for index, (name, levels) in enumerate(curves):
        share = np.array([(levels <= level).mean() for level in grid])
        line = path(np.asarray(x(grid)), np.asarray(y(share)))
        parts.append(_line(line, DASHES[index % 3]))
        row = TOP + SIDE + 50 + 17 * index
        parts.append(_line(f"M{number(LEFT)} {number(row - 4)}h30", DASHES[index % 3]))
        parts.append(text_element(f"{name} ({len(levels)})", LEFT + 38, row))
    parts += [_ticks(x, y), text_element("credible level", LEFT + SIDE / 2, TOP + SIDE + 30, text_anchor="middle")]
    parts.append(
        text_element(
            "share of truths",
            14,
            TOP + SIDE / 2,
            text_anchor="middle",
            transform=f"rotate(-90 14 {number(TOP + SIDE / 2)})",
        )
    )
    return document(
        join(parts),
        width=460,
        height=TOP + SIDE + 50 + 17 * len(curves),
        title="Containment of true positions",
        description="Share of true positions within credible regions against their level.",
        class_="containment",
    )


def _line(d: str, dash: str | None) -> str:
    return element("path", d=d, fill="none", stroke="currentColor", stroke_width=1.4, stroke_dasharray=dash)


def _ticks(x: Scale, y: Scale) -> str:
    values = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    along = [text_element(f"{v:g}", x(v), y.start + 14, text_anchor="middle", font_size=10) for v in values]
    up = [text_element(f"{v:g}", x.start - 6, y(v) + 4, text_anchor="end", font_size=10) for v in values]
    return join([*along, *up])


def example() -> Sky:
    """A burst well timed enough for a small region."""
    seed = EXAMPLE_SEED
    while True:
        sky = drawn(np.random.default_rng(seed))
        area = sky.skymap(star(sky.pairs), is_joint=True).credible_area_deg2(0.9)
        if 0.5 < area < 5.0:
            return sky
        seed += 1


def burst_svgs(sky: Sky) -> tuple[str, str]:
    """Annuli, Earth and region of a burst on the whole sky, and the field around its peak."""
    chosen = star(sky.pairs)
    skymap = sky.skymap(chosen, is_joint=True)
    rings = []
    for pair in chosen:
        ring = annulus_from_delay(sky.places_km[pair.a], sky.places_km[pair.b], pair.posterior)
        names = ("ra_deg", "dec_deg", "radius_deg", "minus_3sigma_deg", "plus_3sigma_deg")
        rings.append(DrawnAnnulus(label=f"{pair.a} - {pair.b}", **{name: getattr(ring, name) for name in names}))
    ra, dec = (float(angle) for angle in radec_deg(sky.source))
    truth = [SkyPoint(label="truth", ra_deg=ra, dec_deg=dec, symbol=Symbol.STAR)]
    earth_ra, earth_dec = (float(angle) for angle in radec_deg(-sky.low.vector_km))
    radius = float(np.degrees(np.arcsin(EARTH_RADIUS_KM / sky.low.distance_km)))
    earth = [Disc(label="Earth", seen_from="low orbit", ra_deg=earth_ra, dec_deg=earth_dec, radius_deg=radius)]
    half = float(np.clip(2.5 * np.sqrt(skymap.credible_area_deg2(0.9) / np.pi), 0.05, 25.0))
    view = View(ra_deg=skymap.peak[0], dec_deg=skymap.peak[1], half_width_deg=half)
    return (
        sky_map_svg(skymap, rings, truth, discs=earth, title="A burst seen by four craft"),
        sky_map_svg(skymap, rings, truth, view=view, title="A burst seen by four craft, enlarged"),
    )


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=500_000)
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--curves", type=Path, help="what benchmarks/sky_curves.py printed")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    found = measure(options.seed, options.number)
    curves = [("star of three pairs, with what they share", found.joint)]
    if options.curves is not None:
        levels = json.loads(options.curves.read_text(encoding="utf-8"))["levels"]
        curves.append(("the same, delays measured from light curves", np.concatenate(list(levels.values()))))
    curves.append(("all six pairs as if independent: wrong", found.every_pair))
    options.folder.mkdir(parents=True, exist_ok=True)
    whole, near = burst_svgs(example())
    for name, svg in (("containment", containment_svg(curves)), ("burst", whole), ("burst_near", near)):
        (options.folder / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
