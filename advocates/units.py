"""Units as they stand behind numbers in a text, against those that names of facts end with. Pure."""

import re

_CM2 = r"(?:/\s?|\s)cm\s?(?:\^|\*\*)?\s?\(?-?2\)?"
_PER_S = r"\s?(?:/\s?s(?:ec)?\b|s\s?(?:\^|\*\*)?\s?\(?-1\)?)"
#: Longer ones first: each is tried in this order. The name is what a fact's name ends with, where facts have this unit.
_WRITTEN = {
    "erg_cm2_s": rf"erg{_CM2}{_PER_S}",
    "erg_cm2": rf"erg{_CM2}",
    "erg_s": rf"erg{_PER_S}",
    "erg": r"ergs?\b",
    "ph_cm2_s": rf"ph(?:otons?)?{_CM2}{_PER_S}",
    "ph_cm2": rf"ph(?:otons?)?{_CM2}",
    "kev": r"keV\b",
    "mev": r"MeV\b",
    "gpc": r"Gpc\b",
    "mpc": r"Mpc\b",
    "kpc": r"kpc\b",
    "deg2": r"(?:sq(?:uare|\.)?\s?-?deg(?:rees?|s)?\b|deg(?:\^|\*\*)?2\b)",
    "arcmin2": r"(?:sq(?:uare|\.)?\s?-?arcmin(?:utes?|s)?\b|arcmin(?:\^|\*\*)?2\b)",
    "deg": r"deg(?:rees?|s)?\b",
    "arcmin": r"arc\s?-?min(?:utes?|s)?\b",
    "arcsec": r"arc\s?-?sec(?:onds?|s)?\b",
    "percent": r"(?:%|per\s?cent\b)",
    "per_year": r"(?:per year\b|/\s?yr\b|yr\^?-1)",
    "hz": r"Hz\b",
    "ms": r"(?:ms\b|milliseconds?\b)",
    "min": r"min(?:utes?)?\b",
    "hours": r"(?:h\b|hours?\b|hrs?\b)",
    "days": r"(?:d\b|days?\b)",
    "s": r"s(?:ec(?:onds?)?)?\b",
}
_NAMED = {unit: re.compile(rf"\s{{0,2}}{written}") for unit, written in _WRITTEN.items()}


def unit_behind(text: str, position: int) -> str | None:
    """Unit at a place of a text, named as facts are; None where none of those known stands there.

    Parameters
    ----------
    text
        Of a circular.
    position
        Where the number ends.
    """
    return next((unit for unit, written in _NAMED.items() if written.match(text, position)), None)


def unit_of(fact_name: str) -> str | None:
    """Unit that the name of a fact ends with: ``limit_hard_1s_erg_cm2`` is in ``erg_cm2``; None for what has none."""
    return next((unit for unit in _NAMED if fact_name.endswith(f"_{unit}")), None)
