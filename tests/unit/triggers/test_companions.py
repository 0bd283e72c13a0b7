"""Events that may be of one source, and how rare that is."""

import tomllib
from pathlib import Path

import pytest
from trigger_notices import at, event_of, gbm, icecube, integral, konus, lvk

from tocsin.domain.notices import Notice, Phase
from triggers.companions import Association, companions, event_rate_hz
from triggers.rules import Rules

CONFIG = Path(__file__).resolve().parents[3] / "config" / "rules.toml"
BOOK = Rules.from_config(tomllib.loads(CONFIG.read_text())).book
GW = event_of(lvk(), event_id="gw")


def found(*notices: Notice, overlap: float | None = None, gw: object = GW) -> tuple[Association, ...]:
    """Associations of the merger with the event of some notices."""
    other = event_of(*notices, event_id="other")
    overlaps = {} if overlap is None else {"other": overlap}
    return companions(gw, [other], windows=BOOK.windows, rates_hz=BOOK.rates_hz, overlaps=overlaps)  # type: ignore[arg-type]


def test_a_burst_1_7_s_after_a_merger_is_its_companion() -> None:
    (association,) = found(gbm(t0_utc=at(1.74)))
    assert association.window == "grb-cbc"
    assert association.difference_s == pytest.approx(1.74)
    assert association.joint_far_hz == pytest.approx(3.2e-10 * BOOK.rates_hz["gbm"] * 6.0)
    assert association.chance_probability == pytest.approx(BOOK.rates_hz["gbm"] * 6.0, rel=1e-3)
    assert not association.is_cited


def test_a_burst_3_s_before_a_merger_is_not_in_its_narrow_window() -> None:
    (association,) = found(gbm(t0_utc=at(-3.0)))
    assert association.window == "grb-gw"
    assert found(gbm(t0_utc=at(-100.0))) == ()


def test_the_light_travel_time_of_the_craft_widens_the_window() -> None:
    assert found(integral("SPIACS", t0_utc=at(-1.4)))[0].window == "grb-cbc"
    assert found(konus(t0_utc=at(11.0)))[0].window == "grb-cbc"
    assert found(gbm(t0_utc=at(-1.4)))[0].window == "grb-gw"


def test_the_overlap_of_the_skies_divides_the_rate() -> None:
    in_time = found(gbm(t0_utc=at(1.74)))[0].joint_far_hz
    assert in_time is not None
    assert found(gbm(t0_utc=at(1.74)), overlap=10.0)[0].joint_far_hz == pytest.approx(in_time / 10.0)


def test_a_merger_is_the_companion_of_the_burst_with_the_same_difference() -> None:
    burst = event_of(gbm(t0_utc=at(1.74)), event_id="grb")
    (association,) = companions(burst, [GW], windows=BOOK.windows, rates_hz=BOOK.rates_hz)
    assert association.other_id == "gw"
    assert association.difference_s == pytest.approx(1.74)


def test_a_neutrino_near_a_merger_is_weighed_by_its_own_false_alarm_rate() -> None:
    (association,) = found(icecube(t0_utc=at(-400.0)))
    assert association.joint_far_hz == pytest.approx(3.2e-10 * 2.4e-8 * 1000.0)


def test_tests_retracted_and_stale_events_and_those_of_one_kind_are_no_companions() -> None:
    assert found(gbm(t0_utc=at(1.0), is_test=True)) == ()
    assert found(gbm(t0_utc=at(1.0), is_stale=True)) == ()
    assert found(integral("OFFLINE", t0_utc=at(1.0), is_retraction=True)) == ()
    assert found(lvk(name="S230518i")) == ()


def test_a_cited_burst_is_a_companion_wherever_it_lies() -> None:
    cites = lvk(details={"external_notice_id": "706107553", "external_observatory": "Fermi"})
    (association,) = found(gbm(t0_utc=at(5000.0)), gw=event_of(cites, event_id="gw"))
    assert association.is_cited
    assert association.window == "cited"
    assert association.joint_far_hz is None


def test_an_association_is_as_restricted_as_its_events() -> None:
    (association,) = found(icecube(labels=frozenset({"antares"})))
    assert association.labels == {"antares"}


def test_the_rarest_pair_comes_first_and_unknown_rates_last() -> None:
    events = [
        event_of(gbm(t0_utc=at(1.0)), event_id="a"),
        event_of(gbm(t0_utc=at(1.0), far_hz=1e-12), event_id="b"),
        event_of(
            Notice(stream="hawc", notice_type="HAWC", notice_id="h", event_ids=("1",), t0_utc=at(2.0)), event_id="c"
        ),
    ]
    order = companions(GW, events, windows=BOOK.windows, rates_hz={"gbm": 1e-6})
    assert [association.other_id for association in order] == ["b", "a", "c"]


def test_a_retraction_without_time_has_no_companions_and_unknown_families_no_rate() -> None:
    assert found(gbm(), gw=event_of(lvk(Phase.RETRACTION), event_id="gw")) == ()
    assert event_rate_hz(event_of(gbm()), {}) is None


def test_the_interval_for_companions_holds_the_widest_window() -> None:
    rules = Rules.from_config(tomllib.loads(CONFIG.read_text()))
    interval = rules.association_interval(GW)
    assert interval is not None
    assert interval[0] < at(-600.0) < at(600.0) < interval[1]
    assert rules.association_interval(event_of(lvk(Phase.RETRACTION))) is None
    burst = event_of(gbm(t0_utc=at(1.74)), event_id="grb")
    assert [association.other_id for association in rules.associate(GW, [burst])] == ["grb"]


def test_a_merger_with_a_burst_is_a_counterpart_by_the_shipped_rules() -> None:
    rules = Rules.from_config(tomllib.loads(CONFIG.read_text()))
    burst = event_of(gbm("FLT_POS", t0_utc=at(1.74)), event_id="grb")
    associations = rules.associate(burst, [GW])
    assert rules.judge(burst).rule == "gbm-burst"
    assert rules.judge(burst, associations=associations).rule == "counterpart"
