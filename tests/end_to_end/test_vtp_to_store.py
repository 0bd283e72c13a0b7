"""The real service at a VTP broker: what is acknowledged is stored, whoever is killed, and whenever."""

import os
import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_process import ServiceProcess
from vtp_values import POLL_S, Running, running_broker, voevent

from listeners.vtp.broker import BrokerSettings
from tocsin.app.clocks import SystemClock

#: Kills, and notices sent before each; the short form is for every day.
KILLS, SHORT_KILLS, NOTICES = 20, 3, 150
SEED = 1709


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is in a store."""

    notices: int
    receptions: int
    outcomes: frozenset[tuple[str, str, str, bool]]


def kept(folder: Path) -> Kept:
    """Notices, receptions, and the states, topics, labels and test marks that occur."""
    path = folder / "data" / "tocsin.sqlite"
    with closing(sqlite3.connect(path)) as store:
        (notices,) = store.execute("select count(*) from notices").fetchone()
        (receptions,) = store.execute("select count(*) from receptions").fetchone()
        outcomes = store.execute("select distinct status, topic, labels, is_test from notices").fetchall()
    return Kept(notices=notices, receptions=receptions, outcomes=frozenset(outcomes))


def configure(folder: Path, port: int, more: str = "") -> None:
    """Write the overlay: one VTP broker."""
    config = folder / "config"
    config.mkdir()
    (config / "tocsin.toml").write_text(
        f"""
reaction = {{ enabled = false }}
[feeds.vtp]
ivorn = "ivo://made.up/service"
longest_pause_s = 0.1
[feeds.vtp.brokers.telescope]
host = "127.0.0.1"
port = {port}
{more}
""",
        encoding="utf-8",
    )


@pytest.fixture
def running() -> Iterator[Running]:
    with running_broker(BrokerSettings(port=0, poll_s=POLL_S), clock=SystemClock()) as broker:
        yield broker


def acknowledged(running: Running) -> int:
    return running.broker.place_of("ivo://made.up/service")


@pytest.mark.long
def test_however_often_it_is_killed_all_that_was_sent_is_stored_and_once(tmp_path: Path, running: Running) -> None:
    configure(tmp_path, running.broker.port)
    chance, sent = random.Random(SEED), 0
    for _ in range(SHORT_KILLS if os.environ.get("TOCSIN_LONG") == "short" else KILLS):
        with ServiceProcess(tmp_path).start() as service:
            service.wait_until_it_serves()
            until = sent + chance.randrange(1, NOTICES)
            for number in range(sent, sent + NOTICES):
                running.broker.publish(voevent(number))
            sent += NOTICES
            running.latch.wait(lambda: acknowledged(running) >= until)  # noqa: B023 - it is waited for here
            service.end(signal.SIGKILL)
        assert kept(tmp_path).notices >= acknowledged(running)
    with ServiceProcess(tmp_path).start() as service:
        running.latch.wait(lambda: acknowledged(running) == sent)
        assert service.end() == 0
    found = kept(tmp_path)
    assert found.notices == sent
    assert found.receptions >= sent


def test_notices_are_kept_as_private_and_a_broker_that_goes_and_comes_shows_in_the_health(
    tmp_path: Path, running: Running
) -> None:
    configure(tmp_path, running.broker.port)
    for number in range(50):
        running.broker.publish(voevent(number))
    name = f"vtp:127.0.0.1:{running.broker.port}"
    with ServiceProcess(tmp_path).start() as service:
        url = service.wait_until_it_serves()
        running.latch.wait(lambda: acknowledged(running) == 50)
        assert part(url, name)["is_ok"] is True
        running.end()
        running.latch.wait(lambda: part(url, name)["is_ok"] is False)
        with running_broker(BrokerSettings(port=running.broker.port, poll_s=POLL_S), clock=SystemClock()) as again:
            again.broker.publish(voevent(50))
            again.latch.wait(lambda: acknowledged(again) == 1)
            again.latch.wait(lambda: part(url, name)["is_ok"] is True)
        assert service.end() == 0
    outcome = ("decoded", "vtp.telescope", '["private"]', True)
    assert kept(tmp_path) == Kept(notices=51, receptions=51, outcomes=frozenset({outcome}))


def part(url: str, name: str) -> dict[str, Any]:
    """What the service says of one of its parts."""
    found: dict[str, Any] = httpx.get(f"{url}/readyz", timeout=20.0, trust_env=False).json()["parts"].get(name, {})
    return found or {"is_ok": None}
