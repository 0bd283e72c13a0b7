"""Answers: JSON by orjson, with ETag; problems as RFC 9457 says."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
PROBLEM_TYPE = "application/problem+json"


def json_bytes(content: Any) -> bytes:
    """Compact JSON: NumPy arrays straight from memory, NaN as null, sets sorted."""
    return orjson.dumps(content, default=_plain, option=_OPTIONS)


def json_response(request: Request, content: Any, status: int = 200) -> Response:
    """JSON with an ETag: an asker who has it already gets 304 without a body."""
    return tagged(request, json_bytes(content), "application/json", status=status)


def tagged(
    request: Request, body: bytes, media_type: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Body with an ETag made from it."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    kept = {"ETag": tag, "Vary": "Accept, Authorization, Cookie", "Cache-Control": "no-cache", **(headers or {})}
    if is_asked_for(tag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=kept)
    return Response(body, status_code=status, media_type=media_type, headers=kept)


def is_asked_for(tag: str, asked: str) -> bool:
    """Whether the asker has what a tag stands for, by If-None-Match: one of its tags, or ``*``."""
    return tag in asked or asked.strip() == "*"


def problem(status: int, title: str, detail: str, *, remedy: str = "") -> Response:
    """What went wrong, for programs."""
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if remedy:
        content["remedy"] = remedy
    return Response(json_bytes(content), status_code=status, media_type=PROBLEM_TYPE)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
