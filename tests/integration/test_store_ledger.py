"""Trials, links between events, and tasks to tell owners: added to, never changed, on either database."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from store_values import PUBLIC, add_event, add_notice, at

from tocsin.domain.events import EventState
from tocsin.store import LinkKind, Store

ANTARES = frozenset({"antares"})
PLAIN: dict[str, Any] = {"kind": "coincidence", "subject": "grb-cbc", "declaration": {"window_s": [-1.0, 5.0]}}


def test_a_trial_is_declared_once_and_concluded_as_often_as_something_new_comes_of_it(store: Store) -> None:
    with store.begin() as work:
        event_id = add_event(work)
        given = {**PLAIN, "event_id": event_id, "labels": PUBLIC, "at_utc": at(10)}
        assert work.declare_trial("a", **given)
        assert not work.declare_trial("a", **{**given, "declaration": {"window_s": [-99.0, 99.0]}})
        assert work.trials()[0].outcome is None
        work.conclude_trial("a", {"companions": 0}, at(11))
        work.conclude_trial("a", {"companions": 1}, at(12))
        work.conclude_trial("a", {"companions": 1}, at(13))
    with store.read() as work:
        (row,) = work.trials(event_id=event_id)
        assert (row.declaration, row.outcome, row.concluded_utc) == (
            {"window_s": [-1.0, 5.0]},
            {"companions": 1},
            at(12),
        )
        assert work.trial_count("coincidence") == 1
        assert work.trial_count("coincidence", since_utc=at(11)) == 0
        assert work.trials(kind="search") == []


def test_restricted_trials_are_seen_by_the_cleared_alone(store: Store) -> None:
    with store.begin() as work:
        event_id = add_event(work)
        work.declare_trial("a", **PLAIN, event_id=event_id, labels=ANTARES, at_utc=at(10))
        work.declare_trial("b", **PLAIN, event_id=None, labels=PUBLIC, at_utc=at(11))
        assert [row.key for row in work.trials(clearance=PUBLIC)] == ["b"]
        assert [row.key for row in work.trials(clearance=ANTARES)] == ["b", "a"]
        with pytest.raises(LookupError):
            work.conclude_trial("c", {}, at(12))


@pytest.mark.parametrize("statement", ["UPDATE trials SET subject = 'x'", "DELETE FROM trial_outcomes"])
def test_the_ledger_cannot_be_changed(store: Store, statement: str) -> None:
    with store.begin() as work:
        work.declare_trial("a", **PLAIN, event_id=None, labels=PUBLIC, at_utc=at(10))
        work.conclude_trial("a", {}, at(11))
    with pytest.raises(DatabaseError, match="append-only"), store.begin() as work:
        work._connection.execute(text(statement))


def test_merged_events_lead_to_where_they_went_and_the_newest_word_on_a_pair_counts(store: Store) -> None:
    with store.begin() as work:
        for name in ("a", "b", "c"):
            add_event(work, name)
        said: dict[str, Any] = {"actor": "vance", "reason": "one"}
        work.add_link(LinkKind.MERGED, "a", "b", at=at(1), **said)
        work.add_link(LinkKind.MERGED, "b", "c", at=at(2), **said)
        assert [work.standing_id(one) for one in ("a", "b", "c", "unheard-of")] == ["c", "c", "c", "unheard-of"]
        work.add_link(LinkKind.APART, "c", "a", at=at(3), **said)
        assert work.are_apart("a", "c")
        work.add_link(LinkKind.FREE, "a", "c", at=at(4), **said)
        assert not work.are_apart("a", "c")
        assert [link.kind for link in work.links("a")] == [LinkKind.MERGED, LinkKind.APART, LinkKind.FREE]


def test_notices_move_and_a_retired_event_is_found_by_no_list_and_no_time(store: Store) -> None:
    with store.begin() as work:
        old, new = add_event(work, "old"), add_event(work, "new")
        key = add_notice(work, old, b"bytes")
        assert work.move_notices([key], new) == 1
        work.retire_event(old, EventState.MERGED)
        assert [row.key for row in work.notice_rows(new)] == [key]
        assert [row.id for row in work.event_rows(limit=10)[0]] == [new]
        assert work.candidate_event_ids((), at(-1e6), at(1e6)) == [new]


def test_an_owner_is_to_be_told_once_of_an_event_and_told_once(store: Store) -> None:
    with store.begin() as work:
        event_id = add_event(work)
        given: dict[str, Any] = {"owner": "PI", "about": "map", "made_utc": at(1), "due_utc": at(86401)}
        assert work.add_owner_task(event_id, "antares", **given)
        assert not work.add_owner_task(event_id, "antares", **given)
        assert work.owner_tasks(event_id, clearance=PUBLIC) == []
        (task,) = work.owner_tasks(event_id, clearance=ANTARES)
        assert work.finish_owner_task(task.id, "vance", at(5))
        assert not work.finish_owner_task(task.id, "okafor", at(6))
        assert work.owner_tasks()[0].done_by == "vance"
