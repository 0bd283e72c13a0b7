"""Connections of the broker: what a session asks for, done on an asyncio transport; one class for each kind of peer."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from listeners.vtp.actions import HangUp, Moment, Send
from listeners.vtp.author_session import AuthorAction, AuthorSession, Submitted
from listeners.vtp.filters import NoticeFilter
from listeners.vtp.peer_session import Introduced, PeerAction, PeerSession, Settled
from listeners.vtp.spool import Spool
from listeners.vtp.transport import read_root
from tocsin.domain.errors import NoticeError, TocsinError

#: Bytes that may wait for a slow reader before it gets no more; a connection that overflows ten times this is dropped.
WRITE_BUFFER_BYTES = 64 * 1024
_OVERFLOW_BYTES = 10 * WRITE_BUFFER_BYTES
#: Notices looked at for one peer before the others have their turn.
_TURN = 50


class Hall(Protocol):
    """What connections need of their broker."""

    @property
    def spool(self) -> Spool:
        """All notices."""
        ...

    def now(self) -> Moment:
        """Time now."""
        ...

    def enter(self, connection: "Connection") -> bool:
        """Whether there is room for one more connection."""
        ...

    def leave(self, connection: "Connection", reason: str) -> None:
        """Forget a connection."""
        ...

    def say(self, connection: "Connection", words: str) -> None:
        """Tell whoever watches."""
        ...

    def place_of(self, ivorn: str) -> int:
        """Number of the notice from which a subscriber is served."""
        ...

    def remember(self, ivorn: str, next_index: int) -> None:
        """Keep how far a subscriber has acknowledged."""
        ...

    def announce(self) -> None:
        """Tell all subscribers that there is something new."""
        ...


class Connection(asyncio.Protocol, ABC):
    """One accepted connection.

    Parameters
    ----------
    hall
        The broker.
    """

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._transport: asyncio.Transport | None = None
        self._reason = "closed by the peer"
        self.peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, if there is room."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream was expected")
        self._transport = transport
        self.peer = str(transport.get_extra_info("peername"))
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        if self._hall.enter(self):
            self.open(self._hall.now())
        else:
            self.drop("no room: too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._transport = None
        self._hall.leave(self, self._reason if exc is None else str(exc) or type(exc).__name__)

    def drop(self, reason: str) -> None:
        """End the connection at once, whatever is on its way."""
        self._reason = reason
        if self._transport is not None:
            self._transport.abort()

    def close(self, reason: str) -> None:
        """End the connection when what is on its way has gone."""
        self._reason = reason
        if self._transport is not None:
            self._transport.close()

    def send(self, action: Send) -> None:
        """Write a frame; who does not read what was written is dropped, so that nothing piles up here."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(action.data)
        if self._transport.get_write_buffer_size() > _OVERFLOW_BYTES + len(action.data):
            self.drop("it does not read what it is sent")

    @property
    def is_writable(self) -> bool:
        """Whether what was written before is mostly gone."""
        transport = self._transport
        return (
            transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() < WRITE_BUFFER_BYTES
        )

    @property
    @abstractmethod
    def is_stranger(self) -> bool:
        """Whether the peer has not said anything that makes sense yet."""

    @abstractmethod
    def open(self, at: Moment) -> None:
        """Begin."""

    @abstractmethod
    def tick(self, at: Moment) -> None:
        """Do what is due."""


class SubscriberConnection(Connection):
    """A subscriber: gets notices, owes acknowledgements."""

    _session: PeerSession

    def __init__(self, hall: Hall, make_session: Callable[[Moment], PeerSession]) -> None:
        super().__init__(hall)
        self._make_session = make_session
        self._filter = NoticeFilter(())
        self._ivorn = ""

    @property
    def is_stranger(self) -> bool:
        """Whether nothing was heard of it yet."""
        return not self._session.has_heard

    def open(self, at: Moment) -> None:
        """Ask who it is."""
        self._session = self._make_session(at)
        self.send(self._session.greet(at))

    def data_received(self, data: bytes) -> None:
        """Hear what it says."""
        self._perform(self._session.receive(data, self._hall.now()))

    def resume_writing(self) -> None:
        """Go on where its slowness stopped us."""
        self.serve()

    def tick(self, at: Moment) -> None:
        """Be alive, and see that it is."""
        self._perform(self._session.tick(at))
        self.serve()

    def serve(self) -> None:
        """Send what it may have now."""
        session, spool = self._session, self._hall.spool
        for _ in range(_TURN):
            index = session.next_index
            if not session.may_send or not self.is_writable or index >= len(spool):
                return
            payload = spool.read(index)
            if self._filter.wants(payload):
                self.send(session.send_notice(index, payload, read_root(payload).ivorn, self._hall.now()))
            else:
                session.pass_over(index)
        asyncio.get_running_loop().call_soon(self.serve)

    def _perform(self, actions: list[PeerAction]) -> None:
        for action in actions:
            match action:
                case Send():
                    self.send(action)
                case HangUp():
                    self.drop(action.reason)
                case Introduced():
                    self._welcome(action)
                case Settled():
                    self._hall.remember(self._ivorn, action.next_index)
        if actions:
            self.serve()

    def _welcome(self, who: Introduced) -> None:
        try:
            self._filter = NoticeFilter(who.filters)
        except NoticeError as error:
            self.drop(str(error))
            return
        self._ivorn = who.ivorn
        self._session.serve_from(self._hall.place_of(who.ivorn))
        self._hall.remember(who.ivorn, self._session.next_index)
        self._hall.say(self, f"serving {who.ivorn or 'somebody'} from notice {self._session.next_index}")


class AuthorConnection(Connection):
    """An author: hands in notices."""

    _session: AuthorSession

    def __init__(self, hall: Hall, make_session: Callable[[Moment], AuthorSession]) -> None:
        super().__init__(hall)
        self._make_session = make_session

    @property
    def is_stranger(self) -> bool:
        """Whether it has not handed in anything yet."""
        return not self._session.has_heard

    def open(self, at: Moment) -> None:
        """Wait for a notice."""
        self._session = self._make_session(at)

    def data_received(self, data: bytes) -> None:
        """Take what it hands in."""
        for action in self._session.receive(data, self._hall.now()):
            self._perform(action)

    def tick(self, at: Moment) -> None:
        """See that it does not take too long."""
        ending = self._session.tick(at)
        if ending is not None:
            self.drop(ending.reason)

    def _perform(self, action: AuthorAction) -> None:
        match action:
            case Send():
                self.send(action)
            case HangUp():
                self.drop(action.reason)
            case Submitted():
                self.send(self._keep(action))

    def _keep(self, notice: Submitted) -> Send:
        """Keep a notice; one that is handed in again is acknowledged again, since the first answer may be lost."""
        try:
            is_new = self._hall.spool.append_once(notice.payload)
        except TocsinError as error:
            return self._session.refuse(notice.ivorn, str(error), self._hall.now())
        if is_new:
            self._hall.announce()
        self._hall.say(self, f"{'took' if is_new else 'had already'} {notice.ivorn}")
        return self._session.accept(notice.ivorn, self._hall.now())
