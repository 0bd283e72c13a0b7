"""Published circulars, rebuilt as texts from the sample table: the lint is silent on them and finds broken ones."""

import csv
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from advocates.lint import lint_text
from advocates.sphere import Point, separation

pytestmark = pytest.mark.samples
Row = Mapping[str, str]
#: A corner moved by less than this is lost in the tolerance of honest boxes.
SMALL_DEG = 0.02
HEAD = "{event}: IPN triangulation\nA. Author (Institute) reports:\n\n"


def annulus_prose(row: Row, point: str) -> str:
    text = HEAD.format(event=row["event"]) + (
        f"The annulus is centered at RA(2000) = {row['ra']} deg, Dec(2000) = {row['dec']} deg,\n"
        f"with a radius of {row['r']} +/- {row['dr_plus']} deg (3 sigma).\n"
    )
    return text + (f"The burst position RA, Dec = {point} deg lies on it.\n" if point else "")


def annulus_table(row: Row, point: str) -> str:
    text = HEAD.format(event=row["event"]) + (
        "annulus      R.A.     Dec.     R     dR (3sigma)\n"
        f"{row['pair'].split(' ')[0]}   {row['ra']}  {row['dec']}  {row['r']}  {row['dr_plus']}\n\n"
    )
    ra, _, dec = point.partition(", ")
    return text + (f"Position: RA = {ra}, Dec = {dec}.\n" if point else "")


def box_list(row: Row, corners: str, *, centre: str = "", area: str = "") -> str:
    listed = "".join(f"  {ra}  {dec}\n" for ra, dec in (corner.split(",") for corner in corners.split()))
    return HEAD.format(event=row["event"]) + (
        f" RA(2000), deg     Dec(2000), deg\n Center:\n  {centre or row['ra'] + '  ' + row['dec']}\n Corners:\n{listed}"
        f"The error box area is {area or row['area_deg2']} sq. deg.\n"
    )


def box_inline(row: Row, corners: str, *, centre: str = "", area: str = "") -> str:
    listed = ", ".join(f"({corner.replace(',', ', ')})" for corner in corners.split())
    place = (centre or f"{row['ra']}  {row['dec']}").split()
    return HEAD.format(event=row["event"]) + (
        f"The box is centered at RA = {place[0]} deg, Dec = {place[1]} deg, with corners: {listed}. "
        f"Its area is {area or row['area_deg2']} square degrees.\n"
    )


def rows(samples: Path, kind: str) -> list[Row]:
    with (samples / "circulars" / "circular_cases.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == kind]


def geometry_rules(text: str) -> list[str]:
    return [finding.rule for finding in lint_text(text) if finding.rule.startswith("geometry.")]


def printed_point(row: Row) -> str:
    return f"{row['true_ra']}, {row['true_dec']}" if row["true_ra"] else ""


@pytest.mark.parametrize("form", [annulus_prose, annulus_table])
def test_annuli_as_printed_raise_no_finding(samples: Path, form: Callable[[Row, str], str]) -> None:
    for row in rows(samples, "annulus"):
        assert geometry_rules(form(row, printed_point(row))) == [], row["event"]


@pytest.mark.parametrize("form", [box_list, box_inline])
def test_boxes_as_printed_raise_no_finding(samples: Path, form: Callable[..., str]) -> None:
    for row in rows(samples, "box"):
        assert geometry_rules(form(row, row["corners"])) == [], row["event"]


@pytest.mark.parametrize("form", [annulus_prose, annulus_table])
def test_a_position_over_three_half_widths_off_its_annulus_is_found(
    samples: Path, form: Callable[[Row, str], str]
) -> None:
    found = total = 0
    for row in rows(samples, "annulus"):
        for point in moved_points(row):
            total += 1
            found += "geometry.box-off-annulus" in geometry_rules(form(row, point))
    assert total > 50
    assert found >= 0.95 * total


def moved_points(row: Row) -> Iterator[str]:
    """Positions on the sky whose true offset is just over three half-widths."""
    if not row["true_ra"]:
        return
    rng = random.Random(row["event"])
    centre: Point = (float(row["ra"]), float(row["dec"]))
    due, made = float(row["r"]) + 3.2 * float(row["dr_plus"]), 0
    while made < 5:
        point = (rng.uniform(0, 360), rng.uniform(-85, 85))
        if separation(centre, point) > due:
            made += 1
            yield f"{point[0]:.3f}, {point[1]:.3f}"


@pytest.mark.parametrize("form", [box_list, box_inline])
@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_an_area_wrong_by_two_is_found(samples: Path, form: Callable[..., str], factor: float) -> None:
    for row in rows(samples, "box"):
        area = f"{float(row['area_deg2']) * factor:.5g}"
        assert "geometry.area" in geometry_rules(form(row, row["corners"], area=area)), row["event"]


@pytest.mark.parametrize("form", [box_list, box_inline])
def test_crossed_corners_are_found(samples: Path, form: Callable[..., str]) -> None:
    for row in rows(samples, "box"):
        a, b, c, d = row["corners"].split()
        for crossed in ((a, c, b, d), (a, b, d, c)):
            assert "geometry.corners-crossed" in geometry_rules(form(row, " ".join(crossed))), row["event"]


def test_swapped_digits_of_corners_are_found(samples: Path) -> None:
    found = total = 0
    for row in rows(samples, "box"):
        for corners, moved_deg in swapped(row["corners"]):
            # Boxes of tens of degrees are arcs: their corners tell little of each other.
            if row["event"] in {"GRB 171108A", "GRB 230715D"} or moved_deg < SMALL_DEG:
                continue
            total += 1
            found += bool(geometry_rules(box_list(row, corners)))
    assert total > 200
    assert found >= 0.95 * total, f"{found} of {total}"


def test_swapped_digits_beside_sexagesimals_are_always_found() -> None:
    text = HEAD.format(event="GRB 230803A") + "Center:\n 150.510 (10h 02m 02s) -64.987 (-64d 59' 13\")\n"
    assert geometry_rules(text) == []
    for wrong in (text.replace("150.510", "150.150"), text.replace("-64.987", "-64.897"), text.replace("59'", "95'")):
        assert geometry_rules(wrong) == ["geometry.sexagesimal-differs"]


def swapped(corners: str) -> Iterator[tuple[str, float]]:
    """Corners with two neighbouring unequal digits of one number exchanged, and by how much that moves one, deg."""
    for i in range(len(corners) - 1):
        one, other = corners[i], corners[i + 1]
        if one.isdigit() and other.isdigit() and one != other:
            wrong = corners[:i] + other + one + corners[i + 2 :]
            pairs = zip(points(corners), points(wrong), strict=True)
            yield wrong, max(separation(a, b) for a, b in pairs)


def points(corners: str) -> list[Point]:
    return [(float(ra), float(dec)) for ra, dec in (corner.split(",") for corner in corners.split())]
