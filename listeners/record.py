"""Notices as JSON-able records for the store, and back, without loss.

A sky map's bytes are not in the record: its URL and digest are. The bytes stay in the raw notice it came in; decoding
that again brings them back.
"""

from collections.abc import Mapping
from typing import Any

from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.notices import Messenger, Notice, Phase, Role, SkyMapReference

#: Version of the form below; records of an unknown one are refused.
VERSION = 1
_PLAIN = (
    "stream",
    "notice_type",
    "notice_id",
    "is_test",
    "is_retraction",
    "is_stale",
    "ra_deg",
    "dec_deg",
    "error_radius_deg",
    "error_containment",
    "far_hz",
    "signal_to_noise",
)


def to_record(notice: Notice) -> dict[str, Any]:
    """JSON-able record of a notice."""
    skymap = notice.skymap
    return {
        "version": VERSION,
        **{name: getattr(notice, name) for name in _PLAIN},
        "event_ids": list(notice.event_ids),
        "role": notice.role.value,
        "phase": None if notice.phase is None else notice.phase.value,
        "messenger": None if notice.messenger is None else notice.messenger.value,
        "t0_utc": iso_utc(notice.t0_utc),
        "issued_utc": iso_utc(notice.issued_utc),
        "classification": dict(notice.classification),
        "skymap": None if skymap is None else {"url": skymap.url, "sha256": skymap.sha256},
        "references": list(notice.references),
        "labels": sorted(notice.labels),
        "dropped_fields": list(notice.dropped_fields),
        "details": dict(notice.details),
    }


def from_record(record: Mapping[str, Any]) -> Notice:
    """Notice of a record; a sky map that the notice held has its digest, not its bytes.

    Raises
    ------
    ValueError
        The record is of a version this code does not know.
    """
    if record.get("version") != VERSION:
        raise ValueError(f"a notice record of version {record.get('version')!r}; this code knows {VERSION}")
    return Notice(
        **{name: record[name] for name in _PLAIN},
        event_ids=tuple(record["event_ids"]),
        role=Role(record["role"]),
        phase=None if record["phase"] is None else Phase(record["phase"]),
        messenger=None if record["messenger"] is None else Messenger(record["messenger"]),
        t0_utc=None if record["t0_utc"] is None else to_utc(record["t0_utc"]),
        issued_utc=None if record["issued_utc"] is None else to_utc(record["issued_utc"]),
        classification=dict(record["classification"]),
        skymap=_restore_reference(record["skymap"]),
        references=tuple(record["references"]),
        labels=frozenset(record["labels"]),
        dropped_fields=tuple(record["dropped_fields"]),
        details=dict(record["details"]),
    )


def _restore_reference(record: Mapping[str, Any] | None) -> SkyMapReference | None:
    return None if record is None else SkyMapReference(url=record["url"], content_sha256=record["sha256"])
