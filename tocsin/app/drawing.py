"""Draws events for chat: the pictures of the pages, as PNG."""

from collections.abc import Sequence
from html import unescape
from re import search

from tocsin.api.event_pictures import draw_event
from tocsin.pictures.png import png
from tocsin.store import Store
from tocsin.workflow import queries
from tocsin.workflow.context import Draw, Picture


def drawing_from(store: Store) -> Draw:
    """What draws an event for a clearance, from a store."""

    def draw(event_id: str, clearance: frozenset[str]) -> Sequence[Picture]:
        with store.read() as work:
            view = queries.event_view(work, event_id, clearance=clearance)
        if view is None:
            return ()
        drawn = draw_event(store, view, clearance)
        name = view.item.event.name
        found = (
            ("light_curves", f"{name}: light curves", drawn.light_curves_near or drawn.light_curves),
            ("sky", f"{name}: localization", drawn.sky),
        )
        return tuple(
            Picture(what=what, title=title, alt_text=_described(str(svg)), content=png(str(svg)))
            for what, title, svg in found
            if svg
        )

    return draw


def _described(svg: str) -> str:
    found = search(r"<desc[^>]*>([^<]*)</desc>", svg)
    return unescape(found[1])[:1000] if found else ""
