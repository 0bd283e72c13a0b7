"""Events: found by identifier or time, changed, listed page by page, and seen by each as far as allowed."""

from dataclasses import replace
from typing import Any

import pytest
from store_values import PUBLIC, SECRET, add_event, add_notice, at, decision, event_value, product

from tocsin.domain.clock import ManualClock
from tocsin.domain.events import EventKind, EventState, Tier
from tocsin.domain.notices import Messenger
from tocsin.domain.products import ProductKind
from tocsin.store import EventSelection, SkyRegion, Store, UnitOfWork
from tocsin.store.columns import to_micros

TIMES = {"start_utc", "stop_utc", "clearance", "limit", "before"}


def ids(work: UnitOfWork, **filters: Any) -> list[str]:
    selection = EventSelection(**{name: value for name, value in filters.items() if name not in TIMES})
    rows, _ = work.event_rows(selection, **{name: value for name, value in filters.items() if name in TIMES})
    return [row.id for row in rows]


def test_an_event_is_made_once(store: Store) -> None:
    with store.begin() as work:
        make = {"t0_utc": at(0), "name": "n", "is_test": False, "is_replay": True, "labels": PUBLIC}
        assert work.add_event("e", kind=EventKind.NEUTRINO, created_utc=at(1), **make)
        assert not work.add_event("e", kind=EventKind.OTHER, created_utc=at(2), **make)
        row = work.event_row("e")
    assert row is not None
    assert (row.kind, row.state, row.tier, row.revision) == (EventKind.NEUTRINO, EventState.OPEN, Tier.RECORD, 0)
    assert (row.created_utc, row.first_page_ms, row.is_replay, row.is_partial) == (at(1), None, True, False)


def test_candidates_share_an_alias_or_lie_in_the_interval(store: Store) -> None:
    with store.begin() as work:
        for seconds in range(5):
            add_event(work, f"e{seconds}", seconds=seconds)
        add_event(work, "timeless", seconds=None)
        work.add_aliases("e4", ["gbm:4", "lvk:S4"])
        work.add_aliases("e4", ["gbm:4"])
        work.add_aliases("timeless", ["lvk:S4"])
        assert work.candidate_event_ids(["gbm:4"], at(1), at(2)) == ["e1", "e2", "e4"]
        assert work.candidate_event_ids(["lvk:S4"], None, None) == ["e4", "timeless"]
        assert work.candidate_event_ids([], at(0.000001), at(0.999999)) == []
        assert work.candidate_event_ids([], at(3), at(3)) == ["e3"]
        assert work.aliases("e4") == ["gbm:4", "lvk:S4"]
        assert work.events_by_alias("lvk:S4") == ["e4", "timeless"]
        assert work.events_by_alias("e1") == ["e1"]


def test_saving_an_event_raises_its_revision_and_keeps_its_aliases(store: Store, clock: ManualClock) -> None:
    with store.begin() as work:
        add_event(work)
    clock.advance(50)
    with store.begin() as work:
        assert work.save_event(event_value(), summary_record={"ra_deg": 1.5}) == 1
        assert work.save_event(event_value(), summary_record={"ra_deg": 2.5}) == 2
        assert work.save_event(event_value(), summary_record={"ra_deg": 3.5}, bumps_revision=False) == 2
        row = work.event_row("grb-1")
        assert work.aliases("grb-1") == ["gbm:1", "lvk:S1"]
    assert row is not None
    assert (row.name, row.t0_utc, row.updated_utc, row.summary_record) == ("GRB 1", at(1), at(50), {"ra_deg": 3.5})


def test_state_tier_and_first_page_are_set_and_the_first_page_only_once(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        work.set_event_state("grb-1", EventState.NOTIFIED)
        work.set_event_tier("grb-1", Tier.WAKE)
        assert work.set_first_page_ms("grb-1", 412.5)
        assert not work.set_first_page_ms("grb-1", 9000.0)
        row = work.event_row("grb-1")
    assert row is not None
    assert (row.state, row.tier, row.first_page_ms) == (EventState.NOTIFIED, Tier.WAKE, 412.5)


def test_changing_an_event_that_is_not_there_is_an_error(store: Store) -> None:
    with store.begin() as work:
        with pytest.raises(LookupError, match="no event nowhere"):
            work.set_event_tier("nowhere", Tier.WAKE)
        with pytest.raises(LookupError, match="no event nowhere"):
            work.save_event(event_value("nowhere"), summary_record={})
    with store.read() as work:
        assert work.event_row("nowhere") is None


def test_events_are_listed_newest_t0_first_and_filtered(store: Store) -> None:
    with store.begin() as work:
        add_event(work, "gw-1", seconds=10, kind=EventKind.GRAVITATIONAL_WAVE)
        add_event(work, "gw-2", seconds=30, kind=EventKind.GRAVITATIONAL_WAVE, is_test=True)
        add_event(work, "nu_1", seconds=20, kind=EventKind.NEUTRINO)
        add_event(work, "nu-1", seconds=None, kind=EventKind.NEUTRINO)
        work.set_event_tier("gw-1", Tier.WAKE)
        placed = {"ra_deg": 120.0, "dec_deg": -30.0, "classification": {"BNS": 0.9, "NSBH": 0.05}}
        event = replace(event_value("nu_1"), kind=EventKind.NEUTRINO, t0_utc=at(20), streams=("icecube",), **placed)
        work.save_event(replace(event, messengers=(Messenger.NEUTRINO,)), summary_record={})
        work.add_aliases("nu_1", ["icecube:137840_57034692"])
        work.add_product(product("lc", event_id="nu_1", kind=ProductKind.LIGHT_CURVE))
        assert ids(work) == ["nu-1", "gw-2", "nu_1", "gw-1"]
        assert ids(work, kind=EventKind.GRAVITATIONAL_WAVE) == ["gw-2", "gw-1"]
        assert ids(work, is_test=False, kind=EventKind.GRAVITATIONAL_WAVE) == ["gw-1"]
        assert ids(work, tier=Tier.WAKE) == ["gw-1"]
        assert ids(work, stream="icecube") == ["nu_1"]
        assert ids(work, stream="ice") == [], "a name is not found by a part of it"
        assert ids(work, messenger=Messenger.NEUTRINO) == ["nu_1"]
        assert ids(work, instrument="SPI-ACS", kind=EventKind.NEUTRINO) == ["nu_1"]
        assert ids(work, classification="BNS") == ["nu_1"]
        assert ids(work, classification="NSBH") == [], "a class counts from 10 % on"
        assert ids(work, region=SkyRegion(ra_deg=125.0, dec_deg=-30.0, radius_deg=5.0)) == ["nu_1"]
        assert ids(work, region=SkyRegion(ra_deg=125.0, dec_deg=-30.0, radius_deg=4.0)) == []
        assert ids(work, text="NU_") == ["nu_1"]
        assert ids(work, text="57034692") == ["nu_1"]
        assert ids(work, text="%") == []
        assert ids(work, start_utc=at(10), stop_utc=at(30)) == ["nu_1", "gw-1"]


def test_pages_neither_repeat_nor_skip_while_events_are_added(store: Store) -> None:
    with store.begin() as work:
        for n in range(10):
            add_event(work, f"e{n}", seconds=n // 3)
        everything = ids(work)
    seen: list[str] = []
    cursor = None
    with store.begin() as work:
        for turn in range(4):
            rows, cursor = work.event_rows(limit=3, before=cursor)
            seen += [row.id for row in rows]
            add_event(work, f"newer-{turn}", seconds=1000 + turn)
    assert seen == everything
    assert cursor is None


def test_the_last_full_page_has_no_next_one(store: Store) -> None:
    with store.begin() as work:
        for n in range(3):
            add_event(work, f"e{n}", seconds=n)
        _, cursor = work.event_rows(limit=3)
    assert cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "12", "~", "1.5~e", "' OR 1=1 --"])
def test_what_is_no_cursor_is_refused(store: Store, cursor: str) -> None:
    with store.read() as work, pytest.raises(ValueError, match="is no cursor"):
        work.event_rows(before=cursor)


def test_an_event_is_listed_for_those_who_may_see_one_of_its_notices(store: Store) -> None:
    with store.begin() as work:
        for name, labels in (("public", PUBLIC), ("secret", SECRET), ("both", SECRET | {"internal"})):
            add_event(work, name, labels=labels)
            add_notice(work, name, name.encode(), labels=labels)
        add_event(work, "bare")
        assert ids(work, clearance=PUBLIC) == ["public"]
        assert ids(work, clearance=SECRET) == ["secret", "public"]
        assert ids(work, clearance=SECRET | {"internal"}) == ["secret", "public", "both"]
        assert ids(work) == ["secret", "public", "both", "bare"]
        assert work.event_row("secret", clearance=PUBLIC) is None


def mixed_event(work: UnitOfWork) -> None:
    """A public burst that a restricted neutrino was joined to, which made it loud and gave it its name."""
    add_event(work, "grb-1")
    add_notice(work, "grb-1", b"public", stream="fermi_gbm")
    add_notice(work, "grb-1", b"secret", labels=SECRET, stream="antares")
    work.save_event(
        replace(event_value(name="ANTARES-1"), kind=EventKind.NEUTRINO, labels=SECRET), summary_record={"secret": 1}
    )
    work.set_event_tier("grb-1", Tier.WAKE)


def test_a_restricted_notice_does_not_show_in_the_public_row_of_its_event(store: Store) -> None:
    with store.begin() as work:
        mixed_event(work)
        row = work.event_row("grb-1", clearance=PUBLIC)
        full = work.event_row("grb-1", clearance=SECRET)
    assert row is not None
    assert full is not None
    assert row.is_partial
    assert (row.name, row.kind, row.tier, row.summary_record) == ("grb-1", EventKind.OTHER, Tier.RECORD, {})
    assert (row.labels, row.t0_utc) == (PUBLIC, None)
    assert (full.name, full.is_partial, full.summary_record) == ("ANTARES-1", False, {"secret": 1})


def test_the_view_saved_for_an_audience_is_what_it_is_shown(store: Store) -> None:
    with store.begin() as work:
        mixed_event(work)
        work.save_view(event_value(name="old"), audience=PUBLIC, tier=Tier.TELL, summary_record={})
        work.save_view(event_value(name="GRB 1"), audience=PUBLIC, tier=Tier.TELL, summary_record={"ra_deg": 1})
        rows, _ = work.event_rows(clearance=frozenset({"icecube"}))
    assert [(row.name, row.tier, row.summary_record) for row in rows] == [("GRB 1", Tier.TELL, {"ra_deg": 1})]
    assert rows[0].t0_utc == at(1)


def test_filters_do_not_tell_what_the_asker_may_not_see(store: Store) -> None:
    with store.begin() as work:
        mixed_event(work)
        for filters in (
            {"stream": "antares"},
            {"tier": Tier.WAKE},
            {"tier": Tier.TELL},
            {"text": "ANTARES"},
            {"text": "nonsense"},
        ):
            assert ids(work, clearance=PUBLIC, **filters) == ["grb-1"], "all pass: to be filtered on the visible part"
        assert ids(work, clearance=SECRET, tier=Tier.TELL) == []


def test_decisions_come_back_with_their_reasons_as_far_as_their_notices_may_be_seen(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        public, secret = add_notice(work, "grb-1", b"1"), add_notice(work, "grb-1", b"2", labels=SECRET)
        work.add_decision("grb-1", public, decision(Tier.TELL), at(1))
        work.add_decision("grb-1", secret, replace(decision(), search_window_s=None), at(2))
        work.add_decision("grb-1", None, decision(), at(3))
    with store.read() as work:
        rows = work.decisions("grb-1")
        assert [(row.notice_key, row.at_utc) for row in rows] == [(public, at(1)), (secret, at(2)), (None, at(3))]
        assert rows[0].decision == decision(Tier.TELL)
        assert rows[1].decision.search_window_s is None
        assert [row.notice_key for row in work.decisions("grb-1", clearance=PUBLIC)] == [public, None]


def test_neither_the_order_nor_a_cursor_tells_a_hidden_time(store: Store) -> None:
    with store.begin() as work:
        for event_id, seconds in (("e1", 500), ("e2", 900), ("e3", 50)):
            labels = SECRET if event_id == "e2" else PUBLIC
            add_event(work, event_id, seconds=seconds, labels=labels)
            add_notice(work, event_id, payload=event_id.encode())
        seen = replace(event_value("e2"), t0_utc=at(100))
        work.save_view(seen, audience=PUBLIC, tier=Tier.TELL, summary_record={})
    with store.read() as work:
        public, cursor = work.event_rows(clearance=PUBLIC, limit=2)
        rest, _ = work.event_rows(clearance=PUBLIC, limit=2, before=cursor)
        assert ids(work) == ["e2", "e1", "e3"]
        assert ids(work, clearance=PUBLIC, start_utc=at(600)) == []
    assert [row.id for row in public + rest] == ["e1", "e2", "e3"]
    assert cursor == f"{to_micros(at(100))}~e2"


def test_each_audience_reads_its_own_decision_of_a_moment(store: Store) -> None:
    with store.begin() as work:
        add_event(work, labels=frozenset({"antares", "icecube"}))
        public, secret = add_notice(work, "grb-1", b"1"), add_notice(work, "grb-1", b"2", labels=SECRET)
        work.add_decision("grb-1", secret, decision(Tier.WAKE), at(1), labels=SECRET)
        for n, (labels, tier) in enumerate(((PUBLIC, Tier.RECORD), (SECRET, Tier.TELL))):
            work.add_decision("grb-1", public, decision(tier), at(2), labels=labels, variant=n)
        work.add_decision("grb-1", public, decision(Tier.TELL), at(2), labels=PUBLIC)
    with store.read() as work:
        assert [row.decision.tier for row in work.decisions("grb-1", clearance=PUBLIC)] == [Tier.RECORD, Tier.TELL]
        assert [row.decision.tier for row in work.decisions("grb-1", clearance=SECRET)] == [
            Tier.WAKE, Tier.TELL, Tier.TELL,
        ]  # fmt: skip
        assert work.decisions("grb-1") == work.decisions("grb-1", clearance=SECRET)
        assert [row.wider for row in work.decisions_since(at(0))] == [(), (SECRET,), (), ()]
        assert {rule: len(times) for rule, times in work.waking_rules().items()} == {decision().rule: 1}


def test_a_decision_of_before_these_were_kept_apart_is_read_by_those_who_see_all_of_the_event(store: Store) -> None:
    with store.begin() as work:
        add_event(work, labels=SECRET)
        public = add_notice(work, "grb-1", b"1")
        work.add_decision("grb-1", public, decision(), at(1))
    with store._transaction() as connection:  # a row as an older version wrote it
        connection.exec_driver_sql(
            "INSERT INTO decisions (event_id, notice_key, at_utc, tier, rule, record) SELECT event_id, notice_key, "
            "at_utc, tier, 'older', replace(record, '\"labels\"', '\"was\"') FROM decisions"
        )
    with store.read() as work:
        assert [row.decision.rule for row in work.decisions("grb-1", clearance=PUBLIC)] == [decision().rule]
        assert len(work.decisions("grb-1", clearance=SECRET)) == 2
