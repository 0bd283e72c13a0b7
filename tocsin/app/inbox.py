"""The inbox: notices that files of other instruments have arrived, and says so once the folder is quiet again."""

import stat
from collections.abc import Callable
from pathlib import Path


class InboxWatch:
    """Looks at a folder and tells when files came or changed since the last look.

    Parameters
    ----------
    folder
        The inbox; it may come into being later.
    on_change
        Called after a change, once two looks in a row saw the same files, so that none is half written.
    """

    def __init__(self, folder: Path, on_change: Callable[[], None]) -> None:
        self._folder = folder
        self._on_change = on_change
        self._told = self._seen = self._state()

    def look(self) -> None:
        """Look once."""
        now = self._state()
        if now == self._seen and now != self._told:
            self._told = now
            self._on_change()
        self._seen = now

    def _state(self) -> frozenset[tuple[str, int, int]]:
        if not self._folder.is_dir():
            return frozenset()
        found = [path for path in self._folder.rglob("*") if not path.name.startswith(".")]
        return frozenset(stamp for path in found if (stamp := _stamp(path)) is not None)


def _stamp(path: Path) -> tuple[str, int, int] | None:
    """Name, time and size of a file; None for what is none, or has gone meanwhile."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (str(path), status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None
