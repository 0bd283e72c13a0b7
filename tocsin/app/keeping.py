"""Backups, restoring, moving from one database to another, retention; what is copied is compared with what was there.

A backup is a folder: ``store.sqlite`` (every row of the store, whatever database it lives in), ``files/`` (all else in
the data folder) and ``manifest.json``, written last: a folder without it is no backup. The service may go on working
while one is taken.
"""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import tocsin
from tocsin.app import retaining
from tocsin.app.clocks import SystemClock
from tocsin.app.folder import LOCK, UNFINISHED, locked, refuse_upgrade_beneath
from tocsin.app.retaining import Forgettable
from tocsin.domain.clock import Clock, iso_utc
from tocsin.domain.errors import ConflictError, NotNowError, RemoteError
from tocsin.settings import Settings, load_settings
from tocsin.store import Store
from tocsin.store.copying import TableSum
from tocsin.store.engines import parse_url
from tocsin.store.private import private_folder
from tocsin.workflow.after_restore import note_restored

MANIFEST = "manifest.json"
STORE = "store.sqlite"
FILES = "files"
#: Of an SQLite store that is being restored, on the disk at once: the copy it is read from, its log, and itself.
SQLITE_COPIES = 3
_OURS = ("tocsin.sqlite", "tocsin.sqlite-wal", "tocsin.sqlite-shm", LOCK, UNFINISHED)

#: Told what is being copied, and how much of it.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was copied: rows of the store and files, and where they are."""

    place: str
    rows: int
    files: int

    @property
    def words(self) -> str:
        """One line for a person."""
        return f"{self.place}: {self.rows} rows, {self.files} files, each compared with what it was copied from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Takes backups of one service, restores them, moves its store.

    Parameters
    ----------
    settings
        Where everything is stored.
    progress
        Told while it is copied.
    """

    settings: Settings
    clock: Clock
    progress: Progress = lambda _what, _number: None

    @classmethod
    def of_environment(cls, environment: Mapping[str, str], progress: Progress) -> Self:
        """Keeper of the service that these environment variables describe.

        Raises
        ------
        ConfigurationError
            A wrong setting.
        """
        return cls(settings=load_settings(environment), clock=SystemClock(), progress=progress)

    def back_up(self, folder: Path) -> Kept:
        """Copy everything stored into a new folder.

        Raises
        ------
        ConflictError
            The folder exists.
        """
        if folder.exists():
            raise ConflictError(f"{folder} exists", remedy="name a new folder for each backup")
        unfinished = folder.with_name(f".{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        private_folder(unfinished)
        try:
            with _full_in_words(unfinished):
                kept = self._back_up(unfinished)
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)  # else a full disk would stay full
            raise
        return replace(kept, place=str(folder))

    def _back_up(self, folder: Path) -> Kept:
        with self._open():  # brought up to this version, if no service of an older one is in the way
            sums = self._copy_store(self.settings.store_url, f"sqlite:///{folder / STORE}")
        files = _copy_files(self.settings.data_dir, folder / FILES, self.progress)
        manifest = {
            "made_utc": iso_utc(self.clock.now()),
            "version": tocsin.__version__,
            "tables": {name: asdict(table) for name, table in sums.items()},
            "store": _digest(folder / STORE),
            "files": files,
        }
        _write_whole(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
        return Kept(place=str(folder), rows=_rows(sums), files=len(files))

    def restore(self, folder: Path) -> Kept:
        """Put a backup, of this version or an older one, back into an empty store and data folder.

        Raises
        ------
        ConflictError
            The store or the folder is not empty, or the backup is not whole.
        """
        manifest, data = _manifest_of(folder), self.settings.data_dir
        marker = data / UNFINISHED
        if marker.exists():
            raise ConflictError(
                f"a backup is being restored into {data}, or was only in part ({marker.read_text(encoding='utf-8')})",
                remedy="wait; if nobody is at it, empty this folder and the database, and restore again",
            )
        if data.is_dir() and any(one.name not in _OURS for one in data.iterdir()):
            raise ConflictError(f"{data} is not empty", remedy="restore into a new data folder, or move this one away")
        files: Mapping[str, str] = manifest["files"]
        for file, digest in ((folder / STORE, manifest["store"]), *((folder / FILES / k, v) for k, v in files.items())):
            if _digest(file) != digest:
                raise ConflictError(f"{file} is damaged", remedy="use another backup")
        with _full_in_words(data), self._alone():
            self.require_room(folder)
            _write_whole(marker, f"from {folder}, begun {iso_utc(self.clock.now())}")
            with TemporaryDirectory(dir=data) as aside:  # an older backup is brought up to this version beside itself
                shutil.copy2(folder / STORE, Path(aside) / STORE)
                sums = self._copy_store(
                    f"sqlite:///{Path(aside) / STORE}", self.settings.store_url, restored_from=folder
                )
            _copy_files(folder / FILES, data, self.progress)
            marker.unlink()
        return Kept(place=str(data), rows=_rows(sums), files=len(files))

    def require_room(self, backup: Path) -> None:
        """Refuse to begin what the disk has no room for: an SQLite store is copied, then written twice (its log)."""
        copies = SQLITE_COPIES if self.settings.store_url.startswith("sqlite") else 1
        files = sum(file.stat().st_size for file in _files_of(backup / FILES))
        needed = copies * (backup / STORE).stat().st_size + files
        data = self.settings.data_dir
        if (free := shutil.disk_usage(data).free) < needed:
            raise ConflictError(
                f"{data} has {free / 1e6:.0f} MB free, and restoring needs {needed / 1e6:.0f} MB", remedy="make room"
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the data folder from any service meanwhile."""
        with ExitStack() as at_end:
            try:
                at_end.enter_context(locked(self.settings.data_dir))
            except NotNowError as error:
                raise ConflictError(error.message, remedy="stop it first") from error
            yield

    def move_store(self, url: str) -> Kept:
        """Copy everything of the store into another, empty one, e.g. from SQLite to PostgreSQL.

        Raises
        ------
        ConflictError
            The other store is not empty, or a service works on this one from the same folder.
        ConfigurationError
            The URL is of no database we know.
        """
        with self._alone():  # what a service wrote meanwhile would be missing there
            sums = self._copy_store(self.settings.store_url, url)
        return Kept(place=parse_url(url).render_as_string(), rows=_rows(sums), files=0)

    def outlook(self) -> Forgettable:
        """What the rules of retention would let go of now."""
        with self._open() as store:
            return retaining.outlook(store, self.clock, self.settings.retention)

    def forget(self) -> Forgettable:
        """Let go of it."""
        with self._open() as store:
            return retaining.forget(store, self.clock, self.settings.retention, actor="operator")

    @contextmanager
    def _open(self) -> Iterator[Store]:
        store = Store(self.settings.store_url, clock=self.clock)
        try:
            refuse_upgrade_beneath(self.settings, store)
            store.migrate()
            yield store
        finally:
            store.close()

    def _copy_store(self, from_url: str, to_url: str, *, restored_from: Path | None = None) -> Mapping[str, TableSum]:
        source = Store(from_url, clock=self.clock)
        target = Store(to_url, clock=self.clock)
        try:
            source.migrate()
            target.migrate()
            sums = source.copy_into(target, self.progress)
            if restored_from is not None:
                with target.begin() as work:
                    detail = {"rows": _rows(sums)}
                    work.audit("operator", "restored", str(restored_from), detail, self.clock.now())
                    note_restored(work, self.clock.now())
        finally:
            source.close()
            target.close()
        return sums


def _copy_files(source: Path, target: Path, progress: Progress) -> dict[str, str]:
    """SHA-256 of every file copied, by its path below `source`; what vanishes meanwhile was not there."""
    digests: dict[str, str] = {}
    for number, file in enumerate(_files_of(source), start=1):
        name = file.relative_to(source).as_posix()
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(file, place)
        except FileNotFoundError:
            continue
        digests[name] = _digest(place)
        progress("files", number)
    return digests


def _files_of(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not (file.parent == folder and file.name in _OURS):
            yield file


@contextmanager
def _full_in_words(folder: Path) -> Iterator[None]:
    """Name the disk that is full: a file that was being copied is named else, on whatever disk that is."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise RemoteError(f"the disk of {folder} is full", remedy="make room, and begin again") from error


def _manifest_of(folder: Path) -> Mapping[str, Any]:
    try:
        manifest: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConflictError(
            f"{folder} is no backup: {MANIFEST} is missing", remedy="it is written last: that backup was not finished"
        ) from error
    except ValueError as error:
        raise ConflictError(f"{folder / MANIFEST} is damaged: {error}", remedy="use another backup") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict) or "store" not in manifest:
        raise ConflictError(f"{folder / MANIFEST} is damaged: it names no files", remedy="use another backup")
    return manifest


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return file_digest(content, "sha256").hexdigest()
    except FileNotFoundError:
        return "missing"


def _write_whole(file: Path, content: str) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _rows(sums: Mapping[str, TableSum]) -> int:
    return sum(table.rows for table in sums.values())
