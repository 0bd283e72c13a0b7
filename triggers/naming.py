"""Names of events: for people, and the identifier that goes into addresses."""

import re
from collections.abc import Sequence
from datetime import datetime

from tocsin.domain.events import EventKind
from tocsin.domain.notices import Notice
from triggers.aliases import alias_keys
from triggers.families import TRAITS, Family, craft_of, family_of
from triggers.known_place import AT_SOURCE
from triggers.ordering import refinement
from triggers.positions import best_position
from triggers.trigger_groups import Trigger

_ICECUBE_NAME = re.compile(r"^IceCube[- ]?(Cascade)?[- ]?(\d{6})([A-Z])$", re.IGNORECASE)
_OWN_NAME = {
    Family.KM3NET: re.compile(r"^KM3-"),
    Family.NU_EM: re.compile(r"^NuEM-", re.IGNORECASE),
    Family.SVOM: re.compile(r"^sb\d{8}"),
    Family.EINSTEIN_PROBE: re.compile(r"^EP\d{6}"),
    Family.GBM: re.compile(r"^bn\d{9}$"),
}
_OPAQUE = re.compile(r"^(?:test-)?(?:stale-)?event-[0-9a-f]{12}$")
#: Families whose trigger alone is called a burst: the others' are often particles, spikes or flares.
_ALWAYS_BURSTS = frozenset({Family.SWIFT, Family.KONUS, Family.LAT})
#: Class of a burst in notices that classify, and the probability from which a class is believed.
BURST_CLASS = "GRB"
LIKELY = 0.5
#: What classes of triggers that are no bursts of the far sky are called. Several craft see a flare of the Sun, a
#: magnetar or a binary as they see a burst; flashes of the Earth and particles are seen by one alone.
_CLASS_NAMES = {
    "solar_flare": "Solar flare",
    "SFLARE": "Solar flare",
    "SGR": "SGR burst",
    "SGR_1806-20": "SGR burst",
    "Cyg_X-1": "Cyg X-1",
    "GROJ0422+32": "GRO J0422+32",
    "KNOWN_SOURCE": "Known source",
}
_CLASS_NAMES_OF_ONE_CRAFT = {"TGF": "TGF", "local_particles": "Particles", "distant_particles": "Particles"}
#: `triggers.ordering.refinement` of an INTEGRAL wake-up.
WAKE_UP = 2


def event_name(triggers: Sequence[Trigger], main: Trigger) -> str:
    """Best name for people.

    Parameters
    ----------
    triggers
        Triggers that stand (or all, where none does).
    main
        The one the event takes its time from.

    Returns
    -------
    str
        ``S230518h``; ``IceCube-230506A``; ``GRB 230511.548``, the fraction of the day to three digits as GBM counts
        it, since the letter of a burst is given by people; ``SPI-ACS 230506.125`` for what may be no burst;
        ``Solar flare 230511.548``, ``SGR 1935+2154 221014.345`` for what is none.

    Notes
    -----
    Classic IceCube and ANTARES notices carry no name. The name made here has the letter of the first event of the
    day, by far the usual one; a second event of the day, or a colleague's circular, may say another.
    """
    given = _given_name((main,) if main.traits.kind is EventKind.GAMMA_RAY_BURST else triggers)
    if given is not None:
        return given
    t0_utc = main.t0_utc
    label = main.notices[0].notice.stream if main.family is Family.OTHER else main.traits.label
    if t0_utc is None:
        return f"{label} {main.alias.partition(':')[2]}"
    day = f"{t0_utc:%y%m%d}"
    match main.traits.kind, main.family:
        case EventKind.NEUTRINO, Family.ICECUBE:
            return f"IceCube-Cascade {day}A" if _is_cascade(main) else f"IceCube-{day}A"
        case EventKind.NEUTRINO, Family.ANTARES:
            return f"ANTARES {day}A"
        case EventKind.GAMMA_RAY_BURST, _:
            burst = "GRB" if is_called_burst(triggers) else label
            return f"{_called_otherwise(triggers) or burst} {day_fraction(t0_utc)}"
        case _:
            return f"{label} {day_fraction(t0_utc)}"


def day_fraction(t0_utc: datetime) -> str:
    """Time as YYMMDD.FFF, the fraction of the day as GBM names its triggers: nearest, never 1000.

    Agrees with 8223 of the 8271 names GBM gave until early 2022; the others differ by one in the last digit.
    """
    second = t0_utc.hour * 3600 + t0_utc.minute * 60 + t0_utc.second + t0_utc.microsecond * 1e-6
    return f"{t0_utc:%y%m%d}.{min(999, round(second / 86.4)):03d}"


def is_called_burst(triggers: Sequence[Trigger]) -> bool:
    """Whether gamma-ray triggers are called a burst: one says so, or two craft saw it, and none says otherwise."""
    if _called_otherwise(triggers) is not None:
        return False
    if BURST_CLASS in {_last_class(t) for t in triggers} or _craft_count(triggers) > 1:
        return True
    return any((t.family in _ALWAYS_BURSTS or _is_imaged(t)) and not _says_no_burst(t) for t in triggers)


def _called_otherwise(triggers: Sequence[Trigger]) -> str | None:
    """What triggers are called that are of a known source, or of a class that is no burst; None where none says so."""
    best = best_position(triggers)
    if best is not None and isinstance(source := best.details.get(AT_SOURCE), str):
        return source
    classes = [_last_class(t) for t in triggers]
    if BURST_CLASS in classes:
        return None
    names = _CLASS_NAMES | (_CLASS_NAMES_OF_ONE_CRAFT if _craft_count(triggers) == 1 else {})
    return next((names[one] for one in classes if one in names), None)


def _craft_count(triggers: Sequence[Trigger]) -> int:
    return len({craft_of(t.family) for t in triggers})


def _says_no_burst(trigger: Trigger) -> bool:
    """Whether the sender's latest word is that it is no burst."""
    said = (one.notice.details.get("is_not_grb") for one in reversed(trigger.refined))
    return next((word for word in said if isinstance(word, bool)), False)


def new_event_id(notice: Notice, *, raw_sha256: str = "") -> str:
    """Identifier for the event a notice founds: readable, safe in URLs, made from the notice alone.

    Parameters
    ----------
    notice
        The notice.
    raw_sha256
        Digest of its bytes, with a secret. A restricted notice founds an event named after that: what is seen of the
        name (links, logs, addresses) tells nothing.

    Returns
    -------
    str
        ``s230518h``, ``icecube-230506-137910-29871391``, ``grb-20200415t084805-gbm608633290``; with ``test-`` or
        ``stale-`` before it where it must not meet a live event of the same name.

    Notes
    -----
    The identifier follows from the mission's own wherever that is never used again (LVK, IceCube), so any notice of
    the event makes the same. Where numbers return, the trigger's time is part of it: GBM, Konus-Wind and SPI-ACS
    repeat that time in each notice, the INTEGRAL imager does not. An event of several craft is called after whichever
    notice came first: identifiers are for ever, and the future is not known. Hence the grouping of notices is the
    same for every order of arrival, but the identifier of a group need not be.
    """
    family = family_of(notice)
    name = _slug(_stem(notice, family))
    if notice.labels and raw_sha256:
        name = f"event-{raw_sha256[:12]}"
    is_apart = notice.is_stale and TRAITS[family].identifier_span_s is not None
    return f"{'test-' if notice.is_test else ''}{'stale-' if is_apart else ''}{name}"


def is_opaque(event_id: str) -> bool:
    """Whether an event has the name that a restricted notice gives."""
    return _OPAQUE.match(event_id) is not None


def _stem(notice: Notice, family: Family) -> str:
    alias = next(iter(alias_keys(notice)), f"{notice.stream}:{notice.notice_id}")
    head, _, identifier = alias.partition(":")
    pattern = _OWN_NAME.get(family)
    if pattern is not None and family is not Family.GBM and pattern.match(identifier):
        return identifier
    if TRAITS[family].identifier_span_s is None:
        return _permanent_stem(notice, family, identifier)
    if notice.t0_utc is None:
        return f"{head}-{identifier}"
    start = "grb-" if TRAITS[family].kind is EventKind.GAMMA_RAY_BURST else ""
    return f"{start}{notice.t0_utc:%Y%m%dT%H%M%S}-{head.removeprefix('integral-')}{identifier}"


def _permanent_stem(notice: Notice, family: Family, identifier: str) -> str:
    if family is Family.LVK or _ICECUBE_NAME.match(identifier):
        return identifier
    day = f"{notice.t0_utc:%y%m%d}-" if notice.t0_utc else ""
    return f"{family.value}-{day}{identifier}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:120]


def _given_name(triggers: Sequence[Trigger]) -> str | None:
    """Name a mission, or the person who made it by hand, gave the event itself, if any did."""
    for trigger in triggers:
        for stored in trigger.notices:
            if trigger.family is Family.BY_HAND and (given := stored.notice.details.get("given_name")):
                return str(given)
            for identifier in stored.notice.event_ids:
                if (name := _own_name(trigger.family, identifier)) is not None:
                    return name
    return None


def _own_name(family: Family, identifier: str) -> str | None:
    if family is Family.LVK:
        return identifier
    if family is Family.ICECUBE and (match := _ICECUBE_NAME.match(identifier)):
        cascade, day, letter = match.groups()
        return f"IceCube-Cascade {day}{letter.upper()}" if cascade else f"IceCube-{day}{letter.upper()}"
    pattern = _OWN_NAME.get(family)
    if pattern is None or not pattern.match(identifier):
        return None
    return f"GRB {identifier[2:8]}.{identifier[8:]}" if family is Family.GBM else identifier


def _is_cascade(trigger: Trigger) -> bool:
    return any("CASCADE" in stored.notice.notice_type.upper() for stored in trigger.notices)


def _is_imaged(trigger: Trigger) -> bool:
    """Whether INTEGRAL's imager has a position it stands for; its weak triggers are mostly noise."""
    return trigger.family is Family.IBIS and any(refinement(s.notice) >= WAKE_UP for s in trigger.standing)


def _last_class(trigger: Trigger) -> str | None:
    """Most likely class in the latest notice that classifies, if it is likely at all; GECAM states one alone."""
    for stored in reversed(trigger.refined):
        shares = stored.notice.classification
        if shares:
            name = min(shares, key=lambda name: (-shares[name], name))
            return name if shares[name] >= LIKELY else None
        if isinstance(stated := stored.notice.details.get("source_class"), str):
            return stated
    return None
