"""Informing owners: a result made from somebody's restricted data makes a dated task to tell them, done by a person.

Tocsin writes to nobody outside by itself: the task says whom to tell, of what, and by when; who told them says so.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import ConflictError
from tocsin.domain.products import Product, ProductKind, may_see
from tocsin.store import OwnerTaskRow, UnitOfWork
from tocsin.workflow.callers import advocate
from tocsin.workflow.context import Context

#: Products that are results; the others are what results are made from, or say when and where to look.
RESULTS = frozenset(
    {
        ProductKind.SEARCH,
        ProductKind.LIMIT,
        ProductKind.ANNULUS,
        ProductKind.SKYMAP,
        ProductKind.ASSOCIATION,
        ProductKind.JOINT_SKYMAP,
    }
)


def owe_word_to_owners(context: Context, work: UnitOfWork, products: Iterable[Product]) -> None:
    """Owe the owners of restricted data word of results that were made from them: once for each event and label."""
    now = context.clock.now()
    for product in products:
        if product.kind not in RESULTS or not product.is_answer:
            continue
        for label in sorted(product.labels):
            owner = context.owners.owner_of(label)
            due = now + timedelta(seconds=owner.within_s)
            about = f"{product.kind.value.replace('_', ' ')} of {product.subject} ({product.id[:12]})"
            name = f"{owner.name}, {owner.contact}"
            if work.add_owner_task(product.event_id, label, owner=name, about=about, made_utc=now, due_utc=due):
                detail = {"label": label, "owner": name, "about": about, "due_utc": iso_utc(due)}
                work.audit("tocsin", "owner_to_be_told", product.event_id, detail, now)


def told_owner(
    context: Context, task_id: int, person_id: str, via: str, *, told_utc: datetime | None = None, note: str = ""
) -> OwnerTaskRow:
    """Keep that a person told an owner; the task as it stands then.

    Parameters
    ----------
    context
        What the workflow works with.
    task_id, person_id, via
        Which task, who told, and by which door this is said.
    told_utc
        When the owner was told, if not now.
    note
        How, or what they said.

    Raises
    ------
    NotAllowedError
        The person is no advocate.
    ConflictError
        There is no such task that they may see, it was done already, or the time is none at which it can have been.
    """
    person, now = advocate(context, person_id), context.clock.now()
    with context.store.begin() as work:
        found = {row.id: row for row in work.owner_tasks(clearance=person.clearance)}
        if task_id not in found:
            raise ConflictError(f"there is no task {task_id}")
        if told_utc is not None and not found[task_id].made_utc <= told_utc <= now:
            raise ConflictError(f"{iso_utc(told_utc)} is before the result, or has not come yet")
        if not work.finish_owner_task(task_id, person_id, told_utc or now):
            raise ConflictError(f"{found[task_id].owner} was told already by {found[task_id].done_by}")
        detail = {"via": via, "label": found[task_id].label, "owner": found[task_id].owner}
        detail |= {"told_utc": iso_utc(told_utc or now), **({"note": note} if note else {})}
        work.audit(person_id, "told_owner", found[task_id].event_id, detail, now)
        return next(row for row in work.owner_tasks(found[task_id].event_id) if row.id == task_id)


def open_tasks(work: UnitOfWork, event_id: str | None = None, *, clearance: frozenset[str]) -> list[OwnerTaskRow]:
    """Tasks that somebody may see, those not done first, then the oldest; of one event, or all."""
    rows = [row for row in work.owner_tasks(event_id, clearance=clearance) if may_see({row.label}, clearance)]
    return sorted(rows, key=lambda row: (row.done_utc is not None, row.id))


def task_json(row: OwnerTaskRow, now: datetime) -> dict[str, object]:
    """JSON-able form of a task; it is overdue where nobody has told the owner in time."""
    return {
        "id": row.id,
        "event_id": row.event_id,
        "label": row.label,
        "owner": row.owner,
        "about": row.about,
        "made_utc": iso_utc(row.made_utc),
        "due_utc": iso_utc(row.due_utc),
        "done_utc": iso_utc(row.done_utc),
        "done_by": row.done_by,
        "is_overdue": row.done_utc is None and row.due_utc < now,
    }
