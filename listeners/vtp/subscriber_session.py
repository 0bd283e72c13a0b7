"""The subscriber's side of one VTP connection: bytes in, actions out. No socket, no clock, no store."""

from collections.abc import Sequence

from listeners.vtp.actions import Deliver, HangUp, Moment, Send, speak
from listeners.vtp.frames import FrameReader
from listeners.vtp.transport import NAMESPACE, Transport, TransportRole, read_root, read_transport
from tocsin.domain.errors import NoticeError


class SubscriberSession:
    """One connection to a broker, from its opening to its end.

    A subscriber never sends ``nak``: brokers take it for a fault of the subscriber and may drop it. What cannot be
    decoded is kept and quarantined like anything else, and acknowledged.

    Parameters
    ----------
    ivorn
        Who we are.
    filters
        XPath expressions told to a broker that asks; none: everything is wanted.
    largest_frame_bytes
        Longest payload taken.
    silence_s
        The connection is given up after so long without a complete frame: bytes that trickle are no sign of life.
    frame_s
        Longest time that one frame may take.
    begun
        When it was opened.
    """

    def __init__(
        self,
        *,
        ivorn: str,
        filters: Sequence[str],
        largest_frame_bytes: int,
        silence_s: float,
        frame_s: float,
        begun: Moment,
    ) -> None:
        self._ivorn = ivorn
        self._filters = tuple(filters)
        self._frames = FrameReader(largest_bytes=largest_frame_bytes)
        self._silence_s = silence_s
        self._frame_s = frame_s
        self._last_frame = begun
        self._partial_since: Moment | None = None
        self._namespace = NAMESPACE
        self._is_over = False
        self.has_heard = False

    def receive(self, data: bytes, at: Moment) -> list[Send | Deliver | HangUp]:
        """Actions that follow from bytes received; nothing after a `HangUp`."""
        actions: list[Send | Deliver | HangUp] = []
        if self._is_over:
            return actions
        self._frames.feed(data)
        try:
            while (payload := self._frames.next_payload()) is not None:
                self._partial_since = None
                actions += self._take(payload, at)
        except NoticeError as error:
            actions.append(self._hang_up(str(error)))
        self._partial_since = (self._partial_since or at) if self._frames.waiting_bytes else None
        return actions

    def acknowledge(self, ivorn: str, at: Moment) -> Send:
        """Acknowledgement of a notice that is stored."""
        return self._answer(TransportRole.ACK, ivorn, at)

    def tick(self, at: Moment) -> HangUp | None:
        """Whether to give up, given that nothing more has come until now."""
        if self._is_over:
            return None
        if self._partial_since is not None and at.since_s(self._partial_since) > self._frame_s:
            return self._hang_up(f"a frame that is not complete after {self._frame_s:g} s")
        if at.since_s(self._last_frame) > self._silence_s:
            return self._hang_up(f"silent for {self._silence_s:g} s", is_silence=True)
        return None

    def _take(self, payload: bytes, at: Moment) -> list[Send | Deliver | HangUp]:
        self._last_frame = at
        self.has_heard = True
        if not payload:
            return []
        root = read_root(payload)
        if not root.is_transport:
            return [Deliver(payload=payload, ivorn=root.ivorn)]
        try:
            return self._hear(read_transport(payload), at)
        except NoticeError:
            return []  # it is no notice, and there is no answer to it

    def _hear(self, document: Transport, at: Moment) -> list[Send | Deliver | HangUp]:
        self._namespace = document.namespace
        match document.role:
            case TransportRole.IAMALIVE:
                return [self._answer(TransportRole.IAMALIVE, document.origin, at)]
            case TransportRole.AUTHENTICATE:
                return [self._answer(TransportRole.AUTHENTICATE, document.origin, at, self._filters)]
            case TransportRole.ACK | TransportRole.NAK:
                return []  # nothing was submitted

    def _answer(self, role: TransportRole, origin: str, at: Moment, filters: Sequence[str] = ()) -> Send:
        document = Transport(
            role=role, origin=origin, response=self._ivorn, filters=tuple(filters), namespace=self._namespace
        )
        return speak(document, at)

    def _hang_up(self, reason: str, *, is_silence: bool = False) -> HangUp:
        self._is_over = True
        return HangUp(reason=reason, is_silence=is_silence)
