"""Fetching of calendars: from a file, or from a URL that must not lead into our own network. The I/O of rota imports.

The name is resolved once and every address of it is looked at; the connection then goes to that very address, so a
name that answers otherwise the second time (DNS rebinding) gains nothing. Redirects are refused: they lead elsewhere.
"""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx

from advocates.calendar_reading import MAX_BYTES
from tocsin.domain.addresses import is_public
from tocsin.domain.clock import Clock
from tocsin.domain.errors import RemoteError

Resolve = Callable[[str, int], Iterable[str]]
_REMEDY = "name a public address, or allow_private = true for one of your own network"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSource:
    """Where a calendar is kept.

    Parameters
    ----------
    place
        Path of a file, or an ``https://`` URL.
    allow_private
        The URL may lead into our own network, and need not be https.
    timeout_s
        For all of the answer, s.
    """

    place: str
    allow_private: bool = False
    timeout_s: float = 20.0

    @property
    def is_url(self) -> bool:
        """Whether it is fetched over the network."""
        return "://" in self.place


def fetch_calendar(source: CalendarSource, *, clock: Clock, resolve: Resolve | None = None) -> bytes:
    """Bytes of a calendar as they are now.

    Parameters
    ----------
    source
        Where it is.
    clock
        Against an answer that drips.
    resolve
        Addresses of a host name and port; the system's resolver if not given.

    Raises
    ------
    RemoteError
        It cannot be read, is too large or too slow, or lies where we must not look.
    """
    if not source.is_url:
        return _read_file(Path(source.place))
    url = _checked_url(source)
    address = _public_address(url, source, resolve or resolved)
    try:
        return _download(url, address, source, clock)
    except httpx.HTTPError as failure:
        raise RemoteError(f"the calendar at {url.host} cannot be fetched: {type(failure).__name__}") from failure


def resolved(host: str, port: int) -> list[str]:
    """Addresses of a host, by the system's resolver.

    Raises
    ------
    RemoteError
        The name is not known.
    """
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as failure:
        raise RemoteError(f"the calendar's host {host} is not known") from failure


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as failure:
        raise RemoteError(f"the calendar {path.name} cannot be read: {failure.strerror}") from failure
    _check_size(len(content))
    return content


def _checked_url(source: CalendarSource) -> httpx.URL:
    try:
        url = httpx.URL(source.place)
    except httpx.InvalidURL as failure:
        raise RemoteError("the calendar's address is no URL") from failure
    allowed = {"https", "http"} if source.allow_private else {"https"}
    if url.scheme not in allowed or not url.host or url.userinfo:
        raise RemoteError("a calendar is fetched from an https:// address without a password in it", remedy=_REMEDY)
    return url


def _public_address(url: httpx.URL, source: CalendarSource, resolve: Resolve) -> str:
    """Address to connect to; every address of the name must be allowed, not only the first."""
    port = url.port or (443 if url.scheme == "https" else 80)
    addresses = list(resolve(url.host, port))
    if not addresses:
        raise RemoteError(f"the calendar's host {url.host} has no address")
    if not source.allow_private and not all(is_public(address) for address in addresses):
        raise RemoteError(f"the calendar's host {url.host} lies inside a private network", remedy=_REMEDY)
    return addresses[0]


def _download(url: httpx.URL, address: str, source: CalendarSource, clock: Clock) -> bytes:
    host = url.host if url.port is None else f"{url.host}:{url.port}"
    request_url = url.copy_with(host=address)
    deadline_s = clock.monotonic_s() + source.timeout_s
    content = bytearray()
    with httpx.Client(timeout=source.timeout_s, follow_redirects=False, trust_env=False) as client:
        # The certificate is held against the name, though the connection goes to the address that was looked at.
        headers = {"Host": host, "Accept": "text/calendar", "Accept-Encoding": "identity"}
        extensions = {"sni_hostname": url.host}
        with client.stream("GET", request_url, headers=headers, extensions=extensions) as answer:
            if answer.status_code != httpx.codes.OK:
                raise RemoteError(f"the calendar's host {url.host} answered {answer.status_code}")
            for part in answer.iter_raw():
                content += part
                _check_size(len(content))
                if clock.monotonic_s() > deadline_s:
                    raise RemoteError(f"the calendar at {url.host} took longer than {source.timeout_s:g} s")
    return bytes(content)


def _check_size(count: int) -> None:
    if count > MAX_BYTES:
        raise RemoteError(f"the calendar is larger than {MAX_BYTES:,} bytes", remedy="publish one with the rota alone")
