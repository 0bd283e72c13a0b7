"""Circular drafts: facts bound to products, the text made from them, what a lint finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DraftKind(StrEnum):
    """Which circular."""

    SPIACS_UPPER_LIMIT = "spiacs_upper_limit"
    UPPER_LIMIT = "upper_limit"
    COINCIDENCE = "coincidence"
    MARGINAL_EXCESS = "marginal_excess"
    DETECTION = "detection"
    IPN_ANNULUS = "ipn_annulus"
    IPN_BOX = "ipn_box"
    RETRACTION = "retraction"
    CORRECTION = "correction"
    UPDATE = "update"


#: Kinds that answer an earlier circular of ours, and are approved in states in which others are not.
FOLLOW_UPS = frozenset({DraftKind.RETRACTION, DraftKind.CORRECTION, DraftKind.UPDATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact a draft may state.

    Parameters
    ----------
    name
        Slot name in the template, unit in the name: ``limit_hard_1s_erg_cm2``.
    value
        The value; numbers stay numbers, rendering is the slot's business.
    product_id
        Product (or ``notice:<sha256>``, or ``config:<file>``) it is bound to.
    """

    name: str
    value: float | int | str | bool
    product_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSpan:
    """Where a fact stands in the text: characters [start, stop) of the body (or subject)."""

    fact: str
    part: str
    start: int
    stop: int
    text: str


class Severity(StrEnum):
    """Blocking findings prevent approval."""

    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a lint has to say.

    Parameters
    ----------
    rule
        Stable dotted name, e.g. ``slot.unfilled``, ``subject.auto-reply``, ``number.differs``.
    severity
        See `Severity`.
    place
        ``subject``, ``body:12`` (line), or a slot name.
    message, remedy
        For people.
    """

    rule: str
    severity: Severity
    place: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A circular as drafted: never submitted by Tocsin.

    Parameters
    ----------
    event_id, kind
        What it is about.
    subject, body
        The text. The subject of an unsent draft holds no DRAFT marker; approval states are kept apart.
    facts
        By name.
    spans
        Where facts stand in the text.
    findings
        Of the lint, at the time of making.
    revision
        Counts from 1.
    made_utc
        When.
    author
        Person id, or ``tocsin``.
    is_replay
        Made from replayed or simulated notices: can never be approved for GCN.
    """

    event_id: str
    kind: DraftKind
    subject: str
    body: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    spans: tuple[SlotSpan, ...] = ()
    findings: tuple[Finding, ...] = ()
    revision: int = 1
    made_utc: datetime | None = None
    author: str = "tocsin"
    is_replay: bool = False

    @property
    def lint_errors(self) -> int:
        """Number of blocking findings."""
        return sum(finding.severity is Severity.BLOCKING for finding in self.findings)
