"""The lint of any circular, without facts."""

import pytest

from advocates.gcn_subject import AUTO_REPLY, predicted_event
from advocates.lint import lint_text, split_text
from tocsin.domain.drafts import Severity

GOOD = (
    "LIGO/Virgo/KAGRA S230518h: INTEGRAL upper limits\n\nA. Anna (Institute A) reports:\n\n"
    "We find a 3-sigma upper limit of 3.8e-07 erg/cm^2 in 75-2000 keV.\n"
)


def rules(text: str) -> list[str]:
    return [item.rule for item in lint_text(text)]


def test_a_good_circular_raises_nothing() -> None:
    assert lint_text(GOOD) == ()


@pytest.mark.parametrize("phrase", AUTO_REPLY)
def test_every_phrase_of_automatic_replies_in_a_subject_blocks(phrase: str) -> None:
    found = lint_text(GOOD.replace("INTEGRAL", f"INTEGRAL {phrase.upper()}x", 1))
    assert ("subject.auto-reply", Severity.BLOCKING) in {(item.rule, item.severity) for item in found}


def test_there_are_all_twenty_eight_phrases() -> None:
    assert len(set(AUTO_REPLY)) == 28


@pytest.mark.parametrize(
    "subject", ["GRB 200415A: flare: a giant", "GRB 200415A: as before: nothing", "DRAFT GRB 200415A"]
)
def test_innocent_words_that_gcn_refuses_are_found(subject: str) -> None:
    assert "subject.auto-reply" in rules(f"{subject}\n\nA. Anna (Institute) reports:\nnothing.")


@pytest.mark.parametrize(
    ("subject", "event"),
    [
        ("LIGO/Virgo/KAGRA S230518h: upper limits", "LIGO/Virgo/KAGRA S230518h"),
        ("LIGO/Virgo G298048: optical", "LIGO/Virgo G298048"),
        ("GRB 200415A: IPN triangulation", "GRB 200415A"),
        ("grb200415a seen by INTEGRAL", "GRB 200415A"),
        ("GRB 190114.123: x", "GRB 190114.123"),
        ("GRB990123 IPN annulus", "GRB 990123"),
        ("GRB 9901234 IPN annulus", None),
        ("IceCube-230506A: INTEGRAL", "IceCube-230506A"),
        ("IceCube-Cascade 230511a: x", "IceCube-Cascade 230511A"),
        ("SGR 1935+2154: bursts", "SGR 1935+2154"),
        ("ANTARES 191126A", "ANTARES 191126A"),
        ("EP240508a: x", "EP240508a"),
        ("FRB 20231013B", "FRB 20231013B"),
        ("AT2017gfo in X-rays", "AT2017gfo"),
        ("Fermi GBM observations of EP240913A / GRB 240913C", "GRB 240913C"),
        ("S240422ed: INTEGRAL limits", None),
        ("LVK S240422ed: limits", None),
        ("KM3-230213A: limits", None),
    ],
)
def test_the_event_gcn_files_a_circular_under_is_predicted(subject: str, event: str | None) -> None:
    assert predicted_event(subject) == event


def test_a_subject_without_any_known_word_blocks_and_one_without_event_is_warned_of() -> None:
    body = "\n\nA. Anna (Institute) reports:\nnothing.\n"
    assert rules("KM3-230213A: nothing" + body) == ["subject.no-keyword-or-event"]
    assert rules("S240422ed: INTEGRAL limits" + body) == ["subject.no-event"]
    assert rules("" + body) != []


def test_retraction_words_in_a_subject_are_warned_of_unless_it_is_one() -> None:
    body = "\n\nA. Anna (Institute) reports:\nThe flux is not what we thought.\n"
    assert "subject.retraction-word" in rules("GRB 200415A: INTEGRAL flux is not constant" + body)
    assert "subject.retraction-word" not in rules(
        "GRB 200415A: Retraction" + body.replace("flux", "trigger, retracted")
    )


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("The limit is TBD.", "placeholder"),
        ("The limit is XXX erg/cm^2.", "placeholder"),
        ("**CITE HERE**", "placeholder"),
        ("ADD EXPLANATION AS NECESSARY", "placeholder"),
        ("The limit is {limit_hard|.1e}.", "slot.unfilled"),
        ("T0\tflux", "tab"),
        ("error \u00b1 3 deg", "non-ascii"),
        ("flux $10^{-7}$ erg", "latex"),
        ("\\pm 3", "latex"),
        ("The false alarm probability is 1e-4.", "fap-trials"),
        ("It peaks at T0+3 s.", "time.place"),
        ("We give erg/cm^2 and erg cm^-2.", "unit-styles"),
    ],
)
def test_slips_of_style_are_found_with_their_line(line: str, rule: str) -> None:
    found = {item.rule: item.place for item in lint_text(GOOD + line + "\n")}
    assert found[rule] in {"body:4", "body:3", "body"}


def test_counts_without_physical_units_are_warned_of() -> None:
    head = "GRB 200415A: INTEGRAL\n\nA. Anna (Institute A) reports:\n\n"
    assert "counts-without-units" in rules(head + "The peak has 27800 counts.")
    assert "counts-without-units" not in rules(head + "The peak has 27800 counts, or 6.7e-6 erg/cm^2.")


def test_chance_with_trials_and_times_with_their_place_pass() -> None:
    said = "The false alarm probability is 1e-4 with 300 trials. It peaks at T0+3 s (geocentric).\n"
    assert lint_text(GOOD + said) == ()


def test_a_long_circular_is_warned_of() -> None:
    assert "length" in rules(GOOD + "line\n" * 70)


def test_data_called_both_real_time_and_archival_are_warned_of() -> None:
    assert "realtime.archival" in rules(GOOD + "Real-time archival data were used.\n")


def test_a_circular_as_gcn_prints_it_is_split() -> None:
    printed = (
        "TITLE:   GCN CIRCULAR\nNUMBER:  33815\nSUBJECT: LIGO/Virgo/KAGRA S230518h: limits\n"
        "DATE:    23/05/18 14:00:00 GMT\nFROM:    A. Anna <a@example.org>\n\nBody: here.\n"
    )
    assert split_text(printed) == ("LIGO/Virgo/KAGRA S230518h: limits", "Body: here.")
    assert split_text("Subject: GRB 1\r\nbody\r\n") == ("GRB 1", "body")
    assert split_text("GRB 1\n\nbody") == ("GRB 1", "body")
    assert split_text("") == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "The annulus is centered at RA, Decl(2000)= 182.935, 36.337 degrees, with radius\n78.549 +/-  0.023 degrees.",
        "centre at RA = 182.935 deg, Dec = +36.337 deg, radius 78.549 deg, half-width +0.023 / -0.023 deg (3 sigma)",
        "annulus centered at RA(2000)=182.935 degrees, Dec(2000)=\n36.337 deg, radius 78.549 deg, width 2.76 arcmin",
        "annulus with centre (RA, Dec) = (182.935, 36.337) deg, radius R = 78.549 deg, half-width dR = 0.023 deg",
        "annulus: RA(2000), Dec(2000) = 182.935 deg (12h 11m 44s), +36.337 deg (+36d 20' 13\"), R = 78.549 +/- 0.023",
        "annulus centered at RA, Dec = 182.935, 36.337; R = 78.549 (+0.023, -0.023) deg",
        "annulus of radius 78.549 +/- 0.023 deg centered at RA = 182.935, Dec = 36.337, seen by two",
        "annulus: RA = 12h 11m 44.4s (182.935 deg), Dec = +36d 20' 13\" (+36.337 deg); radius 78.549 +/- 0.023 deg",
        "annuli\nKonus - SPI-ACS | 182.935 | 36.337 | 78.549 | 0.023 |\n",
        "ANNULUS_RA: 182.935d\nANNULUS_DEC: 36.337d\nANNULUS_RADIUS: 78.549 [deg]\nANNULUS_WIDTH: 0.046 [deg]",
    ],
)
@pytest.mark.parametrize(
    ("point", "found"),
    [("282.5575, 31.8321", []), ("282.6426, 31.9320", []), ("282.9575, 31.8321", ["geometry.box-off-annulus"])],
)
def test_annuli_are_read_in_the_forms_of_three_decades(text: str, point: str, found: list[str]) -> None:
    body = f"{GOOD}{text}\nThe source at RA, Dec = {point} deg is bright.\n"
    assert [rule for rule in rules(body) if rule.startswith("geometry")] == found


@pytest.mark.parametrize(
    "box",
    [
        "Center:\n {c}\nCorners:\n {0}\n {1}\n {2}\n {3}\nThe error box area is {a} sq. arcmin\n",
        "Center: {c}\nCorner 1: {0}\nCorner 2: {1}\nCorner 3: {2}\nCorner 4: {3}\nThe area is {a} sq. arcmin.\n",
        "The box has corners\n {0}\n {1}\n {2}\n {3}\nwith a total area of {a} arcmin^2. Center: {c}\n",
    ],
)
def test_boxes_are_read_in_several_forms(box: str) -> None:
    corners = ["147.455 -64.554", "147.329, -64.581", "153.688 -65.347", "153.812, -65.315"]
    good = box.format(*corners, c="150.510 -64.987", a="431")
    assert [rule for rule in rules(GOOD + good) if rule.startswith("geometry")] == []
    for wrong, rule in (
        (good.replace("431", "862"), "geometry.area"),
        (good.replace("150.510", "151.510"), "geometry.centre-off"),
        (good.replace("147.329", "147.239"), "geometry.corners-uneven"),
        (
            box.format(corners[0], corners[2], corners[1], corners[3], c="150.510 -64.987", a="431"),
            "geometry.corners-crossed",
        ),
    ):
        assert rule in rules(GOOD + wrong)


def test_a_position_the_text_itself_rejects_is_no_finding() -> None:
    text = (
        "The annulus is centered at RA, Dec = 178.455, -2.131 deg with radius 76.571 +/- 0.876 deg. "
        "It is inconsistent with the position RA, Dec = 95.21, -7.15 deg.\n"
    )
    assert not [rule for rule in rules(GOOD + text) if rule.startswith("geometry")]


def test_a_box_beside_its_annulus_is_found() -> None:
    annulus = "Konus-GBM   200.000  10.000  40.000  0.050\n"
    corners = "Center:\n 200.000 +50.0{0}0\nCorners:\n 199.9 49.{1}\n 200.1 49.{1}\n 200.1 50.{2}\n 199.9 50.{2}\n"
    good = "annulus  R.A.  Dec.  R  dR\n" + annulus + corners.format("0", "98", "02")
    far = "annulus  R.A.  Dec.  R  dR\n" + annulus.replace("40.000", "41.000") + corners.format("0", "98", "02")
    assert "geometry.box-off-annulus" not in rules(GOOD + good)
    assert "geometry.box-off-annulus" in rules(GOOD + far)


@pytest.mark.parametrize(("ra", "dec"), [("371.2", "10.0"), ("12.0", "-98.7")])
def test_a_position_that_is_nowhere_is_found(ra: str, dec: str) -> None:
    assert "geometry.range" in rules(f"{GOOD}The position is RA = {ra} deg, Dec = {dec} deg.\n")


def test_a_published_arc_between_grazing_annuli_raises_nothing() -> None:
    text = (
        "Center:\n 40.186 (02h 40m 45s) +39.527 (+39d 31' 37\")\nCorners:\n"
        " 25.842 (01h 43m 22s) +45.226 (+45d 13' 35\")\n"
        " 27.972 (01h 51m 53s) +44.893 (+44d 53' 35\")\n 50.081 (03h 20m 20s) +30.017 (+30d 01' 02\")\n"
        " 50.783 (03h 23m 08s) +28.603 (+28d 36' 11\")\n---\nThe error box area is 2.023 sq. deg\n"
    )
    assert lint_text(GOOD + text) == ()


@pytest.mark.parametrize(
    "text", ["1" * 20_000, " " * 40_000, "\n" * 20_000, "RA = 12.5 " * 2_000, "center 1 2 " * 2_000, "corners " * 4_000]
)
def test_long_runs_of_nonsense_do_not_slow_the_lint(text: str) -> None:
    lint_text(GOOD + text)


def test_published_forms_of_authors_and_times_raise_nothing() -> None:
    text = (
        "GRB 130320A: Konus-Wind observation\n\nS. Golenetskii, D. Frederiks and T. Cline on behalf\n"
        "of the Konus-Wind team, report:\n\nThe burst triggered Konus-Wind at T0=25724.822 s UT. The fluence is\n"
        "2.6x10^-5 erg/cm2, the peak flux, measured from T0+0.960 s, 1.84x10^-5 erg/cm2/s.\n"
    )
    assert lint_text(text) == ()
    alone = text.replace(" on behalf\nof the Konus-Wind team,", "")
    assert [item.rule for item in lint_text(alone)] == ["author-affiliation"]


def test_a_box_of_annuli_that_cross_at_grazing_incidence_raises_nothing() -> None:
    text = (
        "Center:\n 66.715 (04h 26m 52s) +7.547 (+07d 32' 51\")\nCorners:\n"
        " 67.189 (04h 28m 45s) +11.957 (+11d 57' 24\")\n 67.016 (04h 28m 04s) +11.007 (+11d 00' 25\")\n"
        " 66.062 (04h 24m 15s) +3.128 (+03d 07' 42\")\n 66.337 (04h 25m 21s) +4.128 (+04d 07' 41\")\n\n"
        "The error box area is 0.857 sq. deg; its largest dimension is 8.9 deg.\n"
    )
    assert [one.rule for one in lint_text(GOOD + text) if one.severity is Severity.BLOCKING] == []
