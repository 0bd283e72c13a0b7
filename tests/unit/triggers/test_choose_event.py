"""Which event a notice joins."""

from datetime import UTC, datetime

import pytest
from trigger_notices import T0, Desk, at, event_of, gbm, grouped, icecube, integral, konus, lvk, not_a_grb, svom

from tocsin.domain.events import Event, EventKind
from tocsin.domain.notices import Messenger, Notice, Phase
from triggers.association import bridged_events, choose_event, new_event_id, time_interval


def test_all_notices_of_a_superevent_are_one_event() -> None:
    notices = [lvk(phase, issued_s=60.0 * n) for n, phase in enumerate(Phase, 1) if phase is not Phase.FINAL]
    assert len(grouped(notices)) == 1


def test_all_notices_of_a_gbm_trigger_are_one_event_in_any_order() -> None:
    notices = [gbm("FIN_POS", issued_s=500), gbm(), gbm("GND_POS", issued_s=40), gbm("FLT_POS", issued_s=25)]
    assert len(grouped(notices)) == 1


def test_a_burst_seen_by_several_craft_is_one_event() -> None:
    notices = [gbm(), integral("SPIACS", t0_utc=at(2.1)), konus(t0_utc=at(-3.0)), konus(t0_utc=at(-3.0), is_ipn=True)]
    assert len(grouped(notices)) == 1


def test_a_trigger_a_minute_later_is_another_burst() -> None:
    assert len(grouped([gbm(), integral("SPIACS", t0_utc=at(60.0))])) == 2


def test_wind_is_given_the_light_travel_time_a_near_craft_is_not() -> None:
    assert len(grouped([gbm(), konus(t0_utc=at(26.0))])) == 1
    assert len(grouped([gbm(), integral("SPIACS", t0_utc=at(26.0))])) == 2


def test_a_burst_within_the_window_of_a_merger_stays_an_event_of_its_own() -> None:
    assert len(grouped([lvk(), gbm(t0_utc=at(1.7)), icecube()])) == 3


def test_a_notice_that_cites_a_burst_does_not_become_it() -> None:
    desk = Desk()
    desk.take(gbm(number=707488534))
    cites = lvk(details={"external_notice_id": "707488534", "external_observatory": "Fermi"})
    assert desk.take(cites) == "s230518h"


def test_positions_that_cannot_be_of_one_source_keep_triggers_apart() -> None:
    here = integral("WAKEUP", ra_deg=10.0, dec_deg=0.0)
    there = svom("eclairs-wakeup", ra_deg=190.0, dec_deg=0.0, error_radius_deg=0.1, error_containment=0.9)
    assert len(grouped([here, there])) == 2
    near = svom("eclairs-wakeup", ra_deg=10.1, dec_deg=0.0, error_radius_deg=0.1, error_containment=0.9)
    assert len(grouped([here, near])) == 1


def test_a_gbm_position_however_far_off_keeps_no_trigger_out() -> None:
    flight = gbm("FLT_POS", ra_deg=139.5, dec_deg=-81.2, error_radius_deg=3.7)
    there = integral("WAKEUP", ra_deg=223.0, dec_deg=-7.7, t0_utc=at(1.0))
    assert len(grouped([flight, there])) == 1


def test_tests_join_tests_only() -> None:
    assert len(grouped([gbm(), gbm("FLT_POS", is_test=True)])) == 2
    assert len(grouped([gbm(is_test=True), integral("SPIACS", t0_utc=at(1.0), is_test=True)])) == 1


def test_a_test_of_the_same_name_has_another_identifier() -> None:
    assert new_event_id(lvk(is_test=True)) == "test-s230518h"
    assert new_event_id(lvk()) == "s230518h"


def test_test_triggers_that_repeat_a_number_for_ever_are_separate_events() -> None:
    times = [datetime(2023, 5, day, 1, 0, 12, tzinfo=UTC) for day in (1, 2, 3)]
    notices = [gbm("FLT_POS", number=99999, t0_utc=t, is_test=True, notice_id=f"{t}") for t in times]
    assert len(grouped(notices)) == 3


def test_a_stale_replay_does_not_join_the_live_trigger() -> None:
    assert len(grouped([gbm(), gbm("FLT_POS", is_stale=True)])) == 2
    assert new_event_id(gbm(is_stale=True)).startswith("stale-")


def test_a_superevent_is_revised_for_months() -> None:
    late = lvk(Phase.UPDATE, issued_s=38 * 86400.0, is_stale=True)
    assert len(grouped([lvk(), late])) == 1
    assert len(grouped([late, lvk()])) == 1


def test_numbers_shared_by_imager_and_shield_are_two_events() -> None:
    weak = integral("WEAK", number=8247, t0_utc=datetime(2019, 4, 1, 2, 29, 43, tzinfo=UTC))
    shield = integral("SPIACS", number=8247, t0_utc=datetime(2019, 4, 1, 2, 35, 25, tzinfo=UTC))
    assert len(grouped([weak, shield])) == 2


def test_an_integral_number_used_again_minutes_later_elsewhere_is_another_event() -> None:
    first = integral("WAKEUP")
    again = integral("WAKEUP", t0_utc=at(170.0), ra_deg=293.7, dec_deg=21.9, notice_id="again")
    assert len(grouped([first, again])) == 2


def test_an_integral_sequence_whose_time_moves_by_minutes_at_one_place_is_one_event() -> None:
    notices = [integral("WAKEUP"), integral("REFINED", t0_utc=at(174.0)), not_a_grb(t0_utc=at(174.0), issued_s=500)]
    assert len(grouped(notices)) == 1
    assert len(grouped(notices[::-1])) == 1


def test_two_neutrinos_of_one_day_are_two_events() -> None:
    other = icecube(run_event="137932_1791376", t0_utc=at(40000.0))
    assert len(grouped([icecube(), other])) == 2
    assert new_event_id(icecube()) != new_event_id(other)


def test_a_neutrino_that_comes_by_both_roads_is_one_event_with_one_identifier() -> None:
    assert len(grouped([icecube(), icecube(is_json=True)])) == 1
    assert new_event_id(icecube()) == new_event_id(icecube(is_json=True)) == "icecube-230518-137910-29871391"


def test_a_neutrino_named_without_run_and_event_is_found_by_its_time() -> None:
    by_name = icecube(is_json=True, event_ids=("IceCube-230518A",))
    assert len(grouped([icecube(), by_name])) == 1


def test_svom_exposures_an_hour_later_belong_to_their_burst() -> None:
    assert (
        len(
            grouped(
                [
                    svom("eclairs-wakeup"),
                    svom("mxt-initial", t_s=3200.0, details={"t0_is": "exposure"}),
                    svom("retraction", t_s=300.0),
                ]
            )
        )
        == 1
    )


def test_an_exposure_joins_no_burst_by_its_time() -> None:
    assert len(grouped([gbm(), svom("mxt-initial", t_s=3.0, details={"t0_is": "exposure"})])) == 2


def test_a_retraction_of_something_never_seen_founds_an_event() -> None:
    desk = Desk()
    event_id = desk.take(lvk(Phase.RETRACTION))
    assert event_id == "s230518h"
    assert desk.events[event_id].is_retracted
    assert desk.events[event_id].t0_utc is None
    assert desk.take(lvk(Phase.EARLY_WARNING, issued_s=10.0)) == event_id


def test_a_chain_of_pulses_is_followed_by_its_triggers_not_by_its_t0() -> None:
    chain = [gbm(), integral("SPIACS", t0_utc=at(18.0)), svom("grm-trigger", t_s=35.0)]
    assert len(grouped(chain)) == 1


def test_a_trigger_that_closes_a_gap_joins_the_nearer_and_names_the_other() -> None:
    desk = Desk().take_all([gbm(), svom("grm-trigger", t_s=35.0)])
    between = integral("SPIACS", t0_utc=at(16.0))
    candidates = desk.candidates(between)
    assert choose_event(between, candidates) == new_event_id(gbm())
    assert bridged_events(between, candidates) == (new_event_id(svom("grm-trigger", t_s=35.0)),)


def test_candidates_may_come_in_any_order() -> None:
    desk = Desk().take_all([gbm(), svom("grm-trigger", t_s=35.0)])
    between = integral("SPIACS", t0_utc=at(16.0))
    candidates = desk.candidates(between)
    assert choose_event(between, candidates) == choose_event(between, candidates[::-1])


def test_only_bursts_neutrinos_and_supernovae_have_candidates_by_time() -> None:
    assert time_interval(lvk()) is None
    interval = time_interval(gbm())
    assert interval is not None
    assert interval[0] < T0 < interval[1]
    assert time_interval(gbm(t0_utc=T0).__class__(stream="fermi_gbm", notice_type="unknown", notice_id="x")) is None


def test_an_event_that_lists_no_triggers_is_met_by_its_t0() -> None:
    bare = Event(id="bare", name="bare", kind=EventKind.GAMMA_RAY_BURST, t0_utc=T0, aliases=("gbm:1",))
    assert choose_event(integral("SPIACS", t0_utc=at(1.0)), [bare]) == "bare"


@pytest.mark.parametrize("kind", ["WAKEUP", "SPIACS"])
def test_identifiers_are_safe_in_addresses(kind: str) -> None:
    event_id = new_event_id(integral(kind))
    assert event_id.replace("-", "").isalnum()
    assert event_id == event_id.lower()


def test_supernova_alarms_of_several_networks_are_one_event() -> None:
    values = {"messenger": Messenger.NEUTRINO, "t0_utc": T0, "issued_utc": at(30.0)}
    snews = Notice(stream="snews_sk", notice_type="SNEWS", notice_id="a", event_ids=("131",), **values)
    sk = Notice(stream="snews_sk", notice_type="SK_SN", notice_id="b", event_ids=("10050",), **values)
    assert len(grouped([snews, sk])) == 1


def test_a_burst_trigger_joins_the_event_of_a_withdrawn_one() -> None:
    event = event_of(integral("WAKEUP"), not_a_grb(issued_s=400.0))
    assert event.is_retracted
    joined = choose_event(integral("SPIACS", number=4, t0_utc=at(3.0)), [event])
    assert joined == event.id
