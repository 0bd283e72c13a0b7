"""Tokens, sign-ins, the log of changes, computations and webhooks, on both databases."""

from dataclasses import replace

import pytest
from store_values import PUBLIC, SECRET, add_event, add_notice, at, decision, event_value, product

from tocsin.domain.clock import ManualClock
from tocsin.domain.events import EventState
from tocsin.domain.products import ProductKind
from tocsin.domain.tokens import Scope, Token, digest, new_secret
from tocsin.store import Computation, Store, Webhook
from tocsin.store.columns import to_micros

TOKEN = Token(
    id="t1",
    name="Partner A",
    secret_sha256=digest("tocsin_x"),
    scopes=frozenset({Scope.READ, Scope.COMPUTE}),
    clearance=SECRET,
    person_id=None,
    per_minute=60,
    created_utc=at(0),
    expires_utc=at(1000),
)
HOOK = Webhook(id="w1", name="A", url="https://a.example", secret="s", clearance=PUBLIC, position=0, created_utc=at(0))


def test_a_token_comes_back_and_is_revoked_once(store: Store) -> None:
    with store.begin() as work:
        work.add_token(TOKEN)
        assert work.tokens() == [TOKEN]
        assert work.revoke_token("t1", at(5))
        assert not work.revoke_token("t1", at(6)), "revoked already"
        assert not work.revoke_token("nobody", at(6))
        revoked = work.tokens()[0]
    assert revoked == replace(TOKEN, revoked_utc=at(5))
    assert (TOKEN.is_valid(at(999)), TOKEN.is_valid(at(1000)), revoked.is_valid(at(1))) == (True, False, False)


def test_secrets_are_long_and_never_alike() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert min(len(one) for one in made) >= 50


def test_usage_adds_up(store: Store) -> None:
    for requests in (3, 4):
        with store.begin() as work:
            work.count_usage({("t1", "2026-11-01", "events"): requests, ("", "2026-11-02", "page"): 1})
    with store.read() as work:
        assert [(row.token_id, row.requests) for row in work.usage()] == [("", 2), ("t1", 7)]
        assert [row.door for row in work.usage("t1")] == ["events"]


def test_a_sign_in_ends_by_itself_or_by_signing_out(store: Store) -> None:
    with store.begin() as work:
        work.add_sign_in("one", "ada", at(0), at(100))
        work.add_sign_in("two", "ben", at(0), at(50))
        assert work.signed_in(at(10)) == {"one": ("ada", at(100)), "two": ("ben", at(50))}
        assert work.signed_in(at(60)) == {"one": ("ada", at(100))}
        assert work.sign_out("one")
        assert not work.sign_out("one")
        assert work.signed_in(at(10)) == {"two": ("ben", at(50))}


def test_every_change_of_an_event_is_told_once_per_transaction_under_rising_numbers(
    store: Store, clock: ManualClock
) -> None:
    with store.begin() as work:
        add_event(work)
        add_notice(work, "grb-1", b"1")
        work.add_decision("grb-1", None, decision(), at(1))
    clock.advance(-5)
    with store.begin() as work:
        work.set_event_state("grb-1", EventState.NOTIFIED)
        work.add_product(product(labels=SECRET))
        work.add_product(product("p2", labels=SECRET, kind=ProductKind.LIMIT))
        work.acknowledge("grb-1", "ada", "page", at(3))
    with store.read() as work:
        first, *rest = work.changes_after(0)
        public = work.changes_after(0, clearance=PUBLIC)
        assert work.changes_after(first.id) == rest
        assert work.last_change_id() == rest[-1].id
    assert (first.event_id, first.id) == ("grb-1", to_micros(first.at_utc)), "numbers tell the time, not how many"
    assert [change.labels for change in rest] == [PUBLIC, SECRET]
    assert [one.labels for one in public] == [PUBLIC, PUBLIC]
    assert [change.id for change in rest] == [first.id + 1, first.id + 2], "they rise although the clock went back"


def test_what_people_do_is_told_under_the_labels_of_the_event(store: Store) -> None:
    with store.begin() as work:
        add_event(work, labels=SECRET)
    with store.begin() as work:
        work.set_event_state("grb-1", EventState.NOTIFIED)
    with store.read() as work:
        assert work.changes_after(0, clearance=PUBLIC) == []
        assert [change.labels for change in work.changes_after(0, clearance=SECRET)] == [SECRET]


def test_a_transaction_that_fails_tells_nothing(store: Store) -> None:
    def failing() -> None:
        with store.begin() as work:
            add_event(work)
            work.set_event_state("nowhere", EventState.NOTIFIED)

    with pytest.raises(LookupError):
        failing()
    with store.read() as work:
        assert work.changes_after(0) == []


def test_old_changes_are_forgotten(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        work.set_event_state("grb-1", EventState.NOTIFIED)
    with store.begin() as work:
        last = work.last_change_id()
        assert work.forget_changes(last) == 0
        assert work.forget_changes(last + 1) == 1


def test_the_generation_changes_with_a_commit_of_anybody_and_with_nothing_else(
    store: Store, second_store: Store
) -> None:
    before = store.generation()
    with store.read() as work:
        work.tokens()
    assert store.generation() == before
    with second_store.begin() as work:
        work.set_meta("a", "b")
    after = store.generation()
    assert after != before
    with store.begin() as work:
        work.set_meta("a", "c")
    assert store.generation() != after
    assert store.generation() == store.generation()


def test_a_computation_is_kept_once_and_seen_by_those_cleared_for_it(store: Store) -> None:
    made = Computation(id="c1", kind="overlap", labels=SECRET, made_utc=at(1), content={"overlap": 1.5}, blob=b"FITS")
    with store.begin() as work:
        assert work.add_computation(made)
        assert not work.add_computation(made)
        assert work.computation("c1", clearance=SECRET) == made
        assert work.computation("c1", clearance=PUBLIC) is None
        assert work.computation("c2", clearance=SECRET) is None


def test_a_webhook_is_owed_each_change_once_and_its_log_tells_what_became_of_it(store: Store) -> None:
    with store.begin() as work:
        work.add_webhook(HOOK)
        assert work.webhooks() == [HOOK]
        work.advance_webhook("w1", 7)
        for _ in range(2):
            work.owe_delivery("w1", 7, "grb-1", "{}", at(1))
        due = work.due_deliveries(at(1))
        assert [(one.change_id, one.attempts) for one in due] == [(7, 0)]
        work.delivery_tried(due[0].id, status=503, error="busy", done_utc=None, due_utc=at(60))
        assert work.due_deliveries(at(59)) == []
        work.delivery_tried(due[0].id, status=200, error=None, done_utc=at(61), due_utc=at(60))
        assert work.due_deliveries(at(100)) == []
        (logged,) = work.deliveries("w1")
        assert (logged.attempts, logged.status, logged.done_utc) == (2, 200, at(61))
        assert work.webhooks()[0].position == 7


def test_a_revoked_webhook_is_owed_nothing(store: Store) -> None:
    with store.begin() as work:
        work.add_webhook(HOOK)
        work.owe_delivery("w1", 7, "grb-1", "{}", at(1))
        assert work.revoke_webhook("w1", at(2))
        assert not work.revoke_webhook("w1", at(3))
        assert work.due_deliveries(at(100)) == []
        assert work.deliveries("w1")[0].error == "revoked"


def test_an_event_of_another_time_keeps_its_place_in_the_index(store: Store) -> None:
    with store.begin() as work:
        add_event(work, "a", seconds=10)
        add_event(work, "b", seconds=20)
        work.save_event(replace(event_value("a"), t0_utc=at(30)), summary_record={})
        rows, _ = work.event_rows()
    assert [row.id for row in rows] == ["a", "b"]
