"""Owed work: begun by one worker at a time under a lease, and by another when the lease runs out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Integer, Row, Select, Update, and_, bindparam, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from tocsin.domain.jobs import Job, JobKind, JobState
from tocsin.store.columns import UtcTime
from tocsin.store.conditions import IS_AHEAD
from tocsin.store.prepared import kept
from tocsin.store.rows import JobCount
from tocsin.store.tables import jobs
from tocsin.store.topic import Topic, any_of, numbered

_OF_EVENT = kept(select(jobs).where(jobs.c.event_id == bindparam("event_id")).order_by(jobs.c.id))
_HELD = kept(update(jobs).where(jobs.c.id == bindparam("of_id"), jobs.c.state == JobState.LEASED))
_HELD_SO = kept(_HELD.where(jobs.c.attempts == bindparam("of_attempt"), jobs.c.worker == bindparam("of_worker")))
_PULL_FORWARD = kept(
    update(jobs).where(
        jobs.c.key == bindparam("of_key"),
        jobs.c.state == JobState.WAITING,
        jobs.c.due_utc > bindparam("before_utc", type_=UtcTime),
    )
)


class Jobs(Topic):
    """Jobs, done at least once: a job done twice must not show twice."""

    def enqueue(
        self,
        kind: JobKind,
        *,
        key: str,
        due_utc: datetime,
        event_id: str | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> bool:
        """Owe a piece of work; False where it is owed, or was done, already.

        A job that is still waiting is pulled forward where `due_utc` is earlier than its own; nothing else changes.
        """
        now = self._clock.now()
        row = {
            "kind": kind,
            "key": key,
            "event_id": event_id,
            "due_utc": due_utc,
            "payload": payload or {},
            "attempts": 0,
            "state": JobState.WAITING,
            "created_utc": now,
            "updated_utc": now,
        }
        if self._inserted(jobs, row):
            return True
        values = {"of_key": key, "before_utc": due_utc, "due_utc": due_utc, "updated_utc": now}
        self._statements.execute(_PULL_FORWARD, values)
        return False

    def claim(
        self, kinds: Sequence[JobKind], *, now: datetime, lease_s: float, worker: str, limit: int = 1
    ) -> list[Job]:
        """Begin up to `limit` jobs that are due, or whose lease ran out; earliest first.

        No other worker is given them before `lease_s` seconds are over. A worker that has lost its lease is told so by
        `finish`, if it gives the job as it was claimed. Where a crash of the database undid the claim, the attempt of
        the next worker has the same number: that is why the worker counts, too.
        """
        values = {"now_utc": now, "number": limit, **numbered("kind_", kinds)}
        chosen = list(self._statements.execute(_due(len(kinds)), values).scalars())
        if not chosen:
            return []
        lease = {"state": JobState.LEASED, "worker": worker, "updated_utc": now}
        lease |= {"lease_until_utc": now + timedelta(seconds=lease_s), **numbered("chosen_", chosen)}
        begun = [replace(_job(row), lease_s=lease_s) for row in self._statements.execute(_begin(len(chosen)), lease)]
        return sorted(begun, key=lambda job: (job.due_utc, job.id))

    def extend_lease(self, job_id: int, until_utc: datetime, *, claimed: Job | None = None) -> bool:
        """Keep a job that takes long; False where the lease is lost."""
        return self._leave(job_id, claimed, lease_until_utc=until_utc)

    def renew_lease(self, job: Job) -> bool:
        """Let a claimed job's lease begin anew; False where it is another worker's by now, who may be at it."""
        if job.lease_s is None:
            return True
        until_utc = self._clock.now() + timedelta(seconds=job.lease_s)
        return self.extend_lease(job.id, until_utc, claimed=job)

    def finish(self, job_id: int, *, claimed: Job | None = None) -> bool:
        """Mark a job done; False where it is not being done any more (cancelled, or lost to another worker).

        Parameters
        ----------
        job_id
            The job.
        claimed
            The job as it was claimed: then only the worker that holds the lease now can end it.
        """
        return self._leave(job_id, claimed, state=JobState.DONE, lease_until_utc=None, last_error=None)

    def fail(self, job_id: int, error: str, *, claimed: Job | None = None) -> bool:
        """Give a job up for good; False as for `finish`."""
        return self._leave(job_id, claimed, state=JobState.FAILED, lease_until_utc=None, last_error=error)

    def retry(self, job_id: int, due_utc: datetime, error: str, *, claimed: Job | None = None) -> bool:
        """Put a job off until `due_utc`; False as for `finish`."""
        return self._leave(
            job_id,
            claimed,
            state=JobState.WAITING,
            due_utc=due_utc,
            lease_until_utc=None,
            worker=None,
            last_error=error,
        )

    def cancel_jobs(self, event_id: str, kinds: Sequence[JobKind]) -> int:
        """Cancel what is owed for an event, also what is being done; how many jobs that were."""
        values = {"of_event": event_id, **numbered("kind_", kinds)}
        values |= {"state": JobState.CANCELLED, "lease_until_utc": None, "updated_utc": self._clock.now()}
        return int(self._statements.execute(_ahead_of_event(len(kinds)), values).rowcount)

    def hasten(self, kind: JobKind, key_part: str, due_utc: datetime) -> int:
        """Let waiting jobs whose key holds `key_part` fall due at `due_utc`, if that is earlier; how many they were."""
        statement = update(jobs).where(
            IS_AHEAD,
            jobs.c.state == JobState.WAITING,
            jobs.c.kind == kind,
            jobs.c.due_utc > due_utc,
            jobs.c.key.contains(key_part, autoescape=True),
        )
        return self._statements.execute(statement.values(due_utc=due_utc, updated_utc=self._clock.now())).rowcount

    def next_due(self, kinds: Sequence[JobKind]) -> datetime | None:
        """Time at which `claim` will next find a job (the end of a lease included); None if nothing is owed."""
        found: datetime | None = self._statements.execute(_next(len(kinds)), numbered("kind_", kinds)).scalar_one()
        return found

    def job(self, job_id: int) -> Job | None:
        """One job."""
        row = self._one(select(jobs).where(jobs.c.id == job_id))
        return None if row is None else _job(row)

    def jobs(self, event_id: str) -> list[Job]:
        """Jobs for an event, in the order they were owed."""
        return [_job(row) for row in self._all(_OF_EVENT, event_id=event_id)]

    def jobs_ahead(self, kind: JobKind) -> list[Job]:
        """Jobs of a kind that are still to be done, or being done, the earliest due first."""
        statement = select(jobs).where(IS_AHEAD, jobs.c.kind == kind).order_by(jobs.c.due_utc, jobs.c.id)
        return [_job(row) for row in self._all(statement)]

    def job_counts(self) -> list[JobCount]:
        """Number of jobs by kind and state, with the oldest due time: how far behind the work is."""
        oldest = func.min(jobs.c.due_utc, type_=UtcTime).label("oldest")
        statement = select(jobs.c.kind, jobs.c.state, func.count().label("number"), oldest)
        rows = self._all(statement.group_by(jobs.c.kind, jobs.c.state).order_by(jobs.c.kind, jobs.c.state))
        return [JobCount(kind=row.kind, state=row.state, count=row.number, oldest_due_utc=row.oldest) for row in rows]

    def given_up_since(self, since_utc: datetime) -> int:
        """Number of jobs given up for good since then."""
        statement = select(func.count()).select_from(jobs)
        found: int = self._statements.execute(
            statement.where(jobs.c.state == JobState.FAILED, jobs.c.updated_utc >= since_utc)
        ).scalar_one()
        return found

    def _leave(self, job_id: int, claimed: Job | None, **values: object) -> bool:
        """Change a job that is being done (as it was claimed, if told); whether it still was."""
        values |= {"of_id": job_id, "updated_utc": self._clock.now()}
        if claimed is None:
            return bool(self._statements.execute(_HELD, values).rowcount == 1)
        values |= {"of_attempt": claimed.attempts, "of_worker": claimed.worker}
        return bool(self._statements.execute(_HELD_SO, values).rowcount == 1)


@cache
def _due(n_kinds: int) -> Select[*tuple[Any, ...]]:
    """Jobs of one of so many kinds that are due, or whose lease ran out; earliest first."""
    now = bindparam("now_utc", type_=UtcTime)
    due = or_(
        and_(jobs.c.state == JobState.WAITING, jobs.c.due_utc <= now),
        and_(jobs.c.state == JobState.LEASED, jobs.c.lease_until_utc <= now),
    )
    return kept(
        select(jobs.c.id)
        .where(IS_AHEAD, any_of(jobs.c.kind, "kind_", n_kinds), due)
        .order_by(jobs.c.due_utc, jobs.c.id)
        .limit(bindparam("number", type_=Integer))
        .with_for_update(skip_locked=True)
    )


@cache
def _ahead_of_event(n_kinds: int) -> Update:
    """Change the jobs of an event of one of so many kinds that are to be done, or being done."""
    of_event = jobs.c.event_id == bindparam("of_event")
    return kept(update(jobs).where(IS_AHEAD, of_event, any_of(jobs.c.kind, "kind_", n_kinds)))


@cache
def _begin(number: int) -> ReturningUpdate[*tuple[Any, ...]]:
    """Lease so many jobs."""
    chosen = any_of(jobs.c.id, "chosen_", number)
    return kept(update(jobs).where(chosen).values(attempts=jobs.c.attempts + 1).returning(jobs))


@cache
def _next(n_kinds: int) -> Select[*tuple[Any, ...]]:
    """When the next job of one of so many kinds is due, or its lease ends."""
    at = func.min(func.coalesce(jobs.c.lease_until_utc, jobs.c.due_utc), type_=UtcTime)
    return kept(select(at).where(IS_AHEAD, any_of(jobs.c.kind, "kind_", n_kinds)))


def _job(row: Row[*tuple[Any, ...]]) -> Job:
    """Job of a row."""
    return Job(
        id=row.id,
        kind=row.kind,
        key=row.key,
        event_id=row.event_id,
        due_utc=row.due_utc,
        payload=row.payload,
        attempts=row.attempts,
        worker=row.worker,
        state=row.state,
        last_error=row.last_error,
        created_utc=row.created_utc,
    )
