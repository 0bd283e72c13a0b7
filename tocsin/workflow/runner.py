"""Runner: claims owed work by lease and does it; a failure is retried at its due time, never lost.

The truth is the jobs table. Waking is only to save time: a runner that was never woken still finds what is due.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog

from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.jobs import Job, JobKind
from tocsin.store import UnitOfWork
from tocsin.workflow import metrics
from tocsin.workflow.context import Context
from tocsin.workflow.tracing import traced

log = structlog.get_logger()

Handler = Callable[[Context, Job], None]

#: Wait before try n+1 after a remote failure, s; the last one repeats.
BACKOFF_S = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
#: Work that another worker is just taking is not asked for in a circle, s.
LEAST_WAIT_S = 0.001
#: Outcomes after which a job is not done again.
OVER = frozenset({"done", "no_answer"})
#: A job that failed by a bug this often is given up and shown.
MOST_ATTEMPTS = 20


class Runner:
    """Does the jobs of some kinds, one at a time, until stopped.

    Parameters
    ----------
    context
        What handlers work with.
    handlers
        Handler by kind; the kinds are the ones claimed.
    name
        Worker name, in leases.
    lease_s
        A worker silent for that long has lost its job to another.
    """

    def __init__(self, context: Context, handlers: Mapping[JobKind, Handler], *, name: str, lease_s: float) -> None:
        self._context = context
        self._handlers = handlers
        self._kinds: Sequence[JobKind] = tuple(handlers)
        self._name = name
        self._lease_s = lease_s
        self._wake = threading.Event()

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def run(self, stop: threading.Event, *, most_wait_s: float = 1.0) -> None:
        """Work until `stop` is set, looking at least every `most_wait_s` of real time."""
        while not stop.is_set():
            self._wake.clear()
            wait_s = most_wait_s
            try:
                wait_s = self._wait_s(most_wait_s)
                busy = wait_s <= 0.0 and self._work_off(lambda: not stop.is_set()) > 0
            except Exception:  # process boundary: a database that is away must not end the worker
                log.exception("worker could not look for work", worker=self._name)
                busy = False
            if not busy:
                self._wake.wait(max(LEAST_WAIT_S, wait_s))

    def run_once(self) -> bool:
        """Do one due job; False if none was due."""
        return self._work_off(lambda: False) > 0

    def run_due(self) -> int:
        """Do everything that is due now; number of jobs done."""
        return self._work_off(lambda: True)

    def _work_off(self, goes_on: Callable[[], bool]) -> int:
        """Do a due job and, while `goes_on` says so, the next; number of jobs done.

        Where a job is done, the next is claimed in the transaction that says so: a commit less for each.
        """
        done = 0
        job = self._claimed()
        while job is not None:
            done += 1
            is_done = self._do(job)
            job = self._finish(job, is_last=not goes_on()) if is_done else self._claimed() if goes_on() else None
        return done

    def _claimed(self) -> Job | None:
        """The next due job, now ours; the disk need not know before what is done for it is committed, too."""
        with self._context.store.begin(is_flushed=False) as work:
            return self._claim(work)

    def _claim(self, work: UnitOfWork) -> Job | None:
        now = self._context.clock.now()
        jobs = work.claim(self._kinds, now=now, lease_s=self._lease_s, worker=self._name)
        return jobs[0] if jobs else None

    def _wait_s(self, most_wait_s: float) -> float:
        """Real time until work is due, s; asked without a turn to write, since most wakings are for others."""
        with self._context.store.read() as work:
            due = work.next_due(self._kinds)
        if due is None:
            return most_wait_s
        ahead_s = (due - self._context.clock.now()).total_seconds()
        return 0.0 if ahead_s <= 0.0 else min(most_wait_s, self._context.clock.wall_s(ahead_s))

    def _do(self, job: Job) -> bool:
        """Do a job; whether it is over (else it was put off, or given up, here)."""
        outcome = "done"
        begun_s = time.monotonic()
        if job.attempts <= 1:
            waited_s = (self._context.clock.now() - job.due_utc).total_seconds()
            metrics.WAIT_S.labels(job.kind.value).observe(max(0.0, waited_s))
        with structlog.contextvars.bound_contextvars(job=job.id, kind=job.kind.value):
            try:
                with traced(f"work {job.kind.value}", job=job.id, attempt=job.attempts):
                    self._handlers[job.kind](self._context, job)
            except DataNotYetError as error:
                outcome = "not_yet"
                ahead_s = (error.expected_utc - self._context.clock.now()).total_seconds()
                # Data that are overdue are asked for again with patience, not in a circle.
                self._again(job, ahead_s if ahead_s > 0 else _backoff_s(job.attempts), error)
            except RemoteError as error:
                outcome = "remote_error"
                self._again(job, error.retry_after_s or _backoff_s(job.attempts), error)
            except ScienceError as error:
                outcome = "no_answer"
                self._log_public(job, "no honest answer", error)
            except Exception as error:  # noqa: BLE001 - process boundary: a bug is logged, kept and retried
                outcome = "bug"
                self._log_public(job, "job failed", error)
                self._again(job, _backoff_s(job.attempts), error)
        metrics.JOBS.labels(kind=job.kind.value, outcome=outcome).inc()
        metrics.STAGE_S.labels(job.kind.value).observe(time.monotonic() - begun_s)
        return outcome in OVER

    def _log_public(self, job: Job, words: str, error: Exception) -> None:
        """Log a failure with the event and the reason only where both are public: logs have no clearance."""
        try:
            with self._context.store.read() as work:
                row = None if job.event_id is None else work.event_row(job.event_id)
                is_public = job.event_id is None or (row is not None and not row.labels)
        except Exception:  # noqa: BLE001 - process boundary: a database that is away ends no worker
            is_public = False
        if not is_public:
            log.error(words, about="restricted", error=type(error).__name__)
        elif isinstance(error, ScienceError):
            log.warning(words, about=job.event_id, reason=str(error))
        else:
            log.error(words, about=job.event_id, exc_info=error)

    def _finish(self, job: Job, *, is_last: bool) -> Job | None:
        """Say that a job is done, and claim the next; if that is lost, it is done again, and finds itself done."""
        with self._context.store.begin(is_flushed=False) as work:
            work.finish(job.id, claimed=job)
            return None if is_last else self._claim(work)

    def _again(self, job: Job, wait_s: float, error: Exception) -> None:
        due = self._context.clock.now() + timedelta(seconds=max(wait_s, 0.05))
        with self._context.store.begin() as work:
            if job.attempts >= MOST_ATTEMPTS and not isinstance(error, RemoteError):
                work.fail(job.id, str(error), claimed=job)
            else:
                work.retry(job.id, due, str(error), claimed=job)


def _backoff_s(attempts: int) -> float:
    return BACKOFF_S[min(max(attempts - 1, 0), len(BACKOFF_S) - 1)]
