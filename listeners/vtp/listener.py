"""The subscriber: one thread reads one broker, hands notices over to be stored, and only then acknowledges them.

What was received is held until it is stored, whatever becomes of the connection: most brokers send nothing twice.
Meanwhile the broker's signs of life are answered.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from listeners.health import FeedHealth, FeedState
from listeners.vtp.actions import Deliver, HangUp, Moment, Send
from listeners.vtp.place import is_loopback
from listeners.vtp.subscriber_session import SubscriberSession
from tocsin.domain.clock import Clock
from tocsin.domain.notices import RawNotice

_READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class VtpSettings:
    """How to reach a broker, and how much of it to bear.

    Parameters
    ----------
    host, port
        Where it listens; 8099 was GCN's port.
    ivorn
        Who we are: brokers remember a subscriber by it.
    topic
        Name under which its notices are counted and labelled.
    tls
        Context of an encrypted connection; None for a plain one.
    allows_remote_plain
        A plain connection may leave this machine: VTP has neither encryption nor identity of its own, so only inside
        a tunnel or a network of one's own.
    filters
        XPath expressions told to the broker; a notice is sent that fits any of them.
    silence_s, frame_s
        As in `SubscriberSession`.
    connect_s, send_s
        Longest time that connecting and one answer may take.
    longest_pause_s
        Longest pause between tries; they begin with 1 s and double.
    largest_frame_bytes
        Longest payload taken.
    most_held, most_held_bytes
        Notices received and not yet stored, beyond which nothing more is read.
    poll_s
        Longest wait for bytes before other things are looked after.
    """

    host: str
    port: int = 8099
    ivorn: str = "ivo://tocsin/subscriber"
    topic: str = "vtp"
    tls: ssl.SSLContext | None = None
    allows_remote_plain: bool = False
    filters: tuple[str, ...] = ()
    silence_s: float = 120.0
    frame_s: float = 60.0
    connect_s: float = 10.0
    send_s: float = 10.0
    longest_pause_s: float = 64.0
    largest_frame_bytes: int = 4 * 1024 * 1024
    most_held: int = 100
    most_held_bytes: int = 16 * 1024 * 1024
    poll_s: float = 0.2

    @property
    def origin(self) -> str:
        """Where the notices come from."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A notice received and not yet stored; `session` is None once its connection is gone."""

    raw: RawNotice
    ivorn: str
    session: SubscriberSession | None


class VtpListener:
    """Reads one broker and hands what comes to be stored.

    Parameters
    ----------
    config
        The broker.
    clock
        Time of reception; of silence too.
    store_notices
        Stores a batch in one transaction; raises when it could not, and is then asked again.
    on_health
        Told of changes and errors, in the reading thread: it must not block.
    """

    def __init__(
        self,
        config: VtpSettings,
        *,
        clock: Clock,
        store_notices: Callable[[Sequence[RawNotice]], None],
        on_health: Callable[[FeedHealth], None],
    ) -> None:
        self._config = config
        self._clock = clock
        self._store_notices = store_notices
        self._on_health = on_health
        self._state = FeedState.STARTING
        self._held: list[_Held] = []
        self._store_failures = 0
        self._store_again_s = 0.0
        self._has_stored = False

    def run(self, stop: threading.Event) -> None:
        """Read until `stop` is set; whatever ends a connection costs a pause and a new one."""
        failures = 0
        while not stop.is_set():
            self._report(FeedState.STARTING, message=f"connecting to {self._config.origin}")
            begun_s = self._clock.monotonic_s()
            self._has_stored = False
            try:
                ending = self._read_broker(stop)
            except Exception as error:  # noqa: BLE001 - process boundary: a feed ends only when it is told to
                ending = HangUp(reason=str(error) or type(error).__name__)
            self._held = [replace(held, session=None) for held in self._held]
            if ending is None:
                break
            lived_s = self._clock.monotonic_s() - begun_s
            failures = 0 if self._has_stored or lived_s > self._config.longest_pause_s else failures + 1
            pause_s = min(2.0 ** max(failures - 1, 0), self._config.longest_pause_s)
            state = FeedState.STALLED if ending.is_silence else FeedState.ERROR
            self._report(state, message=f"{ending.reason}; connecting again in {pause_s:g} s")
            self._rest(stop, pause_s)
        self._store_again_s = self._clock.monotonic_s()
        self._store_held(None)
        self._report(FeedState.STOPPED)

    def _read_broker(self, stop: threading.Event) -> HangUp | None:
        """Read one connection to its end; None where we were told to stop."""
        with self._connect() as connection:
            session = SubscriberSession(
                ivorn=self._config.ivorn,
                filters=self._config.filters,
                largest_frame_bytes=self._config.largest_frame_bytes,
                silence_s=self._config.silence_s,
                frame_s=self._config.frame_s,
                begun=Moment.of(self._clock),
            )
            while not stop.is_set():
                ending = self._turn(connection, session, stop)
                if ending is not None:
                    return ending
        return None

    def _turn(self, connection: socket.socket, session: SubscriberSession, stop: threading.Event) -> HangUp | None:
        """Read what is there, answer it, store what is held; why the connection is to end, if it is."""
        if self._is_full():
            stop.wait(self._config.poll_s)  # the broker notices by itself that we take nothing more
            self._store_held(connection)
            return None
        ending: HangUp | None = None
        data = self._receive(connection)
        for action in session.receive(data, Moment.of(self._clock)) if data else ():
            match action:
                case Send():
                    self._send(connection, action)
                case Deliver():
                    self._hold(action, session)
                case HangUp():
                    ending = action
        if session.has_heard and self._state is FeedState.STARTING:
            self._report(FeedState.LIVE)
        self._store_held(connection)
        return ending or session.tick(Moment.of(self._clock))

    def _is_full(self) -> bool:
        held_bytes = sum(len(held.raw.payload) for held in self._held)
        return len(self._held) >= self._config.most_held or held_bytes >= self._config.most_held_bytes

    def _connect(self) -> socket.socket:
        config = self._config
        plain = socket.create_connection((config.host, config.port), timeout=config.connect_s)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if config.tls is not None:
                return config.tls.wrap_socket(plain, server_hostname=config.host)
            self._check_place(plain)
        except BaseException:
            plain.close()
            raise
        return plain

    def _check_place(self, plain: socket.socket) -> None:
        if not self._config.allows_remote_plain and not is_loopback(plain.getpeername()[0]):
            raise ConnectionError("a plain connection would leave this machine, which the settings do not allow")

    def _receive(self, connection: socket.socket) -> bytes:
        """Bytes that came within the poll time; none if none came."""
        connection.settimeout(self._config.poll_s)
        try:
            data = connection.recv(_READ_BYTES)
        except TimeoutError:
            return b""
        if not data:
            raise ConnectionError("the broker closed the connection")
        return data

    def _send(self, connection: socket.socket, action: Send) -> None:
        connection.settimeout(self._config.send_s)
        connection.sendall(action.data)

    def _hold(self, action: Deliver, session: SubscriberSession) -> None:
        raw = RawNotice(
            payload=action.payload,
            transport="vtp",
            origin=self._config.origin,
            topic=self._config.topic,
            received_utc=self._clock.now(),
            received_monotonic_s=self._clock.monotonic_s(),
        )
        self._held.append(_Held(raw=raw, ivorn=action.ivorn, session=session))

    def _store_held(self, connection: socket.socket | None) -> None:
        """Store what is held, then acknowledge it; a store in trouble is asked again after a pause."""
        if not self._held or self._clock.monotonic_s() < self._store_again_s:
            return
        try:
            self._store_notices([held.raw for held in self._held])
        except Exception as error:  # noqa: BLE001 - process boundary: the store's trouble must not end the feed
            pause_s = min(0.5 * 2.0**self._store_failures, self._config.longest_pause_s)
            self._store_failures += 1
            self._store_again_s = self._clock.monotonic_s() + self._clock.wall_s(pause_s)
            self._report(FeedState.STORE_ERROR, message=f"{type(error).__name__}: {error}; again in {pause_s:g} s")
            return
        stored, self._held = self._held, []
        self._has_stored = True
        if self._store_failures:
            self._store_failures = 0
            self._report(FeedState.LIVE if connection is not None else FeedState.STARTING, message="stored again")
        for held in stored:
            if connection is not None and held.session is not None:
                self._send(connection, held.session.acknowledge(held.ivorn, Moment.of(self._clock)))

    def _rest(self, stop: threading.Event, pause_s: float) -> None:
        """Pause between two connections, in which what is held is still stored."""
        until_s = self._clock.monotonic_s() + self._clock.wall_s(pause_s)
        while not stop.is_set() and (left_s := until_s - self._clock.monotonic_s()) > 0:
            self._store_held(None)
            stop.wait(min(left_s, self._config.poll_s) if self._held else left_s)

    def _report(self, state: FeedState, *, message: str = "") -> None:
        self._state = state
        feed = f"vtp:{self._config.origin}"
        self._on_health(FeedHealth(feed=feed, state=state, at_utc=self._clock.now(), message=message))
