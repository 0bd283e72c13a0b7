"""From counts to fluence: the response of SPI-ACS by direction and spectrum, from ``config/response.toml``.

SPI-ACS has one channel and no direction: what a count is worth depends on the angle between source and pointing axis,
on the azimuth (which no public table gives) and on the spectrum. So each value has a spread, and an unknown direction
gets the sky's average with its spread, never the best value.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tocsin.domain.errors import ConfigurationError
from tocsin.domain.light_curves import FloatArray, read_only

KEYS = frozenset(
    {
        "instrument",
        "band_kev",
        "best_hard_erg_cm2_per_count",
        "systematic_fraction",
        "spectra",
        "quality",
        "angles",
        "unknown",
    }
)
ANGLE_KEYS = frozenset({"angle_deg", "fraction_of_best", "spread", "soft_over_hard"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a count is worth in one direction.

    Parameters
    ----------
    hard_erg_cm2_per_count, soft_erg_cm2_per_count
        Fluence per count in `band_kev` for the hard and the soft spectrum.
    fraction_of_best
        Sensitivity relative to the best direction, 0 to 1.
    spread
        Relative 1-sigma spread of the above (azimuth, or the whole sky where the direction is unknown).
    quality
        ``near-optimal``, ``somewhat suppressed``, ``strongly suppressed``, or ``unknown direction``.
    angle_deg
        Angle between source and pointing axis, deg; None: unknown.
    band_kev
        Band of the fluence, keV.
    systematic_fraction
        Systematic error of the response, 1 sigma.
    hard_spectrum, soft_spectrum
        In words.
    """

    hard_erg_cm2_per_count: float
    soft_erg_cm2_per_count: float
    fraction_of_best: float
    spread: float
    quality: str
    angle_deg: float | None
    band_kev: tuple[float, float]
    systematic_fraction: float
    hard_spectrum: str
    soft_spectrum: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponseTable:
    """Response by angle to the pointing axis; build it with `from_config`.

    Parameters
    ----------
    best_hard_erg_cm2_per_count
        Fluence per count in the best direction for the hard spectrum.
    angles_deg, fractions, spreads, soft_over_hard
        Nodes, shape (n,); soft_over_hard: soft over hard fluence per count.
    unknown
        (fraction, spread, soft_over_hard) where no direction, or none within the table, is known.
    quality
        (least fraction, word), falling.
    """

    instrument: str
    best_hard_erg_cm2_per_count: float
    angles_deg: FloatArray
    fractions: FloatArray
    spreads: FloatArray
    soft_over_hard: FloatArray
    unknown: tuple[float, float, float]
    quality: tuple[tuple[float, str], ...]
    band_kev: tuple[float, float]
    systematic_fraction: float
    hard_spectrum: str
    soft_spectrum: str

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, file: str) -> "ResponseTable":
        """Table of a parsed ``response.toml``.

        Raises
        ------
        ConfigurationError
            A key is missing, unknown or of the wrong kind, or angles do not ascend.
        """
        _known_keys(config, KEYS, file)
        nodes = _nodes(config, file)
        unknown = _mapping(config, "unknown", file)
        spectra = _mapping(config, "spectra", file)
        return cls(
            instrument=str(config.get("instrument", "SPI-ACS")),
            best_hard_erg_cm2_per_count=_number(config, "best_hard_erg_cm2_per_count", file),
            angles_deg=read_only([n["angle_deg"] for n in nodes]),
            fractions=read_only([n["fraction_of_best"] for n in nodes]),
            spreads=read_only([n["spread"] for n in nodes]),
            soft_over_hard=read_only([n["soft_over_hard"] for n in nodes]),
            unknown=(
                _number(unknown, "fraction_of_best", file, "unknown."),
                _number(unknown, "spread", file, "unknown."),
                _number(unknown, "soft_over_hard", file, "unknown."),
            ),
            quality=_quality(config, file),
            band_kev=_band(config, file),
            systematic_fraction=_number(config, "systematic_fraction", file),
            hard_spectrum=str(spectra.get("hard", "")),
            soft_spectrum=str(spectra.get("soft", "")),
        )

    def at(self, angle_deg: float | None) -> Response:
        """Response at an angle from the pointing axis, deg; None or outside the table: the sky's average."""
        if angle_deg is None or not self.angles_deg[0] <= angle_deg <= self.angles_deg[-1]:
            fraction, spread, ratio = self.unknown
            return self._made(fraction, spread, ratio, angle_deg=angle_deg, quality="unknown direction")
        fraction, spread, ratio = (
            float(np.interp(angle_deg, self.angles_deg, values))
            for values in (self.fractions, self.spreads, self.soft_over_hard)
        )
        return self._made(fraction, spread, ratio, angle_deg=angle_deg, quality=self.word(fraction))

    def with_fraction(
        self, fraction_of_best: float, *, soft_over_hard: float | None = None, angle_deg: float | None = None
    ) -> Response:
        """Response where its fraction of the best is known from elsewhere, as from the observatory's own matrix."""
        if not 0 < fraction_of_best <= 1:
            raise ValueError(f"fraction_of_best is {fraction_of_best}, not within (0, 1]")
        angle = self.angles_deg[0] if angle_deg is None else angle_deg
        ratio = soft_over_hard or float(np.interp(angle, self.angles_deg, self.soft_over_hard))
        return self._made(fraction_of_best, 0.0, ratio, angle_deg=angle_deg, quality=self.word(fraction_of_best))

    def word(self, fraction_of_best: float) -> str:
        """Quality in the words of circulars."""
        return next((word for least, word in self.quality if fraction_of_best >= least), self.quality[-1][1])

    def _made(self, fraction: float, spread: float, ratio: float, *, angle_deg: float | None, quality: str) -> Response:
        hard = self.best_hard_erg_cm2_per_count / fraction
        return Response(
            hard_erg_cm2_per_count=hard,
            soft_erg_cm2_per_count=hard * ratio,
            fraction_of_best=fraction,
            spread=spread,
            quality=quality,
            angle_deg=angle_deg,
            band_kev=self.band_kev,
            systematic_fraction=self.systematic_fraction,
            hard_spectrum=self.hard_spectrum,
            soft_spectrum=self.soft_spectrum,
        )


def _known_keys(table: Mapping[str, Any], known: frozenset[str], file: str, prefix: str = "") -> None:
    for key in table:
        if key not in known:
            raise ConfigurationError(
                f"unknown setting; known are {', '.join(sorted(known))}", file=file, key=prefix + key
            )


def _number(table: Mapping[str, Any], key: str, file: str, prefix: str = "") -> float:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise ConfigurationError(f"must be a number, not {value!r}", file=file, key=prefix + key)
    return float(value)


def _mapping(config: Mapping[str, Any], key: str, file: str) -> Mapping[str, Any]:
    value = config.get(key)
    if not isinstance(value, Mapping):
        raise ConfigurationError("must be a table", file=file, key=key)
    return value


def _nodes(config: Mapping[str, Any], file: str) -> list[dict[str, float]]:
    rows = config.get("angles")
    if not isinstance(rows, Sequence) or len(rows) < 2:
        raise ConfigurationError("must be a list of at least two tables", file=file, key="angles")
    nodes = []
    for k, row in enumerate(rows):
        _known_keys(row, ANGLE_KEYS, file, f"angles[{k}].")
        nodes.append({key: _number(row, key, file, f"angles[{k}].") for key in sorted(ANGLE_KEYS)})
        if not 0 < nodes[-1]["fraction_of_best"] <= 1:
            raise ConfigurationError("must be within (0, 1]", file=file, key=f"angles[{k}].fraction_of_best")
    if any(b["angle_deg"] <= a["angle_deg"] for a, b in itertools.pairwise(nodes)):
        raise ConfigurationError("angles must ascend", file=file, key="angles")
    return nodes


def _quality(config: Mapping[str, Any], file: str) -> tuple[tuple[float, str], ...]:
    rows = config.get("quality")
    if not isinstance(rows, Sequence) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise ConfigurationError("must be a list of tables {at_least, word}", file=file, key="quality")
    words = [(_number(row, "at_least", file, f"quality[{k}]."), str(row.get("word", ""))) for k, row in enumerate(rows)]
    return tuple(sorted(words, reverse=True))


def _band(config: Mapping[str, Any], file: str) -> tuple[float, float]:
    band = config.get("band_kev")
    if not isinstance(band, Sequence) or len(band) != 2 or not all(isinstance(e, int | float) for e in band):
        raise ConfigurationError("must be [low, high]", file=file, key="band_kev")
    return float(band[0]), float(band[1])
