"""Companions: the associations kept with an event that tell something of it, for rules to weigh."""

from collections.abc import Mapping
from typing import Any

from tocsin.domain.products import ProductKind, best_variants
from tocsin.store import UnitOfWork
from triggers.companions import Association


def telling_companions(
    work: UnitOfWork, event_id: str, *, clearance: frozenset[str] | None = None
) -> tuple[Association, ...]:
    """Associations of an event that agree in the sky, or that LVK itself names.

    Coincidence in time alone is common: it is shown, and wakes nobody.
    """
    products = work.products(event_id, ProductKind.ASSOCIATION, clearance=clearance)
    kept = [
        Association(
            event_id=event_id,
            other_id=str(product.content["other_id"]),
            other_name=str(product.content["other_name"]),
            window=str(product.content["window"]),
            difference_s=product.content["difference_s"],
            joint_far_hz=product.content["joint_far_hz"],
            association_chance=product.content["association_chance"],
            overlap=product.content["overlap"],
            is_cited=bool(product.content["is_cited"]),
            labels=product.labels,
            joint_far_is_limit=bool(product.content["joint_far_is_limit"]),
            margin_s=float(product.content["margin_s"]),
            length_s=product.content["length_s"],
            rate_hz=product.content["rate_hz"],
            trials=int(product.content["trials"]),
        )
        for product in best_variants(products)
        if product.is_answer and not product.content.get("is_triple")
    ]
    return tuple(one for one in kept if is_telling(one))


def is_telling(association: Association) -> bool:
    """Whether an association says more than that two times are near."""
    return association.overlap is not None or association.is_cited


def is_telling_content(content: Mapping[str, Any]) -> bool:
    """The same of an association as it is kept; of one of three events it is not asked."""
    return not content.get("is_triple") and (content.get("overlap") is not None or bool(content.get("is_cited")))
