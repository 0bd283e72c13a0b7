"""What the API and the pages need, handed over once by the application."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import generate_latest

from advocates.rota import Shift
from tocsin.api.archive_desk import ArchiveDesk
from tocsin.api.signing_in import SignIn
from tocsin.domain.clock import Clock
from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.events import EventKind
from tocsin.domain.people import Acknowledgement, Person
from tocsin.domain.products import Product
from tocsin.domain.shift_offers import ShiftOffer
from tocsin.domain.tokens import Scope
from tocsin.store import OwnerTaskRow, Store
from tocsin.workflow.access import Gate
from tocsin.workflow.by_hand import Place
from tocsin.workflow.computing import Computer
from tocsin.workflow.draft_views import DraftView
from tocsin.workflow.receiving_files import HandedIn
from triggers.wakings import Wakings


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks.

    Parameters
    ----------
    person_id
        Who it is, None if not signed in.
    clearance
        Labels of restricted streams that may be seen; anonymous: none.
    scopes
        What may be done.
    token_id
        Token that was shown; empty without.
    """

    person_id: str | None = None
    clearance: frozenset[str] = frozenset()
    scopes: frozenset[Scope] = frozenset(Scope)
    token_id: str = ""


ANONYMOUS = Viewer()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """Who is on call now, and what comes.

    Parameters
    ----------
    people
        On call now; empty in a gap.
    fallback
        Told where nobody is on call.
    next_people, next_utc
        The next change of people, if known.
    gaps_utc
        Stretches of the coming days with nobody on call.
    warnings
        What is wrong with calendars that the rota is kept in: their age where they fail, names that are nobody's.
    misfits
        Shifts that were taken, and no longer fit the rota's file.
    """

    people: tuple[Person, ...] = ()
    fallback: tuple[Person, ...] = ()
    next_people: tuple[Person, ...] = ()
    next_utc: datetime | None = None
    gaps_utc: tuple[tuple[datetime, datetime], ...] = ()
    warnings: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPart:
    """One part of the service: whether it works, and in words."""

    name: str
    is_ok: bool
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The service as a whole: ready only if every part works."""

    parts: tuple[HealthPart, ...] = ()

    @property
    def is_ready(self) -> bool:
        """True if every part works."""
        return all(part.is_ok for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDesk:
    """What is done with circular drafts; nothing of it submits one.

    Parameters
    ----------
    view
        ``view(draft, clearance)``: the draft with what stands in its way.
    edit
        ``edit(event_id, kind, revision, person_id, subject, body, via)``: the new revision.
    approve
        ``approve(event_id, kind, revision, person_id, sha256, via)``: the draft approved.
    comment
        ``comment(event_id, kind, revision, person_id, text, via)``: keeps what somebody says of it.
    """

    view: Callable[[Draft, frozenset[str]], DraftView | None]
    edit: Callable[[str, DraftKind, int, str, str, str, str], Draft]
    approve: Callable[[str, DraftKind, int, str, str, str], Draft]
    comment: Callable[[str, DraftKind, int, str, str, str], None] = field(default=lambda *_given: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandDesk:
    """What people do with events by hand.

    Parameters
    ----------
    create
        ``create(person_id, via, kind, t0_utc, reason, name, place)``: the new event's id.
    correct
        ``correct(event_id, person_id, via, t0_utc, place, reason)``: the event's id.
    merge
        ``merge(event_id, person_id, via, other_id, reason)``: the id of what stands.
    split
        ``split(event_id, person_id, via, triggers, reason)``: the new event's id.
    told_owner
        ``told_owner(task_id, person_id, via)``: the task as it stands then.
    """

    create: Callable[[str, str, EventKind, datetime, str, str, Place | None], str]
    correct: Callable[[str, str, str, datetime | None, Place | None, str], str]
    merge: Callable[[str, str, str, str, str], str]
    split: Callable[[str, str, str, Sequence[str], str], str]
    told_owner: Callable[[int, str, str], OwnerTaskRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapDesk:
    """What people do with shifts.

    Parameters
    ----------
    offer
        ``offer(giver_id, start_utc, stop_utc, named_id, reason, via)``: the offer as it is kept.
    take, withdraw
        ``take(offer_id, person_id, via)``: the offer as it stands then.
    own_shifts
        ``own_shifts(person, start, stop)``: when a person is on call without a break.
    """

    offer: Callable[[str, datetime, datetime, str | None, str, str], ShiftOffer]
    take: Callable[[int, str, str], ShiftOffer]
    withdraw: Callable[[int, str, str], ShiftOffer]
    own_shifts: Callable[[Person, datetime, datetime], Sequence[Shift]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """Dependencies of the API.

    Parameters
    ----------
    store, clock
        Where facts are read; what time it is.
    acknowledge
        ``acknowledge(event_id, person_id, via)``.
    slack_interaction
        Takes raw body and headers (names in lower case) of a signed Slack request; the words to answer with.
    press
        ``press(action, event_id, person_id, via)``: does what a button asks, on the page as in chat; the words to
        answer with. None where there are no buttons but Acknowledge.
    drafts
        Editing and approval of drafts; None where nobody may.
    wakings
        How often rules wake people.
    by_hand
        Making, putting right, merging and splitting events; None where nobody may.
    swaps
        Offering and taking shifts; None where nobody may.
    on_call
        Who is on call now.
    shifts
        ``shifts(start, stop)``: who is on call when.
    rota_calendar
        ``rota_calendar(person_id)``: the shifts of a person, or with an empty id everybody's, as iCalendar; None where
        there is no rota.
    people
        Registry, for names and the choice on the page.
    version
        Of Tocsin.
    health
        State of the parts.
    metrics
        Metrics as Prometheus reads them.
    identify
        Viewer of a request, from its headers (names in lower case); anonymous by default.
    gate
        Tokens and sign-ins, rates and counters; None: `identify` alone decides.
    sign_in
        Where people sign in; None: nowhere.
    computer
        Triangulations and overlaps on request; None where nothing is computed.
    archive
        The archive of rates; None: there is none.
    receive_file
        ``receive_file(event_id, file, by, clearance)``: the product kept; None where nothing may be handed in.
    may_choose_person
        Without sign-in: whoever reaches the page says who they are. Right on loopback only.
    labels_of_streams
        Labels of restricted topics and streams, by name.
    allowed_hosts
        Host names the service answers to, against DNS rebinding; empty: any.
    """

    store: Store
    clock: Clock
    acknowledge: Callable[[str, str, str], Acknowledgement]
    slack_interaction: Callable[[bytes, Mapping[str, str]], str] | None = None
    press: Callable[[str, str, str, str], str] | None = None
    drafts: DraftDesk | None = None
    by_hand: HandDesk | None = None
    swaps: SwapDesk | None = None
    wakings: Wakings = field(default_factory=Wakings)
    on_call: Callable[[], OnCall] = field(default=OnCall)
    shifts: Callable[[datetime, datetime], Sequence[Shift]] = field(default=lambda _start, _stop: ())
    rota_calendar: Callable[[str], bytes] | None = None
    people: Sequence[Person] = ()
    version: str = ""
    health: Callable[[], Health] = field(default=Health)
    metrics: Callable[[], bytes] = field(default=generate_latest)
    identify: Callable[[Mapping[str, str]], Viewer] = field(default=lambda _headers: ANONYMOUS)
    gate: Gate | None = None
    sign_in: SignIn | None = None
    computer: Computer | None = None
    archive: ArchiveDesk | None = None
    receive_file: Callable[[str, HandedIn, str, frozenset[str]], Product] | None = None
    may_choose_person: bool = True
    labels_of_streams: Mapping[str, frozenset[str]] = field(default_factory=dict)
    allowed_hosts: frozenset[str] = frozenset()

    def name_of(self, person_id: str) -> str:
        """Name of a person; the id for one not in the registry."""
        return next((person.name for person in self.people if person.id == person_id), person_id)
