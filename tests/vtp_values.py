"""What the tests of VTP have in common: documents, a store that can fail, a broker and subscribers in threads."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import pytest

from listeners.health import FeedHealth, FeedState
from listeners.vtp.actions import Moment
from listeners.vtp.broker import Broker, BrokerSettings, PeerReport
from listeners.vtp.frames import FrameReader, to_frame
from listeners.vtp.listener import VtpListener, VtpSettings
from listeners.vtp.transport import Transport, TransportRole, read_transport, write_transport
from tocsin.domain.clock import Clock, ManualClock
from tocsin.domain.notices import RawNotice

NIGHT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
#: No test waits longer than this for anything, s.
PATIENCE_S = 30.0
POLL_S = 0.01


def at(seconds: float) -> Moment:
    """Moment so many seconds into the night."""
    return Moment(utc=NIGHT, monotonic_s=seconds)


def voevent(number: int, *, padding: int = 0) -> bytes:
    """A VOEvent of its own number."""
    return (
        f'<VOEvent ivorn="{ivorn_of(number)}" role="test" version="2.0"><Who><Date>2026-11-22T03:00:00</Date></Who>'
        f"<What><Param name='number' value='{number}'/><Description>{'x' * padding}</Description></What></VOEvent>"
    ).encode()


def ivorn_of(number: int) -> str:
    """Identifier of that VOEvent."""
    return f"ivo://made.up/stream#{number}"


def transport(role: TransportRole, origin: str = "ivo://the/broker", **values: str) -> bytes:
    """A Transport document in a frame."""
    return to_frame(write_transport(Transport(role=role, origin=origin, **values), now=NIGHT))


def documents(data: bytes) -> list[Transport]:
    """Transport documents in a stream of frames."""
    frames = FrameReader(largest_bytes=1 << 20)
    frames.feed(data)
    return [read_transport(payload) for payload in iter(frames.next_payload, None)]


class Latch:
    """Lets a test wait for a condition that other threads bring about, without sleeping."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool], words: str = "") -> None:
        with self._changed:
            for _ in range(round(PATIENCE_S / POLL_S)):  # what nobody notifies of is looked at again
                if condition():
                    return
                self._changed.wait(POLL_S)
        pytest.fail(f"waited in vain: {words}")


@dataclass
class Shelf:
    """Stands for the store: keeps raw notices, or fails as long as it is told to."""

    latch: Latch = field(default_factory=Latch)
    kept: list[RawNotice] = field(default_factory=list)
    attempts: int = 0
    is_broken: bool = False

    def store(self, batch: Sequence[RawNotice]) -> None:
        self.attempts += 1
        self.latch.notify()
        if self.is_broken:
            raise OSError("disk full")
        self.kept += batch
        self.latch.notify()

    @property
    def payloads(self) -> list[bytes]:
        return [raw.payload for raw in self.kept]

    def wait_for(self, count: int) -> None:
        self.latch.wait(lambda: len(self.kept) >= count, f"{count} notices, got {len(self.kept)}")


@dataclass
class Ward:
    """Keeps the reports on a feed's health."""

    latch: Latch = field(default_factory=Latch)
    reports: list[FeedHealth] = field(default_factory=list)

    def hear(self, report: FeedHealth) -> None:
        self.reports.append(report)
        self.latch.notify()

    def of(self, state: FeedState) -> list[FeedHealth]:
        return [report for report in self.reports if report.state is state]

    def wait_for(self, state: FeedState, count: int = 1) -> None:
        self.latch.wait(lambda: len(self.of(state)) >= count, f"{state} in {self.reports[-3:]}")


@dataclass
class Running:
    """A broker that runs, and what it said."""

    broker: Broker
    latch: Latch
    said: list[PeerReport]
    end: Callable[[], None]

    def wait_until_said(self, words: str, count: int = 1) -> None:
        def is_said() -> bool:
            return sum(words in report.words for report in self.said) >= count

        self.latch.wait(is_said, f"{words!r} in {[report.words for report in self.said[-5:]]}")

    def wait_until_empty(self) -> None:
        self.latch.wait(lambda: self.broker.connections == 0, "an empty broker")


@contextmanager
def running_broker(config: BrokerSettings, *, clock: Clock | None = None) -> Iterator[Running]:
    """A broker in a thread of its own."""
    latch, said, stop = Latch(), list[PeerReport](), threading.Event()

    def hear(report: PeerReport) -> None:
        said.append(report)
        latch.notify()

    broker = Broker(config, clock=clock or ManualClock(NIGHT), on_report=hear)
    thread = threading.Thread(target=broker.run, args=(stop,))
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()

    try:
        broker.wait_until_ready(PATIENCE_S)
        yield Running(broker=broker, latch=latch, said=said, end=end)
    finally:
        end()


@contextmanager
def running_listener(config: VtpSettings, shelf: Shelf, ward: Ward, *, clock: Clock | None = None) -> Iterator[None]:
    """A subscriber in a thread of its own."""
    stop = threading.Event()
    listener = VtpListener(config, clock=clock or ManualClock(NIGHT), store_notices=shelf.store, on_health=ward.hear)
    thread = threading.Thread(target=listener.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


class Wire:
    """A plain connection, to play the other end byte by byte."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.connection.settimeout(PATIENCE_S)
        self._frames = FrameReader(largest_bytes=1 << 24)

    @classmethod
    def to(cls, port: int) -> "Wire":
        return cls(socket.create_connection(("127.0.0.1", port)))

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def frame(self) -> bytes | None:
        """Next payload; None where the other end has hung up."""
        while True:
            payload = self._frames.next_payload()
            if payload is not None:
                return payload
            try:
                data = self.connection.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._frames.feed(data)

    def transport(self) -> Transport:
        payload = self.frame()
        assert payload is not None, "the other end hung up"
        return read_transport(payload)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
