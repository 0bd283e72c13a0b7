"""Changes of events: what the stream and the webhooks tell, and from where they go on."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """Something happened to an event.

    Parameters
    ----------
    id
        Rises with every change; made from the time, so that a gap between two of them tells nothing.
    event_id
        The event.
    labels
        Of what changed: one who may not see these is not told.
    at_utc
        When.
    """

    id: int
    event_id: str
    labels: frozenset[str]
    at_utc: datetime
