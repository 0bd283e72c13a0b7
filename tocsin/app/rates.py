"""Count rates: the archive, the followers that fill it, the search of what they follow."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.source import ArchiveSource
from acs_stream.follower.consolidating import Consolidator
from acs_stream.follower.dumps import DumpFollower
from acs_stream.follower.health import FollowerHealth, FollowerState
from acs_stream.follower.plan import FollowerSettings
from acs_stream.follower.realtime import RateStore, RealtimeFollower
from acs_stream.follower.triggers import StreamTrigger
from acs_stream.follower.watching import FileMemory, StreamWatch, WatchedStore, WatchSettings
from acs_stream.instruments import Instrument, read_instruments
from acs_stream.sources import LightCurveSource, Places
from acs_stream.sources.isdc_archive import IsdcArchiveSource
from acs_stream.sources.model import Craft
from tocsin.api.archive_desk import ArchiveDesk, ArchiveHolding
from tocsin.api.services import Health, HealthPart
from tocsin.app.archive_search import ArchiveSearch, search_finished_days
from tocsin.app.trailing import TrailingFolder
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.light_curves import LightCurve
from tocsin.settings import Settings
from tocsin.store.usage import UsageBook

log = structlog.get_logger()

#: A part that ended by a bug is started again after this long, s of real time.
AFTER_BUG_S = 30.0

#: How often it is looked for days that have ended, s.
DAY_LOOK_S = 900.0

#: Days before, as far as they are searched, whose background the continuous search compares with.
DAYS_BEFORE = 30

Run = Callable[[threading.Event], None]


def build_archive(settings: Settings) -> RateArchive:
    """The archive of rates; nothing is made on the disk before something is stored."""
    return RateArchive(settings.archive_url)


def archive_desk(settings: Settings) -> ArchiveDesk:
    """The archive, as partners see it."""
    archive = build_archive(settings)
    served = frozenset(settings.archive.served)

    def holdings() -> Sequence[ArchiveHolding]:
        return [_holding(archive, name) for name in archive.instruments() if name in served]

    def read(instrument: str, start: datetime, stop: datetime, t0: datetime, bin_s: float | None) -> LightCurve:
        return archive.read(instrument, start, stop, t0_utc=t0, bin_s=bin_s)

    return ArchiveDesk(read=read, holdings=holdings, served=served, book=UsageBook(settings.data_dir / "usage"))


def _holding(archive: RateArchive, name: str) -> ArchiveHolding:
    days = archive.days(name)
    first, last = (days[0], days[-1]) if days else (None, None)
    return ArchiveHolding(instrument=name, days=len(days), first_day=first, last_day=last)


def build_places(settings: Settings, clock: Clock) -> Places:
    """Where light curves may lie, as the settings say."""
    archive = build_archive(settings)
    names = table_of(settings)
    follow = settings.archive.follow
    followed = {names[name].archived_as for name in follow.instruments if name in names}

    def archived(item: Instrument, craft: Craft | None, is_followed: bool) -> LightCurveSource:
        return ArchiveSource(
            item,
            archive=archive,
            clock=clock,
            stored_as=item.archived_as,
            is_followed=is_followed,
            craft=craft,
        )

    return Places(
        folder=settings.inbox,
        archived=archived,
        followed=frozenset(followed | ({follow.dumps_instrument} if follow.dumps else set())),
        network=settings.sources.network,
        token="" if settings.secrets.mmoda_token is None else settings.secrets.mmoda_token.get_secret_value(),
    )


def table_of(settings: Settings) -> Mapping[str, Instrument]:
    """The instrument table."""
    document = settings.document("instruments")
    return read_instruments(document.values, file=document.name)


@dataclass(slots=True)
class RateBoard:
    """Last word of each follower; they write it from their threads."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: dict[str, FollowerHealth] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)

    def hear(self, name: str, health: FollowerHealth) -> None:
        """Take a sign of a follower; a change of state is logged."""
        with self._lock:
            before, self._last[name] = self._last.get(name), health
        if before is None or before.state is not health.state:
            level = log.warning if health.state is FollowerState.FAULT else log.info
            level("follower", follower=name, state=health.state.value, words=health.words)

    def say(self, name: str, words: str) -> None:
        """Keep words about something that is not running, and why."""
        with self._lock:
            self._said[name] = words

    def health(self, name: str) -> FollowerHealth | None:
        """Last word of one follower."""
        with self._lock:
            return self._last.get(name)

    def parts(self) -> tuple[HealthPart, ...]:
        """Every follower that ever spoke; a fault is not well, an expected gap is."""
        with self._lock:
            heard, said = dict(self._last), dict(self._said)
        found = [
            HealthPart(name=f"rates {name}", is_ok=one.state is not FollowerState.FAULT, words=_words(one))
            for name, one in heard.items()
        ] + [HealthPart(name=f"rates {name}", is_ok=True, words=words) for name, words in said.items()]
        return tuple(sorted(found, key=lambda part: part.name))


def rates_in_words(settings: Settings, clock: Clock) -> str:
    """Where rates are kept and what would be followed, for a check; nothing is started.

    Raises
    ------
    ConfigurationError
        As `build_following`.
    """
    board = RateBoard()
    following = build_following(settings, clock=clock, board=board, tell=lambda _found: None)
    following.close()
    asked = "services on the network are asked" if settings.sources.network else "no service on the network is asked"
    follow = settings.archive.follow
    idle = {part.name.removeprefix("rates "): part.words for part in board.parts()}
    names = [f"{name} ({idle[name]})" if name in idle else name for name in follow.instruments]
    names += [f"dump files in {follow.dumps}"] if follow.dumps else []
    return f"rates: kept in {settings.archive_url}, followed: {', '.join(names) or 'nothing'}; {asked}"


def with_parts(health: Health, parts: Sequence[HealthPart]) -> Health:
    """Health with further parts."""
    return Health(parts=(*health.parts, *parts))


def _words(health: FollowerHealth) -> str:
    gap = f"; {health.missing_s:.1f} s missing before" if health.missing_s >= 0.06 else ""
    return f"{health.state.value.replace('_', ' ')}: {health.words}{gap}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What runs to fill and search the archive.

    Parameters
    ----------
    runs
        Each runs in a thread of its own until the event is set.
    close
        Closes connections.
    is_idle
        True if everything that was stored has been searched.
    """

    runs: tuple[Run, ...] = ()
    close: Callable[[], None] = field(default=lambda: None)
    is_idle: Callable[[], bool] = field(default=lambda: True)


def build_following(
    settings: Settings, *, clock: Clock, board: RateBoard, tell: Callable[[Sequence[StreamTrigger]], None]
) -> Following:
    """Followers, their search and their consolidation, as the settings say; nothing, by default.

    Parameters
    ----------
    settings
        Of the service.
    clock
        Tells the time.
    board
        Where followers say how they fare.
    tell
        Takes the triggers of the search.

    Raises
    ------
    ConfigurationError
        An instrument to follow is not in the table, or is of a kind that cannot be followed.
    """
    builder = _Builder(settings, clock, board, tell)
    runs = [run for name in settings.archive.follow.instruments for run in builder.stream(name)]
    runs += builder.dumps() if settings.archive.follow.dumps else []
    runs += builder.consolidator() if settings.archive.follow.consolidate_from else []
    runs += [_kept_alive("search of the stream", watch.run) for watch in builder.watches.values()]
    runs += builder.finished_days()
    watches = tuple(builder.watches.values())
    return Following(runs=tuple(runs), close=builder.close, is_idle=lambda: all(watch.is_idle for watch in watches))


class _Builder:
    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        board: RateBoard,
        tell: Callable[[Sequence[StreamTrigger]], None],
    ) -> None:
        self._settings = settings
        self._follow = settings.archive.follow
        self._clock = clock
        self._board = board
        self._tell = tell
        self._table = table_of(settings)
        self._archive = build_archive(settings)
        self._closing: list[Callable[[], None]] = []
        self.watches: dict[str, StreamWatch] = {}

    def close(self) -> None:
        for each in self._closing:
            each()

    def stream(self, name: str) -> list[Run]:
        """Follower of a service's stream, none where the instrument has ended."""
        item = self._named(name, {"isdc-rtlc"}, "instruments")
        if item.has_ended(self._clock.now()):
            self._board.say(name, f"not followed: {item.end_reason or f'{name} has ended'}")
            return []
        if not (self._settings.sources.network or item.is_here):
            self._board.say(name, "not followed: sources.network is off, and its service is not on this machine")
            return []
        follow = self._follow
        follower = RealtimeFollower(
            item,
            store=self._watched(item.archived_as),
            clock=self._clock,
            settings=FollowerSettings(
                poll_s=follow.poll_s,
                latency_s=item.latency_s,
                first_look_back_s=follow.first_look_back_s,
                look_back_s=follow.look_back_s,
            ),
            stored_as=item.archived_as,
            on_health=lambda health: self._board.hear(name, health),
        )
        self._closing.append(follower.close)
        return [_kept_alive(f"follower of {name}", follower.run)]

    def dumps(self) -> list[Run]:
        """Follower of dump files."""
        follow = self._follow
        follower = DumpFollower(
            Path(follow.dumps),
            store=self._watched(follow.dumps_instrument),
            clock=self._clock,
            instrument=follow.dumps_instrument,
            settings=FollowerSettings(poll_s=follow.poll_s),
            on_health=lambda health: self._board.hear("dump files", health),
        )
        return [_kept_alive("follower of dump files", follower.run)]

    def consolidator(self) -> list[Run]:
        """What replaces followed data by consolidated ones."""
        name = self._follow.consolidate_from
        item = self._named(name, {"isdc-genlc", "isdc-spiacs"}, "consolidate_from")
        if not (self._settings.sources.network or item.is_here):
            self._board.say(name, "not asked for consolidated data: sources.network is off")
            return []
        service = IsdcArchiveSource(item, clock=self._clock)
        self._closing.append(service.close)
        made = Consolidator(
            item.archived_as,
            archive=self._archive,
            service=service,
            clock=self._clock,
            after_s=3600.0 * self._follow.consolidate_after_h,
            on_words=lambda words: self._board.say(name, words),
        )
        return [_kept_alive(f"consolidation from {name}", made.run)]

    def finished_days(self) -> list[Run]:
        """Search of each day that has ended: its excesses are the background of later searches."""
        names = [name for name in self.watches if self._settings.archive.watch.enabled]
        return [_kept_alive(f"search of the days of {name}", self._day_search(name)) for name in names]

    def _day_search(self, name: str) -> Run:
        job = ArchiveSearch(url=self._settings.archive_url, instrument=name, out=self._settings.searches_dir)

        def run(stop: threading.Event) -> None:
            while not stop.is_set():
                search_finished_days(job, self._clock.now(), stop)
                stop.wait(max(self._clock.wall_s(DAY_LOOK_S), 0.2))

        return run

    def _watched(self, stored_as: str) -> RateStore:
        watch = self._settings.archive.watch
        if not watch.enabled:
            return self._archive
        if stored_as not in self.watches:
            self.watches[stored_as] = StreamWatch(
                stored_as,
                store=self._archive,
                memory=FileMemory(path=self._settings.data_dir / "watch" / f"{stored_as}.json"),
                tell=self._tell,
                settings=WatchSettings(far_per_day=watch.far_per_day),
                trailing=TrailingFolder(self._settings.searches_dir, days=DAYS_BEFORE, fewest=1),
            )
        return WatchedStore(self._archive, self.watches[stored_as])

    def _named(self, name: str, kinds: set[str], key: str) -> Instrument:
        item = self._table.get(name)
        if item is None or item.kind not in kinds or not item.base_url:
            words = f"{name} is no instrument of kind {' or '.join(sorted(kinds))} with a base_url in instruments.toml"
            raise ConfigurationError(words, file=self._settings.file, key=f"archive.follow.{key}")
        return item


def _kept_alive(what: str, run: Run) -> Run:
    """Run that is begun again after a bug: one bad reply must not end the stream for good."""

    def running(stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                run(stop)
            except Exception:  # process boundary: a bug costs this part half a minute
                log.exception("a part of the following ended by a bug", part=what)
                stop.wait(AFTER_BUG_S)

    return running
