"""Who is woken, who is told, and why."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trigger_notices import T0, at, event_of, gbm, icecube, integral, konus, lvk, not_a_grb, skymap

from tocsin.domain.events import Change, Event, Tier
from tocsin.domain.notices import Notice, Phase
from triggers.companions import Association
from triggers.rules import Rules, change_of
from triggers.storms import Storm

CONFIG = Path(__file__).resolve().parents[3] / "config" / "rules.toml"
COUNTERPART = Association(
    event_id="event",
    other_id="grb",
    other_name="GRB 230518.541",
    window="grb-cbc",
    difference_s=1.74,
    joint_far_hz=1e-12,
    association_chance=5e-5,
    overlap=None,
    is_cited=False,
    labels=frozenset(),
)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.from_config(tomllib.loads(CONFIG.read_text()), file="config/rules.toml")


def decide(rules: Rules, *notices: Notice, was_paged: bool = False, **options: Any) -> Any:
    """Decision after the last of some notices."""
    before = event_of(*notices[:-1]) if len(notices) > 1 else None
    return rules.decide(before=before, after=event_of(*notices), notice=notices[-1], was_paged=was_paged, **options)


def tier(rules: Rules, *notices: Notice) -> Tier:
    return rules.judge(event_of(*notices)).tier


def test_a_significant_candidate_wakes_and_is_searched_for(rules: Rules) -> None:
    decision = decide(rules, lvk())
    assert decision.tier is Tier.WAKE
    assert decision.pages
    assert decision.tells
    assert decision.is_material
    assert decision.search_window_s == (-300.0, 300.0)
    assert decision.rule == "lvk-significant-neutron-star"
    assert "Classified as NSBH 86 %, Terrestrial 10 %." in decision.reasons
    assert "False alarms as strong: once in 99 years." in decision.reasons


def test_early_warnings_and_bursts_wake(rules: Rules) -> None:
    assert tier(rules, lvk(Phase.EARLY_WARNING)) is Tier.WAKE
    assert tier(rules, lvk(classification={}, details={"group": "Burst"})) is Tier.WAKE
    assert tier(rules, lvk(classification={"BBH": 1.0})) is Tier.WAKE


def test_a_candidate_lvk_does_not_call_significant_is_recorded(rules: Rules) -> None:
    decision = decide(rules, lvk(details={"significant": False}))
    assert decision.tier is Tier.RECORD
    assert not decision.pages
    assert not decision.tells


def test_candidates_of_the_time_before_the_flag_are_judged_by_their_rate(rules: Rules) -> None:
    assert tier(rules, replace(lvk(), details={"group": "CBC"})) is Tier.WAKE
    assert tier(rules, replace(lvk(), details={}, far_hz=1e-6)) is Tier.RECORD
    assert tier(rules, lvk(details={"significant": False}, far_hz=1e-12)) is Tier.RECORD


def test_a_binary_packet_alone_wakes_nobody_since_it_may_be_a_test(rules: Rules) -> None:
    snews = Notice(
        stream="snews_sk",
        notice_type="SNEWS",
        notice_id="SNEWS/1000464",
        event_ids=("1000464",),
        t0_utc=T0,
        details={"format": "binary"},
    )
    assert tier(rules, snews) is Tier.RECORD
    stated = replace(snews, notice_id="xml", details={})
    assert tier(rules, stated) is Tier.WAKE
    assert tier(rules, stated, snews) is Tier.WAKE


def test_neutrinos_wake_where_they_are_likely_astrophysical(rules: Rules) -> None:
    assert tier(rules, icecube()) is Tier.WAKE
    assert tier(rules, icecube(details={"signalness": 0.27})) is Tier.TELL
    assert tier(rules, icecube(notice_type="ICECUBE_CASCADE")) is Tier.TELL
    antares = Notice(stream="antares", notice_type="ANTARES_ALERT", notice_id="a", event_ids=("1",), t0_utc=T0)
    assert tier(rules, antares) is Tier.TELL


def test_gbm_triggers_are_told_once_they_are_likely_bursts(rules: Rules) -> None:
    assert tier(rules, gbm()) is Tier.RECORD
    assert tier(rules, gbm(), gbm("FLT_POS")) is Tier.TELL
    assert tier(rules, gbm("FLT_POS", classification={"TGF": 1.0})) is Tier.RECORD
    assert tier(rules, gbm("FLT_POS", signal_to_noise=95.0)) is Tier.WAKE


def test_gecam_triggers_are_judged_by_the_class_they_state(rules: Rules) -> None:
    gecam = gbm(stream="gecam", notice_type="GECAM_FLT", event_ids=("6",), details={"source_class": "GRB"})
    assert tier(rules, gecam) is Tier.TELL
    flare = replace(gecam, details={"source_class": "SFLARE", "is_not_grb": True})
    assert tier(rules, flare) is Tier.RECORD
    assert tier(rules, flare, konus(t0_utc=at(2.0))) is Tier.RECORD
    assert tier(rules, flare, gbm("FLT_POS")) is Tier.TELL


def test_a_solar_flare_is_recorded_however_many_craft_see_it(rules: Rules) -> None:
    flare = gbm("FLT_POS", classification={"solar_flare": 0.95}, signal_to_noise=95.0)
    assert tier(rules, flare, konus(t0_utc=at(2.0))) is Tier.RECORD


def test_shield_triggers_are_told_by_strength_or_company(rules: Rules) -> None:
    assert tier(rules, integral("SPIACS")) is Tier.RECORD
    assert tier(rules, integral("SPIACS", signal_to_noise=16.0)) is Tier.TELL
    assert tier(rules, integral("SPIACS"), konus(t0_utc=at(1.0))) is Tier.TELL


def test_imager_positions_are_told_weak_ones_recorded(rules: Rules) -> None:
    assert tier(rules, integral("WAKEUP")) is Tier.TELL
    assert tier(rules, integral("WEAK")) is Tier.RECORD


@pytest.mark.parametrize(
    "notice",
    [
        lvk(is_test=True, details={"test_reason": "superevent MS230518h"}),
        gbm("FLT_POS", is_test=True, signal_to_noise=99.0),
        icecube(is_test=True),
        lvk(Phase.RETRACTION, is_test=True),
    ],
)
@pytest.mark.parametrize("was_paged", [False, True])
def test_a_test_is_never_told_to_anyone(rules: Rules, notice: Notice, was_paged: bool) -> None:
    decision = decide(rules, notice, was_paged=was_paged)
    assert (decision.tier, decision.pages, decision.tells) == (Tier.RECORD, False, False)
    assert decision.search_window_s is None
    assert decision.reasons[0].startswith("Test: ")
    assert notice.details.get("test_reason", "") in decision.reasons[0]


def test_updates_that_change_nothing_do_not_wake_again(rules: Rules) -> None:
    decision = decide(rules, lvk(), lvk(Phase.INITIAL, issued_s=900.0), was_paged=True)
    assert decision.tier is Tier.WAKE
    assert not decision.pages
    assert not decision.is_material
    assert decision.tells
    assert "nothing material has changed" in decision.reasons[-1]


def test_an_event_raised_to_tier_one_wakes(rules: Rules) -> None:
    quiet = lvk(details={"significant": False})
    decision = decide(rules, quiet, lvk(Phase.UPDATE, issued_s=900.0))
    assert decision.pages
    assert decision.is_material
    assert decision.reasons[0] == "Raised from 'record only' to 'wake the advocate'."


def test_an_event_that_lost_its_significance_stands_people_down(rules: Rules) -> None:
    decision = decide(rules, lvk(), lvk(Phase.UPDATE, issued_s=900.0, details={"significant": False}), was_paged=True)
    assert decision.tier is Tier.RECORD
    assert not decision.pages
    assert decision.tells
    assert decision.reasons[0].startswith("Stand down: It is no longer significant.")


def test_a_retraction_is_told_to_those_who_were_told_and_wakes_nobody(rules: Rules) -> None:
    decision = decide(rules, lvk(), lvk(Phase.RETRACTION, issued_s=900.0), was_paged=True)
    assert not decision.pages
    assert decision.tells
    assert decision.is_material
    assert decision.tier is Tier.WAKE
    assert decision.search_window_s is None
    assert decision.reasons[0] == "Retracted by its sender: stand down."


def test_a_retraction_of_something_told_but_not_paged_is_told(rules: Rules) -> None:
    decision = decide(rules, integral("WAKEUP"), not_a_grb(issued_s=400.0))
    assert (decision.pages, decision.tells) == (False, True)


def test_a_retraction_of_something_never_seen_is_told_to_nobody(rules: Rules) -> None:
    for notice in (lvk(Phase.RETRACTION), icecube(is_retraction=True)):
        decision = decide(rules, notice)
        assert (decision.tier, decision.pages, decision.tells) == (Tier.RECORD, False, False)
        again = decide(rules, notice, notice)
        assert (again.pages, again.tells) == (False, False)


def test_an_alert_that_arrives_after_its_retraction_wakes_nobody(rules: Rules) -> None:
    decision = decide(rules, lvk(Phase.RETRACTION, issued_s=900.0), lvk(Phase.EARLY_WARNING, issued_s=5.0))
    assert (decision.pages, decision.tells) == (False, False)


def test_what_the_channel_was_really_told_overrides_what_the_rules_would_have_told(rules: Rules) -> None:
    notices = integral("WAKEUP"), not_a_grb(issued_s=400.0)
    assert not decide(rules, *notices, was_told=False).tells
    assert decide(rules, lvk(Phase.RETRACTION), was_told=True).tells


def test_a_retraction_taken_back_wakes_again(rules: Rules) -> None:
    notices = lvk(), lvk(Phase.RETRACTION, issued_s=900.0), lvk(Phase.UPDATE, issued_s=2000.0)
    decision = decide(rules, *notices, was_paged=True)
    assert decision.pages
    assert "taken back" in decision.reasons[0]


def test_a_stale_notice_wakes_nobody(rules: Rules) -> None:
    decision = decide(rules, gbm("FLT_POS", is_stale=True, signal_to_noise=95.0))
    assert (decision.pages, decision.tells) == (False, False)
    assert "Stale" in decision.reasons[-1]


def test_a_late_revision_of_a_live_event_keeps_its_message(rules: Rules) -> None:
    late = lvk(Phase.UPDATE, issued_s=38 * 86400.0, is_stale=True, details={"significant": True})
    decision = decide(rules, lvk(details={"significant": False}), late)
    assert not decision.pages
    decision = decide(rules, lvk(), late, was_paged=True)
    assert (decision.pages, decision.tells) == (False, True)


def test_a_much_better_position_wakes_again(rules: Rules) -> None:
    better = icecube(1, issued_s=900.0, error_radius_deg=0.3)
    worse = icecube(error_radius_deg=5.0)
    assert decide(rules, worse, better, was_paged=True).pages
    assert not decide(rules, icecube(error_radius_deg=0.9), better, was_paged=True).pages


def test_a_much_smaller_map_wakes_again(rules: Rules) -> None:
    notices = lvk(), lvk(Phase.UPDATE, issued_s=900.0, skymap=skymap("a"))
    assert decide(rules, *notices, was_paged=True, areas_90_deg2=(1200.0, 100.0)).pages
    assert not decide(rules, *notices, was_paged=True, areas_90_deg2=(1200.0, 600.0)).pages


def test_a_counterpart_raises_a_quiet_event_and_wakes_once(rules: Rules) -> None:
    quiet = lvk(details={"significant": False})
    decision = decide(rules, quiet, quiet, associations=[COUNTERPART])
    assert decision.tier is Tier.WAKE
    assert decision.pages
    assert decision.rule == "counterpart"
    assert "GRB 230518.541" in decision.reasons[0]
    known = decide(rules, quiet, quiet, associations=[COUNTERPART], known_associations={"grb"}, was_paged=True)
    assert not known.pages


def test_a_counterpart_of_an_event_people_have_wakes_them_again(rules: Rules) -> None:
    notices = lvk(), lvk(Phase.INITIAL, issued_s=900.0)
    assert decide(rules, *notices, was_paged=True, associations=[COUNTERPART]).pages


def test_a_flaring_source_is_recorded_after_its_third_event(rules: Rules) -> None:
    storm = Storm(source="SGR 1935+2154", is_named=True, since_utc=at(-9e4), earlier=("a", "b"), is_on=False)
    assert decide(rules, integral("WAKEUP"), storm=storm).tells
    decision = decide(rules, integral("WAKEUP"), storm=replace(storm, is_on=True))
    assert (decision.tier, decision.tells, decision.rule) == (Tier.RECORD, False, "storm")
    assert decision.reasons[0].startswith("Recorded only: event 3 of a storm of SGR 1935+2154")


def test_a_replay_says_so_first(rules: Rules) -> None:
    decision = decide(rules, lvk(), is_replay=True)
    assert decision.pages
    assert decision.reasons[0].startswith("Replay")


def test_the_change_a_notice_made_is_named() -> None:
    first, update, retraction = lvk(), lvk(Phase.UPDATE, issued_s=900.0), lvk(Phase.RETRACTION, issued_s=999.0)
    one, two = event_of(first), event_of(first, update)

    def change(before: Event | None, after: Event, notice: Notice) -> Change:
        return change_of(before=before, after=after, notice=notice)

    assert change(None, one, first) is Change.NEW
    assert change(one, two, update) is Change.UPDATE
    assert change(one, event_of(first, first), first) is Change.DUPLICATE
    assert change(two, event_of(first, update, retraction), retraction) is Change.RETRACTION


def test_every_decision_gives_a_reason(rules: Rules) -> None:
    for notice in (lvk(), gbm(), integral("WEAK"), konus(), Notice(stream="x", notice_type="y", notice_id="z")):
        assert decide(rules, notice).reasons
