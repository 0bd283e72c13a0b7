"""The apprise channel: any of the services that library knows, one address a person. An extra; it decides nothing.

It is asked once for each address, so that one person's broken service says nothing of another's.
"""

from collections.abc import Callable, Mapping

import apprise

from notifier.cards import headline, is_in_earnest, plain_text, shortened
from tocsin.domain.errors import RemoteError
from tocsin.domain.people import MessagePurpose, OutgoingMessage

_LOUD = frozenset({MessagePurpose.PAGE, MessagePurpose.ESCALATION})
_TITLE_CHARACTERS = 200


class AppriseChannel:
    """Channel that hands messages to apprise.

    Parameters
    ----------
    addresses
        Recipient (person id) to apprise address (``ntfys://...``); a secret, never shown.
    timeout_s
        For one message.
    make
        Makes the sender: `apprise.Apprise`.
    name
        Name in the settings.
    """

    def __init__(
        self,
        addresses: Mapping[str, str],
        *,
        timeout_s: float = 20.0,
        make: Callable[[], apprise.Apprise] = apprise.Apprise,
        name: str = "apprise",
    ) -> None:
        self._addresses = dict(addresses)
        self._timeout_s = timeout_s
        self._make = make
        self._name = name

    @property
    def name(self) -> str:
        """Name in the settings."""
        return self._name

    def send(self, message: OutgoingMessage) -> str:
        """Key of the message, once the service took it.

        Raises
        ------
        RemoteError
            No address is known, apprise does not know the service, or it failed; ambiguous where it took too long.
        """
        address = self._addresses.get(message.recipient)
        if address is None:
            raise RemoteError(f"no apprise address is known for {message.recipient}", remedy="add it to people.toml")
        sender = self._make()
        if not sender.add(address):
            words = f"apprise does not know the service of {message.recipient}"
            raise RemoteError(words, remedy="correct the address in people.toml")
        is_loud = message.purpose in _LOUD and is_in_earnest(message.card)
        result = sender.notify(
            body=plain_text(message.card, acknowledge_url=message.acknowledge_url),
            title=shortened(headline(message.card), _TITLE_CHARACTERS),
            notify_type=apprise.NotifyType.WARNING if is_loud else apprise.NotifyType.INFO,
            timeout=self._timeout_s,
        )
        if not result:
            is_late = getattr(getattr(result, "status", None), "name", "") == "TIMEOUT"
            raise RemoteError(f"apprise could not deliver to {message.recipient}", ambiguous=is_late)
        return message.key

    def find_sent(self, message: OutgoingMessage) -> str | None:  # noqa: ARG002 - the protocol's signature
        """None: what went out cannot be read back."""
        return None
