"""How a feed is doing, as it tells whoever watches."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FeedState(StrEnum):
    """What a feed says of itself."""

    STARTING = "starting"
    LIVE = "live"
    STALLED = "stalled"
    ERROR = "error"
    TOPIC_ERROR = "topic_error"
    FORBIDDEN = "forbidden"
    STORE_ERROR = "store_error"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One report on a feed: sent when the state changes and at each error.

    Parameters
    ----------
    feed
        Name of the feed: ``kafka:gcn.nasa.gov``.
    state
        ``error``, ``topic_error`` (a topic that is not there) and ``forbidden`` (one we may not read) do not stop the
        feed; ``stalled`` means silence where there should be a heartbeat.
    at_utc
        When.
    topic
        The topic it is about, None for the feed as a whole.
    message
        In words.
    """

    feed: str
    state: FeedState
    at_utc: datetime
    topic: str | None = None
    message: str = ""
