"""Decisions: what was to be done about an event, and why."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, or_, select

from tocsin.domain.events import Decision, Tier
from tocsin.store.prepared import kept
from tocsin.store.records import decision_from_record, decision_to_record
from tocsin.store.rows import DecisionRow
from tocsin.store.tables import decisions, events, notices
from tocsin.store.topic import Topic, any_of, numbered

_ADD = kept(decisions.insert())


class Decisions(Topic):
    """Decisions, never changed once taken."""

    def add_decision(self, event_id: str, notice_key: int | None, decision: Decision, at_utc: datetime) -> None:
        """Keep a decision and the notice that led to it."""
        self._statements.execute(
            _ADD,
            {
                "event_id": event_id,
                "notice_key": notice_key,
                "at_utc": at_utc,
                "tier": decision.tier.value,
                "rule": decision.rule,
                "record": decision_to_record(decision),
            },
        )

    def waking_rules(self) -> dict[str, list[datetime]]:
        """When people were woken for a real event, by the rule that decided."""
        statement = (
            select(decisions.c.rule, decisions.c.record, decisions.c.at_utc)
            .join(events, events.c.id == decisions.c.event_id)
            .where(decisions.c.tier == Tier.WAKE.value, events.c.is_test.is_(False))
            .order_by(decisions.c.id)
        )
        found: dict[str, list[datetime]] = {}
        for row in self._all(statement):
            if row.record.get("pages"):
                found.setdefault(row.rule, []).append(row.at_utc)
        return found

    def decisions(self, event_id: str, *, clearance: frozenset[str] | None = None) -> list[DecisionRow]:
        """Decisions on an event, oldest first; with `clearance` only those led to by notices it may see."""
        visible = None if clearance is None else self._visible_labels(clearance)
        statement = _of_event(None if visible is None else len(visible))
        rows = self._all(statement, event_id=event_id, **numbered("visible_", visible or ()))
        return [_decision_row(row) for row in rows]

    def decisions_since(self, since_utc: datetime) -> list[DecisionRow]:
        """Decisions taken since a time, oldest first."""
        statement = select(decisions).where(decisions.c.at_utc >= since_utc).order_by(decisions.c.id)
        return [_decision_row(row) for row in self._all(statement)]


@cache
def _of_event(n_visible: int | None) -> Select[*tuple[Any, ...]]:
    """Decisions on an event, oldest first; only those led to by notices of one of so many sets of labels."""
    statement = (
        select(decisions)
        .outerjoin(notices, notices.c.key == decisions.c.notice_key)
        .where(decisions.c.event_id == bindparam("event_id"))
        .order_by(decisions.c.id)
    )
    if n_visible is not None:
        visible = any_of(notices.c.labels, "visible_", n_visible)
        statement = statement.where(or_(visible, decisions.c.notice_key.is_(None)))
    return kept(statement)


def _decision_row(row: Row[*tuple[Any, ...]]) -> DecisionRow:
    return DecisionRow(
        event_id=row.event_id,
        notice_key=row.notice_key,
        decision=decision_from_record(row.record),
        at_utc=row.at_utc,
    )
