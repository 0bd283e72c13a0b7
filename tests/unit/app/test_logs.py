"""Logs: failures are written with where they happened, never with the values of variables."""

import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from tocsin.app.logs import configure_demo_logs, configure_logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize(
    "configure", [configure_logs, lambda: configure_demo_logs(logging.ERROR)], ids=["service", "demo"]
)
def test_a_failure_is_written_to_standard_error_without_the_values_of_variables(
    configure: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    password = "hunter" + "2"
    try:
        {}[len(password)]
    except KeyError:
        structlog.get_logger().exception("request failed", path="/x")
    said = capsys.readouterr()
    assert said.out == ""
    assert "KeyError: 7" in said.err
    assert "test_logs.py" in said.err
    assert "hunter2" not in said.err
