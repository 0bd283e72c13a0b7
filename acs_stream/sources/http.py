"""One GET with a time limit: every failure of network or server becomes a `RemoteError`."""

import httpx

from tocsin.domain.errors import RemoteError

SERVER_ERRORS_FROM = 500
TOO_MANY = 429
NOT_FOUND = 404


class NotThereError(RemoteError):
    """The server answers, and has nothing under this address."""


def get(client: httpx.Client, url: str) -> bytes:
    """Content of a URL.

    Raises
    ------
    RemoteError
        No connection, no answer in time, or a status that is no success; with the server's Retry-After where it gave
        one.
    """
    try:
        reply = client.get(url)
    except httpx.TimeoutException as error:
        raise RemoteError(f"no answer in time from {httpx.URL(url).host}", remedy="asked again later") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RemoteError(f"cannot reach {url}: {error}", remedy="asked again later") from error
    if reply.is_success:
        return reply.content
    if reply.status_code == NOT_FOUND:
        raise NotThereError(f"{httpx.URL(url).host} answered HTTP 404: nothing at {httpx.URL(url).path}")
    remedy = "asked again later" if reply.status_code >= SERVER_ERRORS_FROM or reply.status_code == TOO_MANY else ""
    raise RemoteError(
        f"{httpx.URL(url).host} answered HTTP {reply.status_code}",
        remedy=remedy,
        retry_after_s=_retry_after_s(reply.headers.get("Retry-After")),
    )


def _retry_after_s(value: str | None) -> float | None:
    """Seconds of a Retry-After header; a date in it is not followed."""
    return float(value) if value is not None and value.strip().isdecimal() else None
