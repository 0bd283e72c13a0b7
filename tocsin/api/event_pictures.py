"""Pictures of an event: its light curves and sky map, drawn once per set of products and kept."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from markupsafe import Markup

from tocsin.api.burst_pictures import sensitivity_pictures
from tocsin.api.services import ApiServices, Viewer
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve
from tocsin.domain.products import Product, ProductKind
from tocsin.pictures import (
    Disc,
    DrawnAnnulus,
    ExcessMark,
    Outline,
    SkyPoint,
    Symbol,
    View,
    light_curve_svg,
    sky_map_svg,
)
from tocsin.pictures.bodies import moon_direction, sun_direction
from tocsin.store import Store
from tocsin.workflow import queries
from tocsin.workflow.coverage import Covered, coverages
from tocsin.workflow.queries import EventView
from triangulation.skymap import SkyMap

log = structlog.get_logger()

#: Bins longer than this show nothing more when drawn large around T0.
FINE_BIN_S = 1.1
#: A region smaller than this is drawn large beside the whole sky, deg2.
SMALL_AREA_DEG2 = 400.0
#: An excess further from T0 than this was seen by a craft far from the Earth, s.
FAR_S = 20.0
OUTSIDE_MARGIN_S = 20.0
#: Instruments whose coverage can be hidden one by one; more share a switch.
LAYERS = 12
NOTHING = Markup()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPictures:
    """SVG of an event, for pages: light curves of the whole window and around T0, the sky and a part of it.

    Each is empty where there is nothing to draw; `problems` say why something could not be. `sensitivity`: the chance
    over the sky of each burst that was tried; `coverage`: what each instrument saw of the sky, in the order of its
    switches.
    """

    light_curves: Markup = NOTHING
    light_curves_near: Markup = NOTHING
    sky: Markup = NOTHING
    sky_near: Markup = NOTHING
    sensitivity: tuple[Markup, ...] = ()
    problems: tuple[str, ...] = ()
    coverage: tuple[Covered, ...] = ()


class PictureCache:
    """The pictures drawn last: the same products give the same pictures, whoever asks.

    Parameters
    ----------
    most
        How many events' pictures are kept.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, ...], EventPictures] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...], draw: Callable[[], EventPictures]) -> EventPictures:
        """Pictures kept under `key`, or drawn now."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = draw()
        with self._lock:
            self._kept[key] = drawn
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return drawn


def pictures_of(services: ApiServices, cache: PictureCache, viewer: Viewer, view: EventView) -> EventPictures:
    """Pictures of an event from the products that the viewer may see; a reason in words where one cannot be drawn."""
    event = view.item.event
    # Products are named by what they are made from; T0 and position come from the notices.
    key = (event.id, event.name, str(event.t0_utc), str(event.ra_deg), str(event.dec_deg), str(event.error_radius_deg))
    return cache.get((*key, *(product.id for product in view.products)), lambda: _draw(services, viewer, view))


def _draw(services: ApiServices, viewer: Viewer, view: EventView) -> EventPictures:
    return draw_event(services.store, view, viewer.clearance)


def draw_event(store: Store, view: EventView, clearance: frozenset[str]) -> EventPictures:
    """Pictures of an event from the products that `clearance` opens, drawn now."""
    curves, curve_problem = _drawn(view, "light curves", lambda: _light_curves(view, _curves(store, view, clearance)))
    found: list[Covered] = []

    def draw_sky() -> tuple[Markup, Markup]:
        skymap = _stored_map(store, view, clearance)
        found.extend(coverages(view.products, skymap))
        return _sky(view, skymap, found)

    sky, sky_problem = _drawn(view, "sky map", draw_sky)
    chances, chance_problem = _drawn(view, "sensitivity", lambda: _chances(store, view, clearance))
    return EventPictures(
        light_curves=curves[0],
        light_curves_near=curves[1],
        sky=sky[0],
        sky_near=sky[1],
        sensitivity=tuple(one for one in chances if one),
        problems=tuple(problem for problem in (curve_problem, sky_problem, chance_problem) if problem),
        coverage=tuple(found),
    )


def _chances(store: Store, view: EventView, clearance: frozenset[str]) -> tuple[Markup, ...]:
    return sensitivity_pictures(store, view, clearance, _stored_map(store, view, clearance))


def _drawn(view: EventView, what: str, draw: Callable[[], tuple[Markup, ...]]) -> tuple[tuple[Markup, ...], str]:
    """Pictures, or why there are none: a picture that fails must never cost the page its Acknowledge button."""
    try:
        return draw(), ""
    except ScienceError as error:
        return (NOTHING, NOTHING), f"The {what} cannot be drawn: {error}"
    except Exception:
        about = "restricted" if view.item.event.labels else view.item.event.id
        log.exception("drawing failed", what=what, about=about)
        return (NOTHING, NOTHING), f"The {what} cannot be drawn: a fault of Tocsin; it was logged."


def _curves(store: Store, view: EventView, clearance: frozenset[str]) -> list[LightCurve]:
    """Light curves in the order in which the page names the instruments."""
    with store.read() as work:
        curves = queries.light_curves(work, view.item.event.id, clearance=clearance)
    order = {one.instrument: i for i, one in enumerate(view.item.findings)}
    return sorted(curves, key=lambda curve: order.get(curve.instrument, len(order)))


def _stored_map(store: Store, view: EventView, clearance: frozenset[str]) -> SkyMap | None:
    with store.read() as work:
        product = queries.sky_map(work, view.item.event.id, clearance=clearance)
    return None if product is None or product.blob is None else SkyMap.from_bytes(product.blob)


def _light_curves(view: EventView, curves: Sequence[LightCurve]) -> tuple[Markup, Markup]:
    event = view.item.event
    if not curves or event.t0_utc is None:
        return NOTHING, NOTHING
    marks = [
        ExcessMark(
            instrument=one.instrument,
            start_s=one.excess.start_s,
            stop_s=one.excess.stop_s,
            snr=one.excess.snr,
            scale_s=one.excess.scale_s,
        )
        for one in view.item.findings
        if one.excess is not None and one.excess.is_counterpart
    ]
    search_s = _searched(view.products)
    whole = light_curve_svg(
        curves,
        t0_utc=event.t0_utc,
        window_s=_window_s(search_s, marks),
        search_s=search_s,
        marks=marks,
        title=f"Light curves of {event.name}",
    )
    fine = [curve for curve in curves if len(curve) and float(curve.width_s.min()) < FINE_BIN_S]
    if not fine:
        return Markup(whole), NOTHING  # noqa: S704 - made by our own drawing, which escapes
    shifts_s = _shifts_s(marks)
    near = light_curve_svg(
        fine,
        t0_utc=event.t0_utc,
        window_s=_near_s([mark for mark in marks if mark.instrument not in shifts_s]),
        marks=marks,
        shifts_s=shifts_s,
        title=f"Light curves of {event.name} near T0",
    )
    return Markup(whole), Markup(near)  # noqa: S704 - as above


def _window_s(search_s: tuple[float, float] | None, marks: Sequence[ExcessMark]) -> tuple[float, float] | None:
    """Interval drawn: what was searched, and any excess a far craft saw outside of it."""
    if search_s is None:
        return None
    starts = [mark.start_s - OUTSIDE_MARGIN_S for mark in marks if mark.start_s < search_s[0]]
    stops = [mark.stop_s + OUTSIDE_MARGIN_S for mark in marks if mark.stop_s > search_s[1]]
    return min([search_s[0], *starts]), max([search_s[1], *stops])


def _shifts_s(marks: Sequence[ExcessMark]) -> dict[str, float]:
    """How much later than T0 the zero of far craft's panels is, so that their excess lies under the others'."""
    near = [mark for mark in marks if abs(_middle_s(mark)) <= FAR_S]
    reference_s = _middle_s(max(near, key=lambda mark: mark.snr)) if near else 0.0
    return {mark.instrument: _middle_s(mark) - reference_s for mark in marks if abs(_middle_s(mark)) > FAR_S}


def _middle_s(mark: ExcessMark) -> float:
    return 0.5 * (mark.start_s + mark.stop_s)


def _near_s(marks: Sequence[ExcessMark]) -> tuple[float, float]:
    """Interval drawn large: around T0 and the strongest excess, some excess lengths wide."""
    best = max(marks, key=lambda mark: mark.snr, default=None)
    if best is None:
        return -10.0, 10.0
    margin = max(5.0, 4.0 * (best.stop_s - best.start_s))
    return min(0.0, best.start_s) - margin, max(0.0, best.stop_s) + margin


def _searched(products: Sequence[Product]) -> tuple[float, float] | None:
    """Interval searched, s from T0, widest over the instruments."""
    spans = [
        float(p.parameters["window_s"]) for p in products if p.kind is ProductKind.SEARCH and "window_s" in p.parameters
    ]
    return (-max(spans), max(spans)) if spans else None


def _sky(view: EventView, skymap: SkyMap | None, found: Sequence[Covered]) -> tuple[Markup, Markup]:
    event = view.item.event
    annuli = [made for p in view.products if (made := _annulus(p)) is not None]
    places = [] if event.ra_deg is None or event.dec_deg is None else [_notice_position(view)]
    if skymap is None and not annuli and not places:
        return NOTHING, NOTHING
    bodies = []
    if event.t0_utc is not None:
        sun, moon = sun_direction(event.t0_utc), moon_direction(event.t0_utc)
        bodies = [
            SkyPoint(label="Sun", ra_deg=sun[0], dec_deg=sun[1], symbol=Symbol.SUN),
            SkyPoint(label="Moon", ra_deg=moon[0], dec_deg=moon[1], symbol=Symbol.MOON),
        ]
    whole = sky_map_svg(
        skymap,
        annuli,
        [*places, *bodies],
        discs=_discs(found),
        outlines=_outlines(found),
        title=f"Localization of {event.name}",
    )
    field = _field(skymap)
    if field is None:
        return Markup(whole), NOTHING  # noqa: S704 - made by our own drawing, which escapes
    near = sky_map_svg(
        skymap, annuli, places, view=field, has_legend=False, title=f"Localization of {event.name}, enlarged"
    )
    return Markup(whole), Markup(near)  # noqa: S704 - as above


def _discs(found: Sequence[Covered]) -> list[Disc]:
    """The Earth as each low craft with a light curve saw it: nothing came from behind it."""
    return [
        Disc(
            label="Earth",
            seen_from=one.coverage.instrument,
            ra_deg=cap.ra_deg,
            dec_deg=cap.dec_deg,
            radius_deg=cap.radius_deg,
            layer=f"cover{n % LAYERS}",
        )
        for n, one in enumerate(found)
        if (cap := one.coverage.hidden) is not None
    ]


def _outlines(found: Sequence[Covered]) -> list[Outline]:
    """Edges of what instruments see, and of where they see less well."""
    made = []
    for n, one in enumerate(found):
        for cap, is_poor in ((one.coverage.inside, False), (one.coverage.poor, True)):
            if cap is None:
                continue
            name = one.coverage.instrument
            words = f"{name}: sensitivity below half" if is_poor else f"{name}: edge of its field"
            made.append(
                Outline(
                    label=f"{name} poor" if is_poor else name,
                    words=words,
                    ra_deg=cap.ra_deg,
                    dec_deg=cap.dec_deg,
                    radius_deg=cap.radius_deg,
                    is_poor=is_poor,
                    layer=f"cover{n % LAYERS}",
                )
            )
    return made


def _notice_position(view: EventView) -> SkyPoint:
    event = view.item.event
    return SkyPoint(
        label=event.name,
        ra_deg=event.ra_deg or 0.0,
        dec_deg=event.dec_deg or 0.0,
        error_radius_deg=event.error_radius_deg,
    )


def _annulus(product: Product) -> DrawnAnnulus | None:
    names = ("ra_deg", "dec_deg", "radius_deg", "minus_3sigma_deg", "plus_3sigma_deg")
    if product.kind is not ProductKind.ANNULUS or not all(_is_number(product.content.get(name)) for name in names):
        return None
    return DrawnAnnulus(label=product.subject, **{name: float(product.content[name]) for name in names})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _field(skymap: SkyMap | None) -> View | None:
    """Field around the densest place of a small region."""
    if skymap is None:
        return None
    area_deg2 = skymap.credible_area_deg2(0.9)
    if area_deg2 > SMALL_AREA_DEG2:
        return None
    half_width_deg = min(25.0, max(0.05, 2.5 * math.sqrt(area_deg2 / math.pi)))
    return View(ra_deg=skymap.peak[0], dec_deg=skymap.peak[1], half_width_deg=half_width_deg)
