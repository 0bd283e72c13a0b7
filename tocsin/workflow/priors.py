"""Priors: the sky map that an event's notices give, before any light curve is looked at."""

from listeners.decode import decode
from tocsin.domain.events import Event
from tocsin.store import UnitOfWork
from tocsin.workflow.maps import SHELF
from triangulation.skymap import SkyMap
from triggers.families import family_of_alias
from triggers.positions import systematic_deg

#: Without a stated error a position is taken to be good to this, deg (90 %): better said than hidden.
UNSTATED_ERROR_DEG = 10.0


def prior_map(work: UnitOfWork, event: Event) -> tuple[SkyMap | None, str, str]:
    """Map that the notices give: attached, or a disc about their position; with its words and its source."""
    if event.skymap is not None and event.skymap_notice_key is not None:
        row = work.notice_row(event.skymap_notice_key)
        if row is not None and (row.record.get("skymap") or {}).get("sha256"):
            source = f"notice:{row.raw_sha256}"
            attached = SHELF.get(source, lambda: _attached_map(work.raw_payload(row.key), row.topic))
            return attached, f"map of {row.notice_type}", source
    if event.ra_deg is None or event.dec_deg is None:
        return None, "", ""
    radius = event.error_radius_deg or UNSTATED_ERROR_DEG
    families = [family for alias in event.aliases if (family := family_of_alias(alias)) is not None]
    extra = systematic_deg(families)
    numbers = (event.ra_deg, event.dec_deg, (radius**2 + extra**2) ** 0.5, event.error_containment or 0.9)
    return SHELF.get(("disc", *numbers), lambda: _disc(*numbers)), "position of the notices", f"event:{event.id}"


def _disc(ra_deg: float, dec_deg: float, radius_deg: float, containment: float) -> SkyMap:
    return SkyMap.from_position(ra_deg, dec_deg, error_radius_deg=radius_deg, containment=containment)


def _attached_map(payload: bytes, topic: str | None) -> SkyMap:
    skymap = decode(payload, topic=topic).skymap
    return SkyMap.from_bytes(b"" if skymap is None or skymap.content is None else skymap.content)
