"""What every road to people has in common; this module must know no road in particular."""

from typing import Protocol, runtime_checkable

from tocsin.domain.people import OutgoingMessage


class Channel(Protocol):
    """A road by which a message reaches people."""

    @property
    def name(self) -> str:
        """Name in the settings: ``console``, ``slack``, ``email``..."""
        ...

    def send(self, message: OutgoingMessage) -> str:
        """Reference of the message as delivered, to be handed back in `OutgoingMessage.replaces` later.

        Raises
        ------
        RemoteError
            Not delivered; `retry_after_s` where the service said when to come back, `ambiguous` where the message
            may have gone out although no answer came: then ask `find_sent` before sending again.
        """
        ...

    def find_sent(self, message: OutgoingMessage) -> str | None:
        """Reference of this very message where it can be read back from the service, None if it is not there.

        Roads that cannot be read back answer None: a repeat carries the same Message-ID or idempotency key.

        Raises
        ------
        RemoteError
            The service could not be read: nothing is known yet, ask again.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """A channel in which the message of an event can be found again, whoever sent it."""

    def find_event(self, message: OutgoingMessage) -> str | None:
        """Reference of the message that shows the event of this one, None where there is none.

        Raises
        ------
        RemoteError
            The channel could not be read.
        """
        ...


@runtime_checkable
class Pinboard(Protocol):
    """A channel that can show a picture beneath the message of an event."""

    def pin(self, reference: str, content: bytes, *, name: str, title: str, alt_text: str) -> None:
        """Show a PNG in the thread of a message, unless one of that name is there.

        Raises
        ------
        RemoteError
            It may not be there.
        """
        ...


def send_once(channel: Channel, message: OutgoingMessage, *, is_repeat: bool) -> str:
    """Reference of the message, sent unless an earlier try turns out to have arrived.

    Parameters
    ----------
    channel, message
        What goes where.
    is_repeat
        True when an earlier try may have reached the service: it ended ambiguously, or its worker died.

    Raises
    ------
    RemoteError
        As `Channel.send` and `Channel.find_sent`.
    """
    if is_repeat and (reference := channel.find_sent(message)) is not None:
        return reference
    return channel.send(message)
