"""Decoding files for the command line: one JSON object a file, errors included, in the order given."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from listeners.decode import decode
from listeners.render import error_to_json, notice_to_json
from tocsin.domain.errors import NoticeError


def decode_files(names: Sequence[str]) -> list[dict[str, Any]]:
    """Notices of files named ``FILE`` or ``TOPIC=FILE``, as JSON; a file that is none gives ``{"error": ...}``."""
    return [_decode_file(name) for name in names]


def _decode_file(name: str) -> dict[str, Any]:
    topic, path = split_topic(name)
    try:
        payload = path.read_bytes()
    except OSError as error:
        return dict(error_to_json(NoticeError(f"{path}: {error.strerror}", remedy="name a readable file")))
    try:
        return dict(notice_to_json(decode(payload, topic=topic)))
    except NoticeError as error:
        return dict(error_to_json(error))


def split_topic(name: str) -> tuple[str | None, Path]:
    """Topic (or None) and path of ``[TOPIC=]FILE``; a file of that whole name wins."""
    topic, equals, path = name.partition("=")
    if not equals or Path(name).exists() or "/" in topic:
        return None, Path(name)
    return topic, Path(path)


def summary_line(name: str, result: dict[str, Any]) -> str:
    """One line about a decoded file, for people."""
    if "error" in result:
        return f"{name}: not a notice: {result['error']['message']}"
    marks = [word for word, key in (("TEST", "is_test"), ("RETRACTION", "is_retraction")) if result[key]]
    place = "" if result["ra_deg"] is None else f" RA {result['ra_deg']:.4f} Dec {result['dec_deg']:+.4f}"
    words = [result["notice_type"], *result["event_ids"][:1], result["t0_utc"] or "no time", *marks]
    return f"{name}: {' '.join(words)}{place}"
