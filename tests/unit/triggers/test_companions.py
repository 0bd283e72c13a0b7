"""Events that may be of one source, and how rare that is."""

import math
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from trigger_notices import at, event_of, gbm, icecube, integral, konus, lvk

from tocsin.domain.events import Event
from tocsin.domain.notices import Messenger, Notice, Phase
from triggers.coincidence import YEAR_S
from triggers.coincidence_config import read_coincidence_book
from triggers.companions import Association, companions, is_no_burst, windows_for
from triggers.joint_far import LEAST_FAR_HZ
from triggers.rules import Rules
from triggers.wording import describe_association

CONFIG = Path(__file__).resolve().parents[3] / "config"
BOOK = read_coincidence_book(tomllib.loads((CONFIG / "coincidence.toml").read_text()), file="coincidence.toml")
RULES = Rules.from_config(tomllib.loads((CONFIG / "rules.toml").read_text()), coincidence=BOOK)
GW = event_of(lvk(), event_id="gw")
BURSTS_HZ = BOOK.streams["bursts"].rate_hz
#: Light across a low orbit widens each end of a window by this, s.
ORBIT_S = 0.0233


def found(*notices: Notice, overlap: float | None = None, gw: Event = GW) -> tuple[Association, ...]:
    """Associations of the merger with the event of some notices."""
    other = event_of(*notices, event_id="other")
    return companions(gw, [other], book=BOOK, overlaps={} if overlap is None else {"other": overlap})


def guano(t_s: float, far_hz: float | None) -> Notice:
    return Notice(
        stream="swift",
        notice_type="swift/bat/Guano",
        notice_id=f"guano-{t_s}",
        event_ids=("740000000",),
        messenger=Messenger.GAMMA_RAY,
        t0_utc=at(t_s),
        issued_utc=at(900.0),
        far_hz=far_hz,
    )


def test_grb_170817a_is_in_the_window_for_mergers() -> None:
    t_gw = datetime(2017, 8, 17, 12, 41, 4, 400000, tzinfo=UTC)
    gw = event_of(lvk(name="S170817a", t0_utc=t_gw), event_id="gw")
    burst = event_of(gbm(number=524666471, t0_utc=datetime(2017, 8, 17, 12, 41, 6, 140000, tzinfo=UTC)), event_id="g")
    (one,) = companions(gw, [burst], book=BOOK)
    assert one.window == "grb-cbc"
    assert one.difference_s == pytest.approx(1.74)
    assert one.association_chance == pytest.approx(6.2e-5, rel=0.02)
    assert one.joint_far_hz == pytest.approx(3.2e-10 * BURSTS_HZ * (6.0 + 2 * ORBIT_S))
    assert not one.is_cited
    assert one.trials == 1


def test_a_burst_3_s_before_a_merger_is_in_no_window_at_all() -> None:
    assert found(gbm(t0_utc=at(-3.0))) == ()
    assert found(gbm(t0_utc=at(300.0))) == ()


def test_around_an_unmodelled_signal_a_burst_may_be_ten_minutes_late() -> None:
    burst_gw = event_of(lvk(details={"group": "Burst"}), event_id="gw")
    assert found(gbm(t0_utc=at(-3.0)), gw=burst_gw)[0].window == "grb-gw-burst"
    assert found(gbm(t0_utc=at(599.0)), gw=burst_gw) != ()
    assert found(gbm(t0_utc=at(-61.0)), gw=burst_gw) == ()
    unstated = lvk()
    unstated = replace(unstated, details={k: v for k, v in unstated.details.items() if k != "group"})
    assert found(gbm(t0_utc=at(300.0)), gw=event_of(unstated, event_id="gw"))[0].window == "grb-gw-burst"


def test_where_the_time_was_taken_widens_the_window_and_the_expectation() -> None:
    (shield,) = found(integral("SPIACS", t0_utc=at(-1.9)))
    assert shield.margin_s == pytest.approx(1.01)
    assert shield.length_s == pytest.approx(8.02)
    assert shield.association_chance == pytest.approx(BURSTS_HZ * 8.02, rel=1e-3)
    assert found(konus(t0_utc=at(10.0)))[0].window == "grb-cbc"
    assert found(konus(t0_utc=at(12.5))) == ()
    assert found(gbm(t0_utc=at(-1.02))) != ()
    assert found(gbm(t0_utc=at(-1.05))) == ()


def test_the_overlap_of_the_skies_divides_both_numbers() -> None:
    (in_time,), (in_sky,) = found(gbm(t0_utc=at(1.74))), found(gbm(t0_utc=at(1.74)), overlap=10.0)
    assert in_time.joint_far_hz is not None
    assert in_time.association_chance is not None
    assert in_sky.joint_far_hz == pytest.approx(in_time.joint_far_hz / 10.0)
    assert in_sky.association_chance == pytest.approx(in_time.association_chance / 10.0, rel=1e-3)
    (apart,) = found(gbm(t0_utc=at(1.74)), overlap=0.0)
    assert apart.joint_far_hz == math.inf
    assert apart.association_chance == 1.0


def test_a_merger_is_the_companion_of_the_burst_with_the_same_difference() -> None:
    burst = event_of(gbm(t0_utc=at(1.74)), event_id="grb")
    (one,) = companions(burst, [GW], book=BOOK)
    assert one.other_id == "gw"
    assert one.difference_s == pytest.approx(1.74)
    assert one.joint_far_hz == found(gbm(t0_utc=at(1.74)))[0].joint_far_hz


def test_a_neutrino_is_looked_for_in_two_windows_and_both_are_paid_for() -> None:
    neutrinos_hz = BOOK.streams["neutrinos"].rate_hz
    margin_s = 2.0 * ORBIT_S
    (near,), (far,) = found(icecube(t0_utc=at(-8.0))), found(icecube(t0_utc=at(-400.0)))
    assert (near.window, near.trials) == ("neutrino-gw-10s", 2)
    assert near.joint_far_hz == pytest.approx(2.0 * 3.2e-10 * neutrinos_hz * (20.0 + margin_s))
    assert (far.window, far.trials) == ("neutrino-gw-500s", 2)
    assert far.joint_far_hz == pytest.approx(2.0 * 3.2e-10 * neutrinos_hz * (1000.0 + margin_s))
    assert [window.name for window in windows_for(GW, BOOK) if window.second.name == "neutrinos"] == [
        "neutrino-gw-10s",
        "neutrino-gw-500s",
    ]


def test_a_neutrino_near_a_burst_is_weighed_by_its_own_false_alarm_rate() -> None:
    burst = event_of(gbm(t0_utc=at(0.0)), event_id="grb")
    neutrino = event_of(icecube(t0_utc=at(100.0)), event_id="nu")
    (one,) = companions(burst, [neutrino], book=BOOK)
    assert one.window == "neutrino-grb"
    assert one.joint_far_hz == pytest.approx(2.4e-8 * BURSTS_HZ * (1000.0 + 4.0 * ORBIT_S))
    assert one.rate_hz == BURSTS_HZ


def test_sub_threshold_bursts_have_windows_of_their_own() -> None:
    fermi = Notice(
        stream="fermi_gbm_subthresh",
        notice_type="FERMI_GBM_SUBTHRESH",
        notice_id="s",
        event_ids=("551073445",),
        t0_utc=at(10.9),
    )
    assert found(fermi)[0].window == "fermi-subthreshold-cbc"
    assert found(replace(fermi, t0_utc=at(-1.5))) == ()
    gw = event_of(lvk(far_hz=1e-6), event_id="gw")
    (one,) = found(guano(19.9, 1e-4), gw=gw)
    assert one.window == "swift-subthreshold-cbc"
    year_s = 365.25 * 86400.0
    z = (30.0 + 2 * ORBIT_S) * 1e-6 * 1e-4
    z_max = (30.0 + 2 * ORBIT_S) * (730.5 / year_s) * (31557.6 / year_s)
    assert one.joint_far_hz == pytest.approx(z * (1.0 - math.log(z / z_max)))


def test_a_fast_radio_burst_is_looked_for_at_infinite_frequency_as_often_as_raven_counts_them() -> None:
    def radio(t_s: float, *, delay_s: float = 7.25, **changes: str) -> Notice:
        return Notice(
            stream=changes.get("stream", "chime"),
            notice_type="chime/frb",
            notice_id=f"frb-{t_s}",
            event_ids=("427325191",),
            messenger=Messenger.RADIO,
            t0_utc=at(t_s),
            details={"dispersion_delay_s": delay_s},
        )

    (one,) = found(radio(9.25))
    assert (one.window, one.trials) == ("frb-cbc", 1)
    assert one.difference_s == pytest.approx(2.0)
    assert one.rate_hz == pytest.approx(485.0 / YEAR_S)
    assert one.length_s is not None
    assert one.joint_far_hz == pytest.approx(3.2e-10 * 485.0 / YEAR_S * one.length_s)
    assert found(radio(20.0)) == ()
    assert found(radio(9.25, stream="dsa110"))[0].window == "frb-cbc"
    assert found(radio(20.0, delay_s=15.0))[0].difference_s == pytest.approx(5.0)
    assert {window.name for window in windows_for(GW, BOOK)} >= {"grb-cbc", "frb-cbc", "neutrino-gw-10s"}


def test_a_targeted_pair_without_both_rates_or_beyond_the_thresholds_has_no_joint_rate() -> None:
    assert found(guano(5.0, None))[0].joint_far_hz is None
    beyond = event_of(lvk(far_hz=2.4e-5), event_id="gw")
    assert found(guano(5.0, 1.1e-3), gw=beyond)[0].joint_far_hz is None
    assert found(guano(5.0, 1.1e-3), gw=beyond)[0].association_chance is not None


def test_a_measured_rate_goes_before_that_of_the_book() -> None:
    burst = event_of(gbm(t0_utc=at(1.74)), event_id="grb")
    (one,) = companions(GW, [burst], book=BOOK, rates_hz={"bursts": 2.0 * BURSTS_HZ})
    assert one.joint_far_hz == pytest.approx(2.0 * (found(gbm(t0_utc=at(1.74)))[0].joint_far_hz or 0.0))


def test_a_far_of_nothing_is_a_limit() -> None:
    gw = event_of(lvk(far_hz=1.1e-41), event_id="gw")
    (one,) = found(gbm(t0_utc=at(1.0)), gw=gw)
    assert one.joint_far_is_limit
    assert one.joint_far_hz == pytest.approx(LEAST_FAR_HZ * BURSTS_HZ * (6.0 + 2 * ORBIT_S))


def test_tests_retracted_and_stale_events_and_those_of_one_kind_are_no_companions() -> None:
    assert found(gbm(t0_utc=at(1.0), is_test=True)) == ()
    assert found(gbm(t0_utc=at(1.0), is_stale=True)) == ()
    assert found(integral("OFFLINE", t0_utc=at(1.0), is_retraction=True)) == ()
    assert found(lvk(name="S230518i")) == ()


def test_what_is_no_burst_is_no_companion() -> None:
    flare = gbm("FLT_POS", t0_utc=at(1.0), classification={"solar_flare": 0.9, "GRB": 0.05})
    assert found(flare) == ()
    assert is_no_burst(event_of(flare))
    assert not is_no_burst(event_of(gbm("FLT_POS")))
    assert not is_no_burst(event_of(gbm()))


def test_a_cited_burst_is_a_companion_wherever_it_lies() -> None:
    cites = lvk(details={"external_notice_id": "706107553", "external_observatory": "Fermi"})
    (one,) = found(gbm(t0_utc=at(5000.0)), gw=event_of(cites, event_id="gw"))
    assert one.is_cited
    assert one.window == "cited"
    assert one.joint_far_hz is None


@pytest.mark.parametrize(
    ("overlap", "said"),
    [
        (None, "May be one source"),
        (31.4, "sky overlap 31.4."),
        (2e-8, "skies speak against one source (overlap 2e-08)"),
    ],
)
def test_words_say_where_the_skies_of_two_events_speak_against_one_source(overlap: float | None, said: str) -> None:
    (one,) = found(gbm(), overlap=overlap)
    words = describe_association(one)
    assert said in words
    assert ("May be one source" in words) is (overlap is None or overlap >= 1.0)


def test_an_association_is_as_restricted_as_its_events() -> None:
    (one,) = found(icecube(labels=frozenset({"antares"})))
    assert one.labels == {"antares"}


def test_the_rarest_pair_comes_first_and_unknown_rates_last() -> None:
    gw = event_of(lvk(far_hz=1e-6), event_id="gw")
    events = [
        event_of(gbm(t0_utc=at(1.0)), event_id="a"),
        event_of(guano(1.0, 1e-10), event_id="b"),
        event_of(guano(2.0, None), event_id="c"),
    ]
    order = companions(gw, events, book=BOOK)
    assert [one.other_id for one in order] == ["a", "b", "c"] or [one.other_id for one in order] == ["b", "a", "c"]
    assert order[-1].joint_far_hz is None


def test_a_retraction_without_time_has_no_companions() -> None:
    assert found(gbm(), gw=event_of(lvk(Phase.RETRACTION), event_id="gw")) == ()


def test_the_interval_for_companions_holds_the_widest_window() -> None:
    interval = RULES.association_interval(GW)
    assert interval is not None
    assert interval[0] < at(-600.0) < at(600.0) < interval[1]
    assert RULES.association_interval(event_of(lvk(Phase.RETRACTION))) is None
    burst = event_of(gbm(t0_utc=at(1.74)), event_id="grb")
    assert [one.other_id for one in RULES.associate(GW, [burst])] == ["grb"]


def test_a_merger_with_a_burst_is_a_counterpart_by_the_shipped_rules() -> None:
    burst = event_of(gbm("FLT_POS", t0_utc=at(1.74)), event_id="grb")
    associations = RULES.associate(burst, [GW])
    assert RULES.judge(burst).rule == "gbm-burst"
    assert RULES.judge(burst, associations=associations).rule == "counterpart"
