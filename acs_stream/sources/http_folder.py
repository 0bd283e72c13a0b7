"""A folder that a web server lists (an IPN or team folder): new files are taken into a folder of this machine.

The address may hold strftime fields, filled with T0: ``https://host/ipn/%Y%m%d/``. What is taken is read as every file
of the inbox is: format and instrument by the content.
"""

from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path

import httpx

from acs_stream.instruments import Instrument
from acs_stream.sources.folder import LARGEST_BYTES, FolderSource
from acs_stream.sources.http import NotThereError, get
from acs_stream.sources.http_source import HttpSource
from acs_stream.sources.listing import listed
from acs_stream.sources.model import Availability, AvailabilityState, FetchedLightCurve
from tocsin.domain.clock import Clock, to_utc
from tocsin.domain.errors import RemoteError

#: At most so many files are taken at a time.
MOST_FILES = 200
ALWAYS = ("*.eph",)


class HttpFolderSource(HttpSource):
    """Files of one instrument in a folder that a web server lists.

    Parameters
    ----------
    instrument
        Entry of the instrument table; of the files listed, those are taken that fit its `files`, and ``*.eph``.
    folder
        Where they are put: a folder of this source alone.
    clock
        Tells the time.
    transport
        For tests; None: the network.
    """

    def __init__(
        self, instrument: Instrument, *, folder: Path, clock: Clock, transport: httpx.BaseTransport | None = None
    ) -> None:
        super().__init__(instrument, clock=clock, transport=transport)
        self._folder = folder
        self._files = FolderSource(instrument, folder=folder, clock=clock)
        self._looked: dict[str, float] = {}

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """See `LightCurveSource`."""
        t0 = to_utc(t0_utc)
        if (never := self._never(t0)) is not None:
            return never
        try:
            self._take(t0)
        except RemoteError as error:
            verdict = self._files.availability(t0, window_s, now)
            if verdict.state is AvailabilityState.AVAILABLE:
                return verdict
            return self._unknown(error, now)
        return self._files.availability(t0, window_s, now)

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `LightCurveSource`."""
        t0 = to_utc(t0_utc)
        self._refuse_never(t0)
        self._take(t0)
        return self._files.fetch(t0, window_s)

    def _take(self, t0: datetime) -> None:
        """Take new files of the folder; the server is not asked again within `retry_s`."""
        url = t0.strftime(self.table.base_url).rstrip("/")
        now_s = self._clock.monotonic_s()
        if url in self._looked and now_s - self._looked[url] < self.table.retry_s:
            return
        names = listed(self._client, url) or ()
        wanted = [name for name in names if any(fnmatch(name, one) for one in (*self.table.files, *ALWAYS))]
        for name in wanted[:MOST_FILES]:
            target = self._folder / name
            if target.exists() or name.startswith("."):
                continue
            try:
                content = get(self._client, f"{url}/{name}")
            except NotThereError:
                continue
            if 0 < len(content) <= LARGEST_BYTES:
                self._folder.mkdir(parents=True, exist_ok=True)
                waiting = target.with_name(f".{name}.new")
                waiting.write_bytes(content)
                waiting.rename(target)
        self._looked[url] = now_s
