"""Time lines of events of which the reader may see only a part: nothing in them tells of the other part."""

from dataclasses import replace
from datetime import datetime

from tocsin.store import TimelineRow, UnitOfWork
from tocsin.store.timeline import ORDER

#: What is told of a part; and what people did, where they may be told of.
OF_NOTICES = frozenset({"event", "notice", "decision", "product", "draft"})
OF_PEOPLE = frozenset({"acknowledgement", "message", "approval", "audit"})


def partial_time_line(
    work: UnitOfWork, event_id: str, clearance: frozenset[str], *, shows_people: bool
) -> tuple[TimelineRow, ...]:
    """What the reader may know of what happened, oldest first.

    Parameters
    ----------
    work, event_id, clearance
        The event and the reader.
    shows_people
        Whether what people did may be told: what the reader sees would have woken them.
    """
    rows = work.timeline(event_id, clearance=clearance)
    told = OF_NOTICES | (OF_PEOPLE if shows_people else frozenset())
    products = {str(row.detail.get("id")) for row in rows if row.kind == "product"} | {"retracted"}
    first = next((row.received_utc for row in work.notice_rows(event_id)), None)
    seen = next((row.at_utc for row in rows if row.kind == "notice"), None)
    made_utc = None if seen == first else seen
    seen_rows = (_as_seen(row, products, made_utc) for row in rows if row.kind in told)
    return tuple(sorted(seen_rows, key=lambda row: (row.at_utc, ORDER.index(row.kind))))


def _as_seen(row: TimelineRow, products: set[str], made_utc: datetime | None) -> TimelineRow:
    """Row without what replaced a product where that is hidden; an event begins with its first visible notice.

    Whatever people did before it is told as of then.
    """
    detail = dict(row.detail)
    if detail.get("superseded_by") not in products:
        detail |= {"superseded_by": None} if "superseded_by" in detail else {}
    at_utc = row.at_utc
    if made_utc is not None and (row.kind == "event" or (row.kind in OF_PEOPLE and row.at_utc < made_utc)):
        at_utc = made_utc
    return replace(row, at_utc=at_utc, detail=detail)
