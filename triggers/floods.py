"""A source that flares again and again: how often it has already been told of (a pure helper for the rules)."""

from collections.abc import Iterable
from datetime import timedelta

from tocsin.domain.events import Event
from triggers.positions import separation_deg


def recent_at_position(event: Event, others: Iterable[Event], *, radius_deg: float, within_s: float) -> int:
    """Number of earlier events at an event's position.

    Parameters
    ----------
    event
        The event; without position or time the answer is 0.
    others
        Events to count among; the event itself, tests beside real ones and retracted ones do not count.
    radius_deg
        How near counts as the same place, deg.
    within_s
        How long before the event, s.
    """
    if event.ra_deg is None or event.dec_deg is None or event.t0_utc is None:
        return 0
    since = event.t0_utc - timedelta(seconds=within_s)
    earlier = (
        o
        for o in others
        if o.id != event.id
        and o.is_test == event.is_test
        and not o.is_retracted
        and o.t0_utc is not None
        and since <= o.t0_utc <= event.t0_utc
    )
    return sum(
        o.ra_deg is not None
        and o.dec_deg is not None
        and separation_deg(event.ra_deg, event.dec_deg, o.ra_deg, o.dec_deg) <= radius_deg
        for o in earlier
    )
