"""Names for people."""

import csv
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from trigger_notices import T0, at, event_of, gbm, icecube, integral, konus, lvk, svom

from tocsin.domain.notices import Notice
from triggers.known_place import at_known_source
from triggers.naming import day_fraction
from triggers.source_book import read_source_book

CONFIG = Path(__file__).resolve().parents[3] / "config" / "sources.toml"
BOOK = read_source_book(tomllib.loads(CONFIG.read_text()), file="sources.toml")


def test_missions_names_are_used() -> None:
    assert event_of(lvk()).name == "S230518h"
    assert event_of(icecube(), icecube(is_json=True)).name == "IceCube-230518A"
    assert event_of(svom("grm-trigger")).name == "sb26022802"


def test_a_neutrino_without_a_name_gets_the_one_of_the_first_of_its_day() -> None:
    assert event_of(icecube()).name == "IceCube-230518A"
    assert event_of(icecube(notice_type="ICECUBE_CASCADE")).name == "IceCube-Cascade 230518A"
    antares = Notice(stream="antares", notice_type="ANTARES_ALERT", notice_id="a", event_ids=("1",), t0_utc=T0)
    assert event_of(antares).name == "ANTARES 230518A"


def test_a_cascade_is_named_as_circulars_name_it() -> None:
    cascade = icecube(event_ids=("134912_80902176", "IceCubeCascade-210121b"), notice_type="ICECUBE_CASCADE")
    assert event_of(cascade).name == "IceCube-Cascade 210121B"


def test_a_burst_several_craft_saw_has_its_common_name() -> None:
    assert event_of(svom("grm-trigger"), gbm("FLT_POS")).name == "GRB 230518.541"


def test_a_burst_is_named_by_the_fraction_of_its_day() -> None:
    assert event_of(gbm("FLT_POS")).name == "GRB 230518.541"
    assert event_of(konus()).name == "GRB 230518.541"
    assert event_of(gbm(), integral("SPIACS")).name == "GRB 230518.541"


def test_what_may_be_no_burst_is_not_called_one() -> None:
    assert event_of(gbm()).name == "Fermi-GBM 230518.541"
    assert event_of(integral("SPIACS")).name == "SPI-ACS 230518.541"
    assert event_of(integral("WEAK")).name == "INTEGRAL IBIS 230518.541"
    assert event_of(integral("WAKEUP")).name == "GRB 230518.541"


def test_what_its_sender_calls_no_burst_is_named_by_its_class() -> None:
    for given, name in (
        ("solar_flare", "Solar flare"),
        ("SGR", "SGR burst"),
        ("TGF", "TGF"),
        ("distant_particles", "Particles"),
        ("Cyg_X-1", "Cyg X-1"),
        ("unreliable_location", "Fermi-GBM"),
    ):
        assert event_of(gbm("FLT_POS", classification={given: 0.95})).name == f"{name} 230518.541"
    assert event_of(gbm("FLT_POS", classification={"TGF": 0.4, "GRB": 0.3})).name == "Fermi-GBM 230518.541"


def test_a_solar_flare_or_a_magnetar_seen_by_two_craft_is_no_burst_and_a_flash_seen_by_two_is_no_flash() -> None:
    for given, name in (("solar_flare", "Solar flare"), ("SGR", "SGR burst"), ("TGF", "GRB")):
        said = gbm("FLT_POS", classification={given: 0.95})
        assert event_of(said, konus(t0_utc=at(-2.0))).name == f"{name} 230518.541"


def test_a_burst_at_a_magnetar_is_named_after_it_whatever_the_class_says() -> None:
    place = {"ra_deg": 293.735, "dec_deg": 21.9, "error_radius_deg": 0.05, "error_containment": 0.9}
    found = at_known_source(integral("WAKEUP", **place), BOOK)
    assert found.details["at_source"] == "SGR 1935+2154"
    assert event_of(found).name == "SGR 1935+2154 230518.541"
    assert event_of(found, gbm("FLT_POS", classification={"GRB": 0.9})).name == "SGR 1935+2154 230518.541"


def test_only_a_good_position_near_a_magnetar_names_it() -> None:
    at_magnetar = {"ra_deg": 293.735, "dec_deg": 21.9}
    beside = {"ra_deg": 293.735, "dec_deg": 22.2, "error_radius_deg": 0.05}
    assert "at_source" not in at_known_source(integral("WAKEUP", **beside), BOOK).details
    assert "at_source" not in at_known_source(gbm("FIN_POS", **at_magnetar, error_radius_deg=1.0), BOOK).details
    assert "at_source" not in at_known_source(integral("WAKEUP", **at_magnetar, error_radius_deg=None), BOOK).details


def test_what_swift_says_is_no_burst_is_not_called_one() -> None:
    swift = gbm(stream="swift", notice_type="SWIFT_BAT_GRB_POS_ACK", event_ids=("1",), error_radius_deg=0.05)
    assert event_of(swift).name == "GRB 230518.541"
    assert event_of(replace(swift, details={"is_not_grb": True})).name == "Swift 230518.541"


def test_gecam_states_one_class() -> None:
    gecam = gbm(stream="gecam", notice_type="GECAM_FLT", event_ids=("6",), details={"source_class": "SFLARE"})
    assert event_of(gecam).name == "Solar flare 230518.541"
    assert event_of(replace(gecam, details={"source_class": "GENERIC_SOURCE"})).name == "GECAM 230518.541"
    assert event_of(replace(gecam, details={"source_class": "GRB"})).name == "GRB 230518.541"
    assert event_of(gecam, gbm("FLT_POS")).name == "GRB 230518.541"


def test_gbms_own_name_is_used_where_it_is_given() -> None:
    assert event_of(gbm(event_ids=("706107553", "bn230518541"))).name == "GRB 230518.541"


def test_the_last_moment_of_a_day_is_no_thousandth() -> None:
    assert day_fraction(datetime(2021, 6, 19, 23, 59, 59, tzinfo=UTC)) == "210619.999"


@pytest.mark.samples
def test_fractions_agree_with_the_names_gbm_gave(samples: Path) -> None:
    with (samples / "data" / "gbm" / "gbm_trigger_times.csv").open() as file:
        rows = [(row[1], datetime.fromisoformat(row[2]).replace(tzinfo=UTC)) for row in csv.reader(file)]
    differing = [name for name, time in rows if day_fraction(time).replace(".", "") != name]
    assert len(rows) == 8271
    assert len(differing) == 48
    assert all(abs(int(name[-3:]) - int(day_fraction(dict(rows)[name])[-3:])) <= 1 for name in differing)
