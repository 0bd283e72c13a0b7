"""Reading the live store for the command line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.api.forms import draft_json
from tocsin.api.responses import json_bytes
from tocsin.app.build import build_store
from tocsin.app.clocks import SystemClock
from tocsin.domain.drafts import PUBLIC_AUDIENCE, Draft, DraftKind, audience_of, standing_variants
from tocsin.domain.errors import ConflictError
from tocsin.settings import load_settings


def newest_draft(
    environment: Mapping[str, str], event_id: str, kind: DraftKind | None, audience: str | None = None
) -> tuple[Draft, tuple[str, ...]]:
    """Newest draft of an event for an audience, and the other audiences that have one of that kind.

    Parameters
    ----------
    environment, event_id, kind
        Where the store is, of which event, and which circular (default: the one written last).
    audience
        ``public``, or labels with commas; default: the public where it has one, else the least restricted.

    Raises
    ------
    ConflictError
        There is none.
    """
    store = build_store(load_settings(environment), SystemClock())
    try:
        with store.read() as work:
            drafts = [draft for draft in work.drafts(event_id) if kind in {None, draft.kind}]
    finally:
        store.close()
    if not drafts:
        raise ConflictError(f"event {event_id} has no draft")
    variants = [one for one in standing_variants(drafts) if one.kind is drafts[-1].kind]
    wanted = None if audience is None else _audience(audience)
    found = next((one for one in variants if wanted in {None, one.audience}), None)
    audiences = tuple(one.audience for one in variants)
    if found is None:
        raise ConflictError(
            f"event {event_id} has no {drafts[-1].kind.value} for {wanted}", remedy=f"ask for {' or '.join(audiences)}"
        )
    return found, tuple(one for one in audiences if one != found.audience)


def draft_record(draft: Draft, other_audiences: Sequence[str]) -> dict[str, Any]:
    """A draft as REST gives it, with the event it is about and who has another one; JSON-able."""
    content = {"event_id": draft.event_id, **draft_json(draft), "other_audiences": list(other_audiences)}
    made: dict[str, Any] = json.loads(json_bytes(content))
    return made


def _audience(told: str) -> str:
    labels = frozenset(label.strip() for label in told.split(",")) - {"", PUBLIC_AUDIENCE}
    return audience_of(labels)
