"""Companions: the associations kept with an event that tell something of it, for rules to weigh."""

from tocsin.domain.products import ProductKind
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
            chance_probability=product.content["chance_probability"],
            overlap=product.content["overlap"],
            is_cited=bool(product.content["is_cited"]),
            labels=product.labels,
        )
        for product in products
        if product.is_answer
    ]
    return tuple(one for one in kept if is_telling(one))


def is_telling(association: Association) -> bool:
    """Whether an association says more than that two times are near."""
    return association.overlap is not None or association.is_cited
