"""Two services on one database, each with a folder of its own as on two machines: the second refuses, and says why."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from postgresql_server import NO_SERVER, new_database, postgresql_server
from service_process import ServiceProcess

PATIENCE_S = 90.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ServiceProcess]]:
    """Starts a process in a folder of that name, on the one database."""
    with postgresql_server() as server, ExitStack() as processes:
        if server is None:
            pytest.skip(NO_SERVER)
        database = processes.enter_context(new_database(server))

        def start_one(folder: str, *arguments: str, command: str = "serve") -> ServiceProcess:
            (tmp_path / folder).mkdir(exist_ok=True)
            process = processes.enter_context(ServiceProcess(tmp_path / folder, {"TOCSIN_STORE_URL": database}))
            return process.start(*arguments, "--port", "0", command=command)

        yield start_one


def refused(process: ServiceProcess) -> str:
    assert process.wait(PATIENCE_S) == 1  # not 2, after which systemd would leave it down for good
    return "".join(process.said)


def test_a_second_whole_service_is_refused_until_the_first_is_dead(start: Callable[..., ServiceProcess]) -> None:
    first = start("one")
    first.wait_until_it_serves()
    words = refused(start("two"))
    assert "another service works on this database" in words
    assert str(first.process.pid) in words
    assert "tocsin run" in words
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    start("two").wait_until_it_serves()


def test_a_whole_service_is_refused_beside_one_that_is_divided(start: Callable[..., ServiceProcess]) -> None:
    start("one", "tick", "--name", "clockwork", command="run").wait_until_it_works()
    assert "another service works on this database (clockwork)" in refused(start("two"))


def test_a_second_process_of_one_name_is_refused_wherever_its_folder_is(start: Callable[..., ServiceProcess]) -> None:
    start("one", "notify", "--name", "mouth", command="run").wait_until_it_works()
    words = refused(start("two", "notify", "--name", "mouth", command="run"))
    assert "another process called mouth lives" in words
    assert "--name" in words
