"""Values in words: short, with units, never a raw exponent or a dash for minus."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.api import words
from tocsin.api.tables import text_cell
from tocsin.workflow.findings import Excess, Finding

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (12, "12 s ago"),
        (750, "12 min ago"),
        (7500, "2 h 05 min ago"),
        (3 * 86400, "3 d ago"),
        (3e8, "9.5 years ago"),
        (-240, "in 4 min"),
    ],
)
def test_ages_use_the_largest_units(seconds: float, said: str) -> None:
    assert words.age(NOW - timedelta(seconds=seconds), NOW) == said


def test_an_age_without_a_time_says_so() -> None:
    assert words.age(None, NOW) == "time unknown"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (2.1e-7, "2.1\N{MULTIPLICATION SIGN}10⁻⁷"),
        (0.0, "0"),
        (0.034, "0.034"),
        (12.0, "12"),
        (3.3e5, "3.3\N{MULTIPLICATION SIGN}10⁵"),
    ],
)
def test_small_and_large_numbers_are_powers_of_ten(value: float, said: str) -> None:
    assert words.scientific(value) == said


def finding(**given: object) -> Finding:
    excess = Excess(
        t_s=-1.25, scale_s=0.05, start_s=-1.3, stop_s=-1.2, snr=7.3, fap=1e-3, spike_score=None, is_counterpart=True
    )
    return Finding(instrument="SPI-ACS", **({"excess": excess} | given))


def test_a_finding_is_an_excess_a_limit_a_problem_or_nothing() -> None:
    assert words.finding(finding()).startswith("excess, S/N 7.3 at T0 \N{MINUS SIGN}1.25 s (50 ms), FAP")
    assert "below 1.8" in words.finding(finding(excess=None, limit_erg_cm2=1.8e-7))
    assert words.finding(finding(excess=None, problem="a gap")) == "a gap"
    assert words.finding(finding(excess=None)) == "no counterpart"
    assert words.finding(finding(excess=None, caveat="nothing is known of T0")) == (
        "no counterpart; but nothing is known of T0"
    )
    assert words.finding(finding(excess=None, limit_erg_cm2=1e-7, caveat="a gap")).endswith("1 s); but a gap")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert text_cell(text) == f'"\'{text}"'


def test_quotes_in_a_cell_are_doubled() -> None:
    assert text_cell('a"b') == '"a""b"'


def test_a_chance_too_small_for_a_float_is_not_called_none() -> None:
    found = Excess(
        t_s=0.04, scale_s=0.168, start_s=0.0, stop_s=0.168, snr=153.4, fap=0.0, spike_score=None, is_counterpart=True
    )
    assert words.excess(found) == "S/N 153.4 at T0 +0.04 s (168 ms), FAP below 10⁻³⁰⁰"
