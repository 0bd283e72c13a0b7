"""Events and decisions: the happening that triggers belong to, and what is to be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from tocsin.domain.notices import DetailValue, Messenger, Notice, Phase, SkyMapReference


class EventKind(StrEnum):
    """What the event is, as far as its notices say."""

    GRAVITATIONAL_WAVE = "gravitational_wave"
    NEUTRINO = "neutrino"
    GAMMA_RAY_BURST = "gamma_ray_burst"
    OTHER = "other"


class Tier(IntEnum):
    """How loud: 1 wakes the advocate and escalates, 2 tells the channel, 3 is recorded only."""

    WAKE = 1
    TELL = 2
    RECORD = 3


class EventState(StrEnum):
    """Where the people stand with an event."""

    OPEN = "open"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    DRAFTING = "drafting"
    APPROVED = "approved"
    CLOSED = "closed"
    RETRACTED = "retracted"
    NOT_ASTROPHYSICAL = "not_astrophysical"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotice:
    """A notice with its place in the store.

    Parameters
    ----------
    key
        Number under which it is stored; grows with reception.
    notice
        What was decoded.
    event_id
        Event it belongs to, None if none.
    received_utc
        Time of reception.
    raw_sha256
        Digest of the bytes.
    """

    key: int
    notice: Notice
    event_id: str | None
    received_utc: datetime
    raw_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is known of an event from a given set of notices (the ones an audience may see).

    Parameters
    ----------
    id
        Tocsin's identifier, safe in URLs, stable for ever.
    name
        Best name for people: ``S230518h``, ``IceCube-230506A``, ``GRB 200415A``, or made from T0.
    kind
        See `EventKind`.
    t0_utc
        Best time of the event; None only for a retraction of something never seen.
    t0_origin
        Which notice it is from, and where the time was taken.
    ra_deg, dec_deg, error_radius_deg, error_containment
        Best position, if any.
    skymap, skymap_notice_key
        Best sky map from a notice, if any, and that notice's key.
    phase
        Phase of the last notice of the main stream.
    far_hz, is_significant, classification
        Of the main stream's last notice.
    is_test, is_retracted, is_stale
        Of the event as a whole: a test only if all its notices are.
    aliases
        All identifiers, ``stream:id``.
    streams
        Streams that contributed, in order of first arrival.
    labels
        Union of the notices' labels.
    notice_keys
        Keys of the notices it was made from, in order.
    first_issued_utc
        Issue time of the first notice.
    details
        Further values of the best notice, by name.
    """

    id: str
    name: str
    kind: EventKind
    t0_utc: datetime | None
    t0_origin: str = ""
    messengers: tuple[Messenger, ...] = ()
    ra_deg: float | None = None
    dec_deg: float | None = None
    error_radius_deg: float | None = None
    error_containment: float | None = None
    skymap: SkyMapReference | None = None
    skymap_notice_key: int | None = None
    phase: Phase | None = None
    far_hz: float | None = None
    is_significant: bool | None = None
    classification: Mapping[str, float] = field(default_factory=dict)
    is_test: bool = False
    is_retracted: bool = False
    is_stale: bool = False
    aliases: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()
    notice_keys: tuple[int, ...] = ()
    first_issued_utc: datetime | None = None
    details: Mapping[str, DetailValue] = field(default_factory=dict)


class Change(StrEnum):
    """What a notice did to its event."""

    NEW = "new"
    UPDATE = "update"
    RETRACTION = "retraction"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done about an event, and why, in words.

    Parameters
    ----------
    tier
        See `Tier`.
    pages
        True if people are to be woken now (a new event of tier 1, or a material change of one).
    tells
        True if the channel gets, or keeps, a message.
    is_material
        The change is worth paging again for.
    search_window_s
        Interval around T0 to search, (start, stop) in s; None: no reaction.
    rule
        Name of the rule in ``config/rules.toml`` that decided.
    reasons
        Sentences for people: why this tier, why (not) woken.
    who
        Whom the rule wakes or tells: persons, or groups as in ``config/escalation.toml``; empty: the first step there.
    """

    tier: Tier
    pages: bool
    tells: bool
    is_material: bool
    search_window_s: tuple[float, float] | None
    rule: str
    reasons: tuple[str, ...]
    who: tuple[str, ...] = ()
