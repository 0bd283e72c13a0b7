"""Further values of an event, by name: of its main trigger, and of each trigger it holds."""

from collections.abc import Sequence

from tocsin.domain.clock import iso_utc
from tocsin.domain.notices import DetailValue
from triggers.aliases import cited_keys
from triggers.families import craft_of, family_of
from triggers.positions import best_position, gbm_location, positions_disagree, systematic_deg
from triggers.trigger_groups import TRIGGER_DEC, TRIGGER_RA, TRIGGER_TIME, Trigger

#: Head of the details that hold the highest signal-to-noise ratio of each family.
STRENGTH = "signal_to_noise."
#: Details of the best position: the notice type it is from; what its radius does not hold, as a kind of GBM's or in deg
#: (90 %).
POSITION_FROM, POSITION_SYSTEMATIC, POSITION_EXTRA = "position_from", "position_systematic", "position_systematic_deg"


def event_details(
    triggers: Sequence[Trigger], *, considered: Sequence[Trigger], main: Trigger
) -> dict[str, DetailValue]:
    """Details of an event; `triggers.event.summarise` lists them.

    Parameters
    ----------
    triggers
        All its triggers.
    considered
        Those that stand (all, where none does).
    main
        The one its time is from.
    """
    return (
        _of_main(main, considered)
        | _of_each(triggers)
        | _strengths(considered)
        | _of_all(triggers, considered)
        | _of_position(considered)
    )


def _of_position(considered: Sequence[Trigger]) -> dict[str, DetailValue]:
    """Which notice the position is from, and what its radius does not hold."""
    best = best_position(considered)
    if best is None:
        return {}
    details: dict[str, DetailValue] = {POSITION_FROM: best.notice_type}
    if (location := gbm_location(best)) is not None:
        details[POSITION_SYSTEMATIC] = location.value
    elif (extra_deg := systematic_deg([family_of(best)])) > 0:
        details[POSITION_EXTRA] = extra_deg
    return details


def _of_main(main: Trigger, considered: Sequence[Trigger]) -> dict[str, DetailValue]:
    """Details of the main trigger's notices, the more refined overriding; GECAM's class from whichever states it."""
    details: dict[str, DetailValue] = {}
    for notice in reversed(main.newest):
        details.update(notice.details)
    classes = (n.details.get("source_class") for t in considered for n in t.newest)
    stated = sorted(value for value in classes if isinstance(value, str))
    if stated:
        details.setdefault("source_class", stated[0])
    return details | {"notice_type": main.newest[0].notice_type}


def _of_each(triggers: Sequence[Trigger]) -> dict[str, DetailValue]:
    """Time and position of each trigger."""
    details: dict[str, DetailValue] = {}
    for trigger in sorted(triggers, key=lambda t: t.alias):
        if (time := iso_utc(trigger.t0_utc)) is not None:
            details[TRIGGER_TIME + trigger.alias] = time
        if (place := trigger.place) is not None and place.ra_deg is not None and place.dec_deg is not None:
            details[TRIGGER_RA + trigger.alias] = float(place.ra_deg)
            details[TRIGGER_DEC + trigger.alias] = float(place.dec_deg)
    return details


def _strengths(considered: Sequence[Trigger]) -> dict[str, DetailValue]:
    """Highest signal-to-noise ratio that each family states."""
    highest: dict[str, DetailValue] = {}
    stated = [(t.family, s.notice.signal_to_noise) for t in considered for s in t.notices]
    for family, value in sorted((f, v) for f, v in stated if v is not None):
        highest[STRENGTH + family] = value
    return highest


def _of_all(triggers: Sequence[Trigger], considered: Sequence[Trigger]) -> dict[str, DetailValue]:
    details: dict[str, DetailValue] = {
        "families": " ".join(sorted({t.family for t in considered})),
        "craft_count": len({craft_of(t.family) for t in considered}),
    }
    if retracted := sorted(t.alias for t in triggers if t.is_retracted):
        details["retracted_triggers"] = " ".join(retracted)
    if cites := sorted({key for t in triggers for s in t.notices for key in cited_keys(s.notice)}):
        details["cites"] = " ".join(cites)
    if all(s.notice.details.get("format") == "binary" for t in triggers for s in t.notices):
        details["binary_only"] = True
    if not any(t.standing for t in triggers):
        details["retraction_only"] = True
    if positions_disagree(considered):
        details["positions_disagree"] = True
    return details
