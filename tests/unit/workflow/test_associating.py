"""Associating: two numbers that are never mixed, declared windows, maps that assume one source kept apart."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workflow_desk import MERGER, Desk, at, burst_by_hand, spot, track

from tocsin.domain.clock import iso_utc
from tocsin.domain.products import Product, ProductKind
from tocsin.simulate.notices import Message, lvk_alert
from tocsin.workflow.queries import sky_map

S = "s241017ab"
NEUTRINO = "icecube-241017-139500-4242424"
PUBLIC: frozenset[str] = frozenset()


@pytest.fixture
def desk_of_three(tmp_path: Path) -> Iterator[tuple[Desk, str]]:
    """A merger with a map, a burst 1.7 s after it at the same place, and a neutrino there 4 s after it."""
    with Desk(tmp_path) as desk:
        desk.take(lvk_alert(MERGER, "PRELIMINARY", at(30.0), skymap=spot(120.0, 12.0).to_bytes()))
        desk.wait(30.0)
        found = burst_by_hand(desk, at(1.7))
        desk.take(track(t0_s=4.0))
        desk.wait(120.0)
        yield desk, found


def products(desk: Desk, event_id: str, kind: ProductKind) -> list[Product]:
    found = desk.read(lambda work: work.products(event_id, kind))
    assert isinstance(found, list)
    return found


def test_a_pair_is_told_with_its_chance_and_its_joint_rate(desk_of_three: tuple[Desk, str]) -> None:
    desk, other = desk_of_three
    found = {one.content.get("other_id"): one.content for one in products(desk, S, ProductKind.ASSOCIATION)}
    pair = found[other]
    assert pair["window"] == "grb-cbc"
    assert pair["difference_s"] == pytest.approx(1.7)
    assert pair["overlap"] > 10.0
    expected = pair["rate_hz"] * pair["length_s"] / pair["overlap"]
    assert pair["association_chance"] == pytest.approx(expected, rel=1e-3)
    assert not pair["joint_far_is_limit"]
    assert pair["joint_far_hz"] == pytest.approx(MERGER.far_hz * expected, rel=1e-6)
    assert "Chance of such a neighbour" in pair["words"]
    assert "Noise pairs as telling: once in" in pair["words"]
    mirrored = {one.content.get("other_id"): one.content for one in products(desk, other, ProductKind.ASSOCIATION)}
    assert mirrored[S]["joint_far_hz"] == pytest.approx(pair["joint_far_hz"])


def test_a_map_that_assumes_one_source_is_named_so_and_is_nobodys_default(desk_of_three: tuple[Desk, str]) -> None:
    desk, other = desk_of_three
    joint = {one.content["other_id"]: one for one in products(desk, S, ProductKind.JOINT_SKYMAP)}[other]
    assert joint.subject == "assuming S241017ab and GRB 241017Z are one source"
    own = desk.read(lambda work: sky_map(work, S, clearance=PUBLIC))
    assert own.kind is ProductKind.SKYMAP
    assert own.id != joint.id
    assert joint.content["area_90_deg2"] < own.content["area_90_deg2"]
    for event_id in (S, other, NEUTRINO):
        for one in products(desk, event_id, ProductKind.ASSOCIATION):
            assert joint.id not in one.input_ids  # no overlap is ever taken with it


def test_three_together_have_a_number_of_their_own(desk_of_three: tuple[Desk, str]) -> None:
    desk, _ = desk_of_three
    found = [one for one in products(desk, S, ProductKind.ASSOCIATION) if one.content.get("is_triple")]
    (triple,) = found
    pairs = [one.content for one in products(desk, S, ProductKind.ASSOCIATION) if not one.content.get("is_triple")]
    product = 1.0
    for one in pairs:
        product *= one["rate_hz"] * one["trials"] * one["length_s"]
    assert triple.content["association_chance"] == pytest.approx(product / triple.content["overlap"], rel=1e-3)
    assert len(triple.content["other_ids"]) == 2


def test_every_window_is_declared_before_it_is_looked_at_whatever_is_found(desk_of_three: tuple[Desk, str]) -> None:
    desk, _ = desk_of_three
    rows: list[Any] = desk.read(lambda work: work.trials(kind="coincidence", event_id=S))
    assert {row.subject for row in rows} == {
        "grb-cbc",
        "fermi-subthreshold-cbc",
        "swift-subthreshold-cbc",
        "neutrino-gw-10s",
        "neutrino-gw-500s",
        "supernova-gw",
        "frb-cbc",
    }
    assert all(row.declared_utc <= row.concluded_utc for row in rows)
    nothing = next(row for row in rows if row.subject == "supernova-gw")
    assert nothing.outcome["companions"] == 0
    found = next(row for row in rows if row.subject == "grb-cbc")
    assert found.outcome["companions"] == 1
    assert found.declaration["rate_source"].startswith("RAVEN")


def test_a_burst_elsewhere_makes_no_joint_map(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(lvk_alert(MERGER, "PRELIMINARY", at(30.0), skymap=spot(120.0, 8.0).to_bytes()))
        desk.wait(30.0)
        burst_by_hand(desk, at(1.7), ra_deg=220.0)
        desk.wait(60.0)
        assert products(desk, S, ProductKind.JOINT_SKYMAP) == []
        (pair,) = products(desk, S, ProductKind.ASSOCIATION)
        assert pair.content["association_chance"] > 0.5


def test_the_ledger_takes_no_outcome_of_what_was_never_declared_and_changes_nothing(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk, desk.store.begin() as work:
        with pytest.raises(LookupError, match="was declared"):
            work.conclude_trial("made up afterwards", {}, at(0.0))
        given: dict[str, Any] = {
            "kind": "coincidence",
            "event_id": None,
            "subject": "w",
            "labels": PUBLIC,
            "at_utc": at(0),
        }
        assert work.declare_trial("k", declaration={"window_s": [0, 1]}, **given)
        assert not work.declare_trial("k", declaration={"window_s": [0, 9]}, **given)
        assert work.trials()[0].declaration == {"window_s": [0, 1]}
        work.conclude_trial("k", {"companions": 0}, at(1.0))
        work.conclude_trial("k", {"companions": 0}, at(2.0))
        assert work.trials()[0].concluded_utc == at(1.0)


def test_a_fast_radio_burst_beside_a_merger_is_associated_and_the_windows_are_in_the_ledger(tmp_path: Path) -> None:
    message = {
        "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/chime/frb.schema.json",
        "alert_type": "initial",
        "trigger_time": iso_utc(at(10.25)),
        "trigger_time_inf_freq": f"{at(3.0):%Y-%m-%d %H:%M:%S}+00:00",
        "id": "427325191",
        "ra": 120.5,
        "dec": 20.1,
        "ra_dec_error": [0.5, 0.6, 0],
        "dm": 279.4,
    }
    with Desk(tmp_path) as desk:
        desk.take(lvk_alert(MERGER, "PRELIMINARY", at(30.0), skymap=spot(120.0, 12.0).to_bytes()))
        desk.take(Message(topic="gcn.notices.chime.frb", payload=json.dumps(message).encode()))
        desk.wait(120.0)
        found = desk.read(lambda work: work.products(S, ProductKind.ASSOCIATION))
        (one,) = [product for product in found if not product.content.get("is_triple")]
        assert one.content["window"] == "frb-cbc"
        assert one.content["difference_s"] == pytest.approx(3.0, abs=1e-6)
        assert one.content["overlap"] > 10.0
        trials = desk.read(lambda work: work.trials(kind="coincidence", event_id=S))
        assert {row.subject for row in trials} == {
            "grb-cbc",
            "fermi-subthreshold-cbc",
            "swift-subthreshold-cbc",
            "neutrino-gw-10s",
            "neutrino-gw-500s",
            "supernova-gw",
            "frb-cbc",
        }
