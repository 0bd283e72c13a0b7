"""Rates of the streams that are searched, measured on what the store holds: each event once, whoever saw it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin.domain.products import may_see
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from triggers.coincidence import YEAR_S
from triggers.coincidence_config import CoincidenceBook, Stream
from triggers.companions import is_no_burst
from triggers.event import from_record

#: The store's own rate is used from so many days and events on.
LEAST_DAYS = 20.0
LEAST_EVENTS = 10
#: No further back than this, days.
SPAN_DAYS = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRate:
    """Rate of a stream.

    Parameters
    ----------
    stream
        Its name.
    rate_hz
        What is used, Hz.
    is_measured
        It is the store's own; otherwise that of ``coincidence.toml``.
    events, days
        What the store holds.
    source
        Where the rate is from, in words.
    """

    stream: str
    rate_hz: float
    is_measured: bool
    events: int
    days: float
    source: str


def stream_rates(
    work: UnitOfWork, book: CoincidenceBook, *, until_utc: datetime, clearance: frozenset[str] | None = None
) -> dict[str, StreamRate]:
    """Rate of each stream, by name.

    Parameters
    ----------
    work
        The store.
    book
        The streams, with the rates to start from.
    until_utc
        Only events before.
    clearance
        Only events of these labels at most (None: all), so that no rate tells of what may not be seen.
    """
    since = until_utc - timedelta(days=SPAN_DAYS)
    counts = dict.fromkeys(book.streams, 0)
    earliest = until_utc
    for row in work.events_between(since, until_utc):
        if not row.summary_record or (clearance is not None and not may_see(row.labels, clearance)):
            continue
        earliest = min(earliest, row.t0_utc or until_utc)
        event = from_record(row.summary_record)
        stream = book.stream_of(event)
        if stream is not None and not (event.is_test or event.is_retracted or event.is_stale or is_no_burst(event)):
            counts[stream.name] += 1
    days = (until_utc - earliest).total_seconds() / 86400.0
    return {name: _rate(stream, counts[name], days) for name, stream in book.streams.items()}


def rates_of_the_day(
    work: UnitOfWork, book: CoincidenceBook, *, until_utc: datetime, clearance: frozenset[str]
) -> dict[str, StreamRate]:
    """As `stream_rates`, counted once for each day and audience."""
    key = f"stream-rates/{'+'.join(sorted(clearance))}"
    day = f"{until_utc:%Y-%m-%d}"
    kept = work.meta(key)
    if kept is not None and (record := json.loads(kept))["day"] == day:
        found = {row["stream"]: StreamRate(**row) for row in record["rates"]}
        if found.keys() == book.streams.keys():
            return found
    rates = stream_rates(work, book, until_utc=until_utc, clearance=clearance)
    work.set_meta(key, json.dumps({"day": day, "rates": [asdict(rate) for rate in rates.values()]}))
    return rates


def rates_now(context: Context) -> list[dict[str, Any]]:
    """Rate of each stream now, JSON-able, with that of the book beside it."""
    book = context.rules.book.coincidence
    with context.store.read() as work:
        found = stream_rates(work, book, until_utc=context.clock.now())
    return [
        asdict(rate)
        | {"per_year": rate.rate_hz * YEAR_S, "of_the_book_per_year": book.streams[rate.stream].rate_hz * YEAR_S}
        for rate in found.values()
    ]


def _rate(stream: Stream, events: int, days: float) -> StreamRate:
    is_measured = days >= LEAST_DAYS and events >= LEAST_EVENTS
    return StreamRate(
        stream=stream.name,
        rate_hz=events / (days * 86400.0) if is_measured else stream.rate_hz,
        is_measured=is_measured,
        events=events,
        days=days,
        source=f"{events} events in {days:.1f} days of this store" if is_measured else stream.source,
    )
