"""The words and signs of a sky map: symbols told apart by shape, the legend, the picture in words."""

import math
from collections.abc import Sequence

from tocsin.pictures.sky_items import Disc, DrawnAnnulus, Outline, SkyPoint, Symbol
from tocsin.pictures.sky_region import SkyCells
from tocsin.pictures.svg import element, number, text_element

MARGIN = 22.0
LINE_HEIGHT = 17.0
#: Line styles of annuli in order: told apart without colour.
DASHES = (None, "7 3", "2 2.5", "9 3 2 3", "4 4", "12 4")
#: Edges of what instruments see, and of where they see less well.
FIELD_DASH, POOR_DASH = "1 2", "5 2 1 2 1 2"
DEGREE = "\N{DEGREE SIGN}"


_GALACTIC = element("path", d="M0 -4h25", class_="galactic", stroke="currentColor", stroke_dasharray="1 3")


def symbol_svg(symbol: Symbol, x: float, y: float) -> str:
    """The shape of a symbol at (x, y)."""
    class_ = f"point {symbol.value}"
    match symbol:
        case Symbol.SUN:
            ring = element("circle", cx=x, cy=y, r=5, fill="none", stroke="currentColor", stroke_width=1.4)
            return element("g", ring, element("circle", cx=x, cy=y, r=1.5), class_=class_)
        case Symbol.MOON:
            return element(
                "path", d=f"M{number(x + 2)} {number(y - 5)}a5 5 0 1 0 0 10a6.5 6.5 0 0 1 0 -10z", class_=class_
            )
        case Symbol.STAR:
            return element("path", d=_star(x, y, 7.0), class_=class_)
        case Symbol.DIAMOND:
            return element(
                "path",
                d=f"M{number(x)} {number(y - 5)}l5 5l-5 5l-5 -5z",
                fill="none",
                stroke="currentColor",
                stroke_width=1.6,
                class_=class_,
            )
        case Symbol.CROSS:
            return element(
                "path",
                d=f"M{number(x - 5)} {number(y)}h10m-5 -5v10",
                stroke="currentColor",
                stroke_width=1.6,
                class_=class_,
            )


def _star(x: float, y: float, size: float) -> str:
    corners = [
        (x + r * math.sin(i * math.pi / 5), y - r * math.cos(i * math.pi / 5))
        for i, r in enumerate([size, size * 0.4] * 5)
    ]
    return "M" + "L".join(f"{number(a)} {number(b)}" for a, b in corners) + "z"


def legend_lines(
    cells: SkyCells | None,
    annuli: Sequence[DrawnAnnulus],
    points: Sequence[SkyPoint],
    discs: Sequence[Disc],
    outlines: Sequence[Outline],
    top: float,
) -> list[str]:
    """One line each: its sign, and in words what it is."""
    entries: list[tuple[str, str]] = []
    if cells is not None:
        entries += [
            (_sample_box("region region50", 0.45, None), f"50 % credible region, {_area(cells.area_within_deg2(0.5))}"),
            (
                _sample_box("region region90", 0.22, "3 2"),
                f"90 % credible region, {_area(cells.area_within_deg2(0.9))}",
            ),
        ]
    entries += [(_sample_line(DASHES[i % len(DASHES)]), _annulus_words(a)) for i, a in enumerate(annuli)]
    entries += [(symbol_svg(p.symbol, 12, -4), _point_words(p)) for p in points]
    entries += [(_sample_box("earth", 0.16, None), _disc_words(d)) for d in discs]
    entries += [
        (_sample_line(POOR_DASH if o.is_poor else FIELD_DASH, "poor" if o.is_poor else "field"), o.words)
        for o in outlines
    ]
    entries.append((_GALACTIC, "Galactic plane"))
    return [
        element(
            "g",
            sign,
            text_element(words, 32, 0, class_="legend", font_size=11.5),
            transform=f"translate({number(MARGIN)} {number(top + LINE_HEIGHT * i)})",
        )
        for i, (sign, words) in enumerate(entries)
    ]


def _sample_box(class_: str, opacity: float, dash: str | None) -> str:
    return element(
        "rect",
        class_=class_,
        x=1,
        y=-10,
        width=22,
        height=11,
        fill="currentColor",
        fill_opacity=opacity,
        stroke="currentColor",
        stroke_width=0.9,
        stroke_dasharray=dash,
    )


def _sample_line(dash: str | None, class_: str = "annulus") -> str:
    return element(
        "path",
        class_=class_,
        d="M0 -4h25",
        fill="none",
        stroke="currentColor",
        stroke_width=1.5,
        stroke_dasharray=dash,
    )


def _edge(outline: Outline) -> str:
    dash, class_ = (POOR_DASH, "poor") if outline.is_poor else (FIELD_DASH, "field")
    return _sample_line(dash, class_)


def _annulus_words(annulus: DrawnAnnulus) -> str:
    low, high = annulus.minus_3sigma_deg, annulus.plus_3sigma_deg
    width = (
        f"\N{PLUS-MINUS SIGN}{high:.3g}" if abs(low - high) < 0.005 * high else f"+{high:.3g}/\N{MINUS SIGN}{low:.3g}"
    )
    return f"{annulus.label}: {annulus.radius_deg:.3f}{DEGREE} {width}{DEGREE} (3\N{GREEK SMALL LETTER SIGMA})"


def _disc_words(disc: Disc) -> str:
    seen = f" seen from {disc.seen_from}" if disc.seen_from else ""
    return f"{disc.label}{seen}, radius {disc.radius_deg:.1f}{DEGREE}"


def _point_words(point: SkyPoint) -> str:
    radius = f", radius {point.error_radius_deg:.3g}{DEGREE}" if point.error_radius_deg else ""
    dec = f"{point.dec_deg:+.2f}".replace("-", "\N{MINUS SIGN}")
    return f"{point.label}: RA {point.ra_deg:.2f}{DEGREE}, Dec {dec}{DEGREE}{radius}"


def _area(deg2: float) -> str:
    return f"{deg2:.3g} deg\N{SUPERSCRIPT TWO}" if deg2 < 1000 else f"{deg2:,.0f} deg\N{SUPERSCRIPT TWO}"


def description(cells: SkyCells | None, annuli: Sequence[DrawnAnnulus], points: Sequence[SkyPoint]) -> str:
    """The picture in words."""
    sentences = ["Right ascension increases to the left, north is up."]
    if cells is not None:
        ra, dec = cells.peak()
        sentences.append(
            f"Credible regions: 50 % in {_area(cells.area_within_deg2(0.5))}, 90 % in"
            f" {_area(cells.area_within_deg2(0.9))}; densest at RA {ra:.2f}, Dec {dec:+.2f} degrees."
        )
    sentences += [f"Annulus {_annulus_words(a)}, centre RA {a.ra_deg:.3f}, Dec {a.dec_deg:+.3f}." for a in annuli]
    sentences += [f"{_point_words(p)}." for p in points]
    return " ".join(sentences)
