"""A small broker: replays files to subscribers, passes on what authors hand in; for replays, drills and tests.

It remembers in memory alone how far each named subscriber has acknowledged: who comes back goes on there. It listens
on this machine only, unless it is given a certificate.
"""

import asyncio
import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from listeners.vtp.actions import Moment
from listeners.vtp.author_session import AuthorSession
from listeners.vtp.connections import AuthorConnection, Connection, SubscriberConnection
from listeners.vtp.peer_session import PeerLimits, PeerSession
from listeners.vtp.place import is_loopback
from listeners.vtp.spool import Spool
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ConfigurationError, NoticeError

_MOST_REMEMBERED = 1000
_HANDSHAKE_S = 10.0
_BACKLOG = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where a broker listens, and how much it bears.

    Parameters
    ----------
    host, port
        Where subscribers come to; port 0: a free one.
    author_port
        Where authors come to; None: nobody hands in anything.
    ivorn
        The broker's own.
    tls
        Context with a certificate; None: plain, and then on this machine only.
    limits
        Patience with peers.
    is_from_start
        A subscriber not met before gets everything from the start, not only what comes from now on.
    most_subscribers, most_authors
        Connections at one time; one more takes the place of one that has not said anything, or is dropped.
    largest_notice_bytes
        Longest notice passed on.
    most_spool_bytes
        Largest size of all notices together.
    poll_s
        Real seconds between two looks at what is due.
    """

    host: str = "127.0.0.1"
    port: int = 8099
    author_port: int | None = None
    ivorn: str = "ivo://tocsin/broker"
    tls: ssl.SSLContext | None = None
    limits: PeerLimits = field(default_factory=PeerLimits)
    is_from_start: bool = True
    most_subscribers: int = 200
    most_authors: int = 20
    largest_notice_bytes: int = 1024 * 1024
    most_spool_bytes: int = 4 * 1024**3
    poll_s: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerReport:
    """What a broker says of a connection.

    Parameters
    ----------
    peer
        Its address.
    at_utc
        When.
    words
        What happened.
    """

    peer: str
    at_utc: datetime
    words: str


class Broker:
    """Serves subscribers and authors until told to stop.

    Parameters
    ----------
    config
        Where, and how much.
    clock
        Signs of life and patience go by it.
    on_report
        Told of connections, in the broker's thread: it must not block.

    Raises
    ------
    ConfigurationError
        It would listen beyond this machine without a certificate.
    """

    def __init__(
        self, config: BrokerSettings, *, clock: Clock, on_report: Callable[[PeerReport], None] = lambda _report: None
    ) -> None:
        if config.tls is None and not is_loopback(config.host):
            raise ConfigurationError(f"{config.host} is not this machine: TLS is needed", file="broker", key="host")
        self._config = config
        self._clock = clock
        self._on_report = on_report
        self._connections: dict[Connection, None] = {}  # in the order they came
        self._places: OrderedDict[str, int] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: Exception | None = None
        self._spool = Spool(most_bytes=config.most_spool_bytes)
        self._ready = threading.Event()
        self.port = 0
        self.author_port = 0

    @property
    def spool(self) -> Spool:
        """All notices."""
        return self._spool

    @property
    def connections(self) -> int:
        """Connections at this moment."""
        return len(self._connections)

    def publish(self, payload: bytes) -> None:
        """Give a notice to every subscriber; from any thread.

        Raises
        ------
        NoticeError
            It is too large.
        TocsinError
            The spool is full.
        """
        if len(payload) > self._config.largest_notice_bytes:
            raise NoticeError(f"{len(payload)} bytes are too many: the limit is {self._config.largest_notice_bytes}")
        self._spool.append(payload)
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self.announce)
            except RuntimeError:
                return  # the broker has just ended

    def wait_until_ready(self, timeout_s: float) -> None:
        """Wait until it listens.

        Raises
        ------
        ConfigurationError
            It cannot listen there.
        """
        self._ready.wait(timeout_s)
        if self._failure is not None or not self.port:
            where = f"{self._config.host}:{self._config.port}"
            raise ConfigurationError(f"cannot listen on {where}: {self._failure}", file="broker", key="port")

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set."""
        try:
            asyncio.run(self._serve(stop))
        except OSError as error:
            self._failure = error
        finally:
            self._loop = None
            self._ready.set()
            self._spool.close()

    async def _serve(self, stop: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        servers = [await self._listen(self._make_subscriber, self._config.port)]
        self.port = _port_of(servers[0])
        if self._config.author_port is not None:
            servers.append(await self._listen(self._make_author, self._config.author_port))
            self.author_port = _port_of(servers[1])
        over = asyncio.Event()
        self._tick(stop, over)
        self._ready.set()
        await over.wait()
        for server in servers:
            server.close()
        for connection in tuple(self._connections):
            connection.drop("the broker ends")
        await asyncio.sleep(0)  # lets the connections end before their loop does
        for server in servers:
            await server.wait_closed()

    async def _listen(self, make: Callable[[], Connection], port: int) -> asyncio.Server:
        tls = self._config.tls
        return await asyncio.get_running_loop().create_server(
            make,
            self._config.host,
            port,
            ssl=tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=None if tls is None else _HANDSHAKE_S,
        )

    def _make_subscriber(self) -> SubscriberConnection:
        ivorn, limits = self._config.ivorn, self._config.limits
        return SubscriberConnection(self, lambda begun: PeerSession(ivorn=ivorn, limits=limits, begun=begun))

    def _make_author(self) -> AuthorConnection:
        config = self._config
        return AuthorConnection(
            self,
            lambda begun: AuthorSession(
                ivorn=config.ivorn,
                largest_frame_bytes=config.largest_notice_bytes,
                patience_s=config.limits.frame_s,
                begun=begun,
            ),
        )

    def _tick(self, stop: threading.Event, over: asyncio.Event) -> None:
        """Do what is due, and come again."""
        if stop.is_set():
            over.set()
            return
        at = self.now()
        for connection in tuple(self._connections):
            connection.tick(at)
        asyncio.get_running_loop().call_later(self._config.poll_s, self._tick, stop, over)

    def now(self) -> Moment:
        """Time now."""
        return Moment.of(self._clock)

    def enter(self, connection: Connection) -> bool:
        """Whether there is room for one more connection; who has not said anything makes room for a newcomer."""
        alike = [other for other in self._connections if isinstance(other, type(connection))]
        most = self._config.most_authors if isinstance(connection, AuthorConnection) else self._config.most_subscribers
        if len(alike) >= most:
            stranger = next((other for other in alike if other.is_stranger), None)
            if stranger is None:
                return False
            del self._connections[stranger]
            stranger.drop("it said nothing, and somebody else wants to come in")
        self._connections[connection] = None
        return True

    def leave(self, connection: Connection, reason: str) -> None:
        """Forget a connection."""
        self._connections.pop(connection, None)
        self.say(connection, f"gone: {reason}")

    def say(self, connection: Connection, words: str) -> None:
        """Tell whoever watches."""
        self._on_report(PeerReport(peer=connection.peer, at_utc=self._clock.now(), words=words))

    def place_of(self, ivorn: str) -> int:
        """Number of the notice from which a subscriber is served: where it was, or where newcomers begin."""
        return self._places.get(ivorn, 0 if self._config.is_from_start else len(self._spool))

    def remember(self, ivorn: str, next_index: int) -> None:
        """Keep how far a subscriber has acknowledged, for as many as there is room for."""
        if ivorn:
            self._places[ivorn] = max(next_index, self._places.pop(ivorn, 0))
            if len(self._places) > _MOST_REMEMBERED:
                self._places.popitem(last=False)

    def announce(self) -> None:
        """Tell all subscribers that there is something new."""
        for connection in tuple(self._connections):
            if isinstance(connection, SubscriberConnection):
                connection.serve()


def _port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
