"""The broker's side of one connection to a subscriber: bytes in, actions out. No socket, no clock, no disk.

A peer is dropped for anything but answers in time: VTP has no other way to tell a slow subscriber from a dead one.
"""

from collections import deque
from dataclasses import dataclass

from listeners.vtp.actions import HangUp, Moment, Send, speak
from listeners.vtp.frames import FrameReader, to_frame
from listeners.vtp.transport import LARGEST_TRANSPORT_BYTES, Transport, TransportRole, read_transport
from tocsin.domain.errors import NoticeError


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerLimits:
    """How much patience a broker has with a peer.

    Parameters
    ----------
    iamalive_s
        Time between two signs of life; who has not answered one when the next is due is dropped.
    introduction_s
        How long a peer may take to say who it is, before it is served as nobody in particular.
    ack_s
        Longest time that an acknowledgement may take.
    frame_s
        Longest time that one frame may take.
    most_owed
        Notices on their way to a peer: no more are sent before one of them is acknowledged.
    """

    iamalive_s: float = 60.0
    introduction_s: float = 5.0
    ack_s: float = 60.0
    frame_s: float = 30.0
    most_owed: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduced:
    """A peer has said who it is and what it wants.

    Parameters
    ----------
    ivorn
        Who; empty for one that did not say in time.
    filters
        XPath expressions; none: everything.
    """

    ivorn: str
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A peer has acknowledged a notice; all those before number `next_index` are settled."""

    next_index: int


PeerAction = Send | HangUp | Introduced | Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owed:
    index: int
    ivorn: str
    since: Moment


class PeerSession:
    """One connection of a subscriber.

    Parameters
    ----------
    ivorn
        The broker's own.
    limits
        How long to wait for what.
    begun
        When it was opened.
    """

    def __init__(self, *, ivorn: str, limits: PeerLimits, begun: Moment) -> None:
        self._ivorn = ivorn
        self._limits = limits
        self._begun = self._last_iamalive = begun
        self._frames = FrameReader(largest_bytes=LARGEST_TRANSPORT_BYTES)
        self._partial_since: Moment | None = None
        self._owed: deque[_Owed] = deque()
        self._owes_iamalive = False
        self._is_introduced = False
        self._is_over = False
        self._next_index = 0
        self.has_heard = False

    def greet(self, at: Moment) -> Send:
        """First words: the question who the peer is, and what it wants."""
        return self._say(TransportRole.AUTHENTICATE, at)

    def serve_from(self, index: int) -> None:
        """Note that the peer is to have what follows from notice number `index` on."""
        self._next_index = index

    @property
    def next_index(self) -> int:
        """Number of the next notice for this peer."""
        return self._next_index

    @property
    def may_send(self) -> bool:
        """Whether the peer may be sent a notice now."""
        return self._is_introduced and not self._is_over and len(self._owed) < self._limits.most_owed

    def send_notice(self, index: int, payload: bytes, ivorn: str, at: Moment) -> Send:
        """Notice number `index`; from now on its acknowledgement is owed."""
        self._owed.append(_Owed(index=index, ivorn=ivorn, since=at))
        self._next_index = index + 1
        return Send(data=to_frame(payload))

    def pass_over(self, index: int) -> None:
        """Note that the peer does not want notice number `index`."""
        self._next_index = index + 1

    @property
    def settled_index(self) -> int:
        """Number of the first notice that is not settled: where this peer has to be served from."""
        return self._owed[0].index if self._owed else self._next_index

    def receive(self, data: bytes, at: Moment) -> list[PeerAction]:
        """Actions that follow from bytes received; nothing after a `HangUp`."""
        actions: list[PeerAction] = []
        if self._is_over:
            return actions
        self._frames.feed(data)
        try:
            while (payload := self._frames.next_payload()) is not None:
                self._partial_since = None
                actions += self._hear(read_transport(payload))
        except NoticeError as error:
            actions.append(self._hang_up(str(error)))
        self._partial_since = (self._partial_since or at) if self._frames.waiting_bytes else None
        return actions

    def tick(self, at: Moment) -> list[PeerAction]:
        """What is due by now."""
        limits = self._limits
        if self._is_over:
            return []
        if self._partial_since is not None and at.since_s(self._partial_since) > limits.frame_s:
            return [self._hang_up(f"a frame that is not complete after {limits.frame_s:g} s")]
        if self._owed and at.since_s(self._owed[0].since) > limits.ack_s:
            return [self._hang_up(f"no acknowledgement of {self._owed[0].ivorn} within {limits.ack_s:g} s")]
        actions: list[PeerAction] = []
        if not self._is_introduced and at.since_s(self._begun) >= limits.introduction_s:
            actions += self._introduce("", ())
        if at.since_s(self._last_iamalive) >= limits.iamalive_s:
            actions.append(self._be_alive(at))
        return actions

    def _be_alive(self, at: Moment) -> Send | HangUp:
        if self._owes_iamalive:
            return self._hang_up(f"no answer to iamalive within {self._limits.iamalive_s:g} s")
        self._owes_iamalive = True
        self._last_iamalive = at
        return self._say(TransportRole.IAMALIVE, at)

    def _hear(self, document: Transport) -> list[PeerAction]:
        self.has_heard = True
        match document.role:
            case TransportRole.IAMALIVE:
                self._owes_iamalive = False
                return self._introduce(document.response, ())
            case TransportRole.AUTHENTICATE:
                return self._introduce(document.response, document.filters)
            case TransportRole.ACK | TransportRole.NAK:  # a notice refused is not sent again either
                return [*self._introduce(document.response, ()), *self._settle(document.origin)]

    def _introduce(self, ivorn: str, filters: tuple[str, ...]) -> list[PeerAction]:
        if self._is_introduced:
            return []
        self._is_introduced = True
        return [Introduced(ivorn=ivorn, filters=filters)]

    def _settle(self, ivorn: str) -> list[PeerAction]:
        found = next((owed for owed in self._owed if owed.ivorn == ivorn), None)
        if found is None:
            return []
        self._owed.remove(found)
        return [Settled(next_index=self.settled_index)]

    def _say(self, role: TransportRole, at: Moment) -> Send:
        return speak(Transport(role=role, origin=self._ivorn), at)

    def _hang_up(self, reason: str) -> HangUp:
        self._is_over = True
        return HangUp(reason=reason)
