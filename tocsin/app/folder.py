"""The data folder: one service works in it, or a backup is being restored into it, or was only half restored."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tocsin.domain.errors import ConfigurationError, NotNowError
from tocsin.settings import Settings
from tocsin.store import Store
from tocsin.store.opening import failing_in_words
from tocsin.store.private import private_folder
from tocsin.store.schema import newest_revision, revisions

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
    private_folder(folder)
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
    if _is_locked(settings.data_dir / LOCK):
        raise NotNowError(f"a backup is being restored into this folder ({told})", remedy="wait until it is done")
    raise ConfigurationError(
        f"a backup was restored only in part ({told}): empty this folder and the database, and restore again",
        file=str(marker),
        key="TOCSIN_DATA_DIR",
    )


def refuse_upgrade_beneath(settings: Settings, store: Store) -> None:
    """Refuse to change the schema of a store on which a service of an older version works, from this folder.

    It would go on with statements that were written for another schema.

    Raises
    ------
    NotNowError
        One does, and its schema is older than this code's.
    """
    others = [
        who for who in map(_holder, sorted(settings.data_dir.glob("*.lock"))) if who not in {"", str(os.getpid())}
    ]
    if not others:
        return
    with failing_in_words(store.url):
        found = store.schema_revision()
    if found in revisions()[:-1]:
        raise NotNowError(
            f"a service of an older version (process {', '.join(others)}) works on this store: it has schema {found}, "
            f"and this version would change it to {newest_revision()} beneath it",
            remedy="stop that service first, or use its own version for this",
        )


def _holder(lock: Path) -> str:
    """Process that holds a lock, ``unknown`` where it could not write its number; empty where nobody does."""
    return lock.read_text(encoding="utf-8").strip() or "unknown" if _is_locked(lock) else ""


def _is_locked(lock: Path) -> bool:
    """Whether somebody holds it now."""
    with lock.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
