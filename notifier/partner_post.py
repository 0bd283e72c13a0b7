"""Posts to partners' webhooks: signed, to the open internet alone, redirects not followed.

The name is resolved once, every address of it is looked at, and the connection goes to that very address: a name that
answers otherwise the second time (DNS rebinding) gains nothing.
"""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import httpx

from notifier.webhook import sign_webhook
from tocsin.domain.addresses import is_public
from tocsin.domain.clock import Clock

Resolve = Callable[[str, int], Iterable[str]]
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came of a post: the status, or why there is none; and how long the partner asks to wait, s."""

    status: int | None
    error: str | None
    retry_after_s: float | None = None

    @property
    def is_done(self) -> bool:
        """Whether the partner has it."""
        return self.status is not None and 200 <= self.status < 300


class PartnerPost:
    """Posts signed JSON.

    Parameters
    ----------
    clock
        Tells the time stamp that is signed.
    allow_private
        Partners may be on this machine or in our own network, and without TLS.
    resolve
        Addresses of a host name and port.
    transport
        For tests.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._allow_private = allow_private
        self._resolve = resolve or resolved
        self._transport = transport

    @cached_property
    def _client(self) -> httpx.Client:
        """Made for the first post: it loads what a start has no time for."""
        return httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, transport=self._transport, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        if "_client" in vars(self):
            self._client.close()

    def post(self, url: str, body: bytes, *, secret: str, key: str) -> Posted:
        """Post a body once; `key` is the same for every repeat."""
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL:
            return Posted(status=None, error="no URL")
        if target.scheme != "https" and not (self._allow_private and target.scheme == "http"):
            return Posted(status=None, error="only https is posted to")
        address, refusal = self._address(target)
        if address is None:
            return Posted(status=None, error=refusal)
        stamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Host": target.netloc.decode(),
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "X-Tocsin-Timestamp": stamp,
            "X-Tocsin-Signature": sign_webhook(body, stamp, secret.encode()),
        }
        request = self._client.build_request(
            "POST",
            target.copy_with(host=address),
            content=body,
            headers=headers,
            extensions={"sni_hostname": target.host},
        )
        return self._sent(request)

    def _sent(self, request: httpx.Request) -> Posted:
        """Send, and read no answer: a partner has nothing to say that we would keep."""
        try:
            answer = self._client.send(request, stream=True)
        except httpx.HTTPError as failure:
            return Posted(status=None, error=type(failure).__name__)
        answer.close()
        wait = answer.headers.get("retry-after", "")
        return Posted(
            status=answer.status_code,
            error=None if answer.is_success else f"answered {answer.status_code}",
            retry_after_s=float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else None,
        )

    def _address(self, url: httpx.URL) -> tuple[str | None, str]:
        """Address to connect to; None with the reason why not."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = list(self._resolve(url.host, port))
        except (OSError, UnicodeError):
            return None, "its host is not known"
        if not found:
            return None, "its host is not known"
        if not self._allow_private and not all(is_public(address) for address in found):
            return None, "its host is in a network that is not the open internet"
        return found[0], ""


def resolved(host: str, port: int) -> list[str]:
    """Addresses of a host, by the system's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
