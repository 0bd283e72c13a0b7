"""Pictures of what would have been seen: for each burst that was tried, its chance over the sky."""

import numpy as np
from markupsafe import Markup

from acs_stream.sky_sensitivity import SkySensitivity
from tocsin.domain.products import ProductKind
from tocsin.pictures import SkyPoint, Symbol
from tocsin.pictures.sensitivity import sensitivity_svg
from tocsin.store import Store
from tocsin.workflow.queries import EventView
from triangulation import pixels
from triangulation.geometry import radec_deg
from triangulation.skymap import SkyMap


def sensitivity_pictures(
    store: Store, view: EventView, clearance: frozenset[str], skymap: SkyMap | None
) -> tuple[Markup, ...]:
    """One picture for each burst tried; none where the direction seen by the craft is not known.

    Parameters
    ----------
    store
        Holds the map of the sensitivity.
    view, clearance
        The event, as its audience sees it.
    skymap
        Where the event is, if that is known.

    Raises
    ------
    ScienceError
        The stored map is broken.
    """
    limits = [one for one in view.products if one.kind is ProductKind.LIMIT and one.is_answer]
    if not limits:
        return ()
    with store.read() as work:
        product = work.product(limits[-1].id, clearance=clearance)
    if product is None or not product.blob:
        return ()
    found = SkySensitivity.from_bytes(product.blob)
    order, pixel = pixels.order_and_pixel(found.uniq)
    ra, dec = (np.asarray(values) for values in radec_deg(pixels.centres_mixed(order, pixel)))
    axis = SkyPoint(
        label=f"pointing axis of {product.subject}",
        ra_deg=float(found.header["RA_X"]),
        dec_deg=float(found.header["DEC_X"]),
        symbol=Symbol.CROSS,
    )
    return tuple(
        Markup(  # noqa: S704 - made by our own drawing, which escapes
            sensitivity_svg(
                ra,
                dec,
                found.chance(number),
                skymap=skymap,
                points=[axis],
                title=f"Chance of {product.subject} to find a burst {name}, around {view.item.event.name}",
                what=_named(name),
            )
        )
        for number, name in enumerate(found.bursts)
    )


def _named(name: str) -> str:
    return f"a burst {name}" if name.startswith("like ") else f"a {name}"
