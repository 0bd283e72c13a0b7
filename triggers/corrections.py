"""What people put right of an event: its T0, its position. Kept as notices of their own, applied after the fold.

A correction is a notice like any other (bytes, time, labels, who), so it is in the lineage, may be followed by another,
and tells nothing to those who may not see it. It is of no trigger: it never joins, founds or names an event.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tocsin.domain.clock import to_utc
from tocsin.domain.events import Event, StoredNotice
from tocsin.domain.notices import Notice

#: Stream and types of what people put in by hand.
BY_HAND = "by_hand"
CREATE_TYPE = "BY_HAND event"
CORRECTION_TYPE = "BY_HAND correction"


def is_correction(notice: Notice) -> bool:
    """Whether a notice puts something right of an event, and is of no trigger."""
    return notice.stream == BY_HAND and notice.notice_type == CORRECTION_TYPE


def has_substance(notices: Iterable[StoredNotice]) -> bool:
    """Whether there is anything among notices that an event can be made of."""
    return any(not is_correction(stored.notice) for stored in notices)


def corrected(event: Event, notices: Sequence[StoredNotice]) -> Event:
    """Event with the corrections among its notices, in their order of issue; the last word on each value counts."""
    found = sorted(
        (s.notice for s in notices if is_correction(s.notice)), key=lambda n: (str(n.issued_utc), n.notice_id)
    )
    for notice in found:
        event = _corrected(event, notice)
    return event


def _corrected(event: Event, notice: Notice) -> Event:
    by = str(notice.details.get("person", ""))
    changed = replace(event, details={**event.details, "corrected_by": by})
    if (t0 := notice.details.get("t0_utc")) is not None:
        changed = replace(changed, t0_utc=to_utc(str(t0)), t0_origin=f"corrected by {by}")
    if notice.ra_deg is not None and notice.dec_deg is not None:
        changed = replace(
            changed,
            ra_deg=notice.ra_deg,
            dec_deg=notice.dec_deg,
            error_radius_deg=notice.error_radius_deg,
            error_containment=notice.error_containment,
        )
    return changed
