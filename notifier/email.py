"""The e-mail channel: a second path that needs no workspace and no phone app."""

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum

from notifier.cards import headline, is_in_earnest, plain_text, shortened
from tocsin.domain.clock import Clock
from tocsin.domain.errors import RemoteError
from tocsin.domain.people import MessagePurpose, OutgoingMessage


class Security(StrEnum):
    """How the connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class EmailChannel:
    """Channel that hands messages to one mail server.

    Parameters
    ----------
    host, port
        Of the mail server.
    sender
        Address in From.
    addresses
        Recipient (person id or ``#list``) to address.
    clock
        Tells the Date of the messages.
    security
        See `Security`.
    user, password
        Log-in, where the server wants one.
    timeout_s
        For one step of the dialogue.
    name
        Name in the settings.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        addresses: Mapping[str, str],
        clock: Clock,
        security: Security = Security.STARTTLS,
        user: str = "",
        password: str = "",
        timeout_s: float = 10.0,
        name: str = "email",
    ) -> None:
        self._place = (host, port)
        self._sender = sender
        self._addresses = dict(addresses)
        self._clock = clock
        self._security = security
        self._login = (user, password)
        self._timeout_s = timeout_s
        self._name = name

    @property
    def name(self) -> str:
        """Name in the settings."""
        return self._name

    def send(self, message: OutgoingMessage) -> str:
        """Message-ID of the mail: made from the message's key, so that a repeat has the same one.

        Raises
        ------
        RemoteError
            No address is known, or the server refused, or did not answer.
        """
        mail = self._mail(message)
        is_handed_over = False
        try:
            with self._connection() as server:
                is_handed_over = True  # from here an answer may be lost on its way back
                server.send_message(mail)
                is_handed_over = False
        except smtplib.SMTPResponseException as failure:
            words = f"the mail server answered {failure.smtp_code}"
            raise RemoteError(words, remedy="see its log, or the log-in in the settings") from failure
        except smtplib.SMTPRecipientsRefused as failure:
            raise RemoteError(f"the mail server refuses the address of {message.recipient}") from failure
        except (OSError, smtplib.SMTPException) as failure:
            words = f"the mail server failed: {type(failure).__name__}"
            raise RemoteError(words, ambiguous=is_handed_over) from failure
        return str(mail["Message-ID"])

    def check(self) -> None:
        """Prove that the server lets us in; nothing is sent.

        Raises
        ------
        RemoteError
            It does not, or it cannot be asked.
        """
        try:
            with self._connection() as server:
                server.noop()
        except (OSError, smtplib.SMTPException) as failure:
            raise RemoteError(f"the mail server cannot be used: {failure}") from failure

    def find_sent(self, message: OutgoingMessage) -> str | None:  # noqa: ARG002 - the protocol's signature
        """None: mail cannot be read back; a repeat carries the same Message-ID."""
        return None

    def _connection(self) -> smtplib.SMTP:
        host, port = self._place
        if self._security is Security.TLS:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self._timeout_s, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=self._timeout_s)
        if self._security is Security.STARTTLS:
            server.starttls(context=ssl.create_default_context())
        if self._login[0]:
            server.login(*self._login)
        return server

    def _mail(self, message: OutgoingMessage) -> EmailMessage:
        address = self._addresses.get(message.recipient)
        if address is None:
            raise RemoteError(f"no e-mail address is known for {message.recipient}", remedy="add it to people.toml")
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, address
        mail["Subject"] = shortened(headline(message.card), 200)
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = _mail_id(message.key)
        if message.event_id:
            mail["References"] = _mail_id(message.event_id)  # all mails of an event in one conversation
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Tocsin-Purpose"] = message.purpose.value
        if message.purpose in {MessagePurpose.PAGE, MessagePurpose.ESCALATION} and is_in_earnest(message.card):
            mail["Importance"], mail["X-Priority"] = "high", "1"
        mail.set_content(plain_text(message.card, acknowledge_url=message.acknowledge_url))
        return mail


def _mail_id(key: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@tocsin.invalid>"
