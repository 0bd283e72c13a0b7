"""Notices: the raw bytes as received, and what a decoder read in them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

#: A further value of a notice, an event or a product.
DetailValue = bool | int | float | str


class Role(StrEnum):
    """VOEvent role, or its equivalent in other formats."""

    OBSERVATION = "observation"
    TEST = "test"
    UTILITY = "utility"
    PREDICTION = "prediction"


class Phase(StrEnum):
    """Where in the life of an event a notice stands."""

    EARLY_WARNING = "early_warning"
    PRELIMINARY = "preliminary"
    INITIAL = "initial"
    UPDATE = "update"
    RETRACTION = "retraction"
    FINAL = "final"


class Messenger(StrEnum):
    """What carried the signal."""

    GRAVITATIONAL_WAVE = "gravitational_wave"
    NEUTRINO = "neutrino"
    GAMMA_RAY = "gamma_ray"
    X_RAY = "x_ray"
    RADIO = "radio"
    OPTICAL = "optical"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawNotice:
    """Bytes as received, and where they came from.

    Parameters
    ----------
    payload
        The bytes.
    transport
        ``file``, ``archive``, ``kafka``, ``vtp`` or ``http``.
    origin
        File path, or archive and member, or broker.
    topic, partition, offset
        Kafka position; `topic` may be given for files too, since several JSON streams name no mission.
    received_utc
        Time of reception by the service's clock.
    received_monotonic_s
        The same on the monotonic clock, for latencies.
    """

    payload: bytes
    transport: str
    origin: str
    received_utc: datetime
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    received_monotonic_s: float | None = None

    @property
    def sha256(self) -> str:
        """Hex digest of the payload: the key under which the bytes are kept once."""
        return hashlib.sha256(self.payload).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkyMapReference:
    """A sky map that came with, or is pointed at by, a notice.

    Parameters
    ----------
    url
        Where it can be fetched, or None.
    content
        The FITS bytes, where the notice held them.
    content_sha256
        Hex digest of the content where the bytes themselves are not at hand (a notice read back from the store).
    """

    url: str | None = None
    content: bytes | None = field(default=None, repr=False)
    content_sha256: str | None = None

    @property
    def sha256(self) -> str | None:
        """Hex digest of the content, None where the notice held none."""
        return self.content_sha256 if self.content is None else hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a decoder read in a machine message.

    Parameters
    ----------
    stream
        Family of notices, e.g. ``igwn_gwalert``, ``fermi_gbm``, ``konus_ipn``; ``unknown`` for anything not decoded.
    notice_type
        GCN's name of the type (``FERMI_GBM_FLT_POS``, ``igwn.gwalert PRELIMINARY``) or ``unknown``.
    notice_id
        Identifier of this very message (ivorn, or made from its content).
    event_ids
        Identifiers of the event, the mission's own first.
    role, phase
        See `Role`, `Phase`; `phase` is None where the format has none.
    messenger
        What carried the signal; None if not known.
    is_test
        By every rule of the field, decided once, here; a test never pages anyone.
    is_retraction
        The sender withdraws the event.
    is_stale
        The event is over 30 days older than the notice's own issue time: stored, shown, pages nobody.
    t0_utc
        Time of the event as the notice gives it (at the craft or at the Earth: see `details`); None if none.
    issued_utc
        The notice's own time of issue.
    ra_deg, dec_deg
        ICRS position of the source; None for placeholders and pointings.
    error_radius_deg, error_containment
        Radius of the error circle and the probability it holds (0.5, 0.68, 0.9); None where not stated.
    far_hz
        False-alarm rate in Hz whatever the notice's unit.
    signal_to_noise
        As stated by the notice.
    classification
        Class name to probability (0..1).
    skymap
        Sky map attached or pointed at.
    references
        Identifiers of notices or events this one cites.
    labels
        Restrictions: empty means public, e.g. ``{"antares"}`` is for people cleared for that stream.
    dropped_fields
        Fields of the message that no value above was made from.
    details
        Further typed values by name (unit in the name): ``significant``, ``signalness``, ``duration_s``...
    """

    stream: str
    notice_type: str
    notice_id: str
    event_ids: tuple[str, ...] = ()
    role: Role = Role.OBSERVATION
    phase: Phase | None = None
    messenger: Messenger | None = None
    is_test: bool = False
    is_retraction: bool = False
    is_stale: bool = False
    t0_utc: datetime | None = None
    issued_utc: datetime | None = None
    ra_deg: float | None = None
    dec_deg: float | None = None
    error_radius_deg: float | None = None
    error_containment: float | None = None
    far_hz: float | None = None
    signal_to_noise: float | None = None
    classification: Mapping[str, float] = field(default_factory=dict)
    skymap: SkyMapReference | None = None
    references: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()
    dropped_fields: tuple[str, ...] = ()
    details: Mapping[str, DetailValue] = field(default_factory=dict)

    @property
    def is_unknown(self) -> bool:
        """True for input that is stored and counted, but of no type we decode."""
        return self.notice_type == "unknown"

    @property
    def has_position(self) -> bool:
        """True when the notice gives a source position."""
        return self.ra_deg is not None and self.dec_deg is not None


def notice_number(raw_sha256: str) -> int:
    """Number by which the world knows a stored notice: from its bytes, so that it tells of no other; below 2**52.

    The store's own keys count every notice: gaps in them tell that something came which the reader may not see.
    """
    return int(raw_sha256[:13], 16)
