"""``tocsin serve`` as a process: it answers without any configuration, ends when told to, refuses what cannot be."""

import signal
import socket
from pathlib import Path

import httpx
from service_process import ServiceProcess

#: That it ends is tested here; a loaded machine may take its time. A caller who holds a request open would for ever.
PATIENCE_S = 30.0


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=20.0, trust_env=False)


def slow_caller(url: str) -> socket.socket:
    """Somebody who has begun a request and does not go on; the service waits for the rest."""
    host, _, port = url.removeprefix("http://").partition(":")
    caller = socket.create_connection((host, int(port)), timeout=20.0)
    caller.sendall(
        f"POST /events/x/acknowledge HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 100\r\n\r\nperson=".encode()
    )
    return caller


def test_without_configuration_it_is_well_and_ends_on_sigterm_though_somebody_is_slow(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path).start() as service:
        url = service.wait_until_it_serves()
        assert get(f"{url}/healthz").status_code == 200
        ready = get(f"{url}/readyz")
        assert (ready.status_code, ready.json()["parts"]["store"]["is_ok"]) == (200, True)
        assert get(url).status_code == 200
        assert get(f"{url}/metrics").status_code == 200
        assert get(f"{url}/api/v1/events").json()["events"] == []
        with slow_caller(url):
            assert service.end(within_s=PATIENCE_S) == 0
    assert (tmp_path / "data" / "tocsin.sqlite").exists()


def test_it_ends_on_an_interrupt_as_well_and_starts_again_on_its_data(tmp_path: Path) -> None:
    for _ in range(2):
        with ServiceProcess(tmp_path).start() as service:
            url = service.wait_until_it_serves()
            assert get(f"{url}/readyz").status_code == 200
            assert service.end(signal.SIGINT, within_s=PATIENCE_S) == 0
        assert not [line for line in service.said if "Traceback" in line]


def test_a_port_that_is_taken_is_named_instead_of_waiting_for_ever(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with ServiceProcess(tmp_path).start("--port", port) as service:
            assert service.process.wait(60.0) == 1  # whoever has it may end: systemd tries again
    assert "Address already in use" in "".join(service.said)
    assert "api.port" in "".join(service.said)
