"""The conductor: lets the night happen, each notice and each file at its time."""

import threading
from collections.abc import Callable
from pathlib import Path

from tocsin.demo.stand_ins.broker import BrokerStandIn
from tocsin.demo.world import World
from tocsin.domain.clock import Clock
from tocsin.simulate.night import Night
from tocsin.simulate.timeline import DeliveryItem, Item, NoticeItem

HEARTBEAT = "gcn.heartbeat"


class Conductor:
    """Plays a night into a world.

    Parameters
    ----------
    night
        What happens.
    world
        Where.
    clock
        When it is.
    tell
        Told of each item as it goes out.
    """

    def __init__(self, night: Night, world: World, clock: Clock, tell: Callable[[Item], None]) -> None:
        self._night = night
        self._world = world
        self._clock = clock
        self._tell = tell
        self.sent = 0

    def run(self, stop: threading.Event) -> None:
        """Play everything, unless stopped."""
        for item in self._night.timeline:
            ahead_s = (item.at_utc - self._clock.now()).total_seconds()
            if ahead_s > 0 and stop.wait(self._clock.wall_s(ahead_s)):
                return
            self._tell(item)
            self._play(item)

    def _play(self, item: Item) -> None:
        match item:
            case NoticeItem():
                self._world.broker.produce(item.topic, item.payload)
                self.sent += 1
            case DeliveryItem():
                _write(self._world.inbox / item.path, item.content)


class Pulse:
    """GCN's heartbeat: a tick a second on a topic of its own.

    Parameters
    ----------
    broker
        Where it ticks.
    """

    def __init__(self, broker: BrokerStandIn) -> None:
        self._broker = broker

    def run(self, stop: threading.Event) -> None:
        """Tick until stopped."""
        while not stop.is_set():
            self._broker.produce(
                HEARTBEAT, b'{"$schema": "https://gcn.nasa.gov/schema/main/gcn/core/Alert.schema.json"}'
            )
            stop.wait(1.0)


def _write(path: Path, content: bytes) -> None:
    """Put a file in its place at once and whole, as a careful sender does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(content)
    partial.replace(path)
