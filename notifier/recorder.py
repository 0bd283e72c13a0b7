"""A channel that keeps what it is given: for replays, drills and tests. It must never reach anybody."""

from tocsin.domain.people import OutgoingMessage


class RecorderChannel:
    """Channel whose messages stay here.

    Parameters
    ----------
    name
        Name in the settings.
    """

    def __init__(self, name: str = "recorder") -> None:
        self._name = name
        self.sent: list[OutgoingMessage] = []

    @property
    def name(self) -> str:
        """Name in the settings."""
        return self._name

    def send(self, message: OutgoingMessage) -> str:
        """Reference of the message: its own if it replaces one, else a new number."""
        self.sent.append(message)
        return message.replaces or f"{self._name}/{len(self.sent)}"

    def find_sent(self, message: OutgoingMessage) -> str | None:
        """Reference of the message with this key, None if it never came."""
        for number, sent in enumerate(self.sent, start=1):
            if sent.key == message.key:
                return sent.replaces or f"{self._name}/{number}"
        return None
