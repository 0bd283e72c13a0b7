"""Conditions of a rule: what must hold of an event for the rule to decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.domain.events import Event, EventKind
from tocsin.domain.notices import DetailValue, Phase
from triggers.coincidence import YEAR_S
from triggers.event_details import STRENGTH
from triggers.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold of an event: everything that is given.

    Parameters
    ----------
    kinds, families, phases, groups, notice_types, most_likely
        The event's own is one of these; of `families` any triggered. Empty: any.
    significant
        The LVK flag has this value.
    class_at_least
        Any of these classes has at least this probability.
    detail_at_least, detail_at_most
        Each of these details is a number on that side.
    detail_is
        Each of these details is one of the values.
    snr_at_least
        Any of these families saw it with at least this signal-to-noise ratio.
    far_at_most_per_year
        The event's false-alarm rate, per year of 365.25 days.
    craft_at_least
        Number of craft that triggered.
    named_burst
        Whether LVK names a coincident burst.
    """

    kinds: frozenset[EventKind] = frozenset()
    families: frozenset[Family] = frozenset()
    phases: frozenset[Phase] = frozenset()
    groups: frozenset[str] = frozenset()
    notice_types: frozenset[str] = frozenset()
    most_likely: frozenset[str] = frozenset()
    significant: bool | None = None
    class_at_least: Mapping[str, float] = field(default_factory=dict)
    detail_at_least: Mapping[str, float] = field(default_factory=dict)
    detail_at_most: Mapping[str, float] = field(default_factory=dict)
    detail_is: Mapping[str, frozenset[DetailValue]] = field(default_factory=dict)
    snr_at_least: Mapping[Family, float] = field(default_factory=dict)
    far_at_most_per_year: float | None = None
    craft_at_least: int | None = None
    named_burst: bool | None = None

    def holds(self, event: Event) -> bool:
        """Whether everything that is given holds of an event."""
        return self._holds_of_names(event) and self._holds_of_numbers(event)

    def _holds_of_names(self, event: Event) -> bool:
        # Many rules are asked of each event: what is not given is passed over before anything is worked out.
        details = event.details
        return (
            (not self.kinds or event.kind in self.kinds)
            and (not self.phases or event.phase in self.phases)
            and (not self.groups or details.get("group") in self.groups)
            and (not self.notice_types or details.get("notice_type") in self.notice_types)
            and (not self.families or not self.families.isdisjoint(standing_families(event)))
            and (not self.most_likely or most_likely_class(event) in self.most_likely)
            and (self.significant is None or event.is_significant is self.significant)
            and (self.named_burst is None or self.named_burst == ("cites" in details))
            and not (self.detail_is and any(details.get(name) not in one for name, one in self.detail_is.items()))
        )

    def _holds_of_numbers(self, event: Event) -> bool:
        classes = event.classification
        if self.class_at_least and not any(classes.get(n, 0.0) >= p for n, p in self.class_at_least.items()):
            return False
        if self.snr_at_least and not any(_at_least(event, STRENGTH + f, v) for f, v in self.snr_at_least.items()):
            return False
        if not all(_at_least(event, name, value) for name, value in self.detail_at_least.items()):
            return False
        if not all(_at_most(event, name, value) for name, value in self.detail_at_most.items()):
            return False
        if self.craft_at_least is not None and not _at_least(event, "craft_count", self.craft_at_least):
            return False
        limit = self.far_at_most_per_year
        return limit is None or (event.far_hz is not None and event.far_hz * YEAR_S <= limit)


def most_likely_class(event: Event) -> str | None:
    """Class with the highest probability, the alphabetically first of equals; None without classes."""
    return min(event.classification, key=lambda name: (-event.classification[name], name), default=None)


def standing_families(event: Event) -> frozenset[Family]:
    """Families whose triggers of an event are not retracted (all, where all are)."""
    return frozenset(Family(name) for name in str(event.details.get("families", "")).split())


def number(event: Event, name: str) -> float | None:
    """Detail of an event that is a number; None where it is absent or something else."""
    value = event.details.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _at_least(event: Event, name: str, limit: float) -> bool:
    value = number(event, name)
    return value is not None and value >= limit


def _at_most(event: Event, name: str, limit: float) -> bool:
    value = number(event, name)
    return value is not None and value <= limit
