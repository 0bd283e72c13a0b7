"""The webhook channel: a signed POST with ntfy-style headers, for phone push and for machines.

The body is the card as plain text, so that an ntfy server shows it as it is. The receiver proves the origin by
``X-Tocsin-Signature: v1=HMAC-SHA256(secret, "v1:" + X-Tocsin-Timestamp + ":" + body)`` and repeats by
``Idempotency-Key``. Redirects are not followed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from email.header import Header

import httpx

from notifier.cards import is_in_earnest, lock_screen, plain_text
from tocsin.domain.clock import Clock
from tocsin.domain.errors import RemoteError
from tocsin.domain.events import Tier
from tocsin.domain.people import Card, MessagePurpose, OutgoingMessage

_LOUD = frozenset({MessagePurpose.PAGE, MessagePurpose.ESCALATION})
_USUAL = frozenset({MessagePurpose.UPDATE, MessagePurpose.SWAP})


class WebhookChannel:
    """Channel that posts to each recipient's own URL.

    Parameters
    ----------
    urls
        Recipient (person id or ``#channel``) to URL.
    secret
        Key of the signature.
    clock
        Tells the time stamp that is signed.
    timeout_s
        For one request.
    name
        Name in the settings.
    """

    def __init__(
        self, urls: Mapping[str, str], *, secret: str, clock: Clock, timeout_s: float = 10.0, name: str = "webhook"
    ) -> None:
        self._urls = dict(urls)
        self._secret = secret.encode()
        self._clock = clock
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False)
        self._name = name

    @property
    def name(self) -> str:
        """Name in the settings."""
        return self._name

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, message: OutgoingMessage) -> str:
        """Reference of the request: its idempotency key.

        Raises
        ------
        RemoteError
            No URL is known, or the receiver refused, or did not answer.
        """
        url = self._urls.get(message.recipient)
        if url is None:
            raise RemoteError(f"no webhook is known for {message.recipient}", remedy="add it to people.toml")
        body = plain_text(message.card, acknowledge_url=message.acknowledge_url).encode()
        try:
            answer = self._client.post(url, content=body, headers=self._headers(message, body))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as failure:
            raise RemoteError(f"the webhook of {message.recipient} cannot be reached") from failure
        except httpx.HTTPError as failure:
            words = f"no answer from the webhook of {message.recipient}: {type(failure).__name__}"
            raise RemoteError(words, ambiguous=True) from failure
        _check(answer, message.recipient)
        return _idempotency_key(message)

    def find_sent(self, message: OutgoingMessage) -> str | None:  # noqa: ARG002 - the protocol's signature
        """None: a webhook cannot be read back; a repeat carries the same Idempotency-Key."""
        return None

    def _headers(self, message: OutgoingMessage, body: bytes) -> dict[str, str]:
        stamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Title": _header_text(lock_screen(message.card)),
            "Priority": _priority(message),
            "Tags": ",".join(_tags(message.card)),
            "Idempotency-Key": _idempotency_key(message),
            "X-Tocsin-Purpose": message.purpose.value,
            "X-Tocsin-Timestamp": stamp,
            "X-Tocsin-Signature": sign_webhook(body, stamp, self._secret),
        }
        page = message.acknowledge_url or message.card.page_url
        return headers | ({"Click": _header_text(page)} if page else {})


def sign_webhook(body: bytes, timestamp: str, secret: bytes) -> str:
    """Signature ``v1=...`` of a body posted at `timestamp` (whole Unix seconds as text)."""
    return "v1=" + hmac.new(secret, b"v1:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def _check(answer: httpx.Response, recipient: str) -> None:
    if answer.is_success:
        return
    words = f"the webhook of {recipient} answered {answer.status_code}"
    wait = answer.headers.get("Retry-After", "")
    raise RemoteError(
        words,
        retry_after_s=float(wait) if wait.isascii() and wait.isdigit() else None,
        ambiguous=answer.is_server_error,
    )


def _idempotency_key(message: OutgoingMessage) -> str:
    return hashlib.sha256(message.key.encode()).hexdigest()[:32]


def _priority(message: OutgoingMessage) -> str:
    """Priority of ntfy, 5 breaks Do Not Disturb: only for real pages of the highest tier."""
    card = message.card
    if not is_in_earnest(card):
        return "2"
    if message.purpose in _LOUD and card.tier is Tier.WAKE:
        return "5"
    return "3" if message.purpose in _USUAL else "4"


def _tags(card: Card) -> list[str]:
    said = (("test_tube", card.is_test), ("rewind", card.is_replay), ("x", card.is_retracted))
    return [tag for tag, is_true in said if is_true] + [f"tier{int(card.tier)}"]


def _header_text(text: str) -> str:
    """Text as a header may carry it: ASCII as it is, anything else as an RFC 2047 word (ntfy reads both)."""
    clean = " ".join(text.split())
    return clean if clean.isascii() else Header(clean, "utf-8", maxlinelen=10_000).encode()
