"""Shuffled, duplicated and interleaved replays through the real store give the same final events."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from workflow_desk import Desk, burst_alert, merger, retraction, track

from tocsin.domain.events import Event
from tocsin.simulate.notices import Message
from tocsin.workflow.attach import visible_event
from tocsin.workflow.ingest import ingest

SEEDS = range(40)


def sky() -> list[Message]:
    """A night: a merger retracted and taken back, three revisions of a neutrino, bursts whose triggers form a chain."""
    chain = [burst_alert(t_s=t, serial=n) for n, t in enumerate((1000.0, 1017.0, 1034.0, 1050.0), 1)]
    alone = [burst_alert(t_s=t, serial=n) for n, t in enumerate((-4000.0, 5000.0), 10)]
    neutrino = [track(revision=n, after_s=60.0 + 400.0 * n, t0_s=-200.0) for n in range(3)]
    wave = [
        merger("EARLYWARNING", after_s=-5.0),
        merger("PRELIMINARY", after_s=30.0),
        merger("INITIAL", after_s=900.0),
        retraction(after_s=2000.0),
        merger("UPDATE", after_s=4000.0),
    ]
    return [*chain, *alone, *neutrino, *wave]


def played(messages: Sequence[Message], *, batch: int = 1) -> list[Event]:
    """Events at the end, without what depends on arrival by design: identifiers and keys."""
    with TemporaryDirectory() as folder, Desk(Path(folder)) as desk:
        raws = [desk.raw(message) for message in messages]
        for start in range(0, len(raws), batch):
            ingest(desk.context, raws[start : start + batch])
        with desk.store.read() as work:
            events = [visible_event(work, event_id, frozenset()) for event_id in desk.event_ids()]
    found = [replace(e, id="", notice_keys=(), skymap_notice_key=None) for e in events if e is not None]
    return sorted(found, key=lambda event: (str(event.t0_utc), event.name))


@pytest.fixture(scope="module")
def straight() -> list[Event]:
    """Events of the night in order."""
    return played(sky())


def test_the_night_in_order_has_the_events_it_was_made_of(straight: list[Event]) -> None:
    assert len(straight) == 5
    assert sum(len(event.aliases) == 4 for event in straight) == 1
    assert not any(event.is_retracted for event in straight)


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffled_duplicated_and_batched_the_night_ends_the_same(straight: list[Event], seed: int) -> None:
    rng = random.Random(seed)
    messages = sky() * rng.choice((1, 2, 3))
    rng.shuffle(messages)
    assert played(messages, batch=rng.choice((1, 2, 5, 100))) == straight


@pytest.mark.parametrize("seed", range(10))
def test_feeds_that_are_interleaved_each_in_its_own_order_end_the_same(straight: list[Event], seed: int) -> None:
    assert played(list(interleaved(sky(), random.Random(1000 + seed)))) == straight


def interleaved(messages: Sequence[Message], rng: random.Random) -> Iterator[Message]:
    """Messages of each topic in their order, topics in any."""
    queues: dict[str, list[Message]] = {}
    for message in messages:
        queues.setdefault(message.topic, []).append(message)
    while queues:
        topic = rng.choice(sorted(queues))
        yield queues[topic].pop(0)
        if not queues[topic]:
            del queues[topic]
