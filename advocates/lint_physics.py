"""Numbers of a circular against each other: energy, distance and fluence; the date in a burst's name. Pure."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from advocates.findings import blocking, line_of, warning
from advocates.numbers import decimal
from tocsin.domain.drafts import Finding

_MPC_CM = 3.0856775814913673e24
#: Energies are printed with two digits, distances with three; authors take the mean, the mode, or a bound.
MAX_RATIO = 1.25
MONTHS = 12
_N = r"(\d+(?:\.\d+)?(?:[eE][+-]?\d+|\s?[x*]\s?10\^?\(?[+-]?\d+\)?)?)"
_DISTANCE = re.compile(_N + r"\s*(?:\+/-\s*[\d.]+\s*)?Mpc")
_ENERGY = re.compile(
    r"(?:isotropic[- ]equivalent|E_?iso|isotropic)[^.;]{0,80}?" + _N + r"\s*erg(?!\s*/|\s*s|\s*cm)", re.IGNORECASE
)
_FLUENCE = re.compile(_N + r"\s*erg\s*/?\s*cm(?:\^|\*\*)?-?2(?!\s*/\s*s|\s*s)")
_NAMED = re.compile(r"\b(?:GRB|IceCube[- ]|SGR |XRF )\s?(\d{2})(\d{2})(\d{2})(?:[A-Z]\b|\.\d|\b)")
_DATED = re.compile(r"\b(20\d{2})[-/](\d{2})[-/](\d{2})\b")


def lint_physics(subject: str, body: str) -> Iterator[Finding]:
    """Findings ``energy.distance`` and ``event.date``."""
    yield from _energy(body)
    yield from _date(subject, body)


def _energy(body: str) -> Iterator[Finding]:
    """Isotropic-equivalent energy against 4 pi d^2 F, where a text prints all three."""
    distances = [float(value) for found in _DISTANCE.finditer(body) if (value := decimal(found[1])) is not None]
    fluences = [float(value) for found in _FLUENCE.finditer(body) if (value := decimal(found[1])) is not None]
    if not distances or not fluences:
        return
    for found in _ENERGY.finditer(body):
        value = decimal(found[1])
        if value is None or value <= 0:
            continue
        energy = float(value)
        due = [4 * math.pi * (one * _MPC_CM) ** 2 * fluence for one in distances for fluence in fluences]
        ratio = min(max(energy / one, one / energy) for one in due if one > 0)
        if ratio > MAX_RATIO:
            words = f"{energy:.2g} erg is no isotropic energy of the distances and fluences printed: off by {ratio:.3g}"
            yield warning("energy.distance", line_of(body, found.start()), words, "4 pi d^2 F, in cm and erg/cm^2")


def _date(subject: str, body: str) -> Iterator[Finding]:
    """The date in the event's name against the dates printed."""
    named = _NAMED.search(subject)
    dates = {(one[1][2:], one[2], one[3]) for one in _DATED.finditer(body[:3000])}
    if named is None or not dates:
        return
    name = (named[1], named[2], named[3])
    if not any(_is_near(name, date) for date in dates):
        printed = ", ".join("20" + "-".join(date) for date in sorted(dates))
        words = f"the event is named after 20{'-'.join(name)}, the text prints {printed}"
        yield blocking("event.date", "subject", words, "check the event's name and its time")


def _is_near(name: tuple[str, str, str], date: tuple[str, str, str]) -> bool:
    """The same day, or one beside it (names follow the trigger, texts may tell of the evening after); no month 13."""
    if not all(1 <= int(one[1]) <= MONTHS for one in (name, date)):
        return False
    days = [
        datetime(2000 + int(one[0]), int(one[1]), 1, tzinfo=UTC) + timedelta(days=int(one[2]) - 1)
        for one in (name, date)
    ]
    return abs(days[0] - days[1]) <= timedelta(days=1)
