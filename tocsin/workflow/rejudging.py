"""Judging again: which excess may be the event's depends on where the event may be, and that is told better later.

An excess counts only where the sky map lets gamma rays arrive then. With every new map the searches are judged again
from what they found; nothing is fetched or searched anew. What they were judged against is in their lineage.
"""

from tocsin.domain.clock import to_utc
from tocsin.domain.events import Event
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.counterparts import counterpart
from tocsin.workflow.making import make_product, replace_product
from tocsin.workflow.surroundings import surroundings
from tocsin.workflow.views import products_of
from triangulation.geometry import SpacecraftPosition


def judge_again(context: Context, work: UnitOfWork, view: Event) -> list[Product]:
    """Put searches of a view right whose counterpart is another one now; what was changed."""
    searches = [one for one in products_of(work, view, ProductKind.SEARCH) if one.is_answer]
    if not searches:
        return []
    places = {one.subject: _place(one) for one in products_of(work, view, ProductKind.LIGHT_CURVE)}
    changed = []
    for old in searches:
        found = surroundings(context, work, view, float(old.parameters.get("window_s", 0.0)))
        own, others = found.windows(places.get(old.subject))
        best = counterpart(old.content.get("excesses", ()), own, others)
        if best == old.content.get("counterpart"):
            continue
        content = dict(old.content) | {"counterpart": best, "arrival_window_s": [own.start_s, own.stop_s]}
        made = make_product(
            context,
            ProductKind.SEARCH,
            event_id=view.id,
            subject=old.subject,
            inputs=tuple(dict.fromkeys((*old.input_ids, *found.sources))),
            parameters={**old.parameters, "judged_against": list(found.sources)},
            content=content,
            labels=view.labels | old.labels,
        )
        if replace_product(work, made):
            changed.append(made)
    return changed


def _place(curve: Product) -> SpacecraftPosition | None:
    place = curve.content.get("position")
    if not place:
        return None
    return SpacecraftPosition(
        spacecraft=place["spacecraft"],
        epoch_utc=to_utc(place["epoch_utc"]),
        vector_km=place["vector_km"],
        error_km=place["error_km"],
    )
