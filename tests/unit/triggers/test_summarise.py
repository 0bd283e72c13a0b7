"""The event as its notices tell it."""

import json
from datetime import timedelta

import pytest
from trigger_notices import T0, at, event_of, gbm, icecube, integral, konus, lvk, not_a_grb, skymap, stored, svom

from tocsin.domain.events import EventKind
from tocsin.domain.notices import Messenger, Phase, SkyMapReference
from triggers.event import from_record, summarise, to_record


def test_an_event_needs_a_notice() -> None:
    with pytest.raises(ValueError, match="at least one notice"):
        summarise("empty", [])


def test_a_superevent_takes_the_values_of_the_notice_issued_last() -> None:
    update = lvk(Phase.UPDATE, issued_s=900.0, far_hz=1e-12, t0_utc=at(0.004), classification={"BNS": 1.0})
    for order in ((lvk(), update), (update, lvk())):
        event = event_of(*order)
        assert event.far_hz == 1e-12
        assert event.t0_utc == at(0.004)
        assert event.classification == {"BNS": 1.0}
        assert event.phase is Phase.UPDATE
        assert event.is_significant
        assert event.kind is EventKind.GRAVITATIONAL_WAVE


def test_the_sky_map_is_of_the_latest_notice_that_has_one() -> None:
    notices = [
        lvk(skymap=skymap("first")),
        lvk(Phase.INITIAL, issued_s=600.0, skymap=skymap("second")),
        lvk(Phase.UPDATE, issued_s=900.0),
    ]
    event = event_of(*notices)
    assert event.skymap == skymap("second")
    assert event.skymap_notice_key == 2


def test_the_bytes_of_a_sky_map_stay_with_the_notice() -> None:
    event = event_of(lvk(skymap=SkyMapReference(content=b"SIMPLE")))
    assert event.skymap == SkyMapReference()
    assert event.skymap_notice_key == 1


def test_significance_lost_by_an_update_is_lost() -> None:
    event = event_of(lvk(), lvk(Phase.UPDATE, issued_s=900.0, details={"significant": False}))
    assert event.is_significant is False


def test_a_retraction_withdraws_the_event_and_keeps_what_was_known() -> None:
    event = event_of(lvk(Phase.EARLY_WARNING), lvk(Phase.RETRACTION, issued_s=900.0))
    assert event.is_retracted
    assert event.phase is Phase.RETRACTION
    assert event.t0_utc == T0
    assert event.far_hz == 3.2e-10


def test_a_retraction_of_the_same_second_comes_last() -> None:
    event = event_of(lvk(Phase.RETRACTION, issued_s=60.0), lvk(Phase.INITIAL, issued_s=60.0))
    assert event.is_retracted


def test_an_older_notice_that_arrives_after_the_retraction_does_not_revive_the_event() -> None:
    event = event_of(lvk(Phase.RETRACTION, issued_s=900.0), lvk(Phase.INITIAL, issued_s=600.0))
    assert event.is_retracted


def test_an_automatic_notice_issued_after_the_retraction_does_not_revive_the_event() -> None:
    event = event_of(lvk(), lvk(Phase.RETRACTION, issued_s=900.0), lvk(Phase.PRELIMINARY, issued_s=950.0))
    assert event.is_retracted


def test_a_notice_people_looked_at_takes_an_earlier_retraction_back() -> None:
    event = event_of(lvk(), lvk(Phase.RETRACTION, issued_s=900.0), lvk(Phase.UPDATE, issued_s=2000.0))
    assert not event.is_retracted
    assert event.phase is Phase.UPDATE


def test_missions_that_retract_by_machine_never_take_a_retraction_back() -> None:
    late = svom("slewing", issued_s=950.0, phase=Phase.UPDATE)
    assert event_of(svom("eclairs-wakeup"), svom("retraction", issued_s=900.0), late).is_retracted


def test_an_offline_analysis_takes_an_earlier_one_back() -> None:
    assert not event_of(integral("WAKEUP"), not_a_grb(issued_s=400.0), integral("OFFLINE", issued_s=900.0)).is_retracted


def test_a_retraction_alone_has_no_time_but_what_it_states() -> None:
    event = event_of(lvk(Phase.RETRACTION))
    assert event.t0_utc is None
    assert event.is_retracted
    assert event.name == "S230518h"
    assert event_of(lvk(Phase.RETRACTION, t0_utc=T0)).t0_utc == T0


def test_the_time_of_a_retraction_gives_way_to_any_other() -> None:
    assert event_of(svom("retraction", t_s=-50.0, issued_s=900.0), svom("eclairs-wakeup")).t0_utc == T0


def test_integral_retracts_by_an_offline_notice_that_is_no_burst() -> None:
    event = event_of(integral("WAKEUP"), not_a_grb(issued_s=400.0), integral("REFINED", issued_s=450.0))
    assert event.is_retracted


def test_a_burst_that_another_craft_saw_outlives_integrals_retraction() -> None:
    event = event_of(gbm("FLT_POS"), integral("WAKEUP", t0_utc=at(3.0)), not_a_grb(t0_utc=at(3.0), issued_s=400.0))
    assert not event.is_retracted
    assert event.details["retracted_triggers"] == "integral-ibis:10311"
    assert event.ra_deg == 200.0


def test_the_first_trigger_time_of_a_moving_sequence_is_kept() -> None:
    notices = [
        integral("REFINED", t0_utc=at(14.0)),
        integral("WAKEUP"),
        integral("REFINED", t0_utc=at(7.0), issued_s=99.0),
    ]
    assert event_of(*notices).t0_utc == T0


def test_gbm_positions_rank_by_type_not_by_time() -> None:
    early_final = gbm("FIN_POS", issued_s=30.0, ra_deg=1.0, dec_deg=1.0)
    event = event_of(early_final, gbm("GND_POS", issued_s=60.0), gbm("FLT_POS", issued_s=90.0), gbm(issued_s=100.0))
    assert event.ra_deg == 1.0
    assert event.error_radius_deg == 2.0
    assert event.phase is Phase.FINAL


def test_classes_of_a_flight_position_outlive_a_final_one_that_has_none() -> None:
    event = event_of(gbm("FLT_POS", issued_s=30.0), gbm("FIN_POS", issued_s=500.0))
    assert event.classification["GRB"] == 0.9


def test_the_smallest_error_wins_among_craft() -> None:
    event = event_of(gbm("FIN_POS"), integral("WAKEUP", t0_utc=at(1.0), ra_deg=201.0, dec_deg=-23.0))
    assert event.ra_deg == 201.0
    assert event.error_radius_deg == 0.05


def test_positions_that_disagree_are_said_to() -> None:
    event = event_of(gbm("FIN_POS"), integral("WAKEUP", t0_utc=at(1.0)))
    assert event.details["positions_disagree"] is True


def test_revision_two_counts_without_revision_one_and_before_it() -> None:
    for order in ((icecube(), icecube(2)), (icecube(2, issued_s=60.0), icecube(1, issued_s=90.0), icecube())):
        assert event_of(*order).ra_deg == 53.3


def test_the_json_copy_of_a_revision_counts_over_the_classic_one() -> None:
    json = icecube(1, is_json=True, issued_s=100.0, far_hz=1e-9)
    event = event_of(icecube(), json, icecube(1, issued_s=200.0))
    assert event.far_hz == 1e-9
    assert event.streams == ("icecube_classic", "icecube")


def test_t0_is_taken_nearest_the_earth() -> None:
    event = event_of(konus(t0_utc=at(-4.0)), integral("SPIACS", t0_utc=at(0.4)), gbm(t0_utc=at(1.0)))
    assert event.t0_utc == at(1.0)
    assert "Fermi-GBM" in event.t0_origin
    assert event_of(konus()).t0_origin == "Konus-Wind KONUS_LC, within 7 s of the Earth"


def test_gbm_gives_the_time_and_the_classes_of_what_calet_saw_a_moment_before() -> None:
    calet = gbm(stream="calet", notice_type="CALET_GBM_FLT_LC", notice_id="c", event_ids=("1",), t0_utc=at(-3.0))
    event = event_of(calet, gbm("FLT_POS"))
    assert event.t0_utc == T0
    assert event.classification["GRB"] == 0.9
    assert event_of(integral("SPIACS"), gbm("FLT_POS")).classification["GRB"] == 0.9


def test_instruments_of_one_craft_are_one_witness() -> None:
    assert event_of(integral("WAKEUP"), integral("SPIACS", number=3)).details["craft_count"] == 1
    assert event_of(gbm(), integral("SPIACS")).details["craft_count"] == 2


def test_strengths_are_kept_for_each_instrument() -> None:
    event = event_of(gbm(signal_to_noise=5.0), gbm("FLT_POS", signal_to_noise=86.5), integral("SPIACS"))
    assert event.details["signal_to_noise.gbm"] == 86.5
    assert event.details["signal_to_noise.integral-spiacs"] == 9.5


def test_an_event_is_a_test_only_if_all_its_notices_are() -> None:
    assert event_of(gbm(is_test=True)).is_test
    assert not event_of(gbm(is_test=True), gbm("FLT_POS")).is_test


def test_labels_aliases_messengers_and_keys_are_collected() -> None:
    event = event_of(icecube(labels=frozenset({"icecube"})), icecube(1, issued_s=900.0))
    assert event.labels == {"icecube"}
    assert event.aliases == ("icecube:137910_29871391",)
    assert event.messengers == (Messenger.NEUTRINO,)
    assert event.notice_keys == (1, 2)
    assert event.first_issued_utc == at(60.0)


def test_an_audience_sees_the_event_of_its_own_notices() -> None:
    everything = [
        stored(lvk(), 1),
        stored(lvk(Phase.UPDATE, issued_s=900.0, labels=frozenset({"lvk"}), far_hz=1e-15), 2),
    ]
    public = summarise("e", [s for s in everything if not s.notice.labels])
    assert public.far_hz == 3.2e-10
    assert public.labels == frozenset()


def test_cited_bursts_are_listed() -> None:
    event = event_of(lvk(details={"external_notice_id": "707488534", "external_observatory": "Fermi"}))
    assert event.details["cites"] == "gbm:707488534"


def test_a_late_exposure_does_not_move_a_burst() -> None:
    assert (
        event_of(
            svom("mxt-initial", t_s=-9.0, details={"t0_is": "exposure"}), svom("eclairs-wakeup", issued_s=1800.0)
        ).t0_utc
        == T0
    )


def test_an_event_without_any_time_of_issue_is_summarised() -> None:
    event = event_of(gbm(issued_utc=None))
    assert event.first_issued_utc is None
    assert event.t0_utc == T0


@pytest.mark.parametrize(
    "notices",
    [
        (lvk(skymap=skymap("a")), lvk(Phase.UPDATE, issued_s=900.0)),
        (gbm("FLT_POS"), integral("SPIACS", t0_utc=T0 + timedelta(seconds=1.25))),
        (lvk(Phase.RETRACTION),),
        (icecube(labels=frozenset({"b", "a"})),),
    ],
)
def test_a_record_gives_the_same_event_back_through_json(notices: tuple) -> None:
    event = event_of(*notices)
    assert from_record(json.loads(json.dumps(to_record(event)))) == event


def test_a_record_of_a_later_version_is_read() -> None:
    event = event_of(lvk())
    assert from_record(to_record(event) | {"added_later": 1}) == event
