"""Views: an event as computed from what each audience may see, and the products that belong to such a view.

A view's labels name its audience. The public view comes first; a wider one follows only where it sees more notices.
"""

from collections.abc import Iterable

from tocsin.domain.events import Event
from tocsin.domain.products import Product, ProductKind, best_variants, may_see
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.recall import stored_notices
from triggers.corrections import has_substance
from triggers.event import summarise


def views(context: Context, work: UnitOfWork, event_id: str) -> list[Event]:
    """An event once for each audience that sees another part of it: the narrowest first, the whole last.

    Audiences are the public, those behind each channel, and whoever may see everything.
    """
    notices = stored_notices(work, event_id)
    everything = frozenset[str]().union(*(one.notice.labels for one in notices))
    clearances = {frozenset[str](), everything, *(door.clearance & everything for door in context.doors)}
    found: dict[tuple[int, ...], Event] = {}
    for clearance in sorted(clearances, key=lambda one: (len(one), sorted(one))):
        visible = [one for one in notices if may_see(one.notice.labels, clearance)]
        if has_substance(visible):
            found.setdefault(tuple(one.key for one in visible), summarise(event_id, visible))
    return list(found.values())


def products_of(
    work: UnitOfWork, view: Event, kind: ProductKind | None = None, *, with_blob: bool = False
) -> list[Product]:
    """Current products of an event as one view of it has them: its own variant, else the widest it may see."""
    return best_variants(work.products(view.id, kind, with_blob=with_blob, clearance=view.labels))


def new_variants(made: Iterable[Product], narrower: Iterable[Product]) -> list[Product]:
    """Those of `made` that tell something else than what a narrower audience is told already."""
    known = [(one.kind, one.subject, one.content, one.blob) for one in narrower]
    return [one for one in made if (one.kind, one.subject, one.content, one.blob) not in known]
