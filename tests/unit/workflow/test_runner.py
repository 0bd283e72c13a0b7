"""The runner: a bug costs one job a wait, a lease that ran out passes the job on, nothing ends the worker."""

import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from workflow_desk import Desk

from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.jobs import Job, JobKind, JobState
from tocsin.workflow.context import Context
from tocsin.workflow.runner import BACKOFF_S, MOST_ATTEMPTS, Runner

Logged = list[MutableMapping[str, Any]]


def owe(desk: Desk, key: str = "a", *, in_s: float = 0.0) -> None:
    with desk.store.begin() as work:
        work.enqueue(JobKind.DRAFT, key=key, due_utc=desk.clock.now() + timedelta(seconds=in_s))


def job(desk: Desk, job_id: int = 1) -> Job:
    found = desk.read(lambda work: work.job(job_id))
    assert isinstance(found, Job)
    return found


def runner(desk: Desk, do: Callable[[Job], None], *, lease_s: float = 60.0) -> Runner:
    return Runner(desk.context, {JobKind.DRAFT: lambda _, given: do(given)}, name="w", lease_s=lease_s)


def raising(error: Exception) -> Callable[[Job], None]:
    def do(_: Job) -> None:
        raise error

    return do


def test_a_bug_is_logged_and_tried_again_ever_later_and_the_next_job_is_done(desk: Desk, logged: Logged) -> None:
    done: list[str] = []

    def do(given: Job) -> None:
        done.append(given.key)
        if given.key == "a":
            raise ZeroDivisionError("a bug")

    owe(desk, "a")
    owe(desk, "b")
    worker = runner(desk, do)
    assert worker.run_due() == 2
    assert done == ["a", "b"]
    assert job(desk).last_error == "a bug"
    assert [entry["event"] for entry in logged] == ["job failed"]
    waits = []
    for _ in range(4):
        waits.append((job(desk).due_utc - desk.clock.now()).total_seconds())
        desk.clock.set_no_earlier(job(desk).due_utc)
        worker.run_due()
    assert waits == pytest.approx(BACKOFF_S[:4])


def test_a_job_that_fails_by_a_bug_too_often_is_given_up_and_kept(desk: Desk) -> None:
    owe(desk)
    worker = runner(desk, raising(ZeroDivisionError("a bug")))
    while job(desk).state is JobState.WAITING:
        desk.clock.set_no_earlier(job(desk).due_utc)
        worker.run_due()
    assert (job(desk).state, job(desk).attempts) == (JobState.FAILED, MOST_ATTEMPTS)


def test_a_remote_failure_is_never_given_up(desk: Desk) -> None:
    owe(desk)
    worker = runner(desk, raising(RemoteError("no answer")))
    for _ in range(MOST_ATTEMPTS + 5):
        desk.clock.set_no_earlier(job(desk).due_utc)
        worker.run_due()
    assert job(desk).state is JobState.WAITING


@pytest.mark.parametrize(
    ("error", "wait_s"),
    [
        (RemoteError("wait", retry_after_s=42.0), 42.0),
        (RemoteError("no answer"), BACKOFF_S[0]),
        (RemoteError("at once", retry_after_s=0.0), BACKOFF_S[0]),
    ],
)
def test_a_remote_failure_waits_as_asked_or_backs_off(desk: Desk, error: Exception, wait_s: float) -> None:
    owe(desk)
    runner(desk, raising(error)).run_due()
    assert (job(desk).due_utc - desk.clock.now()).total_seconds() == pytest.approx(wait_s)


@pytest.mark.parametrize(("ahead_s", "wait_s"), [(90.0, 90.0), (-5.0, BACKOFF_S[0])])
def test_data_that_are_promised_are_asked_for_then_and_overdue_data_with_patience(
    desk: Desk, ahead_s: float, wait_s: float
) -> None:
    owe(desk)
    expected = desk.clock.now() + timedelta(seconds=ahead_s)
    runner(desk, raising(DataNotYetError("not down yet", expected_utc=expected))).run_due()
    assert (job(desk).due_utc - desk.clock.now()).total_seconds() == pytest.approx(wait_s)


def test_no_honest_answer_ends_a_job(desk: Desk) -> None:
    owe(desk)
    runner(desk, raising(ScienceError("a gap"))).run_due()
    assert job(desk).state is JobState.DONE


def test_work_that_is_not_due_is_left_alone(desk: Desk) -> None:
    owe(desk, in_s=10.0)
    done: list[Job] = []
    worker = runner(desk, done.append)
    assert worker.run_due() == 0
    desk.clock.advance(10.0)
    assert worker.run_due() == 1


def test_a_lease_that_runs_out_passes_the_job_on_and_the_first_worker_changes_nothing(desk: Desk) -> None:
    owe(desk)
    taken: list[int] = []

    def slow(given: Job) -> None:
        taken.append(given.attempts)
        if given.attempts == 1:
            desk.clock.advance(61.0)
            runner(desk, slow).run_due()

    runner(desk, slow).run_due()
    assert taken == [1, 2]
    assert job(desk).state is JobState.DONE


def test_a_job_cancelled_while_it_is_done_stays_cancelled(desk: Desk) -> None:
    with desk.store.begin() as work:
        work.add_event(
            "e",
            t0_utc=None,
            kind="other",
            name="e",
            is_test=False,
            is_replay=False,
            labels=frozenset(),
            created_utc=desk.clock.now(),
        )
        work.enqueue(JobKind.DRAFT, key="a", due_utc=desk.clock.now(), event_id="e")

    def do(_: Job) -> None:
        with desk.store.begin() as work:
            work.cancel_jobs("e", (JobKind.DRAFT,))
        raise RemoteError("no answer")

    runner(desk, do).run_due()
    assert job(desk).state is JobState.CANCELLED


class AbsentStore:
    """A database that is away for a while."""

    def __init__(self, store: Any, failures: int) -> None:
        self._store = store
        self.failures = failures

    @contextmanager
    def begin(self, *, is_flushed: bool = True) -> Iterator[Any]:
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        with self._store.begin(is_flushed=is_flushed) as work:
            yield work

    def read(self) -> Any:
        return self._store.read()


def test_a_database_that_is_away_does_not_end_the_worker(desk: Desk, logged: Logged) -> None:
    owe(desk)
    stop, store = threading.Event(), AbsentStore(desk.store, failures=3)
    context: Context = replace(desk.context, store=store)
    worker = Runner(context, {JobKind.DRAFT: lambda *_: stop.set()}, name="w", lease_s=60.0)
    thread = threading.Thread(target=worker.run, args=(stop,), kwargs={"most_wait_s": 0.01})
    thread.start()
    assert stop.wait(20.0)
    thread.join(20.0)
    assert not thread.is_alive()
    assert len([entry for entry in logged if entry["event"] == "worker could not look for work"]) == 3
    assert job(desk).state is JobState.DONE


def test_a_worker_that_is_woken_looks_at_once(desk: Desk) -> None:
    stop, begun = threading.Event(), threading.Event()

    class Watched(AbsentStore):
        def read(self) -> Any:
            begun.set()
            return self._store.read()

    context: Context = replace(desk.context, store=Watched(desk.store, failures=0))
    worker = Runner(context, {JobKind.DRAFT: lambda *_: stop.set()}, name="w", lease_s=60.0)
    thread = threading.Thread(target=worker.run, args=(stop,), kwargs={"most_wait_s": 300.0})
    thread.start()
    assert begun.wait(20.0)
    owe(desk)
    worker.wake()
    assert stop.wait(20.0)
    thread.join(20.0)
