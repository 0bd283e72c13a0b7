"""Priors: the sky map that an event's notices give, before any light curve is looked at."""

from listeners.decode import decode
from tocsin.domain.events import Event
from tocsin.store import UnitOfWork
from tocsin.workflow.maps import SHELF
from triangulation.gbm_systematics import SYSTEMATICS, GbmLocation, Mixture
from triangulation.skymap import SkyMap
from triggers.event_details import POSITION_EXTRA, POSITION_FROM, POSITION_SYSTEMATIC

#: Without a stated error a position is taken to be good to this, deg (90 %): better said than hidden.
UNSTATED_ERROR_DEG = 10.0
#: Radius that holds 68 % over the one that holds 90 %, of a Gaussian.
RADIUS_68_OF_90 = 0.7035


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
    numbers = (event.ra_deg, event.dec_deg, event.error_radius_deg, event.error_containment)
    systematic, source = _systematic(event), f"position:{event.details.get(POSITION_FROM, 'notices')}"
    key = ("disc", *numbers, tuple(systematic), source)
    return SHELF.get(key, lambda: _disc(event, systematic, source)), "position of the notices", f"event:{event.id}"


def _disc(event: Event, systematic: Mixture, source: str) -> SkyMap:
    return SkyMap.from_position(
        event.ra_deg or 0.0,
        event.dec_deg or 0.0,
        error_radius_deg=event.error_radius_deg or UNSTATED_ERROR_DEG,
        containment=event.error_containment or 0.9,
        systematic=systematic,
        source=source,
    )


def _systematic(event: Event) -> Mixture:
    """What the stated radius of the event's position does not hold."""
    kind = event.details.get(POSITION_SYSTEMATIC)
    if kind in set(GbmLocation):
        return SYSTEMATICS[GbmLocation(str(kind))]
    extra_deg = event.details.get(POSITION_EXTRA, 0.0)
    return ((1.0, float(extra_deg) * RADIUS_68_OF_90),)


def _attached_map(payload: bytes, topic: str | None) -> SkyMap:
    skymap = decode(payload, topic=topic).skymap
    return SkyMap.from_bytes(b"" if skymap is None or skymap.content is None else skymap.content)
