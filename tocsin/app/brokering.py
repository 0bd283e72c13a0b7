"""The small VTP broker as a command: replays files to subscribers until it is told to end."""

import signal
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.console import Console

from listeners.files import SkippedFile, read_paths
from listeners.vtp.broker import Broker, BrokerSettings, PeerReport
from listeners.vtp.transport import read_root
from tocsin.app.clocks import SystemClock
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ConfigurationError, NoticeError, TocsinError

log = structlog.get_logger()

#: Longest wait until the broker listens, s.
_START_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What came of the files: notices published, files and members that are no VOEvent."""

    published: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTask:
    """A broker, from its start to its end.

    Parameters
    ----------
    paths
        Files, folders and archives to replay.
    host, port, author_port
        Where to listen.
    interval_s
        Pause between two notices.
    is_from_start
        Whether newcomers get everything.
    certificate, key
        PEM files for TLS, or None.
    """

    paths: tuple[Path, ...]
    host: str
    port: int
    author_port: int | None
    interval_s: float
    is_from_start: bool
    certificate: Path | None
    key: Path | None

    def run(self) -> None:
        """Serve until told to stop by a signal.

        Raises
        ------
        ConfigurationError
            It cannot listen there, or must not, or there is nothing to serve.
        """
        if not self.paths and self.author_port is None:
            raise ConfigurationError("nothing to serve: name files, or a port for authors", file="command", key="PATH")
        clock, stop = SystemClock(), threading.Event()
        broker = Broker(self._settings(), clock=clock, on_report=_log)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        thread = threading.Thread(target=broker.run, args=(stop,))
        thread.start()
        try:
            broker.wait_until_ready(_START_S)
            self._say_hello(broker)
            self._feed(broker, clock, stop)
            while not stop.wait(1.0) and thread.is_alive():
                pass
        finally:
            stop.set()
            thread.join()

    def _settings(self) -> BrokerSettings:
        tls = None
        if self.certificate is not None:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            try:
                tls.load_cert_chain(self.certificate, self.key)
            except OSError as error:
                raise ConfigurationError(f"{self.certificate}: {error}", file="command", key="--certificate") from error
        return BrokerSettings(
            host=self.host, port=self.port, author_port=self.author_port, tls=tls, is_from_start=self.is_from_start
        )

    def _feed(self, broker: Broker, clock: Clock, stop: threading.Event) -> None:
        """Publish the files; a broken archive ends the feeding, not the broker."""
        try:
            fed = feed(broker, self.paths, clock=clock, interval_s=self.interval_s, stop=stop)
        except TocsinError as error:
            log.error("files are not complete", reason=str(error))  # noqa: TRY400 - the reason says it all
        else:
            log.info("files are published", published=fed.published, skipped=fed.skipped)

    def _say_hello(self, broker: Broker) -> None:
        authors = f", authors at port {broker.author_port}" if broker.author_port else ""
        Console(stderr=True).print(
            f"tocsin broker serves subscribers at {self.host}:{broker.port}{authors}; Ctrl-C ends it", soft_wrap=True
        )


def feed(broker: Broker, paths: tuple[Path, ...], *, clock: Clock, interval_s: float, stop: threading.Event) -> Fed:
    """Publish all VOEvents of the paths, in order; what VTP cannot carry is counted and named in the log.

    Raises
    ------
    NoticeError
        A path cannot be read.
    TocsinError
        The broker's spool is full.
    """
    published = skipped = 0
    for found in read_paths(paths, clock=clock):
        if stop.is_set():
            break
        if isinstance(found, SkippedFile) or not read_root(found.payload).is_voevent:
            skipped += 1
            log.info("not published", origin=found.origin, reason="no VOEvent with an ivorn")
            continue
        try:
            broker.publish(found.payload)
        except NoticeError as error:
            skipped += 1
            log.info("not published", origin=found.origin, reason=str(error))
            continue
        published += 1
        if interval_s:
            stop.wait(clock.wall_s(interval_s))
    return Fed(published=published, skipped=skipped)


def _log(report: PeerReport) -> None:
    log.info("peer", peer=report.peer, words=report.words)
