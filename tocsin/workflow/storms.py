"""Storms of an event: looked for among what the store holds near its place, as far as an audience may see it."""

from datetime import timedelta

from tocsin.domain.events import Event, EventKind
from tocsin.domain.products import may_see
from tocsin.store import SkyRegion, UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.recall import known_events
from triggers.storms import Storm, storm_of

#: A storm's events are looked for so far back, days; one that has gone on for longer is told from then on.
SPAN_DAYS = 60.0
#: No more events than this are looked at.
MOST = 500


def storm_around(context: Context, work: UnitOfWork, event: Event, clearance: frozenset[str]) -> Storm | None:
    """Storm that an event belongs to; None for a first of its place, tests, and what has no place or no time."""
    if event.is_test or event.is_stale or event.is_retracted or event.kind is not EventKind.GAMMA_RAY_BURST:
        return None
    if event.t0_utc is None or event.ra_deg is None or event.dec_deg is None:
        return None
    # An event of a named source may be off by its own error, and so may the others.
    reach_deg = 2.0 * context.known_sources.storm.named_radius_deg
    region = SkyRegion(ra_deg=event.ra_deg, dec_deg=event.dec_deg, radius_deg=reach_deg)
    start_utc, stop_utc = event.t0_utc - timedelta(days=SPAN_DAYS), event.t0_utc + timedelta(microseconds=1)
    near = work.real_events_near(EventKind.GAMMA_RAY_BURST, region, start_utc, stop_utc, limit=MOST)
    known = {one.id: (one, labels) for one, labels in known_events(work, near)}
    seen = [known[event_id] for event_id in near if event_id in known]
    others = [one for one, labels in seen if may_see(labels, clearance)]
    return storm_of(event, others, context.known_sources) if others else None
