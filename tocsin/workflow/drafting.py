"""Drafting: the circulars that fit what is known, written again when anything they stand on changes."""

from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.events import EventState
from tocsin.domain.jobs import Job, JobKind
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import widest_view
from tocsin.workflow.context import Context
from tocsin.workflow.draft_kinds import Papers
from tocsin.workflow.owing import UNFINISHED, owe_update
from tocsin.workflow.views import products_of
from tocsin.workflow.voiding import void

#: Author of what no person has touched.
COMPOSER = "tocsin"


def draft(context: Context, job: Job) -> None:
    """Write the drafts that an event's products call for."""
    if job.event_id is None:
        return
    with context.store.begin() as work:
        row = work.event_row(job.event_id)
        if row is None or (row.is_test and not context.is_rehearsal) or row.state is EventState.NOT_ASTROPHYSICAL:
            return
        papers = papers_of(context, work, job.event_id)
        for kind in papers.kinds():
            _write(context, work, papers, kind, job.event_id, cause=str(job.id))
    context.wake()


def papers_of(context: Context, work: UnitOfWork, event_id: str) -> Papers:
    """What an event's circulars are written from: of its products those no more restricted than the event as told."""
    event = widest_view(work, event_id)
    return Papers(context, work, event, products_of(work, event))


def is_outdated(context: Context, work: UnitOfWork, composed: Draft) -> bool:
    """Whether the text composed for an event would be another if it were composed now, or is about to be."""
    jobs = work.jobs(composed.event_id)
    if any(job.kind is JobKind.DRAFT and job.state in UNFINISHED for job in jobs):
        return True
    papers = papers_of(context, work, composed.event_id)
    return composed.kind not in papers.kinds() or _would_differ(papers, composed)


def _write(context: Context, work: UnitOfWork, papers: Papers, kind: DraftKind, event_id: str, *, cause: str) -> None:
    earlier = [draft for draft in work.drafts(event_id) if draft.kind is kind]
    written = [draft for draft in earlier if draft.author == COMPOSER]
    # What a person has made of the newest composed text stands until that text itself would be another.
    if written and not _would_differ(papers, written[-1]):
        return
    made = papers.composed(kind, papers.facts(kind), revision=len(earlier) + 1)
    work.add_draft(made)
    void(work, event_id, "the draft was written again from newer products", kind=kind)
    detail = {"kind": made.kind.value, "revision": made.revision, "lint_errors": made.lint_errors}
    work.audit("tocsin", "draft", made.event_id, detail, context.clock.now())
    owe_update(context, work, event_id, cause=f"draft-{kind.value}-{cause}")


def _would_differ(papers: Papers, composed: Draft) -> bool:
    """Whether the text would be another if it were composed now; the authors stay those of then, a handover is none."""
    facts = dict(papers.facts(composed.kind))
    facts |= {name: composed.facts[name] for name in ("authors", "verb") if name in composed.facts}
    again = papers.composed(composed.kind, facts, revision=composed.revision)
    return (again.subject, again.body) != (composed.subject, composed.body)
