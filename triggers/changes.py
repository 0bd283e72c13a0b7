"""What a notice changed of its event, and whether that is worth waking people again."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.domain.events import Event, Tier
from triggers.companions import Association
from triggers.positions import radius_90_deg
from triggers.rules_config import Changes
from triggers.wording import describe_association

_LOUDNESS = {Tier.WAKE: "wake the advocate", Tier.TELL: "tell the channel", Tier.RECORD: "record only"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An event before and after a notice.

    Parameters
    ----------
    is_new
        There was no event before.
    is_retracted_now
        It stands retracted, and did not before.
    material
        Changes worth waking people for, in words.
    stand_down
        Changes that make it less: told, never woken for.
    """

    is_new: bool
    is_retracted_now: bool
    material: tuple[str, ...]
    stand_down: tuple[str, ...]


def compare(
    *,
    before: Event | None,
    after: Event,
    tiers: tuple[Tier | None, Tier],
    changes: Changes,
    new_counterparts: Sequence[Association],
    areas_90_deg2: tuple[float, float] | None,
) -> Comparison:
    """Comparison of an event before and after a notice.

    Parameters
    ----------
    before, after
        The event; `before` is None for a new one.
    tiers
        Before (None for a new event) and after.
    changes
        What counts as material.
    new_counterparts
        Associations rare enough to matter that were not known before.
    areas_90_deg2
        90 % areas of the sky map before and after, deg2, where both are known.
    """
    material = [f"New counterpart. {describe_association(a)}" for a in new_counterparts]
    stand_down: list[str] = []
    tier_before, tier_after = tiers
    if before is not None and tier_before is not None:
        if before.is_retracted and not after.is_retracted:
            material.append("The retraction was taken back by a later notice: the event stands again.")
        if tier_after < tier_before:
            material.append(f"Raised from '{_LOUDNESS[tier_before]}' to '{_LOUDNESS[tier_after]}'.")
        if tier_after > tier_before:
            stand_down.append(_stand_down(before, after, tier_before, tier_after))
        material += _smaller(before, after, changes)
    material += _smaller_area(areas_90_deg2, changes)
    return Comparison(
        is_new=before is None,
        is_retracted_now=after.is_retracted and (before is None or not before.is_retracted),
        material=tuple(material),
        stand_down=tuple(stand_down),
    )


def _stand_down(before: Event, after: Event, tier_before: Tier, tier_after: Tier) -> str:
    lost = "It is no longer significant. " if before.is_significant and not after.is_significant else ""
    return f"Stand down: {lost}Lowered from '{_LOUDNESS[tier_before]}' to '{_LOUDNESS[tier_after]}'."


def _smaller(before: Event, after: Event, changes: Changes) -> list[str]:
    old_deg, new_deg = radius_90_deg(before), radius_90_deg(after)
    if old_deg is None or new_deg is None or old_deg < changes.error_from_deg:
        return []
    if new_deg * changes.error_shrinks_by > old_deg:
        return []
    return [f"The position is much better: 90 % radius {new_deg:.3g} deg, before {old_deg:.3g} deg."]


def _smaller_area(areas_90_deg2: tuple[float, float] | None, changes: Changes) -> list[str]:
    if areas_90_deg2 is None:
        return []
    old_deg2, new_deg2 = areas_90_deg2
    if new_deg2 * changes.area_shrinks_by > old_deg2:
        return []
    return [f"The sky map is much smaller: 90 % area {new_deg2:.0f} deg2, before {old_deg2:.0f} deg2."]
