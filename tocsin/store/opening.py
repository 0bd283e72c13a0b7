"""A database that cannot be opened, in words: what it answers, and what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from tocsin.domain.errors import RemoteError

#: What SQLite answers, by the name of its code, and what to do.
_OF_SQLITE = {
    "SQLITE_BUSY": "another process has been writing to it for half a minute: see which (fuser names it)",
    "SQLITE_CANTOPEN": "see that the folder exists, and that this user may write there",
    "SQLITE_READONLY": "let this user write to the file and its folder",
    "SQLITE_FULL": "free some space on its disk, then start again: nothing acknowledged is lost",
    "SQLITE_IOERR": "see whether its disk is full or failing (dmesg, df)",
    "SQLITE_CORRUPT": "it is damaged: move it away and restore a backup (tocsin restore)",
    "SQLITE_NOTADB": "it is no SQLite file: move it away and restore a backup (tocsin restore)",
}
#: What PostgreSQL answers, by the first characters of its code.
_OF_POSTGRESQL = {
    "25006": "it is a copy that follows another server: promote it, or let store.url name the one that is written to",
    "28": "see user and password in store.url, and pg_hba.conf of the server",
    "3D": "make it: createdb",
    "42501": "its user must own the database or be granted CREATE on schema public",
    "53100": "free some space on the server's disk",
    "53300": "it has no connection left: raise max_connections, or put a pool before it",
    "57P03": "it is starting or stopping: try again in a moment",
}
_SEE = "see whether it runs and lets us in"


@contextmanager
def failing_in_words(url: URL) -> Iterator[None]:
    """Turn what a database answers that cannot be opened or written to into words; bugs of ours stay as they are.

    Raises
    ------
    RemoteError
        It is out of reach, does not let us in, is full or damaged.
    """
    try:
        yield
    except DBAPIError as error:
        remedy = _remedy(error.orig)
        if remedy is None:
            raise
        said = " ".join(str(error.orig).split())
        raise RemoteError(f"the database {url.render_as_string()} cannot be used: {said}", remedy=remedy) from error


def _remedy(said: BaseException | None) -> str | None:
    """What to do about what a driver says; None where it is a bug."""
    if isinstance(said, sqlite3.Error):
        name = getattr(said, "sqlite_errorname", "")
        return next((words for code, words in _OF_SQLITE.items() if name.startswith(code)), None)
    state = getattr(said, "sqlstate", None) or ""
    known = next((words for code, words in _OF_POSTGRESQL.items() if state.startswith(code)), None)
    # Without a code nobody answered, or said why only in words.
    return known or (_SEE if not state and type(said).__name__ == "OperationalError" else None)
