"""Decisions, cards and drafts as JSON-able records, and back, without loss."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.drafts import Draft, DraftKind, Fact, Finding, Severity, SlotSpan
from tocsin.domain.events import Decision, EventState, Tier
from tocsin.domain.people import Card, CardAction

_DECISION = tuple(one.name for one in fields(Decision))


def decision_to_record(decision: Decision) -> dict[str, Any]:
    """Record of a decision."""
    return {name: getattr(decision, name) for name in _DECISION}


def decision_from_record(record: Mapping[str, Any]) -> Decision:
    """Decision of a record."""
    window = record["search_window_s"]
    return Decision(
        tier=Tier(record["tier"]),
        pages=record["pages"],
        tells=record["tells"],
        is_material=record["is_material"],
        search_window_s=None if window is None else (float(window[0]), float(window[1])),
        rule=record["rule"],
        reasons=tuple(record["reasons"]),
        who=tuple(record.get("who", ())),
    )


def card_to_record(card: Card) -> dict[str, Any]:
    """Record of a card; the order of its fields is kept."""
    record = {name: getattr(card, name) for name in _CARD_AS_IS}
    record["fields"] = list(card.fields.items())
    record["tier"] = card.tier.value
    record["state"] = card.state.value
    record["t0_utc"] = iso_utc(card.t0_utc)
    record["acknowledged_utc"] = iso_utc(card.acknowledged_utc)
    record["reasons"] = list(card.reasons)
    record["actions"] = [asdict(action) for action in card.actions]
    return record


def card_from_record(record: Mapping[str, Any]) -> Card:
    """Card of a record."""
    return Card(
        **{name: record[name] for name in _CARD_AS_IS if name in record},
        fields=dict(record["fields"]),
        tier=Tier(record["tier"]),
        state=EventState(record["state"]),
        t0_utc=_time(record["t0_utc"]),
        acknowledged_utc=_time(record["acknowledged_utc"]),
        reasons=tuple(record["reasons"]),
        actions=tuple(CardAction(**action) for action in record["actions"]),
    )


def draft_to_record(draft: Draft) -> dict[str, Any]:
    """Record of a draft, but for what has columns of its own (event, kind, revision, author, times)."""
    return {
        "subject": draft.subject,
        "body": draft.body,
        "facts": [[name, asdict(fact)] for name, fact in draft.facts.items()],
        "spans": [asdict(span) for span in draft.spans],
        "findings": [asdict(finding) for finding in draft.findings],
    }


def draft_from_record(
    record: Mapping[str, Any],
    *,
    event_id: str,
    kind: DraftKind,
    revision: int,
    made_utc: datetime,
    author: str,
    is_replay: bool,
    labels: frozenset[str] = frozenset(),
) -> Draft:
    """Draft of a record."""
    return Draft(
        event_id=event_id,
        kind=kind,
        subject=record["subject"],
        body=record["body"],
        facts={name: Fact(**fact) for name, fact in record["facts"]},
        spans=tuple(SlotSpan(**span) for span in record["spans"]),
        findings=tuple(Finding(**{**one, "severity": Severity(one["severity"])}) for one in record["findings"]),
        revision=revision,
        made_utc=made_utc,
        author=author,
        is_replay=is_replay,
        labels=labels,
    )


_CARD_AS_IS = (
    "event_id",
    "name",
    "verdict",
    "is_test",
    "is_replay",
    "is_retracted",
    "is_drill",
    "acknowledged_by",
    "next_step",
    "page_url",
)


def _time(text: str | None) -> datetime | None:
    """Time of a record."""
    return None if text is None else to_utc(text)
