"""Numbers of a circular against each other: energy, distance and fluence; shares of the best response. Pure."""

import math
import re
from collections.abc import Iterator

from advocates.findings import blocking, line_of, warning
from advocates.numbers import decimal
from tocsin.domain.drafts import Finding

_MPC_CM = 3.0856775814913673e24
#: Energies are printed with two digits, distances with three; authors take the mean, the mode, or a bound.
MAX_RATIO = 1.25
_N = r"(\d+(?:\.\d+)?(?:[eE][+-]?\d+|\s?[x*]\s?10\^?\(?[+-]?\d+\)?)?)"
_DISTANCE = re.compile(_N + r"\s*(?:\+/-\s*[\d.]+\s*)?([kMG])pc\b")
_PC_MPC = {"k": 1e-3, "M": 1.0, "G": 1e3}
_ENERGY = re.compile(
    r"(?:isotropic[- ]equivalent|E_?iso|isotropic)[^.;]{0,80}?" + _N + r"\s*erg(?!\s*/|\s*s|\s*cm)", re.IGNORECASE
)
_FLUENCE = re.compile(_N + r"\s*erg\s*/?\s*cm(?:\^|\*\*)?-?2(?!\s*/\s*s|\s*s)")
_RESPONSE = re.compile(r"(\d+(?:\.\d+)?)\s*%\s+of (?:the )?(?:optimal|optimum|best|maximum)")


def lint_physics(body: str) -> Iterator[Finding]:
    """Findings ``energy.distance`` and ``response.range``."""
    yield from _energy(body)
    for found in _RESPONSE.finditer(body):
        if float(found[1]) > 100:
            words = f"a response of {found[1]} % of the best"
            yield blocking("response.range", line_of(body, found.start()), words, "compare with the response's table")


def _energy(body: str) -> Iterator[Finding]:
    """Isotropic-equivalent energy against 4 pi d^2 F, where a text prints all three."""
    distances = [
        float(value) * _PC_MPC[found[2]]
        for found in _DISTANCE.finditer(body)
        if (value := decimal(found[1])) is not None
    ]
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
