"""Two workers against one database: every page is sent by one of them, and shown once."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from workflow_desk import MERGER, at, settings

from notifier.recorder import RecorderChannel
from notifier.slack import SlackChannel
from tocsin.app.build import build_context
from tocsin.demo.stand_ins import SlackStandIn
from tocsin.domain.clock import ManualClock
from tocsin.domain.notices import RawNotice
from tocsin.simulate.notices import lvk_alert
from tocsin.store import Store
from tocsin.workflow.context import Context, Door
from tocsin.workflow.handlers import NOTIFYING
from tocsin.workflow.ingest import ingest
from tocsin.workflow.runner import Runner

EVENTS = 12


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(at(30.0))


@pytest.fixture
def slack(clock: ManualClock) -> Iterator[SlackStandIn]:
    with SlackStandIn(clock=clock) as server:
        yield server


def worker(url: str, clock: ManualClock, slack: SlackStandIn, mail: RecorderChannel) -> tuple[Context, Store]:
    store = Store(url, clock=clock)
    chat = SlackChannel(slack.token, "C1", base_url=slack.base_url, timeout_s=10)
    doors = (Door(channel=chat), Door(channel=mail, is_shared=False))
    return build_context(settings(), clock=clock, store=store, doors=doors, sources={}), store


def alert(number: int) -> RawNotice:
    event = replace(MERGER, id=f"S241017{chr(97 + number)}x", t0_utc=at(0.0) - timedelta(hours=number))
    message = lvk_alert(event, "PRELIMINARY", at(30.0), skymap=None)
    return RawNotice(
        payload=message.payload, transport="kafka", origin="broker", topic=message.topic, partition=0, offset=number,
        received_utc=at(30.0),
    )  # fmt: skip


def test_no_page_is_sent_twice(postgresql_database_url: str, clock: ManualClock, slack: SlackStandIn) -> None:
    mail = RecorderChannel("email")
    pair = [worker(postgresql_database_url, clock, slack, mail) for _ in range(2)]
    for number in range(EVENTS):
        # Both hear of it, as two listeners of one group may after a rebalance.
        for context, _ in pair:
            ingest(context, [alert(number)])
    done: list[int] = []
    start = threading.Barrier(2)

    def work(context: Context, name: str) -> None:
        runner = Runner(context, NOTIFYING, name=name, lease_s=120.0)
        start.wait()
        done.append(runner.run_due())

    threads = [threading.Thread(target=work, args=(context, f"w{i}")) for i, (context, _) in enumerate(pair)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    with pair[0][1].read() as work_unit:
        assert work_unit.next_due(tuple(NOTIFYING)) > clock.now()
    for _, store in pair:
        store.close()
    assert len(done) == 2
    assert min(done) > 0, "one worker did everything: nothing was shown"
    shown = Counter(button["value"] for one in slack.messages if not one.thread_ts for button in one.buttons[:1])
    assert len(shown) == EVENTS
    assert set(shown.values()) == {1}
    told = Counter((one.event_id, one.recipient) for one in mail.sent)
    assert len(told) == 2 * EVENTS
    assert set(told.values()) == {1}
