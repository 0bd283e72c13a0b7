"""The order of notices by what they say, never by when they arrived: issue time, phase, then how refined they are."""

from datetime import UTC, datetime
from functools import cache

from tocsin.domain.events import StoredNotice
from tocsin.domain.notices import Notice, Phase
from triggers.families import Family, family_of

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_PHASES = (Phase.EARLY_WARNING, Phase.PRELIMINARY, Phase.INITIAL, Phase.UPDATE, Phase.FINAL, Phase.RETRACTION)
#: Words of notice types, the more refined the higher; within a mission only.
_REFINEMENT = (
    ("FIN_POS", 4),
    ("GND", 3),
    ("FLT", 2),
    ("OFFLINE", 4),
    ("REFINED", 3),
    ("WAKEUP", 2),
    ("WEAK", 1),
    ("UVOT", 5),
    ("XRT", 4),
    ("MXT-UPDATE", 5),
    ("MXT", 4),
    ("SLEWING", 3),
    ("BAT_GRB_POS", 3),
    ("LAT_POS_UPD", 2),
    ("QL", 1),
)
#: Where a notice states its revision. GCN's packet serial number is none: it counts packets, not revisions.
_REVISIONS = ("revision", "rev", "record_number", "sequence_number")


def issue_order(stored: StoredNotice) -> tuple[datetime, int, int, str, str]:
    """Sorting key of a notice by issue: time, phase, revision, then identifiers, so that no two notices tie.

    LVK JSON carries no sequence number and its issue time is to the second; where two notices share the second, the
    later phase is the later notice, so a retraction is never undone by a notice of the same second.
    """
    notice = stored.notice
    issued = notice.issued_utc or notice.t0_utc or _EPOCH
    phase = -1 if notice.phase is None else _PHASES.index(notice.phase)
    phase = len(_PHASES) if notice.is_retraction else phase
    return issued, phase, revision(notice), notice.notice_id, stored.raw_sha256


def refinement_order(stored: StoredNotice) -> tuple[int, int, int, tuple[datetime, int, int, str, str]]:
    """Sorting key of a notice by how much its values are to be trusted, within one trigger.

    FIN above GND above FLT, refined above wake-up, revision 2 above revision 1, whatever their order of issue; LVK
    alone is by issue. Of two copies of one revision the JSON one is above the classic one, whose energy and FAR are
    never updated.
    """
    notice = stored.notice
    if family_of(notice) is Family.LVK:
        return 0, -1, 0, issue_order(stored)
    is_json = not notice.stream.endswith("_classic")
    return refinement(notice), revision(notice), int(is_json), issue_order(stored)


def refinement(notice: Notice) -> int:
    """How refined a notice's type is, within its mission; 0 for types without a rank."""
    return _rank(notice.notice_type)


@cache
def _rank(notice_type: str) -> int:
    words = notice_type.upper()
    return next((rank for word, rank in _REFINEMENT if word in words), 0)


def revision(notice: Notice) -> int:
    """Revision number of a notice; -1 where it states none."""
    for name in _REVISIONS:
        value = notice.details.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return int(value)
    return -1
