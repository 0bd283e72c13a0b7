"""Crossing: when an event crossed the centre of the Earth, with its uncertainty, as a product."""

from datetime import datetime

import numpy as np

from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.events import Event
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.making import make_product
from tocsin.workflow.maps import map_of
from tocsin.workflow.views import products_of
from triangulation.ephemeris_file import SolarSystem, packaged_de421
from triangulation.geometry import SPEED_OF_LIGHT_KM_S, SpacecraftPosition
from triggers.earth_crossing import EarthCrossing, earth_crossing, place_of_t0
from triggers.families import Family, family_of_alias
from triggers.trigger_groups import trigger_times

SUBJECT = "the wave"
#: Craft whose positions come with their light curves.
_CRAFT = {Family.KONUS: "Wind", Family.SPI_ACS: "INTEGRAL", Family.IBIS: "INTEGRAL", Family.GBM: "Fermi"}
#: A position this far from T0 is not that of T0, s: a low orbit moves 0.03 light-ms a second, a far one hardly.
NEAR_S = 600.0


def crossing_product(context: Context, work: UnitOfWork, event: Event, skymap: Product | None) -> Product | None:
    """Product that says when an event crossed the geocentre; None where it has no time."""
    region = None if skymap is None else map_of(skymap)
    craft, source = craft_of(work, event)
    craft = craft or planet_of(context, event)
    found = earth_crossing(event, context.rules.book.coincidence, region=region, craft=craft)
    if found is None:
        return None
    inputs = [f"event:{event.id}", "config:coincidence.toml", *([] if source is None else [source])]
    inputs += [] if skymap is None else [skymap.id]
    content = {
        "t0_utc": iso_utc(found.t0_utc),
        "crossing_utc": iso_utc(found.crossing_utc),
        "offset_s": found.offset_s,
        "half_width_s": found.half_width_s,
        "trigger_spread_s": found.trigger_spread_s,
        "place": found.place,
        "method": found.method,
        "words": _words(found),
    }
    return make_product(
        context,
        ProductKind.EARTH_CROSSING,
        event_id=event.id,
        subject=SUBJECT,
        inputs=tuple(inputs),
        parameters={"t0_utc": iso_utc(found.t0_utc)},
        content=content,
        labels=event.labels,
    )


def crossing_of(context: Context, work: UnitOfWork, event: Event) -> EarthCrossing | None:
    """When an event crossed the geocentre: by its product of the same T0, else by its place alone."""
    for product in reversed(products_of(work, event, ProductKind.EARTH_CROSSING)):
        if to_utc(str(product.content["t0_utc"])) == event.t0_utc:
            return EarthCrossing(
                t0_utc=to_utc(str(product.content["t0_utc"])),
                offset_s=float(product.content["offset_s"]),
                half_width_s=float(product.content["half_width_s"]),
                trigger_spread_s=float(product.content["trigger_spread_s"]),
                place=str(product.content["place"]),
                method=str(product.content["method"]),
            )
    return earth_crossing(event, context.rules.book.coincidence)


def craft_of(work: UnitOfWork, event: Event) -> tuple[SpacecraftPosition | None, str | None]:
    """Position at T0 of the craft whose trigger gives T0, from its light curve, and that product's id."""
    families = {family_of_alias(alias) for alias, time in trigger_times(event).items() if time == event.t0_utc}
    wanted = {_CRAFT[family] for family in families if family in _CRAFT}
    for product in reversed(products_of(work, event, ProductKind.LIGHT_CURVE)):
        place = product.content.get("position")
        if place and place["spacecraft"] in wanted and _is_near(to_utc(place["epoch_utc"]), event.t0_utc):
            return (
                SpacecraftPosition(
                    spacecraft=place["spacecraft"],
                    epoch_utc=to_utc(place["epoch_utc"]),
                    vector_km=place["vector_km"],
                    error_km=place["error_km"],
                ),
                product.id,
            )
    return None, None


def planet_of(context: Context, event: Event) -> SpacecraftPosition | None:
    """Where the planet was that an event's time was taken at, by its ephemeris; None for all other events.

    The Earth goes on while light is on its way: that is the error, as three standard deviations of it.
    """
    place = place_of_t0(event, context.rules.book.coincidence)
    if not place.planet or event.t0_utc is None:
        return None
    try:
        with SolarSystem(packaged_de421()) as ephemeris:
            vector_km = ephemeris.planet_km(place.planet, event.t0_utc)
            _, speed_km_s = ephemeris.earth_km(event.t0_utc)
    except ScienceError:
        return None
    light_s = float(np.linalg.norm(vector_km)) / SPEED_OF_LIGHT_KM_S
    moved_km = float(np.linalg.norm(speed_km_s)) * light_s
    return SpacecraftPosition(
        spacecraft=place.planet, epoch_utc=event.t0_utc, vector_km=vector_km, error_km=moved_km / 3.0
    )


def _is_near(epoch_utc: datetime, t0_utc: datetime | None) -> bool:
    return t0_utc is not None and abs((epoch_utc - t0_utc).total_seconds()) <= NEAR_S


def _words(found: EarthCrossing) -> str:
    margin_s = found.margin_s
    width = f"± {margin_s:.2g} s" if margin_s else "as stated"
    return f"{found.crossing_utc:%H:%M:%S.%f}"[:-3] + f" UTC {width} ({found.method})"
