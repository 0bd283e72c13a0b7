"""Owed work: once per key, one worker at a time, taken up again when a worker dies."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from store_values import START, add_event, at

from tocsin.domain.jobs import JobKind, JobState
from tocsin.store import JobCount, Store

SEND, FETCH = JobKind.SEND, JobKind.FETCH


def test_owing_the_same_twice_is_owing_it_once(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        assert work.enqueue(SEND, key="k", due_utc=at(10), event_id="grb-1", payload={"a": [1, None]})
        assert not work.enqueue(SEND, key="k", due_utc=at(20), event_id="grb-1", payload={"b": 2})
        (job,) = work.jobs("grb-1")
    assert (job.key, job.due_utc, job.payload, job.state) == ("k", at(10), {"a": [1, None]}, JobState.WAITING)


def test_a_waiting_job_can_be_pulled_forward_and_never_put_off(store: Store) -> None:
    with store.begin() as work:
        work.enqueue(FETCH, key="k", due_utc=at(100))
        assert not work.enqueue(FETCH, key="k", due_utc=at(5))
        assert work.next_due([FETCH]) == at(5)
        work.enqueue(FETCH, key="k", due_utc=at(50))
        assert work.next_due([FETCH]) == at(5)


def test_a_job_that_is_done_stays_done(store: Store) -> None:
    with store.begin() as work:
        work.enqueue(SEND, key="k", due_utc=at(0))
        (job,) = work.claim([SEND], now=at(0), lease_s=60, worker="a")
        assert work.finish(job.id)
        assert not work.enqueue(SEND, key="k", due_utc=at(-5))
        assert work.claim([SEND], now=at(1000), lease_s=60, worker="a") == []


def test_only_jobs_that_are_due_and_of_the_kinds_asked_for_are_begun_earliest_first(store: Store) -> None:
    with store.begin() as work:
        for key, kind, due in (("late", SEND, 3), ("early", SEND, 1), ("other", FETCH, 0), ("not yet", SEND, 3.000001)):
            work.enqueue(kind, key=key, due_utc=at(due))
        assert [job.key for job in work.claim([SEND], now=at(3), lease_s=60, worker="a", limit=9)] == ["early", "late"]
        assert work.next_due([SEND]) == at(3.000001)
        assert [job.key for job in work.claim([SEND, FETCH], now=at(9), lease_s=60, worker="a")] == ["other"]


def test_a_job_whose_worker_died_is_given_to_another_when_the_lease_ends(store: Store) -> None:
    with store.begin() as work:
        work.enqueue(SEND, key="k", due_utc=at(0))
        (first,) = work.claim([SEND], now=at(0), lease_s=30, worker="a")
        assert (first.attempts, first.state) == (1, JobState.LEASED)
        assert work.claim([SEND], now=at(29.999999), lease_s=30, worker="b") == []
        assert work.next_due([SEND]) == at(30)
        (second,) = work.claim([SEND], now=at(30), lease_s=30, worker="b")
        assert (second.id, second.attempts) == (first.id, 2)
        assert not work.finish(first.id, claimed=first), "the first worker has lost its lease"
        assert work.finish(second.id, claimed=second)
        assert not work.finish(second.id)


def test_a_claim_undone_by_a_crash_of_the_database_is_not_taken_for_the_claim_after_it(store: Store) -> None:
    class CrashError(Exception):
        pass

    undone = []

    def claim_and_crash() -> None:
        with store.begin() as work:
            undone.extend(work.claim([SEND], now=at(0), lease_s=30, worker="a"))
            raise CrashError

    with store.begin() as work:
        work.enqueue(SEND, key="k", due_utc=at(0))
    with pytest.raises(CrashError):
        claim_and_crash()
    with store.begin() as work:
        (job,) = work.claim([SEND], now=at(1), lease_s=30, worker="b")
        assert job.attempts == undone[0].attempts
        assert not work.renew_lease(undone[0])
        assert not work.finish(job.id, claimed=undone[0])
        assert work.renew_lease(job)
        assert work.finish(job.id, claimed=job)


def test_a_long_job_can_keep_its_lease(store: Store) -> None:
    with store.begin() as work:
        work.enqueue(SEND, key="k", due_utc=at(0))
        (job,) = work.claim([SEND], now=at(0), lease_s=30, worker="a")
        assert work.extend_lease(job.id, at(90), claimed=job)
        assert work.claim([SEND], now=at(60), lease_s=30, worker="b") == []
        assert not work.extend_lease(job.id, at(200), claimed=replace(job, attempts=7))


def test_a_job_can_be_put_off_and_given_up(store: Store) -> None:
    with store.begin() as work:
        work.enqueue(SEND, key="k", due_utc=at(0))
        (job,) = work.claim([SEND], now=at(0), lease_s=30, worker="a")
        assert work.retry(job.id, at(40), "429")
        assert work.claim([SEND], now=at(39), lease_s=30, worker="a") == []
        (again,) = work.claim([SEND], now=at(40), lease_s=30, worker="a")
        assert (again.attempts, again.last_error) == (2, "429")
        assert work.fail(again.id, "gone")
        job_now = work.job(job.id)
        assert job_now is not None
        assert (job_now.state, job_now.last_error) == (JobState.FAILED, "gone")
        assert work.next_due([SEND]) is None
        assert work.job(999) is None


def test_cancelling_ends_what_waits_and_what_is_being_done_for_one_event_alone(store: Store) -> None:
    with store.begin() as work:
        for event_id in ("e1", "e2"):
            add_event(work, event_id)
            for kind in (JobKind.ESCALATE, SEND, FETCH):
                work.enqueue(kind, key=f"{event_id}/{kind}", due_utc=at(0), event_id=event_id)
        (sending,) = work.claim([SEND], now=at(0), lease_s=30, worker="a")
        assert work.cancel_jobs("e1", [JobKind.ESCALATE, SEND]) == 2
        assert work.cancel_jobs("e1", [JobKind.ESCALATE, SEND]) == 0
        assert not work.finish(sending.id)
        assert not work.retry(sending.id, at(9), "too late")
        states = {job.key: job.state for event_id in ("e1", "e2") for job in work.jobs(event_id)}
    assert [key for key, state in states.items() if state is JobState.CANCELLED] == ["e1/escalate", "e1/send"]
    assert sum(state is JobState.WAITING for state in states.values()) == 4


def test_waiting_jobs_named_alike_can_be_hastened(store: Store) -> None:
    with store.begin() as work:
        for key, due in (("e1/fetch/kw_1/2", 50), ("e2/fetch/kw_1/2", 5), ("e1/fetch/kwx1/2", 60)):
            work.enqueue(FETCH, key=key, due_utc=at(due))
        work.enqueue(SEND, key="e1/fetch/kw_1/send", due_utc=at(70))
        assert work.hasten(FETCH, "/fetch/kw_1/", at(10)) == 1
        due = [job.key for job in work.claim([SEND, FETCH], now=at(10), lease_s=1, worker="a", limit=9)]
    assert due == ["e2/fetch/kw_1/2", "e1/fetch/kw_1/2"]


def test_how_far_behind_the_work_is_can_be_seen(store: Store) -> None:
    with store.begin() as work:
        for n in range(3):
            work.enqueue(SEND, key=f"k{n}", due_utc=at(n))
        work.claim([SEND], now=at(0), lease_s=1, worker="a")
        assert work.job_counts() == [
            JobCount(kind=SEND, state=JobState.LEASED, count=1, oldest_due_utc=at(0)),
            JobCount(kind=SEND, state=JobState.WAITING, count=2, oldest_due_utc=at(1)),
        ]


def test_two_workers_never_begin_the_same_job(store: Store, second_store: Store) -> None:
    stores = [store, second_store]
    with stores[0].begin() as work:
        for n in range(60):
            work.enqueue(SEND, key=f"k{n}", due_utc=at(0))
    begun: list[str] = []
    ready = threading.Barrier(4)

    def labour(store: Store, worker: str) -> None:
        ready.wait()
        for _ in range(60):
            with store.begin() as work:
                jobs = work.claim([SEND], now=at(1), lease_s=60, worker=worker, limit=2)
            begun.extend(job.key for job in jobs)
            if not jobs:
                return

    workers = [threading.Thread(target=labour, args=(stores[n % 2], f"w{n}")) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    assert Counter(begun) == {f"k{n}": 1 for n in range(60)}


def test_on_postgresql_a_worker_passes_over_what_another_is_just_beginning(
    open_store: Callable[[str], Store], postgresql_database_url: str
) -> None:
    one, other = open_store(postgresql_database_url), open_store(postgresql_database_url)
    with one.begin() as work:
        work.enqueue(SEND, key="k1", due_utc=START)
        work.enqueue(SEND, key="k2", due_utc=START)
    with one.begin() as mine:
        (first,) = mine.claim([SEND], now=START, lease_s=60, worker="a")
        begun: list[str] = []

        def labour() -> None:
            with other.begin() as theirs:
                begun.extend(job.key for job in theirs.claim([SEND], now=START, lease_s=60, worker="b", limit=5))

        thread = threading.Thread(target=labour)
        thread.start()
        thread.join(timeout=20)
        assert (first.key, begun) == ("k1", ["k2"])
