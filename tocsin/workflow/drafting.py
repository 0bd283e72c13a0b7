"""Drafting: the circular that fits what is known, written again when anything it stands on changes."""

from collections.abc import Mapping, Sequence

from advocates.drafts import compose
from advocates.facts import annulus_facts, upper_limit_facts
from tocsin.domain.drafts import Draft, DraftKind, Fact
from tocsin.domain.events import Event, EventKind
from tocsin.domain.jobs import Job, JobKind
from tocsin.domain.people import Person, PersonRole
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import widest_view
from tocsin.workflow.context import Context
from tocsin.workflow.owing import UNFINISHED, owe_update
from tocsin.workflow.reacting import is_standing
from tocsin.workflow.voiding import void

#: Author of what no person has touched.
COMPOSER = "tocsin"
#: Kinds of event for which SPI-ACS reports a limit where it saw nothing.
LIMITED = frozenset({EventKind.GRAVITATIONAL_WAVE, EventKind.NEUTRINO})


def draft(context: Context, job: Job) -> None:
    """Write the drafts that an event's products call for."""
    if job.event_id is None:
        return
    with context.store.begin() as work:
        row = work.event_row(job.event_id)
        if row is None or row.is_test or not is_standing(work, job.event_id):
            return
        event = widest_view(work, job.event_id)
        products = work.products(job.event_id)
        for kind in _kinds(event, products):
            _write(context, work, kind, event, products, cause=str(job.id))
    context.wake()


def _kinds(event: Event, products: Sequence[Product]) -> list[DraftKind]:
    kinds: list[DraftKind] = []
    has_limit = any(product.kind is ProductKind.LIMIT and product.is_answer for product in products)
    if event.kind in LIMITED and has_limit:
        kinds.append(DraftKind.SPIACS_UPPER_LIMIT)
    if any(product.kind is ProductKind.ANNULUS and product.is_answer for product in products):
        kinds.append(DraftKind.IPN_ANNULUS)
    return kinds


def _write(
    context: Context, work: UnitOfWork, kind: DraftKind, event: Event, products: Sequence[Product], *, cause: str
) -> None:
    earlier = [draft for draft in work.drafts(event.id) if draft.kind is kind]
    written = [draft for draft in earlier if draft.author == COMPOSER]
    # What a person has made of the newest composed text stands until that text itself would be another.
    if written and not _would_differ(context, written[-1], event, products):
        return
    made = _composed(context, kind, _facts(context, kind, event, products), event.id, revision=len(earlier) + 1)
    work.add_draft(made)
    void(work, event.id, "the draft was written again from newer products", kind=kind)
    _audit(context, work, made)
    owe_update(context, work, event.id, cause=f"draft-{cause}")


def is_outdated(context: Context, work: UnitOfWork, composed: Draft) -> bool:
    """Whether the text composed for an event would be another if it were composed now, or is about to be."""
    jobs = work.jobs(composed.event_id)
    if any(job.kind is JobKind.DRAFT and job.state in UNFINISHED for job in jobs):
        return True
    event, products = widest_view(work, composed.event_id), work.products(composed.event_id)
    return composed.kind not in _kinds(event, products) or _would_differ(context, composed, event, products)


def _would_differ(context: Context, composed: Draft, event: Event, products: Sequence[Product]) -> bool:
    """Whether the text would be another if it were composed now; the authors stay those of then, a handover is none."""
    facts = dict(_facts(context, composed.kind, event, products))
    facts |= {name: composed.facts[name] for name in ("authors", "verb") if name in composed.facts}
    again = _composed(context, composed.kind, facts, event.id, revision=composed.revision)
    return (again.subject, again.body) != (composed.subject, composed.body)


def _composed(context: Context, kind: DraftKind, facts: Mapping[str, Fact], event_id: str, *, revision: int) -> Draft:
    return compose(
        kind,
        facts,
        event_id=event_id,
        is_replay=context.is_replay,
        made_utc=context.clock.now(),
        templates=context.templates,
        revision=revision,
    )


def _facts(context: Context, kind: DraftKind, event: Event, products: Sequence[Product]) -> Mapping[str, Fact]:
    authors = _authors(context)
    match kind:
        case DraftKind.SPIACS_UPPER_LIMIT:
            now = context.clock.now()
            return upper_limit_facts(event, products, wording=context.wording, authors=authors, made_utc=now)
        case DraftKind.IPN_ANNULUS:
            return annulus_facts(event, products, wording=context.wording, authors=authors)


def _authors(context: Context) -> tuple[Person, ...]:
    """Who signs: the advocate on call, then the approvers."""
    on_call = context.rota.on_call_or_fallback(context.clock.now())
    signing = {person.id: person for person in (*on_call, *context.people.with_role(PersonRole.APPROVER))}
    return tuple(signing.values())


def _audit(context: Context, work: UnitOfWork, made: Draft) -> None:
    detail = {"kind": made.kind.value, "revision": made.revision, "lint_errors": made.lint_errors}
    work.audit("tocsin", "draft", made.event_id, detail, context.clock.now())
