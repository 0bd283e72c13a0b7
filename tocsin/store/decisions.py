"""Decisions: what was to be done about an event, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, or_, select

from tocsin.domain.events import Decision, Tier
from tocsin.domain.products import may_see
from tocsin.store.prepared import kept
from tocsin.store.records import decision_from_record, decision_to_record
from tocsin.store.rows import DecisionRow
from tocsin.store.tables import decisions, events, notices
from tocsin.store.topic import Topic, any_of, numbered

_ADD = kept(decisions.insert())


class Decisions(Topic):
    """Decisions, never changed once taken. One notice leads to a decision for each audience that sees another event."""

    def add_decision(
        self,
        event_id: str,
        notice_key: int | None,
        decision: Decision,
        at_utc: datetime,
        *,
        labels: frozenset[str] = frozenset(),
        variant: int = 0,
    ) -> None:
        """Keep a decision and the notice that led to it.

        Parameters
        ----------
        event_id, notice_key, decision, at_utc
            What was decided, of which event, because of which notice, and when.
        labels
            Of all notices it was decided from.
        variant
            Which of the decisions of the same moment it is, counted from the narrowest audience's, 0.
        """
        self._statements.execute(
            _ADD,
            {
                "event_id": event_id,
                "notice_key": notice_key,
                "at_utc": at_utc,
                "tier": decision.tier.value,
                "rule": decision.rule,
                "record": decision_to_record(decision) | {"labels": sorted(labels), "variant": variant},
            },
        )

    def waking_rules(self) -> dict[str, list[datetime]]:
        """When people were woken for a real event, by the rule that decided; once where several audiences were."""
        statement = (
            select(decisions, events.c.labels.label("event_labels"))
            .join(events, events.c.id == decisions.c.event_id)
            .where(decisions.c.tier == Tier.WAKE.value, events.c.is_test.is_(False))
            .order_by(decisions.c.event_id, decisions.c.id)
        )
        woke: list[DecisionRow] = []
        for moment in _moments(_decision_row(row) for row in self._all(statement)):
            woke += [row for row in reversed(moment) if row.decision.pages][:1]
        found: dict[str, list[datetime]] = {}
        for row in sorted(woke, key=lambda one: one.at_utc):
            found.setdefault(row.decision.rule, []).append(row.at_utc)
        return found

    def decisions(self, event_id: str, *, clearance: frozenset[str] | None = None) -> list[DecisionRow]:
        """Decisions on an event, oldest first, each as taken for the widest audience (or, told, for `clearance`)."""
        visible = None if clearance is None else self._visible_labels(clearance)
        statement = _of_event(None if visible is None else len(visible))
        rows = self._all(statement, event_id=event_id, **numbered("visible_", visible or ()))
        found = []
        for moment in _moments(_decision_row(row) for row in rows):
            found += [row for row in moment if clearance is None or may_see(row.labels, clearance)][-1:]
        return found

    def decisions_since(self, since_utc: datetime) -> list[DecisionRow]:
        """Decisions taken since a time, by event and for each audience, with the labels of wider ones."""
        statement = (
            select(decisions, events.c.labels.label("event_labels"))
            .join(events, events.c.id == decisions.c.event_id)
            .where(decisions.c.at_utc >= since_utc)
            .order_by(decisions.c.event_id, decisions.c.id)
        )
        return [
            replace(row, wider=tuple(one.labels for one in moment[n + 1 :]))
            for moment in _moments(_decision_row(row) for row in self._all(statement))
            for n, row in enumerate(moment)
        ]


@cache
def _of_event(n_visible: int | None) -> Select[*tuple[Any, ...]]:
    """Decisions on an event, oldest first; only those led to by notices of one of so many sets of labels."""
    statement = (
        select(decisions, events.c.labels.label("event_labels"))
        .join(events, events.c.id == decisions.c.event_id)
        .outerjoin(notices, notices.c.key == decisions.c.notice_key)
        .where(decisions.c.event_id == bindparam("event_id"))
        .order_by(decisions.c.id)
    )
    if n_visible is not None:
        visible = any_of(notices.c.labels, "visible_", n_visible)
        statement = statement.where(or_(visible, decisions.c.notice_key.is_(None)))
    return kept(statement)


def _moments(rows: Iterable[DecisionRow]) -> Iterator[list[DecisionRow]]:
    """Decisions of one event and moment together, the narrowest audience's first."""
    moment: list[DecisionRow] = []
    for row in rows:
        if moment and (row.variant == 0 or row.event_id != moment[-1].event_id):
            yield moment
            moment = []
        moment.append(row)
    if moment:
        yield moment


def _decision_row(row: Row[*tuple[Any, ...]]) -> DecisionRow:
    stated = row.record.get("labels")  # those of before decisions were kept for each audience state none
    return DecisionRow(
        event_id=row.event_id,
        notice_key=row.notice_key,
        decision=decision_from_record(row.record),
        at_utc=row.at_utc,
        labels=row.event_labels if stated is None else frozenset(stated),
        variant=row.record.get("variant", 0),
    )
