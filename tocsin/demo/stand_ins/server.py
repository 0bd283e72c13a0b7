"""A small HTTP server on a free loopback port, started and stopped as a context manager."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asked.

    Parameters
    ----------
    method, target
        ``GET``, and the path with its query.
    headers
        By lower-case name.
    body
        Bytes.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the client gets.

    Parameters
    ----------
    status
        HTTP status.
    body
        Bytes.
    content_type
        Media type.
    headers
        Further ones.
    on_sent
        Called when the last byte has been written.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    on_sent: Callable[[], None] | None = None


class LoopbackServer:
    """HTTP server in threads of its own; subclasses answer in `handle`.

    A `handle` that returns None closes the connection without a word.
    """

    #: Where it listens: loopback, but for rehearsals on several hosts.
    address = "127.0.0.1"

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def handle(self, request: Request) -> Reply | None:
        """Answer to a request."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Address, without a slash at the end; only while it runs.

        Raises
        ------
        RuntimeError
            It does not run.
        """
        if self._server is None:
            raise RuntimeError(f"{type(self).__name__} is not running")
        return f"http://{self.address}:{self._server.server_port}"

    def start(self) -> Self:
        """Listen on a free port."""
        self.stopping.clear()
        self._server = _Server((self.address, 0), _handler_class(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name=type(self).__name__,
            daemon=True,
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; requests that are being held are dropped."""
        self.stopping.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up early are their own business."""


def _handler_class(server: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # Each connection carries one request: nothing stays open when the server stops.
        protocol_version = "HTTP/1.0"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.handle(Request(method=self.command, target=self.path, headers=headers, body=body))
            if reply is None:
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            self.wfile.flush()
            if reply.on_sent is not None:
                reply.on_sent()

        do_GET = do_POST = _answer  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
            """Say nothing."""

    return Handler
