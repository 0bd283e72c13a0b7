"""Results as tables for people: delays, annuli, regions, maps, overlaps."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from triangulation.skymap import SkyMap

#: Flags in words, where the flag alone does not say what to do.
FLAG_WORDS = {
    "not_detected": "not detected",
    "insufficient_background": "short background",
    "several_modes": "several delays fit",
    "single_bin_dominated": "hangs on one bin",
    "poor_fit": "shapes differ",
    "unrelated": "may be unrelated",
    "no_constraint": "no constraint",
    "at_range_edge": "at the edge of its range",
    "statistical_only": "counts alone: do not publish",
    "disc": "disc",
}


def _table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        is_number = column.startswith(">")
        made.add_column(column.lstrip(">"), justify="right" if is_number else "left", no_wrap=is_number)
    return made


def _flags(row: Mapping[str, Any]) -> list[str]:
    return [FLAG_WORDS.get(flag, flag.replace("_", " ")) for flag in row["flags"]]


def of_delays(delays: Sequence[Mapping[str, Any]], *, with_classical: bool = False) -> Table:
    """One line for each pair: median, 3-sigma distances, statistical and total width in ms; remarks below it."""
    made = _table(
        "Delays (arrival at the second minus arrival at the first)",
        *("pair", ">delay, s", ">-3 sigma", ">+3 sigma", ">counts, ms", ">all, ms"),
    )
    for row in delays:
        statistical = row["statistical_sigma_s"]
        made.add_row(
            f"{row['a']} -> {row['b']}",
            f"{row['delay_s']:+.4f}",
            f"{row['minus_3sigma_s']:.4f}",
            f"{row['plus_3sigma_s']:.4f}",
            f"{1e3 * statistical:.2f}" if math.isfinite(statistical) else "-",
            f"{1e3 * row['sigma_s']:.2f}",
        )
        made.add_row(f"  energies: {row['energy'] or 'not treated'}")
        for words in _flags(row):
            made.add_row(f"  {words}")
        for name, found in row.get("classical", {}).items() if with_classical else ():
            made.add_row(
                f"  {name} (not calibrated)", f"{found['delay_s']:+.4f}", "", "", "", f"{1e3 * found['sigma_s']:.2f}"
            )
    return made


def of_triangulation(shown: Mapping[str, Any]) -> list[Table | str]:
    """Everything a triangulation gives, in the order in which it is made."""
    parts: list[Table | str] = [of_delays(shown["delays"]), _annuli(shown["annuli"])]
    if shown["regions"]:
        parts.append(_regions(shown["regions"]))
    if shown["skymap"]:
        parts.append(_skymap(shown["skymap"]))
    if "containment" in shown:
        parts.append(_containment(shown["containment"]))
    parts += [f"note: {text}" for text in shown["reports"]]
    return parts


def _annuli(annuli: Sequence[Mapping[str, Any]]) -> Table:
    made = _table("Annuli (3 sigma, deg)", *("pair", ">RA", ">Dec", ">radius", ">-", ">+"))
    for row in annuli:
        made.add_row(
            f"{row['a']} - {row['b']}",
            f"{row['ra_deg']:.4f}",
            f"{row['dec_deg']:+.4f}",
            f"{row['radius_deg']:.4f}",
            f"{row['minus_3sigma_deg']:.4f}",
            f"{row['plus_3sigma_deg']:.4f}",
        )
        made.add_row(f"  baseline {row['baseline_light_s']:.4g} light-s")
        for words in _flags(row):
            made.add_row(f"  {words}")
    return made


def _regions(regions: Sequence[Mapping[str, Any]]) -> Table:
    made = _table(
        "Where the 3-sigma annuli overlap (not a region of 99.73 %)",
        *(">RA", ">Dec", ">area, deg2", ">extent, deg", "corners"),
    )
    for row in regions:
        made.add_row(
            f"{row['ra_deg']:.3f}",
            f"{row['dec_deg']:+.3f}",
            f"{row['area_deg2']:.4g}",
            f"{row['extent_deg']:.3g}",
            "  ".join(f"{ra:.3f},{dec:+.3f}" for ra, dec in row["corners_deg"]) or "none: a ring or a disc",
        )
    return made


def _skymap(row: Mapping[str, Any]) -> Table:
    made = _table("Sky map", ">50 %, deg2", ">90 %, deg2", ">peak RA", ">peak Dec")
    made.add_row(
        f"{row['area_50_deg2']:.4g}",
        f"{row['area_90_deg2']:.4g}",
        f"{row['peak_ra_deg']:.4f}",
        f"{row['peak_dec_deg']:+.4f}",
    )
    return made


def _containment(row: Mapping[str, Any]) -> Table:
    made = _table(
        f"RA {row['ra_deg']:g} Dec {row['dec_deg']:+g} is reached at the {100 * row['level']:.4g} % level",
        *("annulus", ">3-sigma half-widths off"),
    )
    for offset in row["offsets"]:
        made.add_row(f"{offset['a']} - {offset['b']}", f"{offset['half_widths']:+.3f}")
    return made


def of_overlap(value: float, maps: Sequence["SkyMap"]) -> Table:
    """What an overlap means, and how large the two regions are."""
    meaning = "one source favoured" if value > 1 else "apart" if value < 1 else "no information"
    made = _table(f"Overlap {value:.4g}: {meaning} (1: unrelated)", "map", ">cells", ">50 %, deg2", ">90 %, deg2")
    for name, one in zip(("first", "second"), maps, strict=True):
        made.add_row(name, str(len(one)), f"{one.credible_area_deg2(0.5):.4g}", f"{one.credible_area_deg2(0.9):.4g}")
    return made
