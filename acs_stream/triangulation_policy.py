"""What is triangulated without anybody asking, and what of it may be stated, from ``config/triangulation.toml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.domain.errors import ConfigurationError

#: Flags of delays and annuli, with what to say where they keep an annulus from being stated.
FLAG_REASONS = {
    "not_detected": "one of the curves does not show the burst",
    "insufficient_background": "a curve is too short to tell its background",
    "several_modes": "more than one delay fits",
    "single_bin_dominated": "the delay hangs on one bin",
    "poor_fit": "the shapes of the curves differ by more than chance",
    "unrelated": "the curves may show different things",
    "no_constraint": "the delay is as good as unknown",
    "at_range_edge": "the delay is as long as the baseline allows and may be longer",
    "statistical_only": "nothing was done about energies",
    "disc": "the annulus closes to a disc",
}
MAKE_KEYS = frozenset({"wait_s", "instruments", "never_pairs", "shortest_baseline_light_s"})
STATE_KEYS = frozenset({"refused_flags", "widest_half_width_deg", "energy_needed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TriangulationPolicy:
    """Rules of the unattended triangulation.

    Parameters
    ----------
    wait_s
        After a light curve that may show the event others may be on their way: the map waits so long for them, s.
    instruments
        Whose curves are used; empty: all.
    never_pairs
        Instruments that are never paired: two views of the same photons, or a pair known to be unsound.
    shortest_baseline_light_s
        Pairs nearer to each other make no annulus, light-s.
    refused_flags
        Annuli with one of these are kept and shown, but no draft states them.
    widest_half_width_deg
        Nor wider ones, 3-sigma half-width in deg.
    energy_needed
        Nor those whose delay knows nothing of energies: a statistical width alone.
    """

    wait_s: float = 5.0
    instruments: frozenset[str] = frozenset()
    never_pairs: frozenset[frozenset[str]] = frozenset()
    shortest_baseline_light_s: float = 0.01
    refused_flags: frozenset[str] = frozenset(
        {"not_detected", "unrelated", "several_modes", "no_constraint", "statistical_only"}
    )
    widest_half_width_deg: float = 30.0
    energy_needed: bool = True

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, file: str) -> "TriangulationPolicy":
        """Policy of a parsed ``triangulation.toml``.

        Raises
        ------
        ConfigurationError
            A key is unknown or of the wrong kind.
        """
        _known(config, frozenset({"make", "state"}), file, "")
        make, state = (_table(config, name, file) for name in ("make", "state"))
        _known(make, MAKE_KEYS, file, "make.")
        _known(state, STATE_KEYS, file, "state.")
        default = cls()
        return cls(
            wait_s=_number(make, "wait_s", default.wait_s, file, "make."),
            instruments=frozenset(_texts(make, "instruments", file, "make.")),
            never_pairs=frozenset(_pairs(make, file)),
            shortest_baseline_light_s=_number(
                make, "shortest_baseline_light_s", default.shortest_baseline_light_s, file, "make."
            ),
            refused_flags=_flags(state, default.refused_flags, file),
            widest_half_width_deg=_number(
                state, "widest_half_width_deg", default.widest_half_width_deg, file, "state."
            ),
            energy_needed=_flag(state, "energy_needed", file, default=default.energy_needed),
        )

    def uses(self, instrument: str) -> bool:
        """Whether an instrument's curves are used."""
        return not self.instruments or instrument in self.instruments

    def pairs(self, a: str, b: str) -> bool:
        """Whether two instruments may be paired."""
        return self.uses(a) and self.uses(b) and frozenset((a, b)) not in self.never_pairs

    def why_not_stated(self, annulus: Mapping[str, Any]) -> str:
        """Why an annulus (its JSON form) is shown but not stated in drafts; empty where it may be."""
        reasons = [FLAG_REASONS.get(flag, flag) for flag in annulus.get("flags", ()) if flag in self.refused_flags]
        if self.energy_needed and not annulus.get("energy"):
            reasons.append(FLAG_REASONS["statistical_only"])
        half = 0.5 * (float(annulus["minus_3sigma_deg"]) + float(annulus["plus_3sigma_deg"]))
        if half > self.widest_half_width_deg:
            reasons.append(f"it is {half:.1f} deg wide on each side")
        return "; ".join(dict.fromkeys(reasons))


def _known(table: Mapping[str, Any], keys: frozenset[str], file: str, prefix: str) -> None:
    for key in table:
        if key not in keys:
            message = f"unknown setting; known are {', '.join(sorted(keys))}"
            raise ConfigurationError(message, file=file, key=prefix + key)


def _table(config: Mapping[str, Any], key: str, file: str) -> Mapping[str, Any]:
    value = config.get(key, {})
    if not isinstance(value, Mapping):
        raise ConfigurationError("must be a table", file=file, key=key)
    return value


def _number(table: Mapping[str, Any], key: str, default: float, file: str, prefix: str) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise ConfigurationError(f"must be a number that is not negative, not {value!r}", file=file, key=prefix + key)
    return float(value)


def _flag(table: Mapping[str, Any], key: str, file: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise ConfigurationError("must be true or false", file=file, key=f"state.{key}")
    return value


def _texts(table: Mapping[str, Any], key: str, file: str, prefix: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError("must be a list of texts", file=file, key=prefix + key)
    return value


def _pairs(table: Mapping[str, Any], file: str) -> list[frozenset[str]]:
    value = table.get("never_pairs", [])
    if not isinstance(value, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(name, str) for name in pair) for pair in value
    ):
        raise ConfigurationError("must be a list of pairs of names", file=file, key="make.never_pairs")
    return [frozenset(pair) for pair in value]


def _flags(table: Mapping[str, Any], default: frozenset[str], file: str) -> frozenset[str]:
    if "refused_flags" not in table:
        return default
    flags = _texts(table, "refused_flags", file, "state.")
    for flag in flags:
        if flag not in FLAG_REASONS:
            message = f"no flag is called {flag}; known are {', '.join(FLAG_REASONS)}"
            raise ConfigurationError(message, file=file, key="state.refused_flags")
    return frozenset(flags)
