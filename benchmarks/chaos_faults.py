"""What can go wrong in a bad night: each fault begins, and gives what ends it."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from outside import TIMEOUT_S
from rig import Broker, Postgresql, Process, SmallDisk

from tocsin.demo.stand_ins import IsdcStandIn, SlackStandIn
from tocsin.demo.stand_ins.server import Reply, Request
from tocsin.demo.stand_ins.slack import Fault
from tocsin.domain.clock import Clock
from tocsin.simulate.instruments import SPI_ACS
from tocsin.simulate.integral import Integral
from tocsin.simulate.spacecraft import KeplerOrbit

STEP_S = 30.0
#: How long a slow answer of the archive takes, and a silent one is held, s.
SLOW_S, SILENCE_S = 0.75 * TIMEOUT_S, 5.0 * TIMEOUT_S

#: Begins a fault, and gives what ends it.
Begin = Callable[[], Callable[[], None]]


def craft(clock: Clock) -> Integral:
    """INTEGRAL on an orbit so wide that no perigee falls into the last five days; nothing is seen but background."""
    orbit = KeplerOrbit(
        epoch_utc=clock.now() - timedelta(days=2.5),
        semi_major_km=160_000.0,
        eccentricity=0.86,
        inclination_deg=65.0,
        node_deg=40.0,
        argument_deg=280.0,
        mean_anomaly_deg=180.0,
    )
    return Integral(orbit=orbit, acs=SPI_ACS.stream((), seed=1))


class ArchiveInTrouble(IsdcStandIn):
    """The archive of count rates, answering slowly, wrongly or not at all for as long as it is told to."""

    trouble = ""
    troubled = 0

    def handle(self, request: Request) -> Reply | None:
        """Answer to a request, in the trouble of the moment."""
        trouble = self.trouble
        if not trouble:
            return super().handle(request)
        self.troubled += 1
        if trouble == "slow":
            threading.Event().wait(SLOW_S)
            return super().handle(request)
        if trouble == "silent":
            self.stopping.wait(SILENCE_S)
            return None
        return self._wrong(super().handle(request))

    def _wrong(self, good: Reply | None) -> Reply | None:
        """A gateway's error, a page instead of data, half of an answer, an answer for another time, or none."""
        body = b"" if good is None else good.body
        wrong = (
            Reply(status=502, body=b"Bad Gateway", content_type="text/plain"),
            Reply(body=b"<html><title>Maintenance</title></html>", content_type="text/html"),
            Reply(body=body[: len(body) // 2]),
            Reply(body=b"\x00\xff no light curve"),
            None,
        )
        return wrong[self.troubled % len(wrong)]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything around the service that can fail."""

    processes: Mapping[str, Process]
    database: Postgresql
    broker: Broker
    disk: SmallDisk
    slack: SlackStandIn
    archive: ArchiveInTrouble
    clock_file: Path
    speed: Callable[[], str]
    chance: random.Random


def faults(world: World) -> Mapping[str, Begin]:
    """All faults, by name."""
    return {
        "kill -9": lambda: _kill(world),
        "database crash": lambda: _once(world.database.restart),
        "broker paused": lambda: _begun(world.broker.pause, world.broker.go_on),
        "disk full": lambda: _fill(world),
        "clock stepped": lambda: _step(world),
        "Slack 429": lambda: _once(lambda: world.slack.fail_next(Fault.RATE_LIMITED, count=3)),
        "Slack 500": lambda: _once(lambda: world.slack.fail_next(Fault.SERVER_ERROR, count=4)),
        "Slack silent": lambda: _once(lambda: world.slack.fail_next(Fault.SILENT_SUCCESS, count=2)),
        "archive slow": lambda: _trouble(world, "slow"),
        "archive wrong": lambda: _trouble(world, "wrong"),
        "archive silent": lambda: _trouble(world, "silent"),
    }


def _nothing() -> None:
    """End a fault that ends by itself."""


def _once(do: Callable[[], None]) -> Callable[[], None]:
    do()
    return _nothing


def _begun(begin: Callable[[], None], end: Callable[[], None]) -> Callable[[], None]:
    begin()
    return end


def _kill(world: World) -> Callable[[], None]:
    world.processes[world.chance.choice(sorted(world.processes))].end()
    return _nothing


def _fill(world: World) -> Callable[[], None]:
    world.disk.fill()

    def make_room() -> None:
        world.disk.make_room()
        world.database.restart()

    return make_room


def _step(world: World) -> Callable[[], None]:
    def show(step_s: float) -> None:
        text = f"{step_s:g}{world.speed()}"
        whole = world.clock_file.with_suffix(".new")
        whole.write_text(text, encoding="ascii")
        whole.replace(world.clock_file)

    show(world.chance.choice([-STEP_S, STEP_S]))
    return lambda: show(0.0)


def _trouble(world: World, kind: str) -> Callable[[], None]:
    def end() -> None:
        world.archive.trouble = ""

    world.archive.trouble = kind
    return end
