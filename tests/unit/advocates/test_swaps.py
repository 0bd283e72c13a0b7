"""Shifts offered and taken: no hole, nobody twice, and what a changed file leaves of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from advocate_values import ANNA, BERT
from advocate_values import CLEO as ADMIN
from hypothesis import given
from hypothesis import strategies as st

from advocates.people import People
from advocates.rota import Rota
from advocates.swaps import check_offer, check_taker, check_withdrawal, misfits, own_shift, own_shifts, with_covers
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.people import Person, PersonRole
from tocsin.domain.shift_offers import OfferState, ShiftOffer

CLEO = replace(ADMIN, roles=frozenset({PersonRole.ADVOCATE}))
PEOPLE = People(by_id={one.id: one for one in (ANNA, BERT, CLEO)})
#: A Monday in winter: 09:00 in Paris is 08:00 UTC.
MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


def rota(*names: str, also: tuple[str, ...] = ()) -> Rota:
    weekly: dict[str, Any] = {"unit": "week", "handover": "09:00", "first_day": "2026-01-05"}
    layers = [{"name": "week", "rotation": [{"people": list(names or ("anna", "bert")), **weekly}]}]
    if also:
        layers.append({"name": "also", "combine": "together", "rotation": [{"people": [list(also)], **weekly}]})
    config = {"name": "Rota", "time_zone": "Europe/Paris", "fallback": ["cleo"], "layer": layers}
    return Rota.from_config(config, PEOPLE)


def offer(**given: Any) -> ShiftOffer:
    values: dict[str, Any] = {
        "id": 1,
        "giver_id": "anna",
        "start_utc": MONDAY,
        "stop_utc": MONDAY + WEEK,
        "offered_utc": MONDAY - WEEK,
        "taker_id": "cleo",
        "taken_utc": MONDAY - HOUR,
    }
    return ShiftOffer(**values | given)


def registry(*people: Person) -> People:
    return People(by_id={one.id: one for one in people})


def ids(people: tuple[Person, ...]) -> list[str]:
    return sorted(one.id for one in people)


def test_the_taker_is_on_call_from_the_beginning_or_from_when_it_was_taken_and_not_before() -> None:
    whole = with_covers(rota(), [offer()], PEOPLE)
    assert whole.on_call(MONDAY - timedelta(microseconds=1)) != (CLEO,)
    assert whole.on_call(MONDAY) == (CLEO,)
    assert whole.on_call(MONDAY + WEEK) == (BERT,)
    late = with_covers(rota(), [offer(taken_utc=MONDAY + HOUR)], PEOPLE)
    assert late.on_call(MONDAY + HOUR - timedelta(microseconds=1)) == (ANNA,)
    assert late.on_call(MONDAY + HOUR) == (CLEO,)


def test_what_is_taken_back_is_with_the_giver_from_then_on_and_the_past_stays_as_it_was() -> None:
    back = with_covers(rota(), [offer(withdrawn_utc=MONDAY + HOUR, withdrawn_by="anna")], PEOPLE)
    assert back.on_call(MONDAY) == (CLEO,)
    assert back.on_call(MONDAY + HOUR) == (ANNA,)
    assert with_covers(rota(), [offer(withdrawn_utc=MONDAY - HOUR)], PEOPLE).overrides == ()


def test_an_offer_that_nobody_took_changes_nothing() -> None:
    plain = rota()
    assert with_covers(plain, [offer(taker_id=None, taken_utc=None)], PEOPLE) is plain
    assert offer(taker_id=None, taken_utc=None).state(MONDAY) is OfferState.OPEN
    assert offer().state(MONDAY + WEEK) is OfferState.OVER


def test_a_shift_passed_on_twice_is_with_the_last() -> None:
    first = offer(taker_id="bert", stop_utc=MONDAY + 24 * HOUR)
    second = offer(id=2, giver_id="bert", taker_id="cleo", stop_utc=MONDAY + 24 * HOUR)
    assert with_covers(rota(), [first, second], PEOPLE).on_call(MONDAY) == (CLEO,)
    with pytest.raises(ConflictError, match="passed on since"):
        check_withdrawal(first, [first, second], ANNA, MONDAY)
    check_withdrawal(second, [first, second], BERT, MONDAY)


@given(
    start_h=st.integers(-200, 400),
    length_h=st.integers(1, 400),
    giver=st.sampled_from(["anna", "bert", "cleo"]),
    taker=st.sampled_from(["anna", "bert", "cleo"]),
    names=st.permutations(["anna", "bert", "cleo"]),
    also=st.sampled_from([(), ("bert",), ("cleo",)]),
    probe_h=st.integers(-200, 800),
)
def test_whatever_was_agreed_and_whatever_the_file_says_now_as_many_people_are_on_call(
    start_h: int, length_h: int, giver: str, taker: str, names: list[str], also: tuple[str, ...], probe_h: int
) -> None:
    planned, start = rota(*names, also=also), MONDAY + start_h * HOUR
    taken = offer(giver_id=giver, taker_id=taker, start_utc=start, stop_utc=start + length_h * HOUR)
    at = MONDAY + probe_h * HOUR
    before, after = ids(planned.on_call(at)), ids(with_covers(planned, [taken], PEOPLE).on_call(at))
    assert len(after) == len(before) == len(set(after))


def test_a_file_that_changed_keeps_what_still_fits_and_says_what_does_not() -> None:
    agreed, now = offer(), MONDAY - HOUR
    assert misfits(rota(), [agreed], PEOPLE, now) == ()
    (free,) = misfits(rota("bert", "anna"), [agreed], PEOPLE, now)
    assert "A. Anna is not on call from Mon 2026-01-05 08:00 to Mon 2026-01-12 08:00 UTC" in free.words
    changed = rota(also=("cleo",))
    (busy,) = misfits(changed, [agreed], PEOPLE, now)
    assert "C. Cleo is on call then already" in busy.words
    assert ids(with_covers(changed, [agreed], PEOPLE).on_call(MONDAY)) == ["anna", "cleo"]
    part = offer(start_utc=MONDAY - 24 * HOUR, stop_utc=MONDAY + 24 * HOUR, taken_utc=MONDAY - WEEK)
    (half,) = misfits(rota(), [part], PEOPLE, MONDAY - WEEK)
    assert with_covers(rota(), [part], PEOPLE).on_call(MONDAY) == (CLEO,), "the part that fits holds"
    assert "is not on call from Sun 2026-01-04" in half.words
    assert {one.cause for one in misfits(rota(), [part], PEOPLE, MONDAY - HOUR)} == {half.cause}, "said once"


def test_who_left_the_registry_or_is_no_advocate_any_more_stands_in_for_nobody() -> None:
    gone = registry(ANNA, BERT)
    assert with_covers(rota(), [offer()], gone).on_call(MONDAY) == (ANNA,)
    assert "cleo is no burst advocate any more" in misfits(rota(), [offer()], gone, MONDAY)[0].words
    demoted = registry(ANNA, BERT, replace(CLEO, roles=frozenset({PersonRole.APPROVER})))
    assert with_covers(rota(), [offer()], demoted).on_call(MONDAY) == (ANNA,)
    assert "anna is nobody" in misfits(rota(), [offer()], registry(BERT, CLEO), MONDAY)[0].words


def test_what_is_over_is_not_looked_at() -> None:
    assert misfits(rota("bert"), [offer()], PEOPLE, MONDAY + WEEK) == ()


@pytest.mark.parametrize(
    ("start", "stop", "named", "words"),
    [
        (MONDAY, MONDAY + WEEK + HOUR, None, "A. Anna is not on call from Mon 2026-01-12 08:00"),
        (MONDAY - 2 * HOUR, MONDAY + WEEK, None, "must lie ahead"),
        (MONDAY + HOUR, MONDAY + HOUR, None, "must lie ahead"),
        (MONDAY, MONDAY + 60 * WEEK, None, "within 400 days"),
        (MONDAY, MONDAY + WEEK, ANNA, "has this shift already"),
    ],
)
def test_only_what_is_ones_own_can_be_offered(
    start: datetime, stop: datetime, named: Person | None, words: str
) -> None:
    with pytest.raises(ConflictError, match=words):
        check_offer(rota(), ANNA, named, start, stop, now=MONDAY - HOUR)


def test_nobody_is_on_call_twice_and_a_giver_whom_the_file_moved_gives_nothing() -> None:
    check_taker(rota(), ANNA, CLEO, MONDAY, MONDAY + WEEK)
    with pytest.raises(ConflictError, match="Cleo is on call already"):
        check_taker(rota(also=("cleo",)), ANNA, CLEO, MONDAY, MONDAY + WEEK)
    with pytest.raises(ConflictError, match="Anna is not on call any more"):
        check_taker(rota("bert"), ANNA, CLEO, MONDAY, MONDAY + WEEK)


def test_only_who_gave_or_an_administrator_takes_back() -> None:
    admin = replace(BERT, roles=frozenset({PersonRole.ADMIN}))
    plain = replace(BERT, roles=frozenset({PersonRole.ADVOCATE}))
    check_withdrawal(offer(), [], admin, MONDAY)
    with pytest.raises(NotAllowedError, match="offered by somebody else"):
        check_withdrawal(offer(), [], plain, MONDAY)
    taker = replace(CLEO, roles=frozenset({PersonRole.ADVOCATE}))
    with pytest.raises(NotAllowedError, match="the shift is yours now"):
        check_withdrawal(offer(), [], taker, MONDAY)
    with pytest.raises(ConflictError, match="withdrawn"):
        check_withdrawal(offer(withdrawn_utc=MONDAY), [], ANNA, MONDAY)
    with pytest.raises(ConflictError, match="over"):
        check_withdrawal(offer(), [], ANNA, MONDAY + WEEK)


def test_a_shift_is_found_with_its_true_ends_whoever_else_is_on_call_meanwhile() -> None:
    shift = own_shift(rota(also=("cleo",)), ANNA, MONDAY + HOUR)
    assert shift is not None
    assert (shift.start_utc, shift.stop_utc) == (MONDAY, MONDAY + WEEK)
    assert own_shift(rota(), BERT, MONDAY + HOUR) is None
    assert [one.start_utc for one in own_shifts(rota(), ANNA, MONDAY, MONDAY + 4 * WEEK)] == [MONDAY, MONDAY + 2 * WEEK]
