"""Fermi GBM from HEASARC's folders: photon lists, binned spectra and trigger data, the highest version of each.

::

    {base}/triggers/YYYY/bnYYMMDDfff/{current|quicklook}/glg_tte_n3_bn080916009_v01.fit
    {base}/daily/YYYY/MM/DD/current/glg_ctime_n3_080916_v00.pha    glg_poshist_all_080916_v00.fit

A burst's own folder comes first; where GBM did not trigger, the day's continuous data. Of the fourteen detectors those
are taken that see the burst: the nearest to its direction, where one is known, else the brightest in the trigger data.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from acs_stream.gbm_detectors import (
    DETECTOR_NAMES,
    brightest_detectors,
    detectors_towards,
    poshist_attitude,
    trigdat_attitude,
)
from acs_stream.positions import read_poshist, read_trigdat_positions
from acs_stream.readers.content import load
from acs_stream.sources.gbm_curves import noted, summed_files
from acs_stream.sources.http import get
from acs_stream.sources.http_source import HttpSource
from acs_stream.sources.isdc import with_clock_error
from acs_stream.sources.listing import listed, newest_versions
from acs_stream.sources.model import Availability, AvailabilityState, FetchedLightCurve
from acs_stream.time_systems import utc_to_fermi_met
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.geometry import SpacecraftPosition

_FILE = re.compile(
    r"glg_(?P<product>tte|ctime|cspec|trigdat|poshist)_(?P<detector>n[0-9ab]|b[01]|all)"
    r"_(?:bn\d{9}|\d{6}(?:_(?P<hour>\d\d)z)?)_v(?P<version>\d\d)\.(?:fit|pha)(?:\.gz)?"
)
#: A trigger's data reach from some minutes before to ten after it: its name tells the time to 86 s.
BEFORE_S, AFTER_S, NAME_STEP_S = 150.0, 600.0, 86.4
#: Photon lists are waited for this many times the usual delay; then what there is serves.
TTE_PATIENCE = 4.0
#: Continuous data of a day come within this, d.
DAILY_WITHIN_D = 2.0
#: Products of a folder, the best first.
PREFERENCE = ("tte", "ctime", "cspec", "trigdat")
DETECTORS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """A listed folder: its address, and its newest files by product, detector and hour."""

    url: str
    files: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    def has(self, product: str) -> bool:
        return any(key[0] == product for key in self.files)

    def address(self, product: str, detector: str, hour: str = "") -> str | None:
        name = self.files.get((product, detector, hour))
        return None if name is None else f"{self.url}/{name}"

    def best(self) -> str | None:
        return next((product for product in PREFERENCE if self.has(product)), None)


class HeasarcGbmSource(HttpSource):
    """Fermi GBM at HEASARC.

    Parameters
    ----------
    instrument
        Entry of the instrument table; its `base_url` is the folder that holds ``triggers`` and ``daily``.
    clock
        Tells the time.
    transport
        For tests; None: the network.
    """

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """See `LightCurveSource`."""
        t0 = to_utc(t0_utc)
        if (never := self._never(t0)) is not None:
            return never
        try:
            return self._judge(t0, window_s, now)[0]
        except RemoteError as error:
            return self._unknown(error, now)

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `LightCurveSource`: the brightest detectors."""
        return self._fetch(to_utc(t0_utc), window_s, None)

    def fetch_towards(self, t0_utc: datetime, window_s: float, direction: tuple[float, float]) -> FetchedLightCurve:
        """See `DirectedSource`: the detectors that see the direction."""
        return self._fetch(to_utc(t0_utc), window_s, direction)

    def _judge(self, t0: datetime, window_s: float, now: datetime) -> tuple[Availability, _Folder | None]:
        """What there is, and the folder it is in."""
        delay = timedelta(seconds=self.table.typical_delay_s)
        retry = now + timedelta(seconds=max(self.table.retry_s, 60.0))
        folder = self._trigger_folder(t0, window_s)
        if folder is not None and folder.best() is not None:
            if not folder.has("tte") and now < t0 + TTE_PATIENCE * delay:
                reason = f"GBM triggered; there are {folder.best()} data, photon lists are waited for"
                return _expected(max(retry, t0 + delay), reason), folder
            name = folder.url.rsplit("/", 2)[-2]
            return _available(f"trigger {name}: {folder.best()}"), folder
        return self._judge_day(t0, now, retry)

    def _judge_day(self, t0: datetime, now: datetime, retry: datetime) -> tuple[Availability, _Folder | None]:
        """What there is where GBM did not trigger."""
        delay = timedelta(seconds=self.table.typical_delay_s)
        if now < t0 + delay:
            minutes = self.table.typical_delay_s / 60
            return _expected(t0 + delay, f"GBM's files come about {minutes:.0f} min after a trigger"), None
        day = self._daily_folder(t0)
        if day is not None and (_hourly(day, t0) or day.has("ctime") or day.has("cspec")):
            return _available(f"no trigger of GBM; continuous data of {t0:%Y-%m-%d}"), day
        if now < t0 + timedelta(days=DAILY_WITHIN_D):
            reason = "no trigger of GBM so far; continuous data come within two days"
            return _expected(max(retry, t0 + timedelta(hours=12)), reason), None
        if now < t0 + timedelta(seconds=self.table.give_up_after_s):
            return _expected(now + timedelta(hours=6), f"no GBM data of {t0:%Y-%m-%d} yet, and they are late"), None
        return Availability(state=AvailabilityState.NEVER, reason=f"HEASARC has no GBM data of {t0:%Y-%m-%d}"), None

    def _fetch(self, t0: datetime, window_s: float, direction: tuple[float, float] | None) -> FetchedLightCurve:
        self._refuse_never(t0)
        verdict, folder = self._judge(t0, window_s, self._clock.now())
        if verdict.state is AvailabilityState.EXPECTED and verdict.expected_utc is not None:
            raise DataNotYetError(verdict.reason, expected_utc=verdict.expected_utc)
        if folder is None or verdict.state is not AvailabilityState.AVAILABLE:
            raise ScienceError(verdict.reason)
        return self._from_folder(folder, t0, window_s, direction)

    def _from_folder(
        self, folder: _Folder, t0: datetime, window_s: float, direction: tuple[float, float] | None
    ) -> FetchedLightCurve:
        hour = f"{t0:%H}" if _hourly(folder, t0) else ""
        product = "tte" if hour else folder.best() or ""
        attitude, brightest, position = self._attitude(folder, t0)
        chosen = _chosen(attitude, brightest, direction)
        there = [name for name in chosen if folder.address(product, name, hour)] or [
            name for name in DETECTOR_NAMES if folder.address(product, name, hour)
        ][:DETECTORS]
        if product == "trigdat":
            there = ["all"]
        addresses = [address for name in there if (address := folder.address(product, name, hour))]
        contents = [load(get(self._client, address)) for address in addresses]
        columns = chosen if product == "trigdat" else ()
        channels, total = summed_files(contents, product, t0_utc=t0, window_s=window_s, columns=columns)
        note = f"{product} of {', '.join(chosen if product == 'trigdat' else there)}"
        return FetchedLightCurve(
            channels=tuple(with_clock_error(curve, self.table) for curve in channels),
            total=with_clock_error(noted(total, note), self.table),
            position=position,
            origin=" ".join(addresses),
            raw=b"".join(contents),
        )

    def _attitude(
        self, folder: _Folder, t0: datetime
    ) -> tuple[FloatArray | None, tuple[str, ...], SpacecraftPosition | None]:
        """Attitude, brightest detectors and position: from trigger data, else from the position history."""
        address = folder.address("trigdat", "all")
        if address is not None:
            content = load(get(self._client, address))
            places = read_trigdat_positions(content)
            return trigdat_attitude(content), brightest_detectors(content), _nearest(places, t0)
        address = folder.address("poshist", "all")
        if address is None:
            day = self._daily_folder(t0)
            address = None if day is None else day.address("poshist", "all")
        if address is None:
            return None, (), None
        content = load(get(self._client, address))
        return poshist_attitude(content, utc_to_fermi_met(t0)), (), _nearest(read_poshist(content), t0)

    def _trigger_folder(self, t0: datetime, window_s: float) -> _Folder | None:
        """Folder of the trigger nearest to T0 whose data hold a part of the window, None where there is none."""
        best: tuple[float, str] | None = None
        for year in sorted({(t0 + timedelta(seconds=s)).year for s in (-AFTER_S, AFTER_S)}):
            for name in listed(self._client, f"{self._base}/triggers/{year}") or ():
                since_s = _since_trigger(name, t0)
                if since_s is None or not -window_s - BEFORE_S <= -since_s <= window_s + AFTER_S:
                    continue
                if best is None or abs(since_s) < best[0]:
                    best = (abs(since_s), f"{self._base}/triggers/{year}/{name}")
        if best is None:
            return None
        for kind in ("current", "quicklook"):
            names = listed(self._client, f"{best[1]}/{kind}")
            folder = _Folder(url=f"{best[1]}/{kind}", files=_files(names or ()))
            if folder.best() is not None:
                return folder
        return _Folder(url=f"{best[1]}/current")

    def _daily_folder(self, t0: datetime) -> _Folder | None:
        url = f"{self._base}/daily/{t0:%Y/%m/%d}/current"
        names = listed(self._client, url)
        return None if names is None else _Folder(url=url, files=_files(names))


def _files(names: tuple[str, ...]) -> Mapping[tuple[str, str, str], str]:
    return {(key[0], key[1], key[2]): name for key, name in newest_versions(names, _FILE).items()}


def _since_trigger(name: str, t0: datetime) -> float | None:
    """Seconds from the trigger that a folder is named after to T0; None for other names."""
    found = re.fullmatch(r"bn(\d{6})(\d{3})", name)
    if found is None:
        return None
    try:
        day = to_utc(datetime.strptime(found[1], "%y%m%d"))  # noqa: DTZ007 - a date; to_utc makes it aware
    except ValueError:
        return None
    return (t0 - day).total_seconds() - int(found[2]) * NAME_STEP_S


def _hourly(folder: _Folder, t0: datetime) -> bool:
    return any(key[0] == "tte" and key[2] == f"{t0:%H}" for key in folder.files)


def _chosen(
    attitude: FloatArray | None, brightest: tuple[str, ...], direction: tuple[float, float] | None
) -> tuple[str, ...]:
    """Detectors to take: those that see the direction, else the brightest, else any."""
    if direction is not None and attitude is not None:
        return tuple(name for name, _ in detectors_towards(attitude, *direction, count=DETECTORS))
    return brightest or DETECTOR_NAMES


def _nearest(places: tuple[SpacecraftPosition, ...], t0: datetime) -> SpacecraftPosition | None:
    if not places:
        return None
    return places[int(np.argmin([abs((place.epoch_utc - t0).total_seconds()) for place in places]))]


def _available(reason: str) -> Availability:
    return Availability(state=AvailabilityState.AVAILABLE, reason=reason)


def _expected(at: datetime, reason: str) -> Availability:
    return Availability(state=AvailabilityState.EXPECTED, expected_utc=at, reason=reason)
