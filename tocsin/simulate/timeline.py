"""What happens in a simulated night, and, apart from it, what was true."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.simulate.counting import Arrival
from tocsin.simulate.notices import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeItem:
    """A notice that goes out.

    Parameters
    ----------
    at_utc
        Time of issue.
    topic, payload
        Kafka topic and bytes.
    what
        For people following the night.
    """

    at_utc: datetime
    topic: str
    payload: bytes
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryItem:
    """A file that lands in the inbox of the Interplanetary Network.

    Parameters
    ----------
    at_utc
        Time of arrival.
    path
        Relative to the inbox, with slashes.
    content
        Bytes.
    what
        For people following the night.
    """

    at_utc: datetime
    path: str
    content: bytes
    what: str


Item = NoticeItem | DeliveryItem


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTruth:
    """What was true of an event: for the checker of a night, never for the service.

    Parameters
    ----------
    hint
        Name by which the event is recognised: superevent, track name, GBM trigger number.
    kind
        ``gravitational_wave``, ``gamma_ray_burst`` or ``neutrino``.
    ra_deg, dec_deg
        Direction, deg; None where there was nothing in the sky (mock, retracted).
    t0_utc
        Time at the geocentre.
    identifiers
        All identifiers that notices about it carry.
    burst_utc
        Time at which its gamma rays passed the geocentre, None without any.
    fluence_erg_cm2
        Of its gamma rays in 75-2000 keV, erg/cm2; 0 without any.
    area_90_below_deg2
        Its 90 % region is smaller, deg2, once all its light curves are compared; None where nothing is promised.
    is_test, is_retracted
        What its notices say in the end.
    """

    hint: str
    kind: str
    ra_deg: float | None
    dec_deg: float | None
    t0_utc: datetime
    identifiers: tuple[str, ...]
    burst_utc: datetime | None = None
    fluence_erg_cm2: float = 0.0
    area_90_below_deg2: float | None = None
    is_test: bool = False
    is_retracted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NightTruth:
    """The truth of a night, by hint."""

    events: Mapping[str, EventTruth]

    def of(self, *identifiers: str) -> EventTruth | None:
        """Truth of the event that carries one of these identifiers (any case, with or without a stream before it)."""
        bare = {identifier.rpartition(":")[2].lower() for identifier in identifiers}
        for truth in self.events.values():
            if bare & {name.lower() for name in (truth.hint, *truth.identifiers)}:
                return truth
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One event of the night.

    Parameters
    ----------
    items
        Its notices and deliveries, in any order.
    truth
        None for mere noise.
    acs_arrivals
        What SPI-ACS sees of it.
    """

    items: tuple[Item, ...]
    truth: EventTruth | None = None
    acs_arrivals: tuple[Arrival, ...] = ()


def issue(t0_utc: datetime, after_s: float, message: Message, what: str) -> NoticeItem:
    """Notice that goes out `after_s` seconds after `t0_utc`."""
    at_utc = t0_utc + timedelta(seconds=after_s)
    return NoticeItem(at_utc=at_utc, topic=message.topic, payload=message.payload, what=what)


def deliver(t0_utc: datetime, after_s: float, path: str, content: bytes, what: str) -> DeliveryItem:
    """File that lands `after_s` seconds after `t0_utc`."""
    return DeliveryItem(at_utc=t0_utc + timedelta(seconds=after_s), path=path, content=content, what=what)
