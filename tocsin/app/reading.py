"""Reading the live store for the command line."""

from collections.abc import Mapping

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


def _audience(told: str) -> str:
    labels = frozenset(label.strip() for label in told.split(",")) - {"", PUBLIC_AUDIENCE}
    return audience_of(labels)
