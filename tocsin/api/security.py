"""What guards the doors: headers on every answer, HEAD without a body, same-origin posts, bounded bodies."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.domain.errors import NotAllowedError

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Adds the security headers to every answer, and answers HEAD as GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"} if is_head else scope, receive, guarded)


def check_same_origin(request: Request) -> None:
    """Refuse a post that another site made the browser send.

    Browsers say where a post comes from; programs that are no browsers say nothing and carry no cookies.

    Raises
    ------
    NotAllowedError
        The post comes from elsewhere.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin") or request.headers.get("referer")
    if site not in {"same-origin", "none"} or (origin and urlsplit(origin).netloc != request.headers.get("host", "")):
        raise NotAllowedError("this form was sent from another site", remedy="open the page here and send it again")


async def bounded_body(request: Request, most_bytes: int) -> bytes:
    """Body of a request, read no further than `most_bytes`.

    Raises
    ------
    HTTPException
        413: it is longer.
    """
    parts: list[bytes] = []
    total = 0
    async for part in request.stream():
        total += len(part)
        if total > most_bytes:
            raise HTTPException(413, f"a body may hold at most {most_bytes} bytes here")
        parts.append(part)
    return b"".join(parts)
