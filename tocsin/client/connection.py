"""Requests of the client: the token in a header, errors in words."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from tocsin.domain.errors import BusyError, NotAllowedError, RemoteError, ScienceError, TocsinError

ERRORS: dict[int, type[TocsinError]] = {
    401: NotAllowedError,
    403: NotAllowedError,
    422: ScienceError,
    413: ScienceError,
    429: BusyError,
    503: BusyError,
}


class Connection:
    """A service, and the token shown to it.

    Parameters
    ----------
    url
        Base of the service, e.g. ``https://tocsin.example.org``.
    token
        Secret of a token; None: anonymous.
    timeout_s
        For one answer.
    transport
        For tests.
    """

    def __init__(
        self, url: str, token: str | None, *, timeout_s: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.http = httpx.Client(
            base_url=url.rstrip("/"), headers=headers, timeout=timeout_s, transport=transport, follow_redirects=False
        )

    def get(self, path: str, *, accept: str = "", **query: Any) -> httpx.Response:
        """Answer of a GET; arguments that are None are left out.

        Raises
        ------
        LookupError
            There is nothing, or nothing that may be seen.
        TocsinError
            The service refused, in its words.
        """
        given = {name: str(value) if not isinstance(value, str) else value for name, value in query.items()}
        wanted = {name: value for name, value in given.items() if query[name] is not None}
        return self._checked("GET", path, params=wanted, headers={"Accept": accept} if accept else None)

    def post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """Answer of a POST of JSON; raises as `get`."""
        return self._checked("POST", path, json=body)

    def _checked(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = self.http.request(method, path, **given)
        except httpx.HTTPError as failure:
            raise RemoteError(f"{self.http.base_url} cannot be asked: {failure!r}") from failure
        check(answer)
        return answer


def check(answer: httpx.Response) -> None:
    """Turn a refusal into an error with the service's own words.

    Raises
    ------
    LookupError, TocsinError
        As `Connection.get`.
    """
    if answer.is_success:
        return
    detail, remedy = _words(answer)
    if answer.status_code == 404:
        raise LookupError(detail)
    raise ERRORS.get(answer.status_code, RemoteError)(detail, remedy=remedy)


def part(text: str) -> str:
    """Text as one part of a path."""
    return quote(text, safe="")


def _words(answer: httpx.Response) -> tuple[str, str]:
    try:
        problem = answer.json()
    except ValueError:
        return f"the service answered {answer.status_code}", ""
    if not isinstance(problem, dict):
        return f"the service answered {answer.status_code}", ""
    return str(problem.get("detail", answer.status_code)), str(problem.get("remedy", ""))
