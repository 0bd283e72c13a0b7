"""Notices and errors as the JSON that ``tocsin notice`` prints: a contract relied on from outside."""

from typing import Any

from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import TocsinError
from tocsin.domain.notices import Notice, SkyMapReference


def notice_to_json(notice: Notice) -> dict[str, Any]:
    """JSON-able object of a notice; null where the notice has no value.

    A sky map is ``{"url"}``, or ``{"bytes", "sha256"}`` where the notice held it (with ``url`` too where it gave both).
    """
    return {
        "stream": notice.stream,
        "notice_type": notice.notice_type,
        "notice_id": notice.notice_id,
        "event_ids": list(notice.event_ids),
        "role": notice.role.value,
        "phase": None if notice.phase is None else notice.phase.value,
        "messenger": None if notice.messenger is None else notice.messenger.value,
        "is_test": notice.is_test,
        "is_retraction": notice.is_retraction,
        "is_stale": notice.is_stale,
        "t0_utc": iso_utc(notice.t0_utc),
        "issued_utc": iso_utc(notice.issued_utc),
        "ra_deg": notice.ra_deg,
        "dec_deg": notice.dec_deg,
        "error_radius_deg": notice.error_radius_deg,
        "error_containment": notice.error_containment,
        "far_hz": notice.far_hz,
        "signal_to_noise": notice.signal_to_noise,
        "classification": dict(notice.classification) or None,
        "skymap": _skymap_to_json(notice.skymap),
        "references": list(notice.references),
        "labels": sorted(notice.labels),
        "dropped_fields": list(notice.dropped_fields),
        "details": dict(notice.details),
    }


def error_to_json(error: TocsinError) -> dict[str, Any]:
    """JSON-able object of an error: its kind, message and remedy under ``error``."""
    return {"error": {"kind": type(error).__name__, "message": error.message, "remedy": error.remedy or None}}


def _skymap_to_json(skymap: SkyMapReference | None) -> dict[str, Any] | None:
    if skymap is None:
        return None
    shown: dict[str, Any] = {}
    if skymap.url is not None:
        shown["url"] = skymap.url
    if skymap.content is not None:
        shown["bytes"] = len(skymap.content)
        shown["sha256"] = skymap.sha256
    return shown
