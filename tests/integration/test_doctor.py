"""The doctor on a sick machine: each thing that fails is said once, in words, with what to do."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tocsin.app.doctor import examine
from tocsin.app.folder import UNFINISHED
from tocsin.domain.health import Sign

READY = {"status": "ok", "parts": {"store": {"is_ok": True, "words": "schema"}}}
ILL = {"status": "not ready", "parts": {"store": {"is_ok": False, "words": "OperationalError: away"}}}


@pytest.fixture
def answering() -> Iterator[Callable[[int, str], int]]:
    """Something that answers every request so; its port."""
    servers: list[HTTPServer] = []

    def start(status: int, body: str) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return int(servers[-1].server_port)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ill(tmp_path: Path) -> Callable[..., dict[str, Sign]]:
    """Signs that are not well, by name; none of a name may be there twice."""

    def examined(port: int = 1, **environment: str) -> dict[str, Sign]:
        config = tmp_path / "config"
        config.mkdir(exist_ok=True)
        (config / "tocsin.toml").write_text(f"[api]\nport = {port}\n")
        folders = {"TOCSIN_CONFIG_DIR": str(config), "TOCSIN_DATA_DIR": str(tmp_path / "data")}
        signs = [sign for sign in examine(folders | environment) if not sign.is_ok and sign.name != "clock"]
        assert len({sign.name for sign in signs}) == len(signs)
        return {sign.name: sign for sign in signs}

    return examined


def test_a_store_that_is_none_is_said_once(tmp_path: Path, ill: Callable[..., dict[str, Sign]]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tocsin.sqlite").write_bytes(b"garbage!" * 600)
    found = ill()
    assert set(found) == {"service", "store"}
    assert "file is not a database" in found["store"].words
    assert "restore a backup" in found["store"].remedy


def test_a_folder_that_is_none_is_not_blamed_on_a_database(tmp_path: Path, ill: Callable[..., dict[str, Sign]]) -> None:
    (tmp_path / "file").write_text("")
    found = ill(TOCSIN_DATA_DIR=str(tmp_path / "file" / "data"))
    assert set(found) == {"service", "store"}
    assert "Not a directory" in found["store"].words
    assert "TOCSIN_DATA_DIR" in found["store"].remedy


def test_a_half_restored_folder_is_said(tmp_path: Path, ill: Callable[..., dict[str, Sign]]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / UNFINISHED).write_text("from /backups/monday")
    found = ill()
    assert set(found) == {"service", "data folder"}
    assert "restored only in part (from /backups/monday)" in found["data folder"].words


@pytest.mark.parametrize(
    ("status", "body"), [(404, "<!DOCTYPE HTML>"), (200, "hello"), (200, "[]"), (503, '{"parts": 1}')]
)
def test_who_else_listens_on_our_port_is_not_taken_for_the_service(
    answering: Callable[[int, str], int], ill: Callable[..., dict[str, Sign]], status: int, body: str
) -> None:
    found = ill(answering(status, body))
    assert f"is no service of Tocsin (HTTP {status})" in found["service"].words
    assert "ss -ltnp" in found["service"].remedy


def test_a_service_says_which_part_fails(
    answering: Callable[[int, str], int], ill: Callable[..., dict[str, Sign]]
) -> None:
    assert ill(answering(200, json.dumps(READY))) == {}
    found = ill(answering(503, json.dumps(ILL)))
    assert found["service"].words == "not ready: store: OperationalError: away"
