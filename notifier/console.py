"""The console channel: prints a compact card; the default, needs nothing and nobody."""

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from notifier.cards import headline, plain_text
from tocsin.domain.events import Tier
from tocsin.domain.people import Card, OutgoingMessage

_COLOUR = {Tier.WAKE: "red", Tier.TELL: "yellow", Tier.RECORD: "blue"}


class ConsoleChannel:
    """Channel that prints to a terminal.

    Parameters
    ----------
    console
        Where to print; standard error by default, so that standard output stays free for results.
    name
        Name in the settings.
    """

    def __init__(self, console: Console | None = None, name: str = "console") -> None:
        self._console = console or Console(stderr=True)
        self._name = name
        self._count = 0

    @property
    def name(self) -> str:
        """Name in the settings."""
        return self._name

    def send(self, message: OutgoingMessage) -> str:
        """Reference of the card printed."""
        self._count += 1
        self._console.print(_panel(message))
        return message.replaces or f"{self._name}/{self._count}"

    def find_sent(self, message: OutgoingMessage) -> str | None:  # noqa: ARG002 - the protocol's signature
        """None: what was printed cannot be read back."""
        return None


def _panel(message: OutgoingMessage) -> Panel:
    card = message.card
    body = plain_text(card).split("\n", 1)
    return Panel(
        Text(body[1] if len(body) > 1 else ""),
        title=Text(headline(card), style="bold"),
        subtitle=Text(f"{message.purpose.value} to {message.recipient}"),
        border_style=_border(card),
        expand=False,
    )


def _border(card: Card) -> str:
    return "dim" if card.is_test or card.is_replay or card.is_retracted else _COLOUR[card.tier]
