"""People, and what they are shown: persons, roles, the card of an event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tocsin.domain.events import EventState, Tier
from tocsin.domain.quiet_hours import QuietHours


class PersonRole(StrEnum):
    """What a person may do."""

    ADVOCATE = "advocate"
    APPROVER = "approver"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the registry, ``config/people.toml``.

    Parameters
    ----------
    id
        Short name used in rotas.
    name, affiliation, email
        For circulars and messages.
    slack_id
        Slack user id.
    webhook
        URL of a personal push service (ntfy-style).
    apprise
        URL of a service that the apprise library knows; a road of its own.
    sign_in
        Subject under which the person signs in to the pages.
    roles
        See `PersonRole`.
    clearance
        Labels of restricted streams this person may see, on whatever road.
    quiet_hours
        When low tiers wait; None: never. Tier 1 never waits.
    is_told_of_low_tiers
        Told of tier 2 by their own roads too while on call, not in the shared channel alone.
    """

    id: str
    name: str
    affiliation: str = ""
    email: str | None = None
    slack_id: str | None = None
    webhook: str | None = None
    apprise: str | None = None
    sign_in: str | None = None
    roles: frozenset[PersonRole] = frozenset({PersonRole.ADVOCATE})
    clearance: frozenset[str] = frozenset()
    quiet_hours: QuietHours | None = None
    is_told_of_low_tiers: bool = False


#: Action of the link to a page. It does nothing, but chat tells that it was opened.
OPEN_PAGE = "open_page"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAction:
    """A button: what it is called, what it does, for which event; with `url` it opens that page.

    `subject` says what it is pressed for where that is no event, as on the rota.
    """

    action_id: str
    label: str
    is_primary: bool = False
    url: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a channel shows of an event: filled by the workflow for one audience, rendered by the notifier.

    Parameters
    ----------
    event_id, name, tier, state
        See `Event`.
    verdict
        One line: the first 100 characters are what a lock screen shows.
    t0_utc
        Time of the event.
    fields
        Label to value, in order of importance.
    reasons
        Why people are told.
    is_test, is_replay, is_retracted
        Said loudly where true.
    is_drill
        A test that wakes people on purpose: said as loudly, and as loud as the real thing.
    acknowledged_by, acknowledged_utc
        Who has it.
    next_step
        What happens next: ``escalates to B. Vance at 03:12 UTC``.
    page_url
        Link to the event page.
    actions
        Buttons.
    """

    event_id: str
    name: str
    tier: Tier
    state: EventState
    verdict: str
    t0_utc: datetime | None
    fields: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    is_test: bool = False
    is_replay: bool = False
    is_retracted: bool = False
    is_drill: bool = False
    acknowledged_by: str | None = None
    acknowledged_utc: datetime | None = None
    next_step: str = ""
    page_url: str = ""
    actions: tuple[CardAction, ...] = ()


class MessagePurpose(StrEnum):
    """Why a message goes out."""

    PAGE = "page"
    ESCALATION = "escalation"
    UPDATE = "update"
    RETRACTION = "retraction"
    STAND_DOWN = "stand_down"
    REMINDER = "reminder"
    HANDOVER = "handover"
    SWAP = "swap"
    OPERATOR = "operator"


#: Purposes of messages that wake people.
WAKING = frozenset({MessagePurpose.PAGE.value, MessagePurpose.ESCALATION.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message to one place, in the outbox.

    Parameters
    ----------
    key
        Unique: ``event/purpose/recipient/channel/revision``; sent at least once, shown once.
    event_id
        Event it is about.
    channel
        Name of the channel in the settings: ``console``, ``slack``, ``recorder``.
    purpose
        See `MessagePurpose`.
    recipient
        Person id or ``#channel``.
    card
        What to show.
    replaces
        Reference of the message to update in place (what `send` returned), or None to post a new one.
    also
        Further person ids that a shared place names beside the recipient.
    acknowledge_url
        Page on which the recipient alone can acknowledge, with one press; opening it changes nothing.
    audience
        Labels that what is shown may have: whoever is cleared for these may know of the message. None: not known.
    """

    key: str
    event_id: str
    channel: str
    purpose: MessagePurpose
    recipient: str
    card: Card
    replaces: str | None = None
    also: tuple[str, ...] = ()
    acknowledge_url: str = ""
    audience: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Who took an event, when, and by which door.

    Parameters
    ----------
    event_id
        The event.
    person_id
        Who.
    via
        ``slack``, ``page``, ``api``, ``email``.
    at_utc
        When.
    is_first
        False for a late one, who is told who was first.
    first_person_id, first_at_utc
        Who was first, and when.
    """

    event_id: str
    person_id: str
    via: str
    at_utc: datetime
    is_first: bool
    first_person_id: str
    first_at_utc: datetime
