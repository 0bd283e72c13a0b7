"""What a service makes sure of before it starts: its folder is whole and its own, its clock can be right."""

import fcntl
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tocsin.app.keeping import LOCK, refuse_unfinished
from tocsin.app.leading import BEAT_S, STILL_S, TICK, Lead
from tocsin.domain.clock import Clock, iso_utc
from tocsin.domain.errors import ConfigurationError, NotNowError
from tocsin.settings import Settings
from tocsin.store import Store

#: Clocks of machines that share a store may differ by so much.
TOLERANCE = timedelta(seconds=60)
#: This code did not exist before.
EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)


@contextmanager
def own_folder(settings: Settings, *, name: str = "") -> Iterator[None]:
    """Keep the data folder for one service, until the block ends; for the process of that `name` of a divided one.

    Raises
    ------
    ConfigurationError
        Another service works in it, or a backup was only half restored into it.
    """
    refuse_unfinished(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / (f"{name}.lock" if name else LOCK)).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            who = file.read().strip() or "unknown"
            what = f"another {name}" if name else "another service"
            raise ConfigurationError(
                f"{what} works in {settings.data_dir.absolute()} (process {who}): "
                "stop it, or give this one a folder of its own",
                file="environment",
                key="TOCSIN_DATA_DIR",
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextmanager
def own_name(store: Store, clock: Clock, name: str, *, folder: Path, on_loss: Callable[[], None]) -> Iterator[None]:
    """Have a name among all processes of the store, until the block ends.

    Another holder from this machine and data folder must be dead, since we hold the folder's lock of that name; one
    from elsewhere is waited for as long as it could still live. Should somebody else take the name later (because we
    stood still), `on_loss` is called.

    Raises
    ------
    ConfigurationError
        Another process of that name lives.
    """
    with _lease(store, clock, f"name/{name}", folder=folder, on_loss=on_loss) as holder:
        if holder is not None:
            raise ConfigurationError(
                f"another process called {name} lives ({holder}): give this one another name with --name",
                file="command line",
                key="--name",
            )
        yield


@contextmanager
def own_store(store: Store, clock: Clock, *, folder: Path, on_loss: Callable[[], None]) -> Iterator[None]:
    """Be the one whole service of a store that others can reach, until the block ends; else as `own_name`.

    It has the lease of those who tick in a divided service: a `tocsin run tick` beside it waits.

    Raises
    ------
    ConfigurationError
        Another service, or a process of one, ticks on this store.
    """
    with _lease(store, clock, TICK, folder=folder, on_loss=on_loss) as holder:
        if holder is not None:
            raise ConfigurationError(
                f"another service works on this database ({holder}): stop it, or divide the work with tocsin run",
                file="environment",
                key="TOCSIN_STORE_URL",
            )
        yield


@contextmanager
def _lease(store: Store, clock: Clock, name: str, *, folder: Path, on_loss: Callable[[], None]) -> Iterator[str | None]:
    """Hold a lease until the block ends, and give None; or who holds it."""
    stop = threading.Event()
    here = f"{socket.gethostname()}:{folder.absolute()}"
    mine = Lead(
        store,
        clock,
        name=name,
        holder=f"{here} process {os.getpid()}",
        is_dead=lambda holder: holder.startswith(f"{here} process "),
        on_change=lambda is_mine: None if is_mine else on_loss(),
    )
    until_s = clock.monotonic_s() + STILL_S + 2 * BEAT_S
    while not mine.beat():
        if clock.monotonic_s() > until_s:
            yield mine.holder_seen
            return
        stop.wait(BEAT_S / 4)
    thread = threading.Thread(target=mine.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield None
    finally:
        stop.set()
        thread.join(timeout=10)


def refuse_wrong_clock(store: Store, clock: Clock) -> None:
    """Refuse to start with a clock that cannot be right: pages would be due at the wrong time.

    Raises
    ------
    NotNowError
        It shows a time before this code existed, or before what is in the store.
    """
    now = clock.now()
    with store.read() as work:
        newest = work.newest_reception_utc()
    if now < EARLIEST:
        wrong = f"it is {iso_utc(now)}, before this version of Tocsin existed"
    elif newest is not None and now < newest - TOLERANCE:
        wrong = f"it is {iso_utc(now)}, and the store holds a notice received at {iso_utc(newest)}"
    else:
        return
    raise NotNowError(
        f"this machine's clock cannot be right: {wrong}",
        remedy="set it: chronyc makestep, or timedatectl set-ntp true",
    )
