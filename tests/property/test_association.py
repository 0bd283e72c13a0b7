"""Grouping and summary follow from the notices, never from their order of arrival."""

import random
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trigger_notices import T0, Desk, at, gbm, grouped, icecube, integral, konus, lvk, not_a_grb, skymap, svom

from tocsin.domain.events import Event
from tocsin.domain.notices import Notice, Phase
from triggers.event import from_record, summarise, to_record

SPACING_S = 4000.0


def burst(slot: int, *, offset_s: float, is_test: bool) -> list[Notice]:
    """All notices of one burst seen by three craft."""
    t0 = at(slot * SPACING_S)
    shield = t0.replace(microsecond=0) + (at(offset_s) - T0)
    gbm_notices = [
        gbm(number=700000000 + slot, t0_utc=t0),
        gbm("FLT_POS", number=700000000 + slot, t0_utc=t0, issued_s=25.0),
        gbm("GND_POS", number=700000000 + slot, t0_utc=t0, issued_s=45.0),
        gbm("FIN_POS", number=700000000 + slot, t0_utc=t0, issued_s=500.0),
    ]
    others = [
        integral("SPIACS", number=8000 + slot, t0_utc=shield),
        konus(t0_utc=t0),
        konus(t0_utc=t0, is_ipn=True),
    ]
    return [replace(notice, is_test=is_test) for notice in gbm_notices + others]


def imager(slot: int, *, is_withdrawn: bool) -> list[Notice]:
    """An INTEGRAL sequence whose time moves, perhaps withdrawn by a person."""
    t0 = at(slot * SPACING_S + 2000.0)
    sequence = [
        integral("WAKEUP", number=slot, t0_utc=t0),
        integral("REFINED", number=slot, t0_utc=at(slot * SPACING_S + 2014.0), issued_s=30.0),
    ]
    return [*sequence, not_a_grb(number=slot, t0_utc=t0, issued_s=600.0)] if is_withdrawn else sequence


def superevent(slot: int, phases: list[Phase]) -> list[Notice]:
    """Alerts of a superevent, each with its own map and rate."""
    name = f"S2305{10 + slot}a"
    made = [
        lvk(phase, issued_s=60.0 * (n + 1), name=name, far_hz=10.0**-n / 1e8, skymap=skymap(f"{name}-{n}"))
        for n, phase in enumerate(phases)
    ]
    return [replace(n, skymap=None, far_hz=None) if n.is_retraction else n for n in made]


def neutrino(slot: int) -> list[Notice]:
    """A neutrino by both roads, with its second revision and without its first."""
    run = f"13791{slot}_29871391"
    name = f"IceCube-2305{10 + slot}A"
    return [
        icecube(run_event=run, t0_utc=at(slot * SPACING_S)),
        icecube(2, run_event=run, t0_utc=at(slot * SPACING_S), issued_s=900.0),
        icecube(run_event=run, event_ids=(name, run), is_json=True, t0_utc=at(slot * SPACING_S), issued_s=70.0),
    ]


@st.composite
def skies(draw: st.DrawFn) -> list[list[Notice]]:
    """Notices by the event they are truly of."""
    made: list[list[Notice]] = []
    for slot in range(draw(st.integers(1, 3))):
        made.append(burst(slot, offset_s=draw(st.floats(-10.0, 10.0)), is_test=draw(st.booleans())))
        made.append(imager(slot, is_withdrawn=draw(st.booleans())))
        made.append(superevent(slot, draw(st.lists(st.sampled_from(list(Phase)), min_size=1, max_size=5))))
        made.append(neutrino(slot))
    made.append([svom("eclairs-wakeup", t_s=-9000.0), svom("retraction", t_s=-8700.0, issued_s=900.0)])
    return made


def told(event: Event) -> Event:
    """Event without what depends on arrival by design: its identifier, and the keys of its notices."""
    return replace(event, id="", notice_keys=(), skymap_notice_key=None)


@settings(max_examples=25, deadline=None)
@given(sky=skies(), seed=st.integers(0, 2**32))
def test_any_order_gives_the_true_groups_and_one_summary(sky: list[list[Notice]], seed: int) -> None:
    notices = [notice for members in sky for notice in members]
    straight = Desk().take_all(notices)
    assert straight.groups() == {frozenset(n.notice_id for n in members) for members in sky}
    shuffled = list(notices)
    random.Random(seed).shuffle(shuffled)
    other = Desk().take_all(shuffled)
    assert other.groups() == straight.groups()
    by_alias = {event.aliases: told(event) for event in other.events.values()}
    assert {event.aliases: told(event) for event in straight.events.values()} == by_alias


@settings(max_examples=15, deadline=None)
@given(sky=skies(), seed=st.integers(0, 2**32))
def test_notices_that_come_twice_change_nothing(sky: list[list[Notice]], seed: int) -> None:
    notices = [notice for members in sky for notice in members]
    twice = notices + notices
    random.Random(seed).shuffle(twice)
    assert grouped(twice) == grouped(notices)


@settings(max_examples=15, deadline=None)
@given(sky=skies())
def test_events_go_through_their_records_unchanged(sky: list[list[Notice]]) -> None:
    for event in Desk().take_all(n for members in sky for n in members).events.values():
        assert from_record(to_record(event)) == event


@pytest.mark.parametrize(
    "notices",
    [
        [
            lvk(Phase.EARLY_WARNING, issued_s=1.0),
            lvk(),
            lvk(Phase.UPDATE, issued_s=90.0),
            lvk(Phase.RETRACTION, issued_s=99.0),
        ],
        [gbm(), gbm("FLT_POS", issued_s=25.0), gbm("GND_POS", issued_s=45.0), gbm("FIN_POS", issued_s=40.0)],
        [icecube(), icecube(1, issued_s=300.0), icecube(2, issued_s=900.0), icecube(2, is_json=True, issued_s=800.0)],
        [integral("WAKEUP"), integral("REFINED", t0_utc=at(174.0)), not_a_grb(t0_utc=at(174.0))],
        [
            integral("WAKEUP"),
            not_a_grb(),
            gbm(t0_utc=at(3.0)),
            gbm("GND_POS", t0_utc=at(3.0), ra_deg=41.0, dec_deg=61.0),
        ],
    ],
    ids=["superevent", "gbm", "neutrino", "withdrawn", "withdrawn-by-one-craft"],
)
def test_every_order_of_one_event_tells_the_same(notices: list[Notice]) -> None:
    summaries = []
    for order in permutations(notices):
        desk = Desk().take_all(order)
        members = [stored for group in desk.members.values() for stored in group]
        summaries.append(told(summarise("e", members)))
    assert all(summary == summaries[0] for summary in summaries)


@settings(max_examples=60, deadline=None)
@given(gap_s=st.floats(0.0, 60.0), swap=st.booleans())
def test_joining_two_triggers_does_not_depend_on_which_came_first(gap_s: float, swap: bool) -> None:
    pair = [gbm(), integral("SPIACS", t0_utc=at(gap_s))]
    joined = len(grouped(pair[::-1] if swap else pair)) == 1
    assert joined == (round(gap_s, 6) <= 20.6)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_identifier_and_no_stream_break_the_desk(identifier: str, stream: str, notice_type: str) -> None:
    notice = Notice(stream=stream, notice_type=notice_type, notice_id="n", event_ids=(identifier,), t0_utc=T0)
    event_id = Desk().take(notice)
    assert event_id is None or event_id == "" or event_id.replace("-", "").isalnum()
