"""One day of the archive searched again: what each worker of a whole-archive search does. Pure but for reading.

A day is read with a margin on either side, so that a burst over midnight is whole, and each excess is counted on the
day its window begins.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from acs_stream.archive.days import midnight_tt_us
from acs_stream.archive.merging import without_overlaps
from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import to_light_curve
from acs_stream.excesses import excess_to_json
from acs_stream.far_history import RANK_VERSION, ExcessKind, FarHistory
from acs_stream.search_day import search_day
from acs_stream.time_systems import SECOND_US, tt_us_to_utc
from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import ScienceError

MARGIN_S = 600.0
#: Version of what a day's record holds.
RECORD_VERSION = 1
#: Days before, whose background a day's excesses are compared with.
TRAILING_DAYS = 30


def day_key(archive: RateArchive, instrument: str, day: date) -> str:
    """What a day's result depends on: versions, and the parts of the day; another key means search again."""
    parts = ",".join(archive.parts_of(instrument, day))
    return f"{RECORD_VERSION}.{RANK_VERSION}:{parts}"


def search_archive_day(url: str, instrument: str, day: date) -> Mapping[str, Any]:
    """Record of a day, JSON-able: ``excesses`` with ``t0_utc``, ``history`` for others' false-alarm rates, ``live_s``.

    A day that cannot be searched honestly has a ``reason`` instead.

    Raises
    ------
    RemoteError
        The archive does not answer.
    """
    archive = RateArchive(url)
    head: dict[str, Any] = {
        "key": day_key(archive, instrument, day),
        "instrument": instrument,
        "day": day.isoformat(),
        "live_s": 0.0,
        "excesses": [],
        "history": None,
        "reason": "",
    }
    first, last = midnight_tt_us(day), midnight_tt_us(day + timedelta(days=1))
    margin = round(MARGIN_S * SECOND_US)
    try:
        rows = without_overlaps(archive.rows_between(instrument, first - margin, last + margin))
        zero = tt_us_to_utc(first)
        found = search_day(to_light_curve(rows, instrument=instrument, t0_utc=zero))
    except ScienceError as error:
        return head | {"reason": error.message}
    length_s = (last - first) / SECOND_US
    excesses = [
        {"t0_utc": iso_utc(zero + timedelta(seconds=one.t_s - one.scale_s / 2)), **excess_to_json(one)}
        for one in found.excesses
        if 0.0 <= one.t_s - one.scale_s / 2 < length_s
    ]
    return head | {"live_s": found.live_s, "excesses": excesses, "history": found.history.to_record()}


def trailing_triggers(records: Sequence[Mapping[str, Any]], *, far_per_day: float) -> list[dict[str, Any]]:
    """Excesses that noise and spikes make seldom, with the rate of such in the 30 days before, in order of time.

    Parameters
    ----------
    records
        Of `search_archive_day`, of one instrument.
    far_per_day
        Largest false-alarm rate by the model of noise and spikes, 1/day.

    Notes
    -----
    The background that rates are counted in holds the bursts themselves, some 0.3 a day: no burst is rarer than bursts
    are. So the model says what is listed, and ``far_hz`` says how often anything as loud came, of whatever origin.
    """
    by_day = {date.fromisoformat(one["day"]): one for one in records if one["history"] is not None}
    histories = {day: FarHistory.from_record(one["history"]) for day, one in by_day.items()}
    found: list[dict[str, Any]] = []
    for day in sorted(by_day):
        before = [histories[d] for d in histories if 0 < (day - d).days <= TRAILING_DAYS]
        trailing = FarHistory.joined(before) if before else None
        for excess in by_day[day]["excesses"]:
            if float(excess["far_model_hz"]) * 86_400.0 > far_per_day:
                continue
            kind = ExcessKind.SPIKE_LIKE if excess["is_spike_like"] else ExcessKind.OTHER
            measured = None if trailing is None else trailing.rate(kind, float(excess["rank"]))
            far_hz = float(excess["far_hz"]) if measured is None else measured.far_hz
            source = excess["far_source"] if measured is None else measured.source.value
            found.append({**excess, "far_hz": far_hz, "far_source": source, "trailing_days": len(before)})
    return found
