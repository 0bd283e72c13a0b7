"""Identifying: what a gamma-ray event may be instead of a burst of the far sky, as a product for each audience."""

from tocsin.domain.clock import iso_utc
from tocsin.domain.events import Event, EventKind
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.crossing import craft_of
from tocsin.workflow.making import make_product
from tocsin.workflow.maps import map_of
from tocsin.workflow.storms import storm_around
from triggers.identity import identify, verdict

SUBJECT = "the event"


def identity_product(context: Context, work: UnitOfWork, event: Event, skymap: Product | None) -> Product | None:
    """Product that says what was looked at, and found; None for what is no gamma-ray event."""
    if event.kind is not EventKind.GAMMA_RAY_BURST:
        return None
    region = None if skymap is None else map_of(skymap)
    craft, source = craft_of(work, event)
    storm = storm_around(context, work, event, event.labels)
    checks = identify(event, context.known_sources, region=region, craft=craft, storm=storm)
    inputs = [f"event:{event.id}", "config:sources.toml", *([] if source is None else [source])]
    inputs += [] if skymap is None else [skymap.id]
    content = {
        "words": verdict(checks),
        "checks": [
            {
                "suspicion": one.suspicion.value,
                "name": one.name,
                "is_found": one.is_found,
                "expected_by_chance": one.expected_by_chance,
                "words": one.words,
            }
            for one in checks
        ],
        "storm": None
        if storm is None
        else {
            "key": storm.key,
            "source": storm.source,
            "since_utc": iso_utc(storm.since_utc),
            "number": storm.number,
            "is_on": storm.is_on,
        },
    }
    return make_product(
        context,
        ProductKind.IDENTITY,
        event_id=event.id,
        subject=SUBJECT,
        inputs=tuple(inputs),
        parameters={"t0_utc": iso_utc(event.t0_utc), "classes": dict(event.classification)},
        content=content,
        labels=event.labels,
    )
