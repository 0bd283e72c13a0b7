"""Search of the whole archive, day by day, on the cores of this machine or on a dask cluster.

Each day's result is a file of its own, written whole or not at all: a search that was stopped, by whatever, goes on
with the days that have none. A day whose data have changed since is searched again.
"""

import importlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from acs_stream.archive.day_search import day_key, search_archive_day, trailing_triggers
from acs_stream.archive.rate_archive import RateArchive
from tocsin.domain.errors import ConfigurationError

#: Days handed to the cluster ahead of its workers: enough to keep them busy, few enough to lose little.
AHEAD_PER_WORKER = 3
#: Days that live searches compare with, and some more.
KEPT_DAYS = 62
#: How long to wait for a scheduler, s.
SCHEDULER_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSearch:
    """A search of an archive.

    Parameters
    ----------
    url
        The archive; workers elsewhere must reach it under the same name.
    instrument
        Whose rates.
    out
        Folder of the results.
    start, stop
        Days, the last not included; None: all there are.
    """

    url: str
    instrument: str
    out: Path
    start: date | None = None
    stop: date | None = None

    def days(self) -> tuple[date, ...]:
        """Days of the archive within the limits."""
        return tuple(
            day
            for day in RateArchive(self.url).days(self.instrument)
            if (self.start is None or day >= self.start) and (self.stop is None or day < self.stop)
        )

    def undone(self, days: Sequence[date]) -> list[date]:
        """Days without a result of the data as they are now."""
        archive = RateArchive(self.url)
        return [day for day in days if (self.result(day) or {}).get("key") != day_key(archive, self.instrument, day)]

    def result(self, day: date) -> Mapping[str, Any] | None:
        """Result of a day, None where there is none that can be read."""
        try:
            record = json.loads(self._path(day).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def keep(self, record: Mapping[str, Any]) -> None:
        """Keep the result of a day; it is whole on the disk when this returns."""
        path = self._path(date.fromisoformat(str(record["day"])))
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)

    def triggers(self, days: Sequence[date], *, far_per_day: float) -> list[dict[str, Any]]:
        """Rare excesses of the days that are done; see `trailing_triggers`."""
        records = [record for day in days if (record := self.result(day)) is not None]
        return trailing_triggers(records, far_per_day=far_per_day)

    def _path(self, day: date) -> Path:
        return self.out / f"instrument={quote(self.instrument, safe='')}" / f"day={day.isoformat()}.json"


def search_finished_days(search: ArchiveSearch, now: datetime, stop: threading.Event) -> int:
    """Search the days of the last two months that have ended and have no result; number of those searched.

    Parameters
    ----------
    search
        See `ArchiveSearch`.
    now
        A day has ended an hour after its last midnight: late packets have come by then.
    stop
        Set: no further day is begun.
    """
    latest = (now - timedelta(hours=1)).date()
    days = [day for day in search.days() if latest - timedelta(days=KEPT_DAYS) <= day < latest]
    done = 0
    for day in search.undone(days):
        if stop.is_set():
            break
        search.keep(search_archive_day(search.url, search.instrument, day))
        done += 1
    return done


def run_search(
    search: ArchiveSearch,
    days: Sequence[date],
    *,
    scheduler: str,
    workers: int,
    on_day: Callable[[Mapping[str, Any]], None],
) -> None:
    """Search days on a cluster and keep each result as it comes.

    Parameters
    ----------
    search
        See `ArchiveSearch`.
    days
        Those to do.
    scheduler
        ``local``, or the address of a dask scheduler.
    workers
        Processes of a local cluster.
    on_day
        Told of each day that is done.

    Raises
    ------
    ConfigurationError
        dask is not installed, or there is no scheduler at the address.
    RemoteError
        The archive does not answer; what is done is kept.
    """
    with _client(scheduler, workers) as client:
        waiting = iter(days)
        ahead = AHEAD_PER_WORKER * max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
        first = [_submitted(client, search, day) for day, _ in zip(waiting, range(ahead), strict=False)]
        running = _distributed().as_completed(first)
        for future in running:
            record = future.result()
            search.keep(record)
            on_day(record)
            following = next(waiting, None)
            if following is not None:
                running.add(_submitted(client, search, following))


def _submitted(client: Any, search: ArchiveSearch, day: date) -> Any:
    return client.submit(search_archive_day, search.url, search.instrument, day, pure=False, retries=2)


def _distributed() -> Any:
    """The extra, which is slow to import."""
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        words = f"dask.distributed is not installed (missing: {error.name}): pip install 'tocsin[server,bulk]'"
        raise ConfigurationError(words, file="command line", key="--scheduler") from error


@contextmanager
def _client(scheduler: str, workers: int) -> Iterator[Any]:
    dask = _distributed()
    with ExitStack() as stack:
        try:
            if scheduler == "local":
                cluster = dask.LocalCluster(
                    n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
                )
                client = stack.enter_context(dask.Client(stack.enter_context(cluster)))
            else:
                client = stack.enter_context(dask.Client(scheduler, timeout=SCHEDULER_S))
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            words = f"no dask scheduler answers at {scheduler}: {error}"
            raise ConfigurationError(words, file="command line", key="--scheduler") from error
        yield client
