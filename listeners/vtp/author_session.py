"""The broker's side of one connection of an author: bytes in, actions out. No socket, no clock, no disk."""

from dataclasses import dataclass

from listeners.voevent import parse_voevent
from listeners.vtp.actions import HangUp, Moment, Send, speak
from listeners.vtp.frames import FrameReader
from listeners.vtp.transport import Transport, TransportRole, read_root
from tocsin.domain.errors import NoticeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """An author hands in a notice: keep it, then answer with `AuthorSession.accept` or `AuthorSession.refuse`.

    Parameters
    ----------
    payload
        The bytes of a well-formed VOEvent.
    ivorn
        Its identifier.
    """

    payload: bytes
    ivorn: str


AuthorAction = Send | HangUp | Submitted


class AuthorSession:
    """One connection of an author.

    Parameters
    ----------
    ivorn
        The broker's own.
    largest_frame_bytes
        Longest notice taken.
    patience_s
        Longest time from the opening, or from the last notice, to the end of the next.
    begun
        When it was opened.
    """

    def __init__(self, *, ivorn: str, largest_frame_bytes: int, patience_s: float, begun: Moment) -> None:
        self._ivorn = ivorn
        self._frames = FrameReader(largest_bytes=largest_frame_bytes)
        self._patience_s = patience_s
        self._last_frame = begun
        self._is_over = False
        self.has_heard = False

    def receive(self, data: bytes, at: Moment) -> list[AuthorAction]:
        """Actions that follow from bytes received; nothing after a `HangUp`."""
        actions: list[AuthorAction] = []
        if self._is_over:
            return actions
        self._frames.feed(data)
        try:
            while (payload := self._frames.next_payload()) is not None:
                self._last_frame = at
                actions.append(self._take(payload, at))
        except NoticeError as error:
            actions.append(self._hang_up(str(error)))
        return actions

    def tick(self, at: Moment) -> HangUp | None:
        """Whether the author has taken too long."""
        if self._is_over or at.since_s(self._last_frame) <= self._patience_s:
            return None
        return self._hang_up(f"no complete notice within {self._patience_s:g} s")

    def accept(self, ivorn: str, at: Moment) -> Send:
        """Say that a notice is kept."""
        return speak(Transport(role=TransportRole.ACK, origin=ivorn, response=self._ivorn), at)

    def refuse(self, ivorn: str, reason: str, at: Moment) -> Send:
        """Say that a notice is not kept, and why."""
        return speak(Transport(role=TransportRole.NAK, origin=ivorn, response=self._ivorn, result=reason), at)

    def _take(self, payload: bytes, at: Moment) -> AuthorAction:
        root = read_root(payload)
        if not root.is_voevent:
            return self.refuse(root.ivorn, "no VOEvent with an ivorn", at)
        try:
            parse_voevent(payload)
        except NoticeError as error:
            return self.refuse(root.ivorn, _printable(str(error)), at)
        self.has_heard = True
        return Submitted(payload=payload, ivorn=root.ivorn)

    def _hang_up(self, reason: str) -> HangUp:
        self._is_over = True
        return HangUp(reason=reason)


def _printable(text: str) -> str:
    """Text that an XML document can hold."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
