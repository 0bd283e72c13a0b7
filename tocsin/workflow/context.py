"""What the workflow needs to act: the parts it joins, handed over once by the application."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from acs_stream.far_history import FarHistory
from acs_stream.instruments import Instrument
from acs_stream.properties import Durations
from acs_stream.response import ResponseTable
from acs_stream.sources import LightCurveSource
from acs_stream.trial_bursts import TrialBurst
from acs_stream.triangulation_policy import TriangulationPolicy
from advocates.escalation import Plan
from advocates.people import People
from advocates.rota import Rota
from advocates.templates import Templates
from advocates.wording import Wording
from listeners.streams import Streams
from notifier.channel import Channel
from tocsin.domain.clock import Clock
from tocsin.domain.labels import Owners
from tocsin.domain.light_curves import LightCurve
from tocsin.store import Store
from triggers.rules import Rules
from triggers.source_book import SourceBook
from triggers.wakings import Wakings


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A channel and the audience behind it.

    Parameters
    ----------
    channel
        Where messages go.
    clearance
        Labels this audience may see.
    is_shared
        True for a place where all look at one message per event, kept up to date (a chat channel); False for a road
        to single persons (mail), each of whom gets their own.
    """

    channel: Channel
    clearance: frozenset[str] = frozenset()
    is_shared: bool = True

    @property
    def name(self) -> str:
        """Name of the channel."""
        return self.channel.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture for the thread of an event's message.

    Parameters
    ----------
    what
        ``light_curves`` or ``sky``; a newer one of the same kind follows it.
    title, alt_text
        For people, and for those who cannot see it.
    content
        PNG.
    """

    what: str
    title: str
    alt_text: str
    content: bytes


#: Pictures of an event from what a clearance opens; none where there is nothing to draw.
Draw = Callable[[str, frozenset[str]], Sequence[Picture]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything handlers work with.

    Parameters
    ----------
    store, clock
        Where facts are kept; what time it is.
    streams
        Labels of the topics.
    known_sources
        What a gamma-ray trigger may be instead of a burst.
    wakings
        How often rules wake people.
    owners
        Whose data the labels stand for.
    rules, people, rota, plan
        The deciding parts.
    doors
        Channels in order; the first is the main one.
    sources
        Light-curve source by instrument.
    response
        Response of SPI-ACS: counts to fluence.
    bursts, durations
        Bursts whose detection is tried in every light curve, and populations of bursts by duration.
    instruments
        What is known of each instrument: its view of the sky.
    keep_rates
        Keeps a light curve that was fetched for a public event, by its instrument's name, in the archive of rates.
    trailing
        Background excesses of an instrument on the days before a time; None where none are kept.
    templates, wording
        Texts of the circulars, and their words for numbers.
    triangulation
        What is triangulated without anybody asking, and what of it may be stated.
    draw
        Draws an event for chat.
    wake
        Called after work was owed, so that workers look at once.
    page_url
        Base of links to the event pages.
    code_version
        Goes into every lineage.
    is_replay
        True for replayed and simulated nights: said on every card and draft.
    rehearses, is_rehearsal
        Whether test events run the chain in a lane of their own; whether this is that lane.
    patience_s, retry_s
        How long to wait for data, and after a failure.
    """

    store: Store
    clock: Clock
    streams: Streams
    rules: Rules
    known_sources: SourceBook
    wakings: Wakings
    owners: Owners
    people: People
    rota: Rota
    plan: Plan
    doors: Sequence[Door]
    sources: Mapping[str, LightCurveSource]
    response: ResponseTable
    templates: Templates
    wording: Wording
    triangulation: TriangulationPolicy = field(default_factory=TriangulationPolicy)
    draw: Draw = field(default=lambda _event_id, _clearance: ())
    wake: Callable[[], None] = field(default=lambda: None)
    page_url: str = ""
    code_version: str = ""
    is_replay: bool = False
    rehearses: bool = True
    is_rehearsal: bool = False
    patience_s: float = 172800.0
    retry_s: float = 60.0
    bursts: Sequence[TrialBurst] = ()
    durations: Durations | None = None
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    keep_rates: Callable[[str, LightCurve], None] = field(default=lambda _instrument, _curve: None)
    trailing: Callable[[str, datetime], FarHistory | None] = field(default=lambda _instrument, _t0_utc: None)
