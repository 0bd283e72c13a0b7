"""The trial ledger: what was going to be looked at, written before it was looked at, and what came of it.

One ledger for all kinds of looking: a coincidence window is a trial, and so is a search of light curves. A probability
that is to be quoted can then be multiplied by the number of looks that were really made.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from tocsin.store.prepared import kept
from tocsin.store.rows import TrialRow
from tocsin.store.tables import trial_outcomes, trials
from tocsin.store.topic import Topic, any_of, numbered

_CONCLUDE = kept(trial_outcomes.insert())


@cache
def _count(n_visible: int) -> Select[*tuple[Any, ...]]:
    """Number of an event's trials of a kind, of one of so many sets of labels."""
    of_event = trials.c.kind == bindparam("of_kind"), trials.c.event_id == bindparam("of_event")
    statement = select(func.count()).select_from(trials).where(*of_event)
    return kept(statement.where(any_of(trials.c.labels, "visible_", n_visible)))


@cache
def _declared(number: int) -> Select[*tuple[Any, ...]]:
    """Those of so many trials that were declared."""
    return kept(select(trials.c.key).where(any_of(trials.c.key, "key_", number)))


@cache
def _last_outcomes(number: int) -> Select[*tuple[Any, ...]]:
    """Newest outcome of each of so many trials that have one."""
    newest = (
        select(func.max(trial_outcomes.c.id))
        .where(any_of(trial_outcomes.c.trial_key, "key_", number))
        .group_by(trial_outcomes.c.trial_key)
    )
    return kept(select(trial_outcomes.c.trial_key, trial_outcomes.c.outcome).where(trial_outcomes.c.id.in_(newest)))


class Trials(Topic):
    """Trials, to which lines are only ever added."""

    def declare_trial(
        self,
        key: str,
        *,
        kind: str,
        event_id: str | None,
        subject: str,
        declaration: Mapping[str, Any],
        labels: frozenset[str],
        at_utc: datetime,
    ) -> bool:
        """Declare a trial before it is made; False where the same was declared before, which then stands.

        Parameters
        ----------
        key
            The same for the same question: asked twice it is one trial.
        kind
            ``coincidence``, ``search``, ...
        event_id
            Event it is about; None for none.
        subject
            What is looked at, for people: the name of the window, of the instrument.
        declaration
            JSON-able: windows, rates, thresholds, scales, seeds; all that a probability depends on.
        labels
            Restrictions of what it tells.
        at_utc
            Now.
        """
        self._note_labels(labels)
        given = {"kind": kind, "event_id": event_id, "labels": labels, "declared_utc": at_utc}
        return self._inserted(trials, {**given, "key": key, "subject": subject, "declaration": declaration})

    def declare_trials(
        self,
        declarations: Mapping[str, tuple[str, Mapping[str, Any]]],
        *,
        kind: str,
        event_id: str | None,
        labels: frozenset[str],
        at_utc: datetime,
    ) -> None:
        """Declare several trials of one kind as `declare_trial` does: subject and declaration by key."""
        self._note_labels(labels)
        given = {"kind": kind, "event_id": event_id, "labels": labels, "declared_utc": at_utc}
        rows = [
            {**given, "key": key, "subject": subject, "declaration": declaration}
            for key, (subject, declaration) in declarations.items()
        ]
        self._insert_if_absent(trials, rows)

    def conclude_trial(self, key: str, outcome: Mapping[str, Any], at_utc: datetime) -> None:
        """Keep what came of a trial; see `conclude_trials`."""
        self.conclude_trials({key: outcome}, at_utc)

    def conclude_trials(self, outcomes: Mapping[str, Mapping[str, Any]], at_utc: datetime) -> None:
        """Keep what came of trials; again where one was made again of newer data, but never the same twice running.

        Raises
        ------
        LookupError
            One was never declared.
        """
        if not outcomes:
            return
        asked = numbered("key_", outcomes)
        declared = {key for (key,) in self._all(_declared(len(outcomes)), **asked)}
        for key in outcomes:
            if key not in declared:
                raise LookupError(f"no trial {key} was declared")
        last = {key: dict(outcome) for key, outcome in self._all(_last_outcomes(len(outcomes)), **asked)}
        rows = [
            {"trial_key": key, "at_utc": at_utc, "outcome": outcome}
            for key, outcome in outcomes.items()
            if last.get(key) != dict(outcome)
        ]
        if rows:
            self._statements.execute(_CONCLUDE, rows)

    def trials(
        self,
        *,
        kind: str | None = None,
        event_id: str | None = None,
        clearance: frozenset[str] | None = None,
        limit: int | None = None,
    ) -> list[TrialRow]:
        """Trials with their newest outcome, the newest first."""
        newest = (
            select(func.max(trial_outcomes.c.id))
            .where(trial_outcomes.c.trial_key == trials.c.key)
            .correlate(trials)
            .scalar_subquery()
        )
        statement = (
            select(trials, trial_outcomes.c.outcome, trial_outcomes.c.at_utc.label("concluded_utc"))
            .outerjoin(trial_outcomes, trial_outcomes.c.id == newest)
            .order_by(trials.c.id.desc())
        )
        if kind is not None:
            statement = statement.where(trials.c.kind == kind)
        if event_id is not None:
            statement = statement.where(trials.c.event_id == event_id)
        if clearance is not None:
            statement = statement.where(trials.c.labels.in_(self._visible_labels(clearance)))
        if limit is not None:
            statement = statement.limit(limit)
        return [
            TrialRow(
                key=row.key,
                kind=row.kind,
                event_id=row.event_id,
                subject=row.subject,
                labels=row.labels,
                declared_utc=row.declared_utc,
                declaration=row.declaration,
                outcome=row.outcome,
                concluded_utc=row.concluded_utc,
            )
            for row in self._all(statement)
        ]

    def trials_of_event(self, kind: str, event_id: str, *, clearance: frozenset[str]) -> int:
        """Number of trials of a kind declared for an event, of those that `clearance` may know of."""
        visible = self._visible_labels(clearance)
        values = {"of_kind": kind, "of_event": event_id, **numbered("visible_", visible)}
        found: int = self._statements.execute(_count(len(visible)), values).scalar_one()
        return found

    def trial_count(self, kind: str, *, since_utc: datetime | None = None) -> int:
        """Number of trials of a kind declared (since a time, if told)."""
        statement = select(func.count()).select_from(trials).where(trials.c.kind == kind)
        if since_utc is not None:
            statement = statement.where(trials.c.declared_utc >= since_utc)
        return int(self._connection.execute(statement).scalar_one())
