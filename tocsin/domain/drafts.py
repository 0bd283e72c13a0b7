"""Circular drafts: facts bound to products, the text made from them, what a lint finds, one for each audience."""

import hashlib
from collections.abc import Iterable, Mapping
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


#: Author of what no person has touched.
COMPOSER = "tocsin"
#: Audience of what carries no label.
PUBLIC_AUDIENCE = "public"
#: Restricted variants count their revisions in ranges of this many; of so many, for eight digits, as forms take.
RESTRICTED_REVISIONS = 1000
RESTRICTED_RANGES = 90_000
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
    labels
        Restrictions of what it is made from; empty: everybody may see it.
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
    author: str = COMPOSER
    is_replay: bool = False
    labels: frozenset[str] = frozenset()

    @property
    def audience(self) -> str:
        """Whom it is for, as commands and addresses name it: ``public``, or its labels, sorted, with commas."""
        return audience_of(self.labels)

    @property
    def lint_errors(self) -> int:
        """Number of blocking findings."""
        return sum(finding.severity is Severity.BLOCKING for finding in self.findings)


def audience_of(labels: frozenset[str]) -> str:
    """Name of the audience that holds these labels: ``public``, or the labels, sorted, with commas."""
    return ",".join(sorted(labels)) or PUBLIC_AUDIENCE


def first_revision(labels: frozenset[str]) -> int:
    """Number of the first revision of a variant: 1 for the public one, a high one made from the labels for others.

    Each variant counts by itself, so that nobody reads from the numbers of one how often another was written. The
    numbers of two variants differ, so that a number still names one text.
    """
    if not labels:
        return 1
    digest = hashlib.sha256("\n".join(sorted(labels)).encode()).digest()
    return RESTRICTED_REVISIONS * (1 + int.from_bytes(digest[:8]) % RESTRICTED_RANGES) + 1


def standing_variants(drafts: Iterable[Draft]) -> list[Draft]:
    """Newest revision of each kind for each audience, the public one first.

    Parameters
    ----------
    drafts
        Revisions of the drafts about one event, as far as somebody may see them.

    Returns
    -------
    list
        By kind; within a kind from the least restricted on. A variant that Tocsin would write as it writes a less
        restricted one is left out: that says the same, and to more people.
    """
    groups: dict[tuple[DraftKind, frozenset[str]], list[Draft]] = {}
    for one in sorted(drafts, key=lambda one: one.revision):
        groups.setdefault((one.kind, one.labels), []).append(one)
    composed = {key: _composed_text(revisions) for key, revisions in groups.items()}
    standing = [
        revisions[-1]
        for (kind, labels), revisions in groups.items()
        if not any(
            kind is other and narrower < labels and text is not None and text == composed[kind, labels]
            for (other, narrower), text in composed.items()
        )
    ]
    kinds = list(dict.fromkeys(kind for kind, _ in groups))
    return sorted(standing, key=lambda one: (kinds.index(one.kind), len(one.labels), sorted(one.labels)))


def _composed_text(revisions: Iterable[Draft]) -> tuple[str, str] | None:
    """Subject and body that Tocsin composed last."""
    texts = [(one.subject, one.body) for one in revisions if one.author == COMPOSER]
    return texts[-1] if texts else None
