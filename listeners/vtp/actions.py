"""What a session asks of whoever owns the socket, and the moment at which it is asked."""

from dataclasses import dataclass
from datetime import datetime

from listeners.vtp.frames import to_frame
from listeners.vtp.transport import Transport, write_transport
from tocsin.domain.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time, on the calendar and on the monotonic clock.

    Parameters
    ----------
    utc
        Aware, UTC.
    monotonic_s
        Seconds that only grow.
    """

    utc: datetime
    monotonic_s: float

    @classmethod
    def of(cls, clock: Clock) -> "Moment":
        """Now, by the clock."""
        return cls(utc=clock.now(), monotonic_s=clock.monotonic_s())

    def since_s(self, earlier: "Moment") -> float:
        """Seconds since an earlier moment."""
        return self.monotonic_s - earlier.monotonic_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Write these bytes: one frame."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """A notice has come: keep it; then, and not before, acknowledge it.

    Parameters
    ----------
    payload
        The bytes.
    ivorn
        Identifier to acknowledge; empty where none could be read.
    """

    payload: bytes
    ivorn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """Close the connection.

    Parameters
    ----------
    reason
        In words.
    is_silence
        The other end did not break a rule, it only said nothing.
    """

    reason: str
    is_silence: bool = False


def speak(document: Transport, at: Moment) -> Send:
    """A Transport document to be sent."""
    return Send(data=to_frame(write_transport(document, now=at.utc)))
