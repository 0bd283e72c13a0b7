"""One service as several processes on PostgreSQL: each does its share, and what dies is done by the others."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pgbouncer import NO_PGBOUNCER, pgbouncer
from postgresql_server import NO_SERVER, new_database, postgresql_server
from service_process import ServiceProcess

from tocsin.app.clocks import SystemClock
from tocsin.demo.stand_ins import BrokerStandIn, SlackStandIn
from tocsin.domain.clock import ManualClock
from tocsin.domain.tokens import Scope, Token, digest, new_secret
from tocsin.simulate.notices import Superevent, lvk_alert
from tocsin.store import Store
from tocsin.store.leases import Lease

PATIENCE_S = 90.0
TOPIC = "igwn.gwalert"


@pytest.fixture
def database() -> Iterator[str]:
    with postgresql_server() as server:
        if server is None:
            pytest.skip(NO_SERVER)
        with new_database(server) as url:
            yield url


@pytest.fixture
def broker() -> Iterator[BrokerStandIn]:
    with BrokerStandIn() as made:
        made.create_topics([TOPIC])
        yield made


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn(clock=SystemClock()) as made:
        yield made


@pytest.fixture
def start(
    tmp_path: Path, database: str, broker: BrokerStandIn, slack: SlackStandIn
) -> Iterator[Callable[..., ServiceProcess]]:
    """Starts a process with some roles and waits until it works."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "tocsin.toml").write_text(
        f"""
channels = {{ enabled = ["slack"], slack = {{ channel = "C1", base_url = "{slack.base_url}" }} }}
reaction = {{ enabled = false }}
workers = {{ lease_s = 3 }}
[feeds.kafka]
enabled = true
bootstrap_servers = "{broker.bootstrap}"
security_protocol = "plaintext"
session_timeout_s = 4
""",
        encoding="utf-8",
    )
    (config / "streams.toml").write_text('[kafka]\nheartbeat_topic = ""\npoll_s = 0.2\n', encoding="utf-8")
    environment = {"TOCSIN_SLACK_TOKEN": slack.token, "TOCSIN_STORE_URL": database}
    with ExitStack() as processes:

        def start_one(*roles: str, name: str, works: bool = True, **changed: str) -> ServiceProcess:
            process = processes.enter_context(ServiceProcess(tmp_path, environment | changed))
            process.start(*roles, "--name", name, "--port", "0", command="run")
            if works:
                process.wait_until_it_works()
            return process

        yield start_one


def alert(name: str) -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    return lvk_alert(
        Superevent(id=name, t0_utc=now - timedelta(seconds=sum(name.encode())), far_hz=1e-12),
        "PRELIMINARY",
        now,
        skymap=None,
    ).payload


def shown(slack: SlackStandIn) -> Counter[str]:
    roots = [message for message in slack.messages if message.thread_ts is None]
    return Counter(next(button["value"] for button in message.buttons) for message in roots)


def leader(database: str) -> Lease | None:
    store = Store(database, clock=ManualClock(datetime.now(UTC)))
    try:
        with store.read() as work:
            return work.lease("tick")
    finally:
        store.close()


def test_several_processes_are_one_service_and_go_on_when_some_are_killed(
    start: Callable[..., ServiceProcess], broker: BrokerStandIn, slack: SlackStandIn, database: str
) -> None:
    start("listen", "api", name="door")
    first = start("notify", "tick", name="first")
    second = start("notify", "tick", name="second")
    broker.produce(TOPIC, alert("S261126aa"))
    slack.wait_for(lambda _: sum(shown(slack).values()) == 1, timeout_s=PATIENCE_S)
    led = leader(database)
    assert led is not None
    dead, alive = (first, second) if led.holder == "first" else (second, first)
    assert dead.end(signal.SIGKILL) == -signal.SIGKILL
    clock = SystemClock()
    killed_s = clock.monotonic_s()
    broker.produce(TOPIC, alert("S261126bb"))
    slack.wait_for(lambda _: sum(shown(slack).values()) == 2, timeout_s=PATIENCE_S)
    while (now_leads := leader(database)) is not None and now_leads.number == led.number:
        assert clock.monotonic_s() - killed_s < PATIENCE_S
        alive.process.poll()
    assert now_leads is not None
    assert now_leads.holder != led.holder
    assert set(shown(slack).values()) == {1}
    assert alive.end() == 0


def test_two_processes_of_one_name_are_refused(start: Callable[..., ServiceProcess]) -> None:
    start("tick", name="clockwork")
    again = start("tick", name="clockwork", works=False)
    assert again.process.wait(PATIENCE_S) == 1
    assert "another clockwork works in" in "".join(again.said)


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_processes_work_together_through_pgbouncer(
    start: Callable[..., ServiceProcess], broker: BrokerStandIn, slack: SlackStandIn, database: str, mode: str
) -> None:
    with pgbouncer(database, mode, pool_size=40) as url:
        if url is None:
            pytest.skip(NO_PGBOUNCER)
        through = {"TOCSIN_STORE_URL": url}
        if mode == "transaction":
            deaf = start("notify", name="deaf", works=False, **through)
            assert deaf.process.wait(PATIENCE_S) == 2
            assert "store.listen_url: a pool before PostgreSQL lends its connections by transaction" in "".join(
                deaf.said
            )
            through["TOCSIN_STORE_LISTEN_URL"] = database
        start("listen", name="ears", **through)
        notifier = start("notify", "tick", name="mouth", **through)
        owed = 0
        for owed, name in enumerate(["S261126aa", "S261126bb", "S261126cc"], start=1):
            broker.produce(TOPIC, alert(name))
            slack.wait_for(lambda _: sum(shown(slack).values()) == owed, timeout_s=PATIENCE_S)  # noqa: B023 - ends here
        assert set(shown(slack).values()) == {1}
        assert notifier.end() == 0
        assert not [line for line in notifier.said if "Traceback" in line or "prepared statement" in line]


def test_pages_are_served_beside_the_process_that_listens(
    start: Callable[..., ServiceProcess], broker: BrokerStandIn, slack: SlackStandIn
) -> None:
    start("listen", "notify", name="ears")
    pages = start("api", name="pages")
    broker.produce(TOPIC, alert("S261126cc"))
    slack.wait_for(lambda _: bool(shown(slack)), timeout_s=PATIENCE_S)
    events = httpx.get(f"{pages.wait_until_it_serves()}/api/v1/events", timeout=20.0, trust_env=False).json()["events"]
    assert [event["name"] for event in events] == ["S261126cc"]


def test_a_tokens_limit_holds_across_processes(start: Callable[..., ServiceProcess], database: str) -> None:
    addresses = [start("api", name=name).wait_until_it_serves() for name in ("left", "right")]
    clock, secret = SystemClock(), new_secret()
    store = Store(database, clock=clock)
    now = clock.now()
    token = Token(
        id="t1", name="Partner", secret_sha256=digest(secret), scopes=frozenset({Scope.READ}), clearance=frozenset(),
        person_id=None, per_minute=40, created_utc=now, expires_utc=now + timedelta(days=1),
    )  # fmt: skip
    with store.begin() as work:
        work.add_token(token)
    store.close()
    headers = {"authorization": f"Bearer {secret}"}
    with httpx.Client(headers=headers, trust_env=False, timeout=20.0) as client:
        while any(client.get(f"{one}/healthz").status_code == 401 for one in addresses):
            assert (clock.now() - now).total_seconds() < PATIENCE_S, "a new token is known within a second"
        begun_s = clock.monotonic_s()
        answers = [client.get(f"{addresses[n % 2]}/api/v1/feeds") for n in range(160)]
        took_s = clock.monotonic_s() - begun_s
    let_in = [n % 2 for n, answer in enumerate(answers) if answer.status_code == 200]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert 40 <= len(let_in) <= 40 + 40 * took_s / 60.0 + 1, took_s
    assert min(let_in.count(0), let_in.count(1)) >= 15, "both let in their share"
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 429)
