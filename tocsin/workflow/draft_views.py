"""Draft views: one circular draft as an advocate works on it, with what it came from and what stands in its way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from advocates.approval import exported, obstacles, prefill_link, text_sha256
from advocates.conflicts import Prior, conflicts, uncited
from advocates.drafts import Passage, differences
from advocates.hand_over import atel_findings, embargo_findings
from advocates.lint import lint_draft
from tocsin.domain.drafts import COMPOSER, Draft, Finding, Severity
from tocsin.store import ApprovalRow, EventRow, UnitOfWork
from tocsin.workflow.attach import widest_view
from tocsin.workflow.circulars import bursts_of_the_day, circulars_on, own_circulars
from tocsin.workflow.commenting import Comment, comments_on
from tocsin.workflow.context import Context
from tocsin.workflow.drafting import is_outdated


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an approval depends on beside the text and the person.

    Parameters
    ----------
    row
        The event.
    labels
        Restrictions of what the draft is made from.
    newest_utc
        When what the draft states changed, where it would be written differently now.
    conflicts
        What circulars already sent say otherwise.
    """

    row: EventRow
    labels: frozenset[str]
    newest_utc: datetime | None
    conflicts: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """One draft as its page shows it.

    Parameters
    ----------
    draft
        The revision shown, linted afresh.
    sha256
        Of its exact text: what an approver signs.
    findings
        Of the lint now, staleness included.
    obstacles
        Why nobody may approve it now, in words; empty where an approver may.
    approvals
        Standing approvals of this very text.
    compared_to
        Revision it is held against: a person's text against the composed one, a newly composed one against the text
        of the last person; None where there is nothing to compare.
    passages
        What was changed from there to here.
    prefill_link
        Link to GCN's own form, of an approved text alone; None for anything that must not go out.
    export
        Text for a file; says DRAFT unless approved.
    comments
        What people said of them.
    revisions
        All of this kind for its audience, oldest first.
    """

    draft: Draft
    sha256: str
    findings: tuple[Finding, ...]
    obstacles: tuple[str, ...]
    approvals: tuple[ApprovalRow, ...]
    compared_to: Draft | None
    passages: tuple[Passage, ...]
    prefill_link: str | None
    export: str
    revisions: tuple[Draft, ...]
    comments: tuple[Comment, ...] = ()

    @property
    def is_approved(self) -> bool:
        """Whether a named person stands for this very text now."""
        return bool(self.approvals) and not self.obstacles


def draft_view(context: Context, shown: Draft, clearance: frozenset[str]) -> DraftView | None:
    """View of a draft for an audience that may see it; None where the event is not to be seen."""
    with context.store.read() as work:
        row = work.event_row(shown.event_id, clearance=clearance)
        if row is None:
            return None
        revisions = tuple(draft for draft in of_variant(work, shown) if draft.revision <= shown.revision)
        standing = standing_of(context, work, shown, row)
        seen = frozenset(draft.revision for draft in revisions)
        comments = comments_on(work, shown.event_id, shown.kind, seen)
        approvals = [one for one in work.approvals(shown.event_id) if one.voided_utc is None and one.kind is shown.kind]
    found = (
        *lint_draft(shown, newest_utc=standing.newest_utc),
        *standing.conflicts,
        *atel_findings(shown),
        *embargo_findings(standing.labels),
    )
    draft = replace(shown, findings=found)
    sha256 = text_sha256(draft.subject, draft.body)
    reasons = reasons_against(draft, standing)
    signed = tuple(one for one in approvals if (one.revision, one.sha256) == (draft.revision, sha256))
    is_approved = bool(signed) and not reasons
    other = compared_to(draft, revisions)
    return DraftView(
        draft=draft,
        sha256=sha256,
        findings=draft.findings,
        obstacles=reasons,
        approvals=signed,
        compared_to=other,
        passages=() if other is None else differences(other, draft),
        prefill_link=prefill_link(draft, is_test=row.is_test, labels=standing.labels) if is_approved else None,
        export=exported(draft, is_approved=is_approved),
        revisions=revisions,
        comments=comments,
    )


def of_variant(work: UnitOfWork, draft: Draft) -> list[Draft]:
    """Revisions of a draft for one audience, oldest first."""
    found = [one for one in work.drafts(draft.event_id) if (one.kind, one.labels) == (draft.kind, draft.labels)]
    return sorted(found, key=lambda one: one.revision)


def standing_of(context: Context, work: UnitOfWork, draft: Draft, row: EventRow) -> Standing:
    """What an approval of the draft depends on beside the text and the person."""
    composed = [one for one in of_variant(work, draft) if one.author == COMPOSER and one.revision <= draft.revision]
    is_old = bool(composed) and is_outdated(context, work, composed[-1])
    return Standing(
        row=row,
        labels=draft.labels,
        newest_utc=context.clock.now() if is_old else None,
        conflicts=_conflicts(context, work, draft),
    )


def _conflicts(context: Context, work: UnitOfWork, draft: Draft) -> tuple[Finding, ...]:
    """What circulars of others on the event, or on bursts of its day, say otherwise."""
    event, now = widest_view(work, draft.event_id), context.clock.now()
    ours = {one.number for one in own_circulars(work, draft.event_id)}
    on_event = {one.number: one for one in circulars_on(work, event, now)}
    others = {one.number: one for one in bursts_of_the_day(work, event, now)}
    priors = [
        Prior(number=number, subject=one.subject, body=one.body, is_on_event=number in on_event)
        for number, one in sorted({**others, **on_event}.items())
        if number not in ours
    ]
    cited = [*conflicts(draft, priors, t0_utc=event.t0_utc)]
    return (*cited, *uncited(draft, [one.number for one in priors if one.is_on_event]))


def reasons_against(draft: Draft, standing: Standing) -> tuple[str, ...]:
    """Why nobody may approve the draft now."""
    found = obstacles(
        draft,
        standing.row.state,
        is_test=standing.row.is_test,
        labels=standing.labels,
        newest_utc=standing.newest_utc,
    )
    blocking = (one for one in standing.conflicts if one.severity is Severity.BLOCKING)
    return (*found, *(f"{one.rule} ({one.place}): {one.message}" for one in blocking))


def compared_to(draft: Draft, revisions: Sequence[Draft]) -> Draft | None:
    """Revision that a draft is held against: the other hand's last text before it."""
    is_composed = draft.author == COMPOSER
    others = [one for one in revisions if one.revision < draft.revision and (one.author == COMPOSER) != is_composed]
    return others[-1] if others else None
