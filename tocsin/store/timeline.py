"""The time line of an event: everything that happened to it, from all tables, in one order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from tocsin.domain.clock import iso_utc
from tocsin.domain.drafts import Draft
from tocsin.domain.notices import notice_number
from tocsin.domain.products import may_see
from tocsin.store.acknowledgements import Acknowledgements
from tocsin.store.audit import AuditTrail
from tocsin.store.decisions import Decisions
from tocsin.store.drafts import Drafts
from tocsin.store.messages import Messages
from tocsin.store.notices import Notices
from tocsin.store.products import Products
from tocsin.store.rows import MessageRow, TimelineRow
from tocsin.store.tables import events

#: What comes first of things that happened in the same microsecond: causes before effects.
ORDER = ("notice", "event", "decision", "message", "acknowledgement", "product", "draft", "approval", "audit")

#: Lines of the audit that everybody may read who may know that people were woken.
TOLD_TO_ALL = frozenset({"snooze", "escalate_now", "not_astrophysical", "ask_for_correction"})


class Timeline(Notices, Decisions, Products, Messages, Acknowledgements, Drafts, AuditTrail):
    """Time lines, for people and for latencies."""

    def timeline(self, event_id: str, *, clearance: frozenset[str] | None = None) -> list[TimelineRow]:
        """What happened to an event, oldest first.

        With `clearance`, what it may not see is left out: notices, decisions, products, drafts and their approvals,
        messages made for those who see more, why a message failed, and the audit but for a few things that people did.
        It is left out of every event, so that nothing vanishes when a restricted notice joins one.
        """
        event = self._one(select(events.c.created_utc, events.c.labels).where(events.c.id == event_id))
        if event is None:
            return []
        rows = list(self._computed(event_id, clearance))
        rows += [_row(event.created_utc, "event", f"event {event_id} made")] if rows or clearance is None else []
        rows += self._taken(event_id)
        if clearance is None:
            rows += [*self._said(event_id), *self._written(event_id)]
        else:
            rows += self._said_to(event_id, clearance, is_whole=may_see(event.labels, clearance))
            rows += [*self._approved_of(event_id, clearance), *self._done(event_id)]
        return sorted(rows, key=lambda row: (row.at_utc, ORDER.index(row.kind)))

    def _computed(self, event_id: str, clearance: frozenset[str] | None) -> Iterator[TimelineRow]:
        """Notices, decisions, products and drafts."""
        notices = self.notice_rows(event_id, clearance=clearance)
        numbers = {notice.key: notice_number(notice.raw_sha256) for notice in notices}
        for notice in notices:
            text = f"{notice.notice_type} received"
            detail = {
                "key": numbers[notice.key],
                "notice_id": notice.notice_id,
                "issued_utc": iso_utc(notice.issued_utc),
            }
            yield _row(notice.received_utc, "notice", text, **detail)
        for row in self.decisions(event_id, clearance=clearance):
            text = f"tier {row.decision.tier.value}: {'; '.join(row.decision.reasons)}"
            number = None if row.notice_key is None else numbers.get(row.notice_key)
            yield _row(row.at_utc, "decision", text, rule=row.decision.rule, notice_key=number)
        for product in self.products(event_id, current_only=False, clearance=clearance):
            text = f"{product.kind.value} of {product.subject}" + ("" if product.is_answer else ": no honest answer")
            yield _row(product.made_utc, "product", text, id=product.id, superseded_by=product.superseded_by)
        for draft in self.drafts(event_id, clearance=clearance):
            if draft.made_utc is not None:
                text = f"draft {draft.kind.value}, revision {draft.revision}, by {draft.author}"
                yield _row(draft.made_utc, "draft", text, revision=draft.revision, lint_errors=draft.lint_errors)

    def _taken(self, event_id: str) -> Iterator[TimelineRow]:
        """Acknowledgements."""
        for one in self.acknowledgements(event_id):
            text = f"{one.person_id} acknowledged by {one.via}" + ("" if one.is_first else " (late)")
            yield _row(one.at_utc, "acknowledgement", text, person_id=one.person_id, is_first=one.is_first)

    def _said(self, event_id: str) -> Iterator[TimelineRow]:
        """Messages."""
        for row in self.messages(event_id):
            detail = {"key": row.message.key, "purpose": row.message.purpose.value, "channel": row.message.channel}
            yield _row(row.sent_utc or row.created_utc, "message", _message_text(row), **detail)

    def _said_to(self, event_id: str, clearance: frozenset[str], *, is_whole: bool) -> Iterator[TimelineRow]:
        """Messages that show nothing which `clearance` does not open; neither their number nor why they failed.

        Of messages of which it was not kept for whom they were made, those of events that are seen whole.
        """
        for row in self.messages(event_id):
            audience = row.message.audience
            if not (is_whole if audience is None else may_see(audience, clearance)):
                continue
            detail = {"purpose": row.message.purpose.value, "channel": row.message.channel}
            text = _message_text(replace(row, error=None))
            yield _row(row.sent_utc or row.created_utc, "message", text, **detail)

    def _approved_of(self, event_id: str, clearance: frozenset[str]) -> Iterator[TimelineRow]:
        """Approvals of drafts that `clearance` may see; and that one is void, where a later one of these is why."""
        seen = {(one.kind, one.revision): one for one in self.drafts(event_id, clearance=clearance)}
        for one in self.approvals(event_id):
            if (one.kind, one.revision) not in seen:
                continue
            text = f"{one.person_id} approved {one.kind.value}, revision {one.revision}"
            yield _row(one.at_utc, "approval", text, sha256=one.sha256)
            later = [draft for (kind, n), draft in seen.items() if kind is one.kind and n > one.revision]
            if one.voided_utc is not None and any(_is_made_by(draft, one.voided_utc) for draft in later):
                yield _row(one.voided_utc, "approval", f"approval by {one.person_id} void: there is a newer revision")

    def _done(self, event_id: str) -> Iterator[TimelineRow]:
        """What people did, of the audit, that tells nothing of what an event is made from."""
        for line in self.audit_rows(event_id):
            if line.action in TOLD_TO_ALL:
                yield _row(line.at_utc, "audit", f"{line.actor}: {line.action}")

    def _written(self, event_id: str) -> Iterator[TimelineRow]:
        """Approvals, and the audit."""
        for one in self.approvals(event_id):
            text = f"{one.person_id} approved {one.kind.value}, revision {one.revision}"
            yield _row(one.at_utc, "approval", text, sha256=one.sha256)
            if one.voided_utc is not None:
                yield _row(one.voided_utc, "approval", f"approval by {one.person_id} void: {one.void_reason}")
        for line in self.audit_rows(event_id):
            yield TimelineRow(at_utc=line.at_utc, kind="audit", text=f"{line.actor}: {line.action}", detail=line.detail)


def _is_made_by(draft: Draft, moment: datetime) -> bool:
    """Whether a draft was made no later than `moment`."""
    return draft.made_utc is not None and draft.made_utc <= moment


def _message_text(row: MessageRow) -> str:
    """What became of a message, in words."""
    whom = f"{row.message.purpose.value} to {row.message.recipient} by {row.message.channel}"
    return f"{whom}: {row.state.value}" + (f", {row.error}" if row.error else "")


def _row(at_utc: datetime, kind: str, text: str, **detail: object) -> TimelineRow:
    """Row of the time line."""
    return TimelineRow(at_utc=at_utc, kind=kind, text=text, detail=detail)
