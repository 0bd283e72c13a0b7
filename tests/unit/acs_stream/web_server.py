"""A web server on loopback that lists folders as Apache does and gives out files, or says what it is told."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Status, body, content type.
Answer = tuple[int, bytes, str]


@dataclass
class Site:
    """Files by path; `says` answers first, where it answers at all."""

    files: dict[str, bytes] = field(default_factory=dict)
    says: Callable[[str], Answer | None] = lambda _path: None
    requests: list[str] = field(default_factory=list)

    def answer(self, target: str) -> Answer:
        if (said := self.says(target)) is not None:
            return said
        path = target.partition("?")[0]
        if path in self.files:
            return 200, self.files[path], "application/octet-stream"
        inside = {name.removeprefix(path).partition("/") for name in self.files if name.startswith(path)}
        if not path.endswith("/") or not inside:
            return 404, b"Not Found", "text/plain"
        names = sorted({head + slash for head, slash, _ in inside})
        rows = "".join(f'<tr><td><a href="{name}">{name}</a></td></tr>' for name in names)
        head = '<a href="?C=N;O=D">Name</a><a href="/FTP/">Parent Directory</a>'
        return 200, f"<html><title>Index of {path}</title>{head}<table>{rows}</table></html>".encode(), "text/html"


@contextmanager
def web_server(site: Site) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append(self.path)
            status, body, kind = site.answer(self.path)
            self.send_response(status)
            headers: Mapping[str, str] = {"Content-Type": kind, "Content-Length": str(len(body))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
