"""Events as JSON and back, without loss, for the store."""

import base64
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.events import Event, EventKind
from tocsin.domain.notices import Messenger, Phase, SkyMapReference

_TIMES = ("t0_utc", "first_issued_utc")
_TUPLES = ("aliases", "streams", "notice_keys")


def to_record(event: Event) -> dict[str, Any]:
    """JSON-able record of an event; `from_record` gives the same event back."""
    record = {f.name: getattr(event, f.name) for f in fields(event)}
    record |= {name: iso_utc(record[name]) for name in _TIMES}
    record |= {name: list(record[name]) for name in _TUPLES}
    return record | {
        "kind": event.kind.value,
        "phase": None if event.phase is None else event.phase.value,
        "messengers": [messenger.value for messenger in event.messengers],
        "labels": sorted(event.labels),
        "classification": dict(event.classification),
        "details": dict(event.details),
        "skymap": None if event.skymap is None else _skymap_record(event.skymap),
    }


def from_record(record: Mapping[str, Any]) -> Event:
    """Event of a record that `to_record` made; fields that a later version added and this one lacks are ignored.

    Raises
    ------
    KeyError
        The record has no ``id``, ``name`` or ``kind``.
    """
    known = {f.name for f in fields(Event)}
    values = {name: value for name, value in record.items() if name in known}
    values |= {name: _time(record.get(name)) for name in _TIMES}
    values |= {name: tuple(record.get(name, ())) for name in _TUPLES}
    phase, skymap = record.get("phase"), record.get("skymap")
    values |= {
        "id": record["id"],
        "name": record["name"],
        "kind": EventKind(record["kind"]),
        "phase": None if phase is None else Phase(phase),
        "messengers": tuple(Messenger(value) for value in record.get("messengers", ())),
        "labels": frozenset(record.get("labels", ())),
        "skymap": None if skymap is None else _skymap(skymap),
    }
    return Event(**values)


def _time(text: str | None) -> datetime | None:
    return None if text is None else to_utc(text)


def _skymap_record(skymap: SkyMapReference) -> dict[str, str | None]:
    content = None if skymap.content is None else base64.b64encode(skymap.content).decode()
    return {"url": skymap.url, "content": content}


def _skymap(record: Mapping[str, str | None]) -> SkyMapReference:
    content = record.get("content")
    return SkyMapReference(url=record.get("url"), content=None if content is None else base64.b64decode(content))
