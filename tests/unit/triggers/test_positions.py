"""Positions, their errors, and sources that flare again and again."""

import math

import pytest

from tocsin.domain.notices import Notice
from triggers.positions import may_be_one_source, radius_90_deg, separation_deg


def place(ra_deg: float | None, dec_deg: float | None, radius_deg: float | None, containment: float | None) -> Notice:
    return Notice(
        stream="s",
        notice_type="t",
        notice_id="i",
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        error_radius_deg=radius_deg,
        error_containment=containment,
    )


def test_angles_are_exact_when_tiny_and_when_opposite() -> None:
    assert separation_deg(10.0, 89.9999, 190.0, 89.9999) == pytest.approx(0.0002, rel=1e-6)
    assert separation_deg(0.0, 0.0, 180.0, 0.0) == pytest.approx(180.0)
    assert separation_deg(359.9999, 0.0, 0.0001, 0.0) == pytest.approx(0.0002, rel=1e-6)


def test_radii_are_brought_to_90_per_cent() -> None:
    assert radius_90_deg(place(0, 0, 1.0, 0.9)) == pytest.approx(1.0)
    assert radius_90_deg(place(0, 0, 1.0, 0.68)) == pytest.approx(math.sqrt(math.log(0.1) / math.log(0.32)))
    assert radius_90_deg(place(0, 0, 1.0, None)) == radius_90_deg(place(0, 0, 1.0, 0.68))
    assert radius_90_deg(place(0, 0, None, None)) is None
    assert math.isfinite(radius_90_deg(place(0, 0, 1.0, 1.0)) or math.inf)


def test_positions_exclude_each_other_only_when_both_are_known_with_errors() -> None:
    here, there = place(0.0, 0.0, 1.0, 0.9), place(20.0, 0.0, 1.0, 0.9)
    assert not may_be_one_source(here, there)
    assert may_be_one_source(here, there, systematic_deg=8.0)
    assert may_be_one_source(here, place(20.0, 0.0, None, None))
    assert may_be_one_source(here, place(None, None, None, None))
