"""Alias keys: one spelling for each identifier of a trigger, whatever road, format or sub-number it came with.

A key is ``family:identifier``. Notices that share one are of the same trigger, within the time for which the family's
identifiers hold (`triggers.families.Traits.identifier_span_s`).
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

from tocsin.domain.notices import Notice, Role
from triggers.corrections import is_correction
from triggers.families import Family, family_of

#: VOEvent TrigID of INTEGRAL = number of the trigger + this x number of the packet.
INTEGRAL_SUB_NUMBER = 65536
#: Notices whose keys are at hand.
AT_HAND = 4096

_RUN_EVENT = re.compile(r"^0*([0-9]+)[_:\-/ ]0*([0-9]+)$")
_NUMBER = re.compile(r"^[+-]?[0-9]{1,40}$")
_NO_IDENTIFIER = frozenset({"", "-1", "-00001", "none", "null"})
#: Day zero of the Truncated Julian Date, MJD 40000.
_TJD_ZERO = datetime(1968, 5, 24, tzinfo=UTC)
_OBSERVATORIES = (
    ("fermi", Family.GBM),
    ("gbm", Family.GBM),
    ("swift", Family.SWIFT),
    ("svom", Family.SVOM),
    ("integral", Family.IBIS),
    ("agile", Family.AGILE),
    ("icecube", Family.ICECUBE),
    ("calet", Family.CALET),
    ("gecam", Family.GECAM),
)
#: Pointings, slews and known noise carry trigger numbers, but tell of no event.
_HOUSE_KEEPING = (
    "POINTDIR",
    "SC_SLEW",
    "TOO_FOM",
    "IM_ALIVE",
    "KILL_SOCKET",
    "BAT_SUBSUB",
    "BAT_KNOWN_SRC",
    "LVK_NU_TRACK",
    "CIRCULARS",
    "HEARTBEAT",
    "ARCHIVE_ALERT",
    "LAT/FLARE",
)
#: Types that exist only to test the line: TEST_COORDS, SWIFT_BAT_GRB_POS_TEST; not a test of the usual types.
_LINE_TEST = re.compile(r"(^|[^A-Z])TEST([^A-Z]|$)")


def is_about_event(notice: Notice) -> bool:
    """Whether a notice tells of an event: decoded, no house-keeping, with an identifier or a time.

    Everything else is stored and shown, and belongs to no event: circulars, heartbeats, pointings, packets that only
    test the line, Swift's images of known sources (700 000 of a million archived packets), and a follow-up search of
    somebody else's event (``lvk_nu_track_search``), which has no trigger of its own.
    """
    if is_correction(notice):
        return False
    if notice.is_unknown or notice.role in {Role.UTILITY, Role.PREDICTION}:
        return False
    if notice.details.get("is_target_of_opportunity") is True:
        return False
    words = f"{notice.stream} {notice.notice_type}".upper()
    if any(word in words for word in _HOUSE_KEEPING) or _LINE_TEST.search(notice.notice_type.upper()):
        return False
    return bool(alias_keys(notice))


def alias_keys(notice: Notice) -> tuple[str, ...]:
    """Alias keys of a notice, the trigger's own first; empty where it has neither identifier nor time.

    Parameters
    ----------
    notice
        Any notice.

    Returns
    -------
    tuple
        ``lvk:S230518h``, ``gbm:707488534``, ``icecube:137840_57034692``, ``integral-ibis:10311``, ``konus:2006650595``.
        Konus-Wind and times-only IPN notices get the key made from their time (day and second), which is the
        number Konus itself uses, so the twins share it and it outlives the end of 32-bit numbers.
    """
    return _alias_keys(family_of(notice), notice.stream, tuple(notice.event_ids), notice.t0_utc)


@lru_cache(maxsize=AT_HAND)
def _alias_keys(family: Family, stream: str, event_ids: tuple[str, ...], t0_utc: datetime | None) -> tuple[str, ...]:
    """Alias keys, worked out once: the notices of an event are asked for theirs with each that joins them."""
    found: list[str] = []
    if family is Family.KONUS and t0_utc is not None:
        found.append(f"konus:{konus_number(t0_utc)}")
    for identifier in event_ids:
        found.extend(_keys(family, identifier.strip(), stream))
    if not found and t0_utc is not None:
        found.append(f"{_head(family, stream)}:at-{t0_utc:%Y%m%dT%H%M%S.%f}")
    return tuple(dict.fromkeys(found if family is not Family.ICECUBE else sorted(found)))


def konus_number(t0_utc: datetime) -> int:
    """Number Konus-Wind gives a trigger: Truncated Julian Day x 100000 + second of the day."""
    since = t0_utc - _TJD_ZERO
    return since.days * 100_000 + since.seconds


def cited_keys(notice: Notice) -> tuple[str, ...]:
    """Alias keys of other events a notice names: the burst in an LVK notice's ``external_coinc``.

    Such a key associates two events; it never makes them one.
    """
    number = notice.details.get("external_notice_id", notice.details.get("external_gcn_notice_id"))
    if number is None:
        return ()
    observatory = str(notice.details.get("external_observatory", "")).lower()
    family = next((family for word, family in _OBSERVATORIES if word in observatory), Family.GBM)
    return tuple(_keys(family, str(number).strip(), observatory))


def _keys(family: Family, identifier: str, stream: str) -> list[str]:
    if identifier.lower() in _NO_IDENTIFIER:
        return []
    match family:
        case Family.LVK:
            return [f"lvk:{identifier}"]
        case Family.ICECUBE:
            run = _RUN_EVENT.match(identifier)
            return [f"icecube:{run[1]}_{run[2]}" if run else f"icecube:{identifier}"]
        case Family.IBIS | Family.SPI_ACS:
            number = _plain(identifier)
            return [f"{family}:{int(number) % INTEGRAL_SUB_NUMBER if number.isdigit() else number}"]
        case Family.LAT:
            return [f"lat:{_plain(identifier)}", f"gbm:{_plain(identifier)}"]
        case _:
            return [f"{_head(family, stream)}:{_plain(identifier)}"]


def _head(family: Family, stream: str) -> str:
    return stream.lower() if family is Family.OTHER else family.value


def _plain(identifier: str) -> str:
    """A number without leading zeros; other identifiers as they are."""
    return str(int(identifier)) if _NUMBER.match(identifier) else identifier
