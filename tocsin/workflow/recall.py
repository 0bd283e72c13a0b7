"""Recall: events and notices of the store as values, without parsing again what was parsed a moment ago.

What is remembered is remembered by the text it was parsed from, so it is never out of date.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache

from listeners.record import from_record as notice_from_record
from tocsin.domain.events import Event, StoredNotice
from tocsin.domain.notices import Notice
from tocsin.store import UnitOfWork
from tocsin.store.columns import from_json
from triggers.event import from_record as event_from_record
from triggers.event import summarise

#: Texts of a few kB each; an event has another with each of its notices. They are all in use within hours of any
#: traffic, so that memory does not grow with them for a day.
NOTICES, EVENTS = 384, 128
#: Events at hand.
SUMS = 128
_LOCK = threading.Lock()
_SUMS: dict[tuple[object, ...], tuple[list[Notice], Event]] = {}


def stored_notices(work: UnitOfWork, event_id: str) -> list[StoredNotice]:
    """All notices of an event, in order of reception."""
    return [
        StoredNotice(
            key=row.key,
            notice=_notice(row.record_text),
            event_id=event_id,
            received_utc=row.received_utc,
            raw_sha256=row.raw_sha256,
        )
        for row in work.notice_texts(event_id)
    ]


def known_events(work: UnitOfWork, event_ids: Sequence[str]) -> list[tuple[Event, frozenset[str]]]:
    """Events as computed from all their notices, with their labels, in the order of their identifiers."""
    return [(_event(text), labels) for text, labels in work.event_texts(event_ids)]


def summed_up(event_id: str, notices: Sequence[StoredNotice]) -> Event:
    """Event that notices tell, as `triggers.event.summarise`; not worked out again for the same ones."""
    key = (event_id, *((one.key, one.received_utc, one.raw_sha256, id(one.notice)) for one in notices))
    found = _SUMS.get(key)
    if found is None:
        # The notices are kept with the sum, so that no other can have the place in memory by which they are known.
        found = [one.notice for one in notices], summarise(event_id, notices)
        with _LOCK:
            _SUMS[key] = found
            while len(_SUMS) > SUMS:
                del _SUMS[next(iter(_SUMS))]
    return found[1]


@lru_cache(maxsize=NOTICES)
def _notice(text: str) -> Notice:
    return notice_from_record(from_json(text))


@lru_cache(maxsize=EVENTS)
def _event(text: str) -> Event:
    return event_from_record(from_json(text))
