"""Drafts: revisions of circular texts, and who approved which exact text."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.store.records import draft_from_record, draft_to_record
from tocsin.store.rows import ApprovalRow
from tocsin.store.tables import approvals, drafts
from tocsin.store.topic import Topic


def draft_sha256(draft: Draft) -> str:
    """Hex digest of the exact text of a draft: subject, an empty line, body, in UTF-8."""
    return hashlib.sha256(f"{draft.subject}\n\n{draft.body}".encode()).hexdigest()


class Drafts(Topic):
    """Drafts, each revision kept, and their approvals."""

    def add_draft(self, draft: Draft) -> int:
        """Keep a draft as the next revision of its kind and event; the revision it has.

        Where nothing but the time differs from the newest revision, no new one is made. `Draft.revision` is not
        looked at: the store counts.
        """
        self.lock(f"drafts {draft.event_id}")
        newest = self._newest(draft.event_id, draft.kind)
        record = draft_to_record(draft)
        if newest is not None and _is_same(newest, draft, record):
            return int(newest.revision)
        revision = 1 if newest is None else newest.revision + 1
        row = {
            "event_id": draft.event_id,
            "kind": draft.kind,
            "revision": revision,
            "sha256": draft_sha256(draft),
            "is_replay": draft.is_replay,
            "author": draft.author,
            "made_utc": draft.made_utc or self._clock.now(),
            "record": record,
        }
        self._connection.execute(drafts.insert(), row)
        return int(revision)

    def drafts(self, event_id: str) -> list[Draft]:
        """All revisions of all drafts about an event, in the order they were made."""
        return [
            _draft(row) for row in self._all(select(drafts).where(drafts.c.event_id == event_id).order_by(drafts.c.id))
        ]

    def approve_draft(
        self, event_id: str, kind: DraftKind, revision: int, person_id: str, sha256: str, at_utc: datetime
    ) -> None:
        """Keep that a person approves the exact text of a revision; doing so again changes nothing.

        Raises
        ------
        ConflictError
            There is a newer revision, the text is not the one the person saw (`sha256` differs, see `draft_sha256`),
            or the lint finds errors in it.
        NotAllowedError
            It was made from replayed or simulated notices.
        """
        self.lock(f"drafts {event_id}")
        newest = self._newest(event_id, kind)
        if newest is None or newest.revision != revision:
            number = 0 if newest is None else newest.revision
            raise ConflictError(
                f"revision {revision} is not the newest: that is {number}", remedy="read it and approve it"
            )
        if newest.sha256 != sha256:
            raise ConflictError("the text is not the one that was read", remedy="read it again and approve it")
        if newest.is_replay:
            raise NotAllowedError("this draft was made from replayed or simulated notices")
        if _draft(newest).lint_errors:
            raise ConflictError("the lint finds errors in this draft", remedy="correct them first")
        if not any(one.person_id == person_id and one.revision == revision for one in self._standing(event_id, kind)):
            row = {"event_id": event_id, "kind": kind, "revision": revision, "person_id": person_id}
            self._connection.execute(approvals.insert(), {**row, "sha256": sha256, "at_utc": at_utc})

    def void_approvals(self, event_id: str, reason: str) -> int:
        """Void all standing approvals of an event's drafts, since its facts have changed; how many."""
        statement = update(approvals).where(approvals.c.event_id == event_id, approvals.c.voided_utc.is_(None))
        change = statement.values(voided_utc=self._clock.now(), void_reason=reason)
        return self._connection.execute(change).rowcount

    def approvals(self, event_id: str) -> list[ApprovalRow]:
        """Approvals of an event's drafts, voided ones too, oldest first."""
        rows = self._all(select(approvals).where(approvals.c.event_id == event_id).order_by(approvals.c.id))
        return [
            ApprovalRow(
                event_id=row.event_id,
                kind=row.kind,
                revision=row.revision,
                person_id=row.person_id,
                sha256=row.sha256,
                at_utc=row.at_utc,
                voided_utc=row.voided_utc,
                void_reason=row.void_reason,
            )
            for row in rows
        ]

    def _standing(self, event_id: str, kind: DraftKind) -> list[ApprovalRow]:
        """Approvals of a draft that hold."""
        return [row for row in self.approvals(event_id) if row.kind is kind and row.voided_utc is None]

    def _newest(self, event_id: str, kind: DraftKind) -> Row[*tuple[Any, ...]] | None:
        """Newest revision of a draft."""
        statement = select(drafts).where(drafts.c.event_id == event_id, drafts.c.kind == kind)
        return self._one(statement.order_by(drafts.c.revision.desc()).limit(1))


def _is_same(row: Row[*tuple[Any, ...]], draft: Draft, record: Mapping[str, Any]) -> bool:
    """Whether nothing but the time differs."""
    return (
        row.sha256 == draft_sha256(draft)
        and row.author == draft.author
        and row.is_replay == draft.is_replay
        and draft_to_record(_draft(row)) == record
    )


def _draft(row: Row[*tuple[Any, ...]]) -> Draft:
    """Draft of a row."""
    return draft_from_record(
        row.record,
        event_id=row.event_id,
        kind=row.kind,
        revision=row.revision,
        made_utc=row.made_utc,
        author=row.author,
        is_replay=row.is_replay,
    )
