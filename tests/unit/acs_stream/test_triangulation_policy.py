"""What is triangulated unattended and what may be stated: the settings, each wrong one named, and what they do."""

from typing import Any

import pytest
from workflow_desk import settings

from acs_stream.triangulation_policy import FLAG_REASONS, TriangulationPolicy
from tocsin.app.build import build_triangulation
from tocsin.domain.errors import ConfigurationError

RING: dict[str, Any] = {"minus_3sigma_deg": 0.1, "plus_3sigma_deg": 0.1, "energy": "measured", "flags": []}


def policy(**tables: Any) -> TriangulationPolicy:
    return TriangulationPolicy.from_config(tables, file="triangulation.toml")


def test_the_packaged_settings_are_the_defaults_and_pair_no_instrument_with_itself() -> None:
    packaged = build_triangulation(settings())
    assert not packaged.pairs("SPI-ACS", "SPI-ACS-archive")
    assert packaged.pairs("SPI-ACS", "Fermi-GBM")
    assert packaged.refused_flags == TriangulationPolicy().refused_flags
    assert packaged.wait_s == TriangulationPolicy().wait_s


@pytest.mark.parametrize("flag", sorted(TriangulationPolicy().refused_flags))
def test_an_annulus_with_a_refused_flag_is_not_stated_and_says_why(flag: str) -> None:
    assert TriangulationPolicy().why_not_stated(RING | {"flags": [flag]}) == FLAG_REASONS[flag]


def test_a_sound_annulus_is_stated() -> None:
    assert TriangulationPolicy().why_not_stated(RING | {"flags": ["insufficient_background"]}) == ""


def test_a_width_of_counts_alone_is_never_stated() -> None:
    assert "energies" in TriangulationPolicy().why_not_stated(RING | {"energy": ""})


def test_a_very_wide_annulus_is_not_stated() -> None:
    assert "35.0 deg wide" in TriangulationPolicy().why_not_stated(RING | {"plus_3sigma_deg": 69.9})


def test_only_the_instruments_named_are_used() -> None:
    some = policy(make={"instruments": ["Fermi-GBM", "Konus-Wind"]})
    assert some.pairs("Fermi-GBM", "Konus-Wind")
    assert not some.pairs("Fermi-GBM", "SPI-ACS")


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"mak": {}}, "mak"),
        ({"make": 3}, "make"),
        ({"make": {"wait": 3}}, "make.wait"),
        ({"make": {"wait_s": "soon"}}, "make.wait_s"),
        ({"make": {"never_pairs": [["A"]]}}, "make.never_pairs"),
        ({"make": {"instruments": "all"}}, "make.instruments"),
        ({"state": {"refused_flags": ["untrue"]}}, "state.refused_flags"),
        ({"state": {"energy_needed": 1}}, "state.energy_needed"),
        ({"state": {"widest_half_width_deg": -1}}, "state.widest_half_width_deg"),
    ],
)
def test_a_wrong_setting_names_its_key(tables: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"triangulation.toml: {key}:"):
        policy(**tables)
