"""Background of days before, as `tocsin search-archive --out DATA/searches` keeps it, for false-alarm rates."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from acs_stream.far_history import FarHistory

#: Days before an event whose background counts, and how many there must be.
TRAILING_DAYS, FEWEST_DAYS = 90, 30
#: A day of which less was searched than this (data about one event, say) does not count, s.
LEAST_LIVE_S = 21_600.0


class TrailingFolder:
    """Histories of searched days in a folder, ``instrument=NAME/day=YYYY-MM-DD.json``; each is read once.

    Parameters
    ----------
    folder
        Where they are; it need not exist.
    days, fewest
        How many days before count, and how many there must be.
    """

    def __init__(self, folder: Path, *, days: int = TRAILING_DAYS, fewest: int = FEWEST_DAYS) -> None:
        """Nothing is read yet."""
        self._folder = folder
        self._days = days
        self._fewest = fewest
        self._read: dict[Path, FarHistory | None] = {}

    def __call__(self, instrument: str, t0_utc: datetime) -> FarHistory | None:
        """Background of the days before that of T0; None where too few of them are known."""
        where = self._folder / f"instrument={quote(instrument, safe='')}"
        if not where.is_dir():
            return None
        days = (t0_utc.date() - timedelta(days=k) for k in range(1, self._days + 1))
        found = [one for day in days if (one := self._history(where, day)) is not None and one.live_s >= LEAST_LIVE_S]
        return FarHistory.joined(found) if len(found) >= self._fewest else None

    def _history(self, where: Path, day: date) -> FarHistory | None:
        path = where / f"day={day.isoformat()}.json"
        if path not in self._read and path.exists():
            self._read[path] = _parsed(path)
        return self._read.get(path)


def _parsed(path: Path) -> FarHistory | None:
    """History in a file; None where it has none, or one of an older search."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))["history"]
        return None if record is None else FarHistory.from_record(record)
    except (OSError, ValueError, KeyError, TypeError):
        return None
