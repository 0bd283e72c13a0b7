"""What a service makes sure of before it starts: its folder is whole and its own, its clock can be right."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tocsin.app.keeping import LOCK, refuse_unfinished
from tocsin.domain.clock import Clock, iso_utc
from tocsin.domain.errors import ConfigurationError
from tocsin.settings import Settings
from tocsin.store import Store

#: Clocks of machines that share a store may differ by so much.
TOLERANCE = timedelta(seconds=60)
#: This code did not exist before.
EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)


@contextmanager
def own_folder(settings: Settings) -> Iterator[None]:
    """Keep the data folder for one service, until the block ends.

    Raises
    ------
    ConfigurationError
        Another service works in it, or a backup was only half restored into it.
    """
    refuse_unfinished(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            who = file.read().strip() or "unknown"
            raise ConfigurationError(
                f"another service works in {settings.data_dir.absolute()} (process {who}): "
                "stop it, or give this one a folder of its own",
                file="environment",
                key="TOCSIN_DATA_DIR",
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def refuse_wrong_clock(store: Store, clock: Clock) -> None:
    """Refuse to start with a clock that cannot be right: pages would be due at the wrong time.

    Raises
    ------
    ConfigurationError
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
    raise ConfigurationError(
        f"this machine's clock says that {wrong}: set it (chronyc makestep, or timedatectl set-ntp true)",
        file="environment",
        key="clock",
    )
