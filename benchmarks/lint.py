"""The lint over published circulars, rebuilt as texts: silent as printed, and finding what was broken in them."""

import csv
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from figures import Figure

from advocates.lint import lint_text
from advocates.sphere import Point, separation
from tocsin.domain.drafts import Severity
from tocsin.domain.errors import ScienceError

Row = Mapping[str, str]
#: A swap that moves a corner by less, deg, leaves a box that is one: ten units of the last digit printed.
BREAKS_DEG = 0.01
#: Findings about the frame that the rows are put in, not about the rows.
FRAME = frozenset({"subject.no-event", "subject.no-keyword-or-event"})
HEAD = "{subject}\n\nA. Author (Institute) reports:\n\n"


def run(seed: int = 1) -> list[Figure]:
    """Shares of rows left alone and of mutations found; the seed chooses the positions moved off an annulus."""
    rows = _rows()
    silent = [not _findings(text) for row in rows for text in texts(row)]
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    missed_deg: list[float] = []
    for row in rows:
        for name, text, moved_deg in mutations(row, random.Random(f"{seed} {row['event']} {row['gcn']}")):
            is_found = bool(_findings(text))
            size = f", {'over' if moved_deg >= BREAKS_DEG else 'under'} {BREAKS_DEG} deg" if moved_deg else ""
            kind = f"{name}{size}"
            total[kind] += 1
            found[kind] += is_found
            if size and not is_found:
                missed_deg.append(moved_deg)
    shares = [
        Figure(name=f"found: {kind}, of {total[kind]}", value=found[kind] / total[kind]) for kind in sorted(total)
    ]
    breaking = [kind for kind in total if not kind.startswith("digits swapped, under")]
    broken, told = sum(total[kind] for kind in breaking), sum(found[kind] for kind in breaking)
    return [
        Figure(name=f"silent on rows as printed, of {len(silent)} texts", value=sum(silent) / len(silent), low=0.95),
        Figure(name=f"found of mutations that break geometry, of {broken}", value=told / broken, low=0.95),
        Figure(name=f"found of all mutations, of {total.total()}", value=found.total() / total.total()),
        *shares,
        Figure(name="largest move of a corner that was missed, deg", value=max(missed_deg, default=0.0)),
    ]


def texts(row: Row) -> list[str]:
    """A row as circulars print it."""
    match row["kind"]:
        case "annulus":
            point = f"{row['true_ra']}, {row['true_dec']}" if row["true_ra"] else ""
            return [_annulus_prose(row, point), _annulus_table(row, point)]
        case "box":
            return [_box_list(row, row["corners"]), _box_inline(row, row["corners"])]
        case kind if kind.startswith("spiacs_limit"):
            return [_limit(row, row["eiso_1s"])]
        case _:
            return [_other(row)]


def mutations(row: Row, rng: random.Random) -> Iterator[tuple[str, str, float]]:
    """Broken texts of a row: what was done, the text, and by how much a corner was moved, deg."""
    if row["kind"] == "annulus" and row["true_ra"]:
        for point in _points_off(row, rng):
            yield "box off its annulus", _annulus_prose(row, point), 0.0
            yield "box off its annulus", _annulus_table(row, point), 0.0
    if row["kind"] == "box":
        for factor in (0.5, 2.0, 3.0):
            area = f"{float(row['area_deg2']) * factor:.5g}"
            yield "area times 2 or over", _box_list(row, row["corners"], area=area), 0.0
            yield "area times 2 or over", _box_inline(row, row["corners"], area=area), 0.0
        a, b, c, d = row["corners"].split()
        for crossed in ((a, c, b, d), (a, b, d, c)):
            yield "corners crossed", _box_list(row, " ".join(crossed)), 0.0
            yield "corners crossed", _box_inline(row, " ".join(crossed)), 0.0
        for corners, moved_deg in _swapped(row["corners"]):
            yield "digits swapped", _box_list(row, corners), moved_deg
    if row["kind"].startswith("spiacs_limit") and row["eiso_1s"]:
        for energy in ("6.4e47", "4.6e48", "4.6e46"):
            yield "energy changed", _limit(row, energy), 0.0


def _findings(text: str) -> list[str]:
    found = [one for one in lint_text(text) if one.rule not in FRAME]
    return [
        one.rule for one in found if one.severity is Severity.BLOCKING or one.rule.startswith(("geometry", "energy"))
    ]


def _rows() -> list[Row]:
    samples = Path(os.environ.get("TOCSIN_SAMPLES", Path(__file__).resolve().parents[2] / "shared"))
    file = samples / "circulars" / "circular_cases.csv"
    if not file.exists():
        raise ScienceError(f"no published circulars at {file}", remedy="set TOCSIN_SAMPLES")
    with file.open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def _subject(row: Row, words: str) -> str:
    name = f"LIGO/Virgo/KAGRA {row['event']}" if row["kind"] == "spiacs_limit_gw" else row["event"]
    return HEAD.format(subject=f"{name}: {words}")


def _annulus_prose(row: Row, point: str) -> str:
    text = _subject(row, "IPN triangulation") + (
        f"The annulus is centered at RA(2000) = {row['ra']} deg, Dec(2000) = {row['dec']} deg,\n"
        f"with a radius of {row['r']} +/- {row['dr_plus']} deg (3 sigma).\n"
    )
    return text + (f"The burst position RA, Dec = {point} deg lies on it.\n" if point else "")


def _annulus_table(row: Row, point: str) -> str:
    text = _subject(row, "IPN triangulation") + (
        "annulus      R.A.     Dec.     R     dR (3sigma)\n"
        f"{row['pair'].split(' ')[0]}   {row['ra']}  {row['dec']}  {row['r']}  {row['dr_plus']}\n\n"
    )
    ra, _, dec = point.partition(", ")
    return text + (f"Position: RA = {ra}, Dec = {dec}.\n" if point else "")


def _box_list(row: Row, corners: str, *, area: str = "") -> str:
    listed = "".join(f"  {ra}  {dec}\n" for ra, dec in (corner.split(",") for corner in corners.split()))
    return _subject(row, "IPN error box") + (
        f" RA(2000), deg     Dec(2000), deg\n Center:\n  {row['ra']}  {row['dec']}\n Corners:\n{listed}"
        f"The error box area is {area or row['area_deg2']} sq. deg.\n"
    )


def _box_inline(row: Row, corners: str, *, area: str = "") -> str:
    listed = ", ".join(f"({corner.replace(',', ', ')})" for corner in corners.split())
    return _subject(row, "IPN error box") + (
        f"The box is centered at RA = {row['ra']} deg, Dec = {row['dec']} deg, with corners: {listed}. "
        f"Its area is {area or row['area_deg2']} square degrees.\n"
    )


def _limit(row: Row, energy: str) -> str:
    when = row["t0_utc"].replace("T", " ")
    text = _subject(row, "search for a counterpart in INTEGRAL SPI-ACS data") + f"T0 is {when} UTC, geocentric.\n"
    if row["excess_variance"]:
        text += f"The background was {row['background_word']} (excess variance {row['excess_variance']}).\n"
    if row["ul_fluence_1s"]:
        text += (
            f"We set a 3-sigma upper limit on the {row['band_keV']} keV fluence of {row['ul_fluence_1s']} erg/cm^2.\n"
        )
    if energy and row["dist_mpc"]:
        text += f"At {row['dist_mpc']} Mpc this is an isotropic-equivalent energy of {energy} erg.\n"
    return text


def _other(row: Row) -> str:
    text = _subject(row, f"{row['kind'].replace('_', ' ')} by {row['pair']}")
    if row["t0_utc"]:
        text += f"The trigger was at {row['t0_utc'].replace('T', ' ')} UTC.\n"
    if row["ra"] and row["dec"]:
        text += f"The position is RA, Dec = {row['ra']}, {row['dec']} deg (J2000).\n"
    return text + (f"The area is {row['area_deg2']} sq. deg.\n" if row["area_deg2"] else "")


def _points_off(row: Row, rng: random.Random) -> Iterator[str]:
    """Positions on the sky whose true offset is just over three half-widths."""
    centre: Point = (float(row["ra"]), float(row["dec"]))
    due, made = float(row["r"]) + 3.2 * float(row["dr_plus"]), 0
    while made < 5:
        point = (rng.uniform(0, 360), rng.uniform(-85, 85))
        if separation(centre, point) > due:
            made += 1
            yield f"{point[0]:.3f}, {point[1]:.3f}"


def _swapped(corners: str) -> Iterator[tuple[str, float]]:
    """Corners with two neighbouring unequal digits of one number exchanged, and by how much that moves one, deg."""
    for i in range(len(corners) - 1):
        one, other = corners[i], corners[i + 1]
        if one.isdigit() and other.isdigit() and one != other:
            wrong = corners[:i] + other + one + corners[i + 2 :]
            pairs = zip(_points(corners), _points(wrong), strict=True)
            yield wrong, max(separation(a, b) for a, b in pairs)


def _points(corners: str) -> list[Point]:
    return [(float(ra), float(dec)) for ra, dec in (corner.split(",") for corner in corners.split())]
