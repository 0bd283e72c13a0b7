"""Drafts: revisions of circular texts, and who approved which exact text."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy import Row, Select, bindparam, select, update

from tocsin.domain.drafts import Draft, DraftKind, first_revision
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.store.lineage import Lineage
from tocsin.store.prepared import kept
from tocsin.store.records import draft_from_record, draft_to_record
from tocsin.store.rows import ApprovalRow
from tocsin.store.tables import approvals, drafts
from tocsin.store.topic import any_of, numbered

_APPROVALS_OF_EVENT = kept(
    select(approvals).where(approvals.c.event_id == bindparam("event_id")).order_by(approvals.c.id)
)
_VOID = kept(update(approvals).where(approvals.c.event_id == bindparam("of_event"), approvals.c.voided_utc.is_(None)))
_VOID_KIND = kept(_VOID.where(approvals.c.kind == bindparam("of_kind", type_=approvals.c.kind.type)))
_VOID_REVISION = kept(_VOID_KIND.where(approvals.c.revision == bindparam("of_revision")))


def draft_sha256(draft: Draft) -> str:
    """Hex digest of the exact text of a draft: subject, an empty line, body, in UTF-8."""
    return hashlib.sha256(f"{draft.subject}\n\n{draft.body}".encode()).hexdigest()


class Drafts(Lineage):
    """Drafts, each revision kept, and their approvals."""

    def add_draft(self, draft: Draft) -> int:
        """Keep a draft as the next revision of its kind and event; the revision it has.

        Where nothing but the time differs from the newest revision, no new one is made. `Draft.revision` is not
        looked at: the store counts, each variant by itself (`first_revision`). A draft carries its own labels and
        those of the products and notices its facts are bound to; drafts of other labels are variants beside it, which
        it neither replaces nor outdates.
        """
        self.lock(f"drafts {draft.event_id}")
        labels = draft.labels | self._input_labels(fact.product_id for fact in draft.facts.values())
        self._note_labels(labels)
        newest = self._newest(draft.event_id, draft.kind, labels)
        record = draft_to_record(draft)
        if newest is not None and _is_same(newest, draft, record):
            return int(newest.revision)
        revision = self._next_revision(draft.event_id, draft.kind, labels, newest)
        row = {
            "event_id": draft.event_id,
            "kind": draft.kind,
            "revision": revision,
            "sha256": draft_sha256(draft),
            "labels": labels,
            "is_replay": draft.is_replay,
            "author": draft.author,
            "made_utc": draft.made_utc or self._clock.now(),
            "record": record,
        }
        self._statements.execute(drafts.insert(), row)
        self._touch(draft.event_id, labels)
        return revision

    def drafts(self, event_id: str, *, clearance: frozenset[str] | None = None) -> list[Draft]:
        """All revisions of all drafts about an event that `clearance` (None: all) may see, in the order of making."""
        visible = None if clearance is None else self._visible_labels(clearance)
        statement = _of_event(None if visible is None else len(visible))
        rows = self._all(statement, event_id=event_id, **numbered("visible_", visible or ()))
        return [_draft(row) for row in rows]

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
        asked = self._one(_one_kind(event_id, kind).where(drafts.c.revision == revision))
        newest = None if asked is None else self._newest(event_id, kind, asked.labels)
        if newest is None:
            raise ConflictError(
                f"there is no revision {revision} of this draft", remedy="read the newest and approve it"
            )
        if newest.revision != revision:
            raise ConflictError(
                f"revision {revision} is not the newest: that is {newest.revision}", remedy="read it and approve it"
            )
        if newest.sha256 != sha256:
            raise ConflictError("the text is not the one that was read", remedy="read it again and approve it")
        if newest.is_replay:
            raise NotAllowedError("this draft was made from replayed or simulated notices")
        if _draft(newest).lint_errors:
            raise ConflictError("the lint finds errors in this draft", remedy="correct them first")
        if not any(one.person_id == person_id and one.revision == revision for one in self._standing(event_id, kind)):
            row = {"event_id": event_id, "kind": kind, "revision": revision, "person_id": person_id}
            self._statements.execute(approvals.insert(), {**row, "sha256": sha256, "at_utc": at_utc})
            self._touch(event_id, asked.labels if asked is not None else None)

    def void_approvals(
        self, event_id: str, reason: str, *, kind: DraftKind | None = None, labels: frozenset[str] | None = None
    ) -> int:
        """Void all standing approvals of an event's drafts, since facts changed; how many.

        Parameters
        ----------
        event_id, reason
            Of which event, and why.
        kind
            Of drafts of this kind alone.
        labels
            With a kind: of the variant with these labels alone.
        """
        values = {"of_event": event_id, "voided_utc": self._clock.now(), "void_reason": reason}
        self._touch(event_id, labels)
        if kind is None:
            return int(self._statements.execute(_VOID, values).rowcount)
        if labels is None:
            return int(self._statements.execute(_VOID_KIND, values | {"of_kind": kind}).rowcount)
        revisions = {one.revision for one in self.drafts(event_id) if one.kind is kind and one.labels == labels}
        standing = {one.revision for one in self._standing(event_id, kind)} & revisions
        asked = ({**values, "of_kind": kind, "of_revision": revision} for revision in sorted(standing))
        return sum(int(self._statements.execute(_VOID_REVISION, one).rowcount) for one in asked)

    def approvals(self, event_id: str) -> list[ApprovalRow]:
        """Approvals of an event's drafts, voided ones too, oldest first."""
        rows = self._all(_APPROVALS_OF_EVENT, event_id=event_id)
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

    def _newest(self, event_id: str, kind: DraftKind, labels: frozenset[str]) -> Row[*tuple[Any, ...]] | None:
        """Newest revision of a draft of these labels."""
        statement = _one_kind(event_id, kind).where(drafts.c.labels == labels)
        return self._one(statement.order_by(drafts.c.revision.desc()).limit(1))

    def _next_revision(
        self, event_id: str, kind: DraftKind, labels: frozenset[str], newest: Row[*tuple[Any, ...]] | None
    ) -> int:
        """Revision that follows the newest of these labels; one that another variant has is passed over."""
        statement = _one_kind(event_id, kind).with_only_columns(drafts.c.revision)
        taken = {int(row.revision) for row in self._all(statement)}
        first = first_revision(labels) if newest is None else int(newest.revision) + 1
        return next(revision for revision in count(first) if revision not in taken)


@cache
def _of_event(n_visible: int | None) -> Select[*tuple[Any, ...]]:
    """Drafts about an event (of one of so many sets of labels), in the order of making."""
    statement = select(drafts).where(drafts.c.event_id == bindparam("event_id"))
    if n_visible is not None:
        statement = statement.where(any_of(drafts.c.labels, "visible_", n_visible))
    return kept(statement.order_by(drafts.c.id))


def _one_kind(event_id: str, kind: DraftKind) -> Select[*tuple[Any, ...]]:
    """Drafts of one kind about an event."""
    return select(drafts).where(drafts.c.event_id == event_id, drafts.c.kind == kind)


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
        labels=row.labels,
    )
