"""The event as its notices tell it: a fold over the notices one audience may see, whatever their order of arrival.

Everything here follows from what the notices say (issue time, revision, type), never from when they came; only
`Event.notice_keys` lists arrival. Nothing here decides whether people are told: that is `triggers.rules`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.domain.clock import iso_utc
from tocsin.domain.events import Event, EventKind, StoredNotice
from tocsin.domain.notices import Messenger, Phase, SkyMapReference
from triggers.aliases import alias_keys
from triggers.corrections import corrected, is_correction
from triggers.event_details import event_details
from triggers.event_record import from_record, to_record
from triggers.families import kind_of, messenger_of, reference_rank
from triggers.naming import event_name
from triggers.ordering import issue_order
from triggers.positions import best_position
from triggers.trigger_groups import Trigger, triggers_of

__all__ = ["from_record", "summarise", "to_record"]

_KINDS = (EventKind.GRAVITATIONAL_WAVE, EventKind.NEUTRINO, EventKind.GAMMA_RAY_BURST, EventKind.OTHER)


def summarise(event_id: str, notices: Sequence[StoredNotice]) -> Event:
    """Event made from notices: best time, position, sky map, significance, and whether it stands.

    Parameters
    ----------
    event_id
        Tocsin's identifier.
    notices
        Those of its notices that the audience may see, in any order, at least one.

    Returns
    -------
    Event
        `t0_utc` and the values of the main stream are of the *main trigger*: of those not retracted, the one whose
        clock is nearest the Earth, then the one whose times are best, then the earliest. The event is retracted when
        every trigger of it is. The bytes of a sky map stay with the notice `skymap_notice_key`; `skymap` keeps the
        address.

    Raises
    ------
    ValueError
        There is no notice but corrections.

    Notes
    -----
    `details` holds those of the main trigger's notices, the more refined overriding; ``notice_type`` of the most
    refined; ``trigger_utc.<alias>``, ``trigger_ra_deg.<alias>`` and ``trigger_dec_deg.<alias>`` for every trigger,
    ``signal_to_noise.<family>`` (the highest), ``families``, ``craft_count``, ``cites`` (alias keys of associated
    events), and where they apply ``retracted_triggers`` and ``positions_disagree``.
    """
    told = [stored for stored in notices if not is_correction(stored.notice)]
    if not told:
        raise ValueError(f"{event_id}: an event is made from at least one notice")
    return corrected(_folded(event_id, told, notices), notices)


def _folded(event_id: str, told: Sequence[StoredNotice], notices: Sequence[StoredNotice]) -> Event:
    """Event that `told` tell; labels and keys are of all its `notices`."""
    triggers = triggers_of(told)
    standing = tuple(t for t in triggers if not t.is_retracted)
    considered = standing or triggers
    main = _main_trigger(considered)
    in_order = sorted(told, key=issue_order)
    position = best_position(considered)
    skymap, skymap_key = _skymap(considered)
    return Event(
        id=event_id,
        name=event_name(considered, main),
        kind=min((kind_of(t.notices[0].notice) for t in considered), key=_KINDS.index),
        t0_utc=main.t0_utc,
        t0_origin=_t0_origin(main),
        messengers=_messengers(in_order),
        ra_deg=position.ra_deg if position else None,
        dec_deg=position.dec_deg if position else None,
        error_radius_deg=position.error_radius_deg if position else None,
        error_containment=position.error_containment if position else None,
        skymap=skymap,
        skymap_notice_key=skymap_key,
        phase=Phase.RETRACTION if not standing else main.newest[0].phase,
        far_hz=next((n.far_hz for n in main.newest if n.far_hz is not None), None),
        is_significant=_is_significant(main),
        classification=_classification(main, considered),
        is_test=all(stored.notice.is_test for stored in told),
        is_retracted=not standing,
        is_stale=all(stored.notice.is_stale for stored in told),
        aliases=tuple(dict.fromkeys(key for stored in in_order for key in alias_keys(stored.notice))),
        streams=tuple(dict.fromkeys(stored.notice.stream for stored in in_order)),
        labels=frozenset().union(*(stored.notice.labels for stored in notices)),
        notice_keys=tuple(sorted(stored.key for stored in notices)),
        first_issued_utc=_first_issued(in_order),
        details=event_details(triggers, considered=considered, main=main),
    )


def _main_trigger(triggers: Sequence[Trigger]) -> Trigger:
    """Trigger the event takes its time and significance from."""
    timed = [t for t in triggers if t.t0_utc is not None] or list(triggers)
    return min(timed, key=_reference_order)


def _reference_order(trigger: Trigger) -> tuple[float, int, str, str]:
    rank = reference_rank(trigger.family)
    return trigger.traits.light_travel_s, rank, str(iso_utc(trigger.t0_utc)), trigger.alias


def _t0_origin(trigger: Trigger) -> str:
    if trigger.t0_utc is None:
        return ""
    times = [s for s in (*trigger.refined, *trigger.notices) if s.notice.t0_utc == trigger.t0_utc]
    place = f", within {trigger.traits.light_travel_s:g} s of the Earth" if trigger.traits.light_travel_s > 0.05 else ""
    return f"{trigger.traits.label} {times[0].notice.notice_type}{place}" if times else trigger.traits.label


def _messengers(in_order: Sequence[StoredNotice]) -> tuple[Messenger, ...]:
    found = (messenger_of(stored.notice) for stored in in_order)
    return tuple(dict.fromkeys(messenger for messenger in found if messenger is not None))


def _skymap(triggers: Iterable[Trigger]) -> tuple[SkyMapReference | None, int | None]:
    """Sky map of the latest notice that has one, and that notice's key."""
    having = [stored for t in triggers for stored in t.standing if stored.notice.skymap is not None]
    last = max(having, key=issue_order, default=None)
    if last is None or last.notice.skymap is None:
        return None, None
    return SkyMapReference(url=last.notice.skymap.url), last.key


def _is_significant(main: Trigger) -> bool | None:
    stated = (n.details.get("significant") for n in main.newest)
    return next((value for value in stated if isinstance(value, bool)), None)


def _classification(main: Trigger, considered: Sequence[Trigger]) -> dict[str, float]:
    """Classes in the main trigger's most refined notice that has any, else in another's."""
    for trigger in (main, *sorted(considered, key=_reference_order)):
        if classes := next((n.classification for n in trigger.newest if n.classification), None):
            return dict(classes)
    return {}


def _first_issued(in_order: Sequence[StoredNotice]) -> datetime | None:
    return min((s.notice.issued_utc for s in in_order if s.notice.issued_utc is not None), default=None)
