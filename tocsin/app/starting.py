"""What a service makes sure of before it starts: its name and store are its own, its clock can be right, it can listen.

A refusal that may pass by itself is a `NotNowError` (status 1: systemd starts the service again), one that stays until
somebody changes something a `ConfigurationError` (status 2: it does not). docs/reference/refusals.md lists them all.
"""

import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tocsin.app.leading import BEAT_S, STILL_S, TICK, Lead
from tocsin.domain.clock import Clock, iso_utc
from tocsin.domain.errors import ConfigurationError, NotNowError
from tocsin.store import Store

#: Clocks of machines that share a store may differ by so much.
TOLERANCE = timedelta(seconds=60)
#: This code did not exist before.
EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)
#: What a system says of an address that may be ours later: taken, not on this machine, or names are not told just now.
_PASSING = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, socket.EAI_AGAIN})


@contextmanager
def own_name(store: Store, clock: Clock, name: str, *, folder: Path, on_loss: Callable[[], None]) -> Iterator[None]:
    """Have a name among all processes of the store, until the block ends.

    Another holder from this machine and data folder must be dead, since we hold the folder's lock of that name; one
    from elsewhere is waited for as long as it could still live. Should somebody else take the name later (because we
    stood still), `on_loss` is called.

    Raises
    ------
    NotNowError
        Another process of that name lives.
    """
    with _lease(store, clock, f"name/{name}", folder=folder, on_loss=on_loss) as holder:
        if holder is not None:
            raise NotNowError(
                f"another process called {name} lives ({holder})",
                remedy="give this one another name with --name; should the other end, this one starts by itself",
            )
        yield


@contextmanager
def own_store(store: Store, clock: Clock, *, folder: Path, on_loss: Callable[[], None]) -> Iterator[None]:
    """Be the one whole service of a store that others can reach, until the block ends; else as `own_name`.

    It has the lease of those who tick in a divided service: a `tocsin run tick` beside it waits.

    Raises
    ------
    NotNowError
        Another service, or a process of one, ticks on this store.
    """
    with _lease(store, clock, TICK, folder=folder, on_loss=on_loss) as holder:
        if holder is not None:
            raise NotNowError(
                f"another service works on this database ({holder})",
                remedy="stop it, name another database in TOCSIN_STORE_URL, or divide the work with tocsin run",
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


def refuse_taken_address(host: str, port: int) -> None:
    """Refuse to start where the API cannot listen; nothing has been heard or sent yet.

    Raises
    ------
    NotNowError
        Somebody else listens there, or the machine does not have the address (yet).
    ConfigurationError
        There is no such host, or this user may not listen there.
    """
    where = f"cannot listen on {host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        words = f"{where}: {error.strerror or error}"
        if error.errno in _PASSING:
            raise NotNowError(words, remedy="see who listens there (ss -ltnp), or set api.host and api.port") from error
        raise ConfigurationError(words, file="settings", key="api.host, api.port") from error
