"""Where the files of the archive lie: a local folder, or any fsspec URL. The only I/O of the archive.

A file appears whole or not at all, and is on the disk when `write` returns; none is ever changed.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tocsin.domain.errors import RemoteError
from tocsin.domain.late import fsspec

#: Files being written begin so; readers pass them over.
HIDDEN = "."
#: Leftovers of a writer that was killed are removed when this old, s.
LEFTOVER_AGE_S = 3600.0


class Storage(Protocol):
    """Files by path relative to a root, ``/`` between folders."""

    @property
    def url(self) -> str:
        """Root, for people and lineage."""
        ...

    def names(self, folder: str) -> Sequence[str]:
        """Names in a folder, sorted, hidden ones left out; none where there is no folder."""
        ...

    def open(self, path: str) -> Any:
        """Readable, seekable binary file.

        Raises
        ------
        FileNotFoundError
            There is none.
        """
        ...

    def write(self, path: str, content: bytes) -> None:
        """New file with this content, durable when this returns.

        Raises
        ------
        RemoteError
            It could not be written; there is no file then.
        """
        ...

    def remove(self, path: str) -> None:
        """Remove a file; none there is no failure."""
        ...


def open_storage(url: str | Path) -> Storage:
    """Storage of a local folder (path or ``file://`` URL) or of any fsspec URL (``s3://...``, ``memory://...``)."""
    text = str(url)
    if text.startswith("file://"):
        return LocalStorage(Path(text.removeprefix("file://")))
    return FsspecStorage(text) if "://" in text else LocalStorage(Path(text))


@contextmanager
def _named_failure(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RemoteError(
            f"the archive cannot be {what}: {error}", remedy="look at the disk; tried again later"
        ) from error


class LocalStorage:
    """Files in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def url(self) -> str:
        """See `Storage`."""
        return str(self._root)

    def names(self, folder: str) -> Sequence[str]:
        """See `Storage`.

        A single listing may miss both a file removed meanwhile and the one that replaces it; two equal ones cannot.
        """
        found = self._list(folder)
        while found != (again := self._list(folder)):
            found = again
        return found

    def _list(self, folder: str) -> list[str]:
        with _named_failure("listed"):
            try:
                return sorted(path.name for path in (self._root / folder).iterdir() if not path.name.startswith(HIDDEN))
            except (FileNotFoundError, NotADirectoryError):
                return []

    def open(self, path: str) -> Any:
        """See `Storage`."""
        with _named_failure("read"):
            return (self._root / path).open("rb")

    def write(self, path: str, content: bytes) -> None:
        """See `Storage`: temporary file, fsync, rename, fsync of the folder."""
        target = self._root / path
        waiting = target.with_name(f"{HIDDEN}{target.name}.{secrets.token_hex(4)}")
        with _named_failure("written"):
            _make_folder(target.parent)
            try:
                self._put(waiting, content)
                self._show(waiting, target)
            except OSError:
                waiting.unlink(missing_ok=True)
                raise

    def _put(self, waiting: Path, content: bytes) -> None:
        with waiting.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _show(self, waiting: Path, target: Path) -> None:
        waiting.rename(target)
        _sync_folder(target.parent)
        _remove_leftovers(target)

    def remove(self, path: str) -> None:
        """See `Storage`."""
        with _named_failure("cleared"):
            (self._root / path).unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each durable in the one above."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_leftovers(fresh: Path) -> None:
    """Remove files half written long before a fresh one, on the clock of the disk they share."""
    limit_s = fresh.stat().st_mtime - LEFTOVER_AGE_S
    for path in fresh.parent.glob(f"{HIDDEN}part-*"):
        if path.stat().st_mtime < limit_s:
            path.unlink(missing_ok=True)


class FsspecStorage:
    """Files at an fsspec URL; object stores show an object only when it is whole."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._files, root = fsspec.core.url_to_fs(url)
        self._root = str(root).rstrip("/")

    @property
    def url(self) -> str:
        """See `Storage`."""
        return self._url

    def names(self, folder: str) -> Sequence[str]:
        """See `Storage`."""
        with _named_failure("listed"):
            try:
                found = self._files.ls(self._path(folder), detail=False, refresh=True)
            except (FileNotFoundError, NotADirectoryError):
                return []
        names = (str(path).rstrip("/").rsplit("/", 1)[-1] for path in found)
        return sorted(name for name in names if not name.startswith(HIDDEN))

    def open(self, path: str) -> Any:
        """See `Storage`."""
        with _named_failure("read"):
            return self._files.open(self._path(path), "rb")

    def write(self, path: str, content: bytes) -> None:
        """See `Storage`: under another name first, for stores that show what is half written."""
        target = self._path(path)
        folder, _, name = target.rpartition("/")
        waiting = f"{folder}/{HIDDEN}{name}.{secrets.token_hex(4)}"
        with _named_failure("written"):
            self._files.makedirs(folder, exist_ok=True)
            self._files.pipe_file(waiting, content)
            self._files.mv(waiting, target)

    def remove(self, path: str) -> None:
        """See `Storage`."""
        with _named_failure("cleared"):
            try:
                self._files.rm_file(self._path(path))
            except FileNotFoundError:
                return

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root
