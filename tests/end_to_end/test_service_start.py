"""What a service refuses to start with: it says which, and what to do."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from service_process import ServiceProcess
from store_values import raw

from tocsin.app.folder import UNFINISHED
from tocsin.app.starting import refuse_taken_address, refuse_wrong_clock
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError, NotNowError
from tocsin.store import Store


def test_two_services_do_not_work_in_one_folder(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path).start() as first:
        first.wait_until_it_serves()
        with ServiceProcess(tmp_path).start() as second:
            assert second.process.wait(60) == 1  # systemd tries again: the other may end
        said = "".join(second.said)
        assert f"(process {first.process.pid})" in said
        assert "stop it, or give this one a folder of its own" in said
        assert first.end() == 0


def test_a_half_restored_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / UNFINISHED).write_text("from /backups/monday")
    with ServiceProcess(tmp_path).start() as service:
        assert service.process.wait(60) == 2
    assert "restored only in part (from /backups/monday)" in "".join(service.said)


def test_an_address_that_is_taken_may_be_free_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(NotNowError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
            refuse_taken_address("127.0.0.1", port)
    refuse_taken_address("127.0.0.1", port)


def test_an_address_of_another_machine_may_come_to_this_one() -> None:
    with pytest.raises(NotNowError, match="Cannot assign requested address"):
        refuse_taken_address("192.0.2.1", 8000)


def test_a_host_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"settings: api\.host"):
        refuse_taken_address("not a host", 8000)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(f"sqlite:///{tmp_path / 'tocsin.db'}", clock=ManualClock(datetime(2026, 11, 22, tzinfo=UTC)))
    made.migrate()
    with made.begin() as work:
        work.add_raw(raw())
    return made


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "before this version of Tocsin existed"),
        (datetime(2026, 11, 22, 19, 58, tzinfo=UTC), "holds a notice received at 2026-11-22T20:00:00"),
    ],
)
def test_a_clock_that_cannot_be_right_is_refused(store: Store, now: datetime, words: str) -> None:
    with pytest.raises(NotNowError, match=words):
        refuse_wrong_clock(store, ManualClock(now))
    store.close()


def test_a_clock_slow_by_half_a_minute_is_taken(store: Store) -> None:
    refuse_wrong_clock(store, ManualClock(datetime(2026, 11, 22, 19, 59, 30, tzinfo=UTC)))
    store.close()
