"""The real workflow on a database in a folder, a clock moved by hand, recorded messages, instruments of paper."""

import contextlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np

from acs_stream.response import ResponseKind
from acs_stream.sources import Availability, AvailabilityState, FetchedLightCurve, LightCurveSource
from listeners.streams import TopicSettings
from notifier.recorder import RecorderChannel
from tocsin.app.build import build_context
from tocsin.domain.clock import ManualClock
from tocsin.domain.events import EventKind
from tocsin.domain.jobs import Job, JobKind, JobState
from tocsin.domain.light_curves import LightCurve
from tocsin.domain.notices import RawNotice
from tocsin.domain.people import MessagePurpose
from tocsin.settings import Settings, load_settings
from tocsin.simulate.notices import (
    GbmTrigger,
    Message,
    Superevent,
    Track,
    TrackPosition,
    gbm_alert,
    icecube_gold_json,
    lvk_alert,
    lvk_retraction,
)
from tocsin.store import Store
from tocsin.workflow.by_hand import Place, create_event
from tocsin.workflow.context import Context, Door
from tocsin.workflow.handlers import NOTIFYING, REACTING
from tocsin.workflow.ingest import ingest
from tocsin.workflow.runner import Runner
from triangulation.geometry import SpacecraftPosition
from triangulation.skymap import SkyMap

T0 = datetime(2024, 10, 17, 3, 0, tzinfo=UTC)
SECRET_TOPIC = "secret.neutrinos"
#: What arrives on that topic, whose source nobody declared public, is labelled twice.
SECRET = frozenset({"antares", "icecube", "private"})


def at(seconds: float) -> datetime:
    """Time `seconds` after T0."""
    return T0 + timedelta(seconds=seconds)


@cache
def settings() -> Settings:
    """The settings that travel with Tocsin."""
    return load_settings({})


@cache
def empty_database() -> bytes:
    """A migrated database: migrated once, copied for each test."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite"
        store = Store(f"sqlite:///{file}", clock=ManualClock(T0))
        store.migrate()
        store.close()
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.read_bytes()


class Desk:
    """A service without threads: `take` ingests, `work` does what is due, `wait` moves the clock and works.

    Parameters
    ----------
    folder
        Of the database.
    doors
        Channels; one public recorder if not given.
    now
        Time at the beginning; half a minute after T0 if not given.
    changes
        Fields of the context to replace.
    """

    def __init__(
        self, folder: Path, *, doors: Sequence[Door] | None = None, now: datetime | None = None, **changes: Any
    ) -> None:
        self.file = folder / "tocsin.sqlite"
        if not self.file.exists():
            self.file.write_bytes(empty_database())
        self.clock = ManualClock(now or at(30.0))
        self.store = Store(f"sqlite:///{self.file}", clock=self.clock, is_durable=False)
        self.recorder = RecorderChannel()
        self.woken = 0
        context = build_context(
            settings(),
            clock=self.clock,
            store=self.store,
            doors=(Door(channel=self.recorder),) if doors is None else doors,
            sources={},
        )
        secret = {SECRET_TOPIC: TopicSettings(name=SECRET_TOPIC, labels=frozenset({"antares"}))}
        streams = replace(context.streams, topics={**context.streams.topics, **secret})
        response = replace(context.response, kind=ResponseKind.TABLE, scatter_fraction=0.2, source="a test's own table")
        given = {"streams": streams, "wake": self._wake, "response": response}
        self.context: Context = replace(context, **given | changes)
        self._offsets: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def raw(self, message: Message, *, topic: str | None = None) -> RawNotice:
        """A message as it comes on Kafka now."""
        of_topic = topic or message.topic
        self._offsets[of_topic] = self._offsets.get(of_topic, 0) + 1
        return RawNotice(
            payload=message.payload,
            transport="kafka",
            origin="broker",
            topic=of_topic,
            partition=0,
            offset=self._offsets[of_topic],
            received_utc=self.clock.now(),
            received_monotonic_s=self.clock.monotonic_s(),
        )

    def take(self, *messages: Message, topic: str | None = None) -> None:
        """Ingest messages, each by itself."""
        for message in messages:
            ingest(self.context, [self.raw(message, topic=topic)])

    def runner(self, *, lease_s: float = 120.0, name: str = "worker") -> Runner:
        """A worker for everything."""
        return Runner(self.context, {**NOTIFYING, **REACTING}, name=name, lease_s=lease_s)

    def work(self) -> int:
        """Do what is due; how many jobs that were."""
        return self.runner().run_due()

    def wait(self, seconds: float) -> None:
        """Let time pass, doing on the way what falls due at its time."""
        until = self.clock.now() + timedelta(seconds=seconds)
        self.work()
        while (due := self.next_due()) is not None and due <= until:
            self.clock.set_no_earlier(due)
            self.work()
        self.clock.set_no_earlier(until)

    def next_due(self) -> datetime | None:
        """When something is owed next."""
        with self.store.read() as work:
            return work.next_due(tuple(JobKind))

    def event_ids(self) -> list[str]:
        """All events, newest T0 first."""
        with self.store.read() as work:
            return [row.id for row in work.event_rows(limit=100)[0]]

    def jobs(self, event_id: str, kind: JobKind) -> list[Job]:
        """Jobs of a kind."""
        with self.store.read() as work:
            return [job for job in work.jobs(event_id) if job.kind is kind]

    def open_jobs(self, event_id: str, kind: JobKind) -> list[Job]:
        """Jobs of a kind still to be done."""
        return [job for job in self.jobs(event_id, kind) if job.state in {JobState.WAITING, JobState.LEASED}]

    def sent(self, purpose: MessagePurpose) -> list[str]:
        """Recipients of recorded messages of a purpose, in order."""
        return [message.recipient for message in self.recorder.sent if message.purpose is purpose]

    def named(self, purpose: MessagePurpose) -> list[str]:
        """Everybody named in recorded messages of a purpose, in order."""
        sent = [message for message in self.recorder.sent if message.purpose is purpose]
        return [person for message in sent for person in (message.recipient, *message.also)]

    def read(self, question: Callable[[Any], Any]) -> Any:
        """Ask the store something."""
        with self.store.read() as work:
            return question(work)

    def _wake(self) -> None:
        self.woken += 1


MERGER = Superevent(id="S241017ab", t0_utc=T0, far_hz=1e-12)
FAINT = replace(MERGER, id="S241017qq", is_significant=False, far_hz=1e-6)
MOCK = replace(MERGER, id="MS241017zz", search="MDC")


def merger(phase: str = "PRELIMINARY", *, after_s: float = 30.0, of: Superevent = MERGER) -> Message:
    """LVK alert without a sky map."""
    return lvk_alert(of, phase, at(after_s), skymap=None)


def retraction(*, after_s: float = 600.0, of: Superevent = MERGER) -> Message:
    """LVK retraction."""
    return lvk_retraction(of, at(after_s))


def track(*, revision: int = 0, after_s: float = 40.0, t0_s: float = 0.0) -> Message:
    """IceCube gold track; revisions have better positions."""
    told = Track(
        name="IceCube-241017A",
        run=139_500,
        event=4_242_424,
        t0_utc=at(t0_s),
        signalness=0.7,
        energy_tev=300.0,
        far_per_year=0.4,
    )
    where = TrackPosition(
        ra_deg=120.0 + 0.1 * revision,
        dec_deg=20.0,
        radius_90_deg=0.8 - 0.1 * revision,
        radius_50_deg=0.4,
    )
    return icecube_gold_json(told, where, at(after_s), revision=revision)


def burst_alert(*, t_s: float = 0.0, significance: float = 12.0, serial: int = 1) -> Message:
    """Fermi GBM alert without a position."""
    trigger = GbmTrigger(
        trigger_utc=at(t_s), significance=significance, timescale_s=0.064, longitude_deg=10.0, latitude_deg=5.0
    )
    return gbm_alert(trigger, at(t_s + 10.0), serial=serial)


GARBAGE = Message(topic="gcn.classic.voevent.FERMI_GBM_ALERT", payload=b"<voe:VOEvent nonsense")


class PaperSource:
    """A source that answers what a test says: a light curve, a state of its data, or an error.

    Parameters
    ----------
    instrument
        Name.
    answers
        One by one; the last repeats.
    """

    def __init__(self, instrument: str, *answers: FetchedLightCurve | Availability | Exception) -> None:
        self._instrument = instrument
        self._answers = list(answers)
        self.asked: list[datetime] = []
        self.before_fetch: Callable[[], None] = lambda: None

    @property
    def instrument(self) -> str:
        return self._instrument

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        assert t0_utc.tzinfo is not None
        assert window_s > 0
        self.asked.append(now)
        answer = self._answers[0]
        if isinstance(answer, Availability):
            self._next()
            return answer
        return Availability(state=AvailabilityState.AVAILABLE)

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        assert t0_utc.tzinfo is not None
        assert window_s > 0
        self.before_fetch()
        answer = self._next()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, FetchedLightCurve)
        return answer

    def _next(self) -> FetchedLightCurve | Availability | Exception:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def sources(*given: PaperSource) -> Mapping[str, LightCurveSource]:
    """Sources by instrument."""
    return {source.instrument: source for source in given}


def counts(
    instrument: str = "SPI-ACS",
    *,
    seed: int = 1,
    peak: float = 0.0,
    at_s: float = 2.0,
    half_s: float = 320.0,
    distance_km: float = 100_000.0,
) -> FetchedLightCurve:
    """Poisson counts of 0.05 s about T0, with a burst of 0.3 s where `peak` counts a bin are given."""
    edges = np.arange(round(2 * half_s / 0.05)) * 0.05 - half_s
    mean = 4300.0 + peak * np.exp(-(((edges - at_s) / 0.15) ** 2))
    drawn = np.random.default_rng(seed).poisson(mean).astype(float)
    curve = LightCurve(instrument, T0, start_s=edges, width_s=0.05, counts=drawn, energy_kev=(75.0, 2000.0))
    place = SpacecraftPosition(
        spacecraft="INTEGRAL", epoch_utc=T0, vector_km=np.array([distance_km, 0.0, 0.0]), error_km=1.0
    )
    raw = f"{instrument}-{seed}-{peak}-{at_s}".encode()
    return FetchedLightCurve(channels=(curve,), total=curve, position=place, origin="paper", raw=raw)


def spot(ra_deg: float, radius_deg: float) -> SkyMap:
    """Map of a position."""
    return SkyMap.from_position(ra_deg, 20.0, error_radius_deg=radius_deg, containment=0.9)


def burst_by_hand(desk: Desk, t0_utc: datetime, ra_deg: float = 121.0) -> str:
    """A burst that an advocate enters."""
    place = Place(ra_deg=ra_deg, dec_deg=20.0, error_radius_deg=3.0)
    return create_event(
        desk.context,
        "vance",
        "page",
        kind=EventKind.GAMMA_RAY_BURST,
        t0_utc=t0_utc,
        reason="for the test",
        name="GRB 241017Z",
        place=place,
    )
