"""Drafting: the circulars that fit what is known, written again when anything they stand on changes.

Each audience has its own: the public one is written from public notices alone. A restricted one stands beside it, with
its labels, where those who see more would write something else.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from tocsin.domain.drafts import COMPOSER, Draft, DraftKind, first_revision, standing_variants
from tocsin.domain.events import Event, EventState
from tocsin.domain.jobs import Job, JobKind
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import widest_view
from tocsin.workflow.context import Context
from tocsin.workflow.draft_kinds import Papers
from tocsin.workflow.owing import UNFINISHED, owe_update
from tocsin.workflow.views import products_of, views
from tocsin.workflow.voiding import void

#: Facts that stay those of the time of writing: who was on call, and what was expected then.
_OF_THEN = ("authors", "verb")


def draft(context: Context, job: Job) -> None:
    """Write the drafts that an event's products call for, for each audience."""
    if job.event_id is None:
        return
    with context.store.begin() as work:
        row = work.event_row(job.event_id)
        if row is None or (row.is_test and not context.is_rehearsal) or row.state is EventState.NOT_ASTROPHYSICAL:
            return
        found = _audiences(context, work, job.event_id)
        for view in found:
            papers = Papers(context, work, view, products_of(work, view))
            for kind in papers.kinds():
                _write(context, work, papers, kind, view)
        _retire(work, job.event_id, {view.labels for view in found})
    context.wake()


def is_outdated(context: Context, work: UnitOfWork, composed: Draft) -> bool:
    """Whether the text composed for an audience would be another if it were composed now, or is about to be."""
    jobs = work.jobs(composed.event_id)
    if any(job.kind is JobKind.DRAFT and job.state in UNFINISHED for job in jobs):
        return True
    view = next((one for one in _audiences(context, work, composed.event_id) if composed.labels <= one.labels), None)
    if view is None:
        return True
    papers = Papers(context, work, view, products_of(work, view))
    return composed.kind not in papers.kinds() or _text_now(papers, composed) != _text(composed)


def _audiences(context: Context, work: UnitOfWork, event_id: str) -> Sequence[Event]:
    """The event as each audience sees it, the public first."""
    return views(context, work, event_id) or [widest_view(work, event_id)]


def _write(context: Context, work: UnitOfWork, papers: Papers, kind: DraftKind, view: Event) -> None:
    of_kind = [one for one in work.drafts(view.id) if one.kind is kind]
    written = [one for one in of_kind if one.labels == view.labels and one.author == COMPOSER]
    # What a person has made of the newest composed text stands until that text itself would be another.
    if written and _text_now(papers, written[-1]) == _text(written[-1]):
        return
    if not written and any(_text_now(papers, one) == _text(one) for one in _for_more_people(of_kind, view)):
        return
    made = papers.composed(kind, papers.facts(kind), revision=_next_revision(of_kind, view))
    work.add_draft(made)
    void(work, view.id, "the draft was written again from newer products", kind=kind, labels=view.labels)
    detail = {"kind": made.kind.value, "revision": made.revision, "lint_errors": made.lint_errors}
    if made.labels:
        detail["audience"] = made.audience
    work.audit("tocsin", "draft", view.id, detail, context.clock.now())
    # Channels keep the cause with the message: it is counted from what this audience sees alone.
    seen = sum(one.labels <= view.labels for one in of_kind) + 1
    whose = "-restricted" if made.labels else ""
    owe_update(context, work, view.id, cause=f"draft-{kind.value}-{seen}{whose}", labels=[made.labels])


def _next_revision(of_kind: Sequence[Draft], view: Event) -> int:
    """Revision that the next text for an audience will have, as the store counts them."""
    own = [one.revision for one in of_kind if one.labels == view.labels]
    return max(own) + 1 if own else first_revision(view.labels)


def _retire(work: UnitOfWork, event_id: str, audiences: Collection[frozenset[str]]) -> None:
    """Let variants say what others are told, where nobody sees the event as their audience did any more."""
    drafts = work.drafts(event_id)
    for one in standing_variants(drafts):
        of_kind = [other for other in drafts if other.kind is one.kind]
        if one.labels and one.labels not in audiences and (told := _for_more_people(of_kind, one)):
            work.add_draft(replace(told[-1], labels=one.labels))


def _for_more_people(of_kind: Sequence[Draft], view: Event | Draft) -> list[Draft]:
    """Newest composed text of each less restricted variant."""
    composed = [one for one in of_kind if one.author == COMPOSER and one.labels < view.labels]
    return list({one.labels: one for one in composed}.values())


def _text_now(papers: Papers, composed: Draft) -> tuple[str, str]:
    """Subject and body if a draft were composed now; the authors stay those of then, a handover is no news."""
    facts = dict(papers.facts(composed.kind))
    facts |= {name: composed.facts[name] for name in _OF_THEN if name in composed.facts}
    return _text(papers.composed(composed.kind, facts, revision=composed.revision))


def _text(draft: Draft) -> tuple[str, str]:
    return draft.subject, draft.body
