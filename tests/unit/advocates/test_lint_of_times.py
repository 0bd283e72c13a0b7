"""Times, dates, names and forms of a circular against each other: slips are found, what is printed rightly is not."""

import pytest

from advocates.lint import lint_text

AUTHORS = "A. Anna, B. Bert (Institute A) report:\n\n"
KONUS = (
    f"Konus-Wind detection of GRB 240611C\n\n{AUTHORS}"
    "GRB 240611C triggered Konus-Wind at T0=48415.317 s UT (13:26:55.317).\n"
)
GBM = (
    f"GRB 240611C: Fermi GBM detection\n\n{AUTHORS}"
    "At 13:26:53.42 UT on 11 June 2024, the Fermi Gamma-Ray Burst Monitor (GBM)\n"
    "triggered and located GRB 240611C (trigger 739805218/240611560).\n"
    "The location is RA = 213.1, Dec = -17.9\n(J2000 degrees, equivalent to J2000 14h 12m, -17d 54'), with an "
    "uncertainty of 2.3 degrees.\n"
)
NEUTRINO = (
    f"IceCube-240611A: INTEGRAL upper limits\n\n{AUTHORS}IceCube-240611A, at 2024-06-11T05:31:17 UTC (T0), is at "
    "RA = 98.42 (+0.61, -0.58) deg, Dec = -12.03 (+0.41, -0.44) deg. The response was 82% of optimal.\n"
)
GW = (
    f"LIGO/Virgo/KAGRA S240611z: INTEGRAL upper limits\n\n{AUTHORS}At the time of S240611z "
    "(2024-06-11 05:31:17 UTC, hereafter T0), INTEGRAL worked.\n"
)
BOX = (
    f"IPN triangulation of GRB 230803A\n\n{AUTHORS}The error box of GRB 230803A (at about 5228 s UT, 01:27:08) has\n"
    "Center: 150.510 -64.987\nCorners:\n 147.455 -64.554\n 147.329 -64.581\n 153.688 -65.347\n 153.812 -65.315\n"
    "Its area is 431 sq. arcmin, and its maximum dimension is 2.8 deg.\n"
)


@pytest.mark.parametrize(
    "text",
    [
        KONUS,
        KONUS.replace("48415.317 s", "48415 s"),
        KONUS.replace("13:26:55.317", "13:26:55"),
        GBM,
        GBM.replace("11 June 2024", "June 11, 2024"),
        NEUTRINO,
        GW,
        BOX,
        BOX.replace("2.8 deg", "166 arcmin"),
        KONUS + "It was seen by Fermi (GRB 240611C) and resembles GRB 200415A.\n",
    ],
)
def test_circulars_that_are_right_are_silent(text: str) -> None:
    assert lint_text(text) == ()


@pytest.mark.parametrize(
    ("text", "right", "wrong", "rule", "severity"),
    [
        (KONUS, "48415.317", "48451.317", "time.seconds-of-day", "blocking"),
        (KONUS, "55.317)", "55.137)", "time.seconds-of-day", "blocking"),
        (KONUS, "(13:26", "(13:62", "time.seconds-of-day", "blocking"),
        (GBM, "At 13:26", "At 25:26", "time.range", "blocking"),
        (NEUTRINO, "T05:31", "T05:71", "time.range", "blocking"),
        (GBM, "11 June", "12 July", "event.date", "blocking"),
        (GBM, "240611560", "240611760", "time.trigger", "warning"),
        (GBM, "14h 12m", "13h 12m", "geometry.sexagesimal-differs", "blocking"),
        (GBM, "-17d 54'", "+17d 54'", "geometry.sexagesimal-differs", "blocking"),
        (GBM, "located GRB 240611C", "located GRB 240611D", "event.other", "warning"),
        (NEUTRINO, "2024-06-11T", "2024-06-01T", "event.date", "blocking"),
        (NEUTRINO, "RA = 98.42", "RA = 398.42", "geometry.range", "blocking"),
        (NEUTRINO, "Dec = -12.03", "Dec = -112.03", "geometry.range", "blocking"),
        (NEUTRINO, "82%", "182%", "response.range", "blocking"),
        (GW, "2024-06-11 05", "2024-11-06 05", "event.date", "blocking"),
        (GW, "time of S240611z", "time of S240612z", "event.other", "warning"),
        (BOX, "2.8 deg", "166 deg", "geometry.dimension", "warning"),
        (BOX, "2.8 deg", "1.4 deg", "geometry.dimension", "warning"),
    ],
)
def test_slips_are_found(text: str, right: str, wrong: str, rule: str, severity: str) -> None:
    assert right in text
    found = {(one.rule, one.severity.value) for one in lint_text(text.replace(right, wrong))}
    assert (rule, severity) in found


def test_observations_of_later_days_do_not_block() -> None:
    text = (
        f"GRB 240611C: optical observations\n\n{AUTHORS}We observed the field of GRB 240611C on 2024-06-14 for 1 h.\n"
    )
    assert [(one.rule, one.severity.value) for one in lint_text(text)] == [("event.date", "warning")]
