"""Upper limits of an event, as partners ask for them: one per instrument, with what is needed to use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.domain.products import ProductKind
from tocsin.workflow.queries import EventView


@dataclass(frozen=True, slots=True, kw_only=True)
class UpperLimit:
    """What an instrument would have seen.

    Parameters
    ----------
    event_id, event_name, t0_utc
        The event.
    ra_deg, dec_deg
        Its best position, if any.
    instrument
        Which did not see it.
    values
        Limits by name; the unit is in the name.
    product_id
        For the lineage.
    """

    event_id: str
    event_name: str
    t0_utc: datetime | None
    ra_deg: float | None
    dec_deg: float | None
    instrument: str
    values: Mapping[str, Any]
    product_id: str


def limits_of(view: EventView) -> tuple[UpperLimit, ...]:
    """Current upper limits of an event."""
    event = view.item.event
    return tuple(
        UpperLimit(
            event_id=event.id,
            event_name=event.name,
            t0_utc=event.t0_utc,
            ra_deg=event.ra_deg,
            dec_deg=event.dec_deg,
            instrument=product.subject,
            values=product.content,
            product_id=product.id,
        )
        for product in view.products
        if product.kind is ProductKind.LIMIT and product.is_answer
    )
