"""Reading the live store for the command line."""

from collections.abc import Mapping

from tocsin.app.build import build_store
from tocsin.app.clocks import SystemClock
from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.errors import ConflictError
from tocsin.settings import load_settings


def newest_draft(environment: Mapping[str, str], event_id: str, kind: DraftKind | None) -> Draft:
    """Newest draft of an event.

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
    return drafts[-1]
