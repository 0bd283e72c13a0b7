"""Views: an event as computed from what each audience may see, and the products that belong to such a view.

A view's labels name its audience. The public view comes first; a wider one follows only where it sees more notices.
"""

from collections.abc import Iterable

from tocsin.domain.events import Event
from tocsin.domain.products import Product, ProductKind, best_variants, may_see
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.recall import stored_notices, summed_up
from triggers.corrections import has_substance


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
            found.setdefault(tuple(one.key for one in visible), summed_up(event_id, visible))
    return list(found.values())


def products_of(
    work: UnitOfWork, view: Event, kind: ProductKind | None = None, *, with_blob: bool = False
) -> list[Product]:
    """Current products of an event as one view of it has them: its own variant, else the widest it may see."""
    return best_variants(work.products(view.id, kind, with_blob=with_blob, clearance=view.labels))


def new_variants(made: Iterable[Product], narrower: Iterable[Product]) -> list[Product]:
    """Those of `made` that tell something else than what a narrower audience is told already."""
    known = [_told(one) for one in narrower]
    return [one for one in made if _told(one) not in known]


def retire_variants(work: UnitOfWork, made: Iterable[Product], kept: Iterable[Product]) -> None:
    """Let variants go that a wider audience had, where it is told now what a narrower one is.

    Parameters
    ----------
    work
        The store.
    made
        Everything that was made this time, for all audiences.
    kept
        What of it is kept: see `new_variants`.
    """
    kept_ids = {one.id for one in kept}
    for one in made:
        if one.labels and one.id not in kept_ids:
            for old in work.products(one.event_id, one.kind):
                if old.subject == one.subject and old.labels == one.labels:
                    work.supersede(old.id, "as for all")


def _told(product: Product) -> tuple[ProductKind, str, object, bytes | None]:
    return product.kind, product.subject, product.content, product.blob
