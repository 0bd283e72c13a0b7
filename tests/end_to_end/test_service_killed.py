"""A service that is killed again and again while it listens: every notice is stored once, every message shown once."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from service_process import ServiceProcess

from tocsin.app.clocks import SystemClock
from tocsin.demo.stand_ins import BrokerStandIn, SlackStandIn
from tocsin.simulate.notices import Message, Superevent, lvk_alert

#: Kills, and alerts sent before each; the short form is for every day.
ROUNDS, SHORT_ROUNDS, ALERTS = 40, 4, 6
SEED = 20241017
PATIENCE_S = 90.0
TOPIC = "igwn.gwalert"


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The broker and Slack, which outlive every service."""

    broker: BrokerStandIn
    slack: SlackStandIn

    def shown(self) -> Counter[str]:
        """How often each event is shown in the channel."""
        roots = [message for message in self.slack.messages if message.thread_ts is None]
        buttons = [next(button["value"] for button in message.buttons) for message in roots]
        return Counter(buttons)


@pytest.fixture
def outside() -> Iterator[Outside]:
    with BrokerStandIn() as broker, SlackStandIn(clock=SystemClock()) as slack:
        broker.create_topics([TOPIC])
        yield Outside(broker=broker, slack=slack)


def configure(folder: Path, outside: Outside) -> dict[str, str]:
    """Write the overlay; the environment that belongs to it."""
    config = folder / "config"
    config.mkdir()
    (config / "tocsin.toml").write_text(
        f"""
channels = {{ enabled = ["slack"], slack = {{ channel = "C1", base_url = "{outside.slack.base_url}" }} }}
reaction = {{ enabled = false }}
workers = {{ lease_s = 3 }}
[feeds.kafka]
enabled = true
bootstrap_servers = "{outside.broker.bootstrap}"
security_protocol = "plaintext"
session_timeout_s = 4
""",
        encoding="utf-8",
    )
    (config / "streams.toml").write_text('[kafka]\nheartbeat_topic = ""\npoll_s = 0.2\n', encoding="utf-8")
    return {"TOCSIN_SLACK_TOKEN": outside.slack.token}


def alerts(number: int) -> list[Message]:
    """Alerts of one round: new superevents, each told of twice."""
    now = datetime.now(UTC).replace(microsecond=0)
    letters = [f"{chr(97 + number // 26)}{chr(97 + number % 26)}{chr(97 + index)}" for index in range(ALERTS // 2)]
    events = [
        Superevent(id=f"S{now:%y%m%d}{name}", t0_utc=now - timedelta(hours=number, minutes=index), far_hz=1e-12)
        for index, name in enumerate(letters)
    ]
    return [
        lvk_alert(replace(event, far_hz=1e-12 / step), phase, now, skymap=None)
        for step, phase in enumerate(("PRELIMINARY", "INITIAL"), start=1)
        for event in events
    ]


def stored(folder: Path) -> tuple[int, int]:
    """Number of notices and of receptions in the database."""
    with contextlib.closing(sqlite3.connect(folder / "data" / "tocsin.sqlite")) as connection:
        (notices,) = connection.execute("SELECT count(*) FROM notices").fetchone()
        (receptions,) = connection.execute("SELECT count(*) FROM receptions").fetchone()
    return notices, receptions


def still_owed(folder: Path) -> int:
    """Number of messages that are still to be sent."""
    with contextlib.closing(sqlite3.connect(folder / "data" / "tocsin.sqlite")) as connection:
        query = "SELECT count(*) FROM jobs WHERE kind = 'send' AND state IN ('waiting', 'leased')"
        return int(connection.execute(query).fetchone()[0])


def kill_at_a_bad_moment(service: ServiceProcess, outside: Outside, chance: random.Random) -> None:
    """Kill it while it works: as a message appears in the channel, or some moments later."""
    shown = len(outside.slack.messages)
    outside.slack.wait_for(lambda _: len(outside.slack._messages) > shown, timeout_s=PATIENCE_S)
    with contextlib.suppress(subprocess.TimeoutExpired):
        service.process.wait(chance.choice([0.0, 0.0, 0.02, 0.1, 0.3]))
    assert service.end(signal.SIGKILL) == -signal.SIGKILL


def settle(service: ServiceProcess, folder: Path, outside: Outside, *, sent: int, events: int) -> None:
    """Wait until everything has been received and shown, and nothing is owed any more."""
    url = service.wait_until_it_serves()
    for _ in range(int(PATIENCE_S / 0.25)):
        totals = httpx.get(f"{url}/api/v1/feeds", timeout=20.0, trust_env=False).json()["totals"]
        if totals["received"] >= sent and len(outside.shown()) >= events and not still_owed(folder):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            service.process.wait(0.25)
    pytest.fail(f"{totals}, {outside.shown()}, {service.said[-5:]}")


@pytest.mark.long
def test_however_often_it_is_killed_nothing_is_lost_and_nothing_shows_twice(tmp_path: Path, outside: Outside) -> None:
    chance = random.Random(SEED)
    environment = configure(tmp_path, outside)
    sent: list[bytes] = []
    for number in range(SHORT_ROUNDS if os.environ.get("TOCSIN_LONG") == "short" else ROUNDS):
        with ServiceProcess(tmp_path, environment).start() as service:
            service.wait_until_it_serves()
            for alert in alerts(number):
                outside.broker.produce(alert.topic, alert.payload)
                sent.append(alert.payload)
            kill_at_a_bad_moment(service, outside, chance)
    events = len(sent) // 2
    with ServiceProcess(tmp_path, environment).start() as service:
        settle(service, tmp_path, outside, sent=len(sent), events=events)
        assert service.end() == 0
    assert stored(tmp_path) == (len(sent), len(sent))
    assert len(set(sent)) == len(sent)
    assert outside.shown() == Counter(dict.fromkeys(outside.shown(), 1))
    assert len(outside.shown()) == events
