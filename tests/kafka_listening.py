"""A listener on a real Kafka and a store, in this process: what tests look at and wait for."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from workflow_desk import Desk, settings

from listeners.health import FeedHealth, FeedState
from listeners.kafka import KafkaListener, KafkaSettings
from listeners.streams import Streams, TopicSettings
from tocsin.app.clocks import SystemClock
from tocsin.app.feeds import stored_offsets
from tocsin.domain.notices import RawNotice
from tocsin.workflow.ingest import ingest

#: Longest wait, s: the two cores may be busy.
PATIENCE_S = 60.0
#: An alarm must come within, s.
ALARM_S = 30.0


class Signs:
    """What a listener said of itself, with waiting for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.all: list[FeedHealth] = []

    def hear(self, sign: FeedHealth) -> None:
        """Take one."""
        with self._changed:
            self.all.append(sign)
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[FeedHealth], bool], within_s: float = PATIENCE_S) -> FeedHealth:
        """First sign like this, from now on or before."""
        with self._changed:
            found = self._changed.wait_for(lambda: next((one for one in self.all if wanted(one)), None), within_s)
        assert found is not None, self.all
        return found

    def forget(self) -> None:
        """Wait for what comes from now on alone."""
        with self._changed:
            self.all.clear()


class Filling:
    """Stores batches, and tells when so many notices are stored."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._changed = threading.Condition()

    def store(self, raws: Sequence[RawNotice]) -> None:
        """Store a batch."""
        ingest(self._desk.context, raws)
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, stored: int, within_s: float = PATIENCE_S) -> None:
        """Until so many different notices are stored."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.stored() >= stored, within_s), self.stored()

    def wait_for_received(self, received: int, within_s: float = PATIENCE_S) -> None:
        """Until so many messages came, duplicates too; asked again now and then, since others store here as well."""

        def is_there() -> bool:
            return bool(self._desk.read(lambda work: work.notice_counts().received) >= received)

        until_s = time.monotonic() + within_s
        with self._changed:
            while not is_there() and time.monotonic() < until_s:
                self._changed.wait(0.1)
        assert is_there()

    def stored(self) -> int:
        """Different notices stored."""
        return int(self._desk.read(lambda work: work.notice_counts().stored))


def topics(number: int) -> list[str]:
    """Names of topics nobody has used yet."""
    return [f"t-{uuid.uuid4().hex[:12]}" for _ in range(number)]


@contextmanager
def listening(
    desk: Desk,
    bootstrap: str,
    names: Sequence[str],
    *,
    heartbeat: str | None = None,
    heartbeat_patience_s: float = 60.0,
    extra: Mapping[str, Any] | None = None,
    protocol: str = "plaintext",
) -> Iterator[tuple[Signs, Filling]]:
    """A listener in its thread, on the real clock."""
    streams = Streams(
        group_id=f"group-{names[0]}",
        heartbeat_topic=heartbeat,
        heartbeat_patience_s=heartbeat_patience_s,
        poll_s=0.1,
        longest_pause_s=2.0,
        topics={name: TopicSettings(name=name, is_public=True) for name in names},
    )
    config = KafkaSettings(
        streams=streams,
        bootstrap_servers=bootstrap,
        security_protocol=protocol,
        session_timeout_s=6.0,
        instance_id=f"instance-{names[0]}",
        extra={"reconnect.backoff.max.ms": 1000, "log_level": 0, **(extra or {})},
    )
    desk.context = replace(desk.context, streams=streams)
    with listening_as(desk, config) as found:
        yield found


@contextmanager
def listening_as(desk: Desk, config: KafkaSettings) -> Iterator[tuple[Signs, Filling]]:
    """A listener of given settings in its thread, on the real clock."""
    signs, filling, stop = Signs(), Filling(desk), threading.Event()
    listener = KafkaListener(
        config,
        clock=SystemClock(),
        store_notices=filling.store,
        stored_offsets=lambda: stored_offsets(desk.store, config.origin),
        on_health=signs.hear,
    )
    thread = threading.Thread(target=listener.run, args=(stop,))
    thread.start()
    try:
        yield signs, filling
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def is_bad(sign: FeedHealth) -> bool:
    """Whether a sign is an alarm."""
    return sign.state in {FeedState.ERROR, FeedState.STALLED, FeedState.FORBIDDEN}


def since(begun_s: float) -> float:
    """Seconds of real time since."""
    return time.monotonic() - begun_s


__all__ = [
    "ALARM_S",
    "PATIENCE_S",
    "Filling",
    "Signs",
    "is_bad",
    "listening",
    "listening_as",
    "settings",
    "since",
    "topics",
]
