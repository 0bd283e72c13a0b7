"""How much of the archive was given out: a line for each request in a file for each month, and their sums.

Who asked is kept as a digest with a salt of this service alone, so that visitors can be counted and not named.
"""

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tocsin.domain.clock import iso_utc

DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTotals:
    """Sums since the first request.

    Parameters
    ----------
    requests
        Answered with data.
    refused
        Answered with a reason instead.
    visitors
        Different askers of data.
    bytes
        Of all answers together, before compression.
    since_utc
        First request; None where there was none.
    """

    requests: int = 0
    refused: int = 0
    visitors: int = 0
    bytes: int = 0
    since_utc: str | None = None


class UsageBook:
    """Requests of partners, kept in a folder.

    Parameters
    ----------
    folder
        Made with the first request.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[str, int] = {}
        self._counts = {"requests": 0, "refused": 0, "bytes": 0}
        self._visitors: set[str] = set()
        self._since: str | None = None

    def add(self, *, at_utc: datetime, asker: str, what: str, form: str, sent_bytes: int | None) -> None:
        """Keep one request; `sent_bytes` None: it was refused. A full disk costs the count, never the answer."""
        row = {"utc": iso_utc(at_utc), "what": what, "form": form, "bytes": sent_bytes}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            row["visitor"] = hashlib.sha256(self._salt() + asker.encode()).hexdigest()[:DIGITS]
            path = self._folder / f"archive-{at_utc:%Y-%m}.jsonl"
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                os.write(handle, json.dumps(row, separators=(",", ":")).encode() + b"\n")
            finally:
                os.close(handle)
        except OSError:
            return

    def totals(self) -> UsageTotals:
        """Sums of all that is kept, by whatever process."""
        with self._lock:
            for path in sorted(self._folder.glob("archive-*.jsonl")) if self._folder.is_dir() else []:
                for row in self._fresh(path):
                    self._count(row)
            return UsageTotals(**self._counts, visitors=len(self._visitors), since_utc=self._since)

    def _fresh(self, path: Path) -> Iterator[dict[str, Any]]:
        """Rows not counted yet; a line that is being written is left for the next time, a broken one is passed over."""
        with path.open("rb") as file:
            file.seek(self._read.get(path.name, 0))
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._read[path.name] = self._read.get(path.name, 0) + len(whole)
        for line in whole.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row

    def _count(self, row: dict[str, Any]) -> None:
        stamp = str(row.get("utc", ""))
        self._since = min(self._since or stamp, stamp)
        if row.get("bytes") is None:
            self._counts["refused"] += 1
            return
        self._counts["requests"] += 1
        self._counts["bytes"] += int(row["bytes"])
        self._visitors.add(str(row.get("visitor")))

    def _salt(self) -> bytes:
        path = self._folder / "salt"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            try:
                with path.open("xb") as file:
                    file.write(secrets.token_bytes(16))
            except FileExistsError:
                pass
            return path.read_bytes()
