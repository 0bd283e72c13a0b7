"""Every classic notice of May 2023 through decoder, association and rules, in memory."""

import csv
import io
import random
import tarfile
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from trigger_notices import Desk

from listeners.decode import decode
from tocsin.domain.events import Decision, EventKind, Tier
from tocsin.domain.notices import Notice
from triggers.rules import Rules

pytestmark = pytest.mark.samples

CONFIG = Path(__file__).resolve().parents[3] / "config" / "rules.toml"


@dataclass
class Night:
    """What became of the month."""

    desk: Desk
    decisions: dict[str, list[tuple[Notice, Decision]]] = field(default_factory=dict)
    paged: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def notices(samples: Path) -> list[Notice]:
    """All notices, in order of issue."""
    with tarfile.open(samples / "alerts" / "replay" / "gcn_voevents_2023-05.tar.xz") as archive:
        files = {m.name: file.read() for m in archive if (file := archive.extractfile(m)) is not None}
    manifest = csv.DictReader(io.StringIO(files["MANIFEST.csv"].decode()))
    return [decode(files[row["file"]], topic=row["topic"]) for row in manifest]


def pass_through(notices: list[Notice]) -> Night:
    """Every notice associated and decided on, as the service does."""
    rules = Rules.from_config(tomllib.loads(CONFIG.read_text()), file="config/rules.toml")
    night = Night(desk=Desk())
    for notice in notices:
        event_id = night.desk.take(notice)
        if event_id is None:
            continue
        decision = rules.decide(
            before=night.desk.before,
            after=night.desk.events[event_id],
            notice=notice,
            was_paged=event_id in night.paged,
        )
        night.decisions.setdefault(event_id, []).append((notice, decision))
        if decision.pages:
            night.paged.append(event_id)
    return night


@pytest.fixture(scope="module")
def night(notices: list[Notice]) -> Night:
    """The month in order."""
    return pass_through(notices)


def test_the_events_of_the_month_are_events(night: Night) -> None:
    names = {event.name: event for event in night.desk.events.values() if not event.is_test}
    assert {"S230518h", "S230529ay", "S230524x", "IceCube-230506A"} <= names.keys()
    assert names["S230518h"].notice_keys
    assert len(night.desk.members["s230518h"]) == 4
    assert names["S230529ay"].kind is EventKind.GRAVITATIONAL_WAVE


def test_no_test_or_mock_is_told_to_anyone(night: Night) -> None:
    tests = [d for pairs in night.decisions.values() for notice, d in pairs if notice.is_test]
    assert len(tests) > 2000
    assert not any(d.pages or d.tells for d in tests)
    assert not any(night.desk.events[event_id].is_test for event_id in night.paged)


def test_the_retraction_of_the_early_warning_reaches_those_who_were_woken(night: Night) -> None:
    (_, warning), (retraction, decision) = night.decisions["s230524x"]
    assert warning.pages
    assert retraction.is_retraction
    assert decision.tells
    assert decision.is_material
    assert not decision.pages
    assert night.desk.events["s230524x"].is_retracted


def test_an_advocate_is_woken_a_few_times_a_month(night: Night) -> None:
    kinds = Counter(night.desk.events[event_id].kind for event_id in night.paged)
    assert kinds == {EventKind.GRAVITATIONAL_WAVE: 6, EventKind.NEUTRINO: 2, EventKind.GAMMA_RAY_BURST: 1}
    assert len(night.paged) == len(set(night.paged))


def test_the_channel_is_told_of_some_fifty_events(night: Night) -> None:
    told = {event_id for event_id, pairs in night.decisions.items() if any(d.tells for _, d in pairs)}
    assert 40 <= len(told) <= 70


def test_bursts_of_the_month_are_joined_across_craft(night: Night) -> None:
    joined = [e for e in night.desk.events.values() if not e.is_test and e.details["craft_count"] != 1]
    assert {"GRB 230506.214", "GRB 230510.890", "GRB 230511.548", "GRB 230523.642"} <= {event.name for event in joined}
    brightest = next(e for e in joined if e.name == "GRB 230511.548")
    assert {"gbm", "konus"} <= set(str(brightest.details["families"]).split())
    assert not any("positions_disagree" in event.details for event in joined)


def test_in_order_of_issue_no_notice_bridges_two_events(night: Night) -> None:
    assert night.desk.bridges == []


def test_konus_notices_and_their_twins_are_one_event(night: Night) -> None:
    konus = [e for e in night.desk.events.values() if "konus" in str(e.details["families"])]
    notices = [s.notice for e in konus for s in night.desk.members[e.id] if s.notice.stream == "konus_ipn"]
    assert Counter(notice.notice_type for notice in notices) == {"KONUS_LC": 22, "IPN_RAW": 22}
    assert len(konus) <= 22


@pytest.mark.parametrize("seed", [1, 230518])
def test_any_order_of_the_month_gives_the_same_real_events(notices: list[Notice], night: Night, seed: int) -> None:
    real = [notice for notice in notices if not notice.is_test]
    random.Random(seed).shuffle(real)
    other = Desk(merges=True).take_all(real)
    straight = {
        frozenset(s.notice.notice_id for s in members)
        for event_id, members in night.desk.members.items()
        if not night.desk.events[event_id].is_test
    }
    assert other.groups() == straight


def test_every_decision_is_explained(night: Night) -> None:
    assert all(d.reasons and d.rule for pairs in night.decisions.values() for _, d in pairs)
    assert all(d.tier is Tier.WAKE for pairs in night.decisions.values() for _, d in pairs if d.pages)
