"""The data folder: one service works in it, or a backup is being restored into it, or was only half restored."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tocsin.domain.errors import ConfigurationError, NotNowError
from tocsin.settings import Settings

#: Lies in the data folder while a backup is being restored into it; the service refuses to start beside it.
UNFINISHED = "RESTORE-UNFINISHED"
#: Held by the service that works in the data folder, or by who restores a backup into it.
LOCK = "tocsin.lock"


@contextmanager
def own_folder(settings: Settings, *, name: str = "") -> Iterator[None]:
    """Keep the data folder for one service, until the block ends; for the process of that `name` of a divided one.

    Raises
    ------
    NotNowError
        Another service works in it, or a backup is being restored into it.
    ConfigurationError
        A backup was only half restored into it.
    """
    refuse_unfinished(settings)
    with locked(settings.data_dir, name=name):
        yield


@contextmanager
def locked(folder: Path, *, name: str = "") -> Iterator[None]:
    """Hold the lock of a data folder, or that of one name in it, until the block ends.

    Raises
    ------
    NotNowError
        Another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / (f"{name}.lock" if name else LOCK)).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            who = file.read().strip() or "unknown"
            what = f"another {name}" if name else "another service"
            raise NotNowError(
                f"{what} works in {folder.absolute()} (process {who})",
                remedy="stop it, or give this one a folder of its own with TOCSIN_DATA_DIR",
            ) from error
        with suppress(OSError):  # who it is may be unknown where the disk is full: it is ours all the same
            file.truncate(0)
            os.write(file.fileno(), f"{os.getpid()}\n".encode())
        yield


def refuse_unfinished(settings: Settings) -> None:
    """Refuse to work on a data folder into which a backup is being restored, or was only half restored.

    Raises
    ------
    NotNowError
        It is being restored.
    ConfigurationError
        Whoever restored it is gone.
    """
    marker = settings.data_dir / UNFINISHED
    try:
        told = marker.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return
    if _is_locked(settings.data_dir):
        raise NotNowError(f"a backup is being restored into this folder ({told})", remedy="wait until it is done")
    raise ConfigurationError(
        f"a backup was restored only in part ({told}): empty this folder and the database, and restore again",
        file=str(marker),
        key="TOCSIN_DATA_DIR",
    )


def _is_locked(folder: Path) -> bool:
    """Whether somebody works in the folder now."""
    with (folder / LOCK).open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
