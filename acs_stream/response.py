"""From counts to fluence: the response of SPI-ACS by direction and spectrum, from ``config/response.toml``.

SPI-ACS has one channel and no direction: what a count is worth depends on the angle between source and pointing axis,
on the azimuth (which no public table gives) and on the spectrum. So each value has a spread, and an unknown direction
gets the sky's average with its spread, never the best value.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from acs_stream.spectra import Spectrum, energies
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
        "kind",
        "source",
        "scatter_fraction",
        "effective_area",
        "directions",
    }
)
DIRECTION_KEYS = frozenset({"theta_deg", "phi_deg", "fraction_of_best", "soft_over_hard"})
ANGLE_KEYS = frozenset({"angle_deg", "fraction_of_best", "spread", "soft_over_hard"})


#: Energies that make a count, keV.
DETECTED_KEV = (20.0, 10_000.0)


class ResponseKind(StrEnum):
    """What a response is made of."""

    PARAMETRIC = "parametric"
    TABLE = "table"


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
    kind, source
        Whether it is a table of the instrument's response or a formula fitted to published points, and whose.
    scatter_fraction
        How far single published points lie from it, relative, 1 sigma.
    azimuth_deg
        Angle about the pointing axis, deg; None: unknown, or it was not used.
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
    kind: ResponseKind = ResponseKind.PARAMETRIC
    source: str = ""
    scatter_fraction: float = 0.4
    azimuth_deg: float | None = None

    @property
    def total_fraction(self) -> float:
        """Relative 1-sigma error of a limit: scatter of the table and what is not known of the direction."""
        return float(np.hypot(self.scatter_fraction, self.spread))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponseTable:
    """Response by direction in the spacecraft's axes; build it with `from_config`.

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
    hard, soft
        The spectra that limits are stated for.
    kind, source, scatter_fraction
        As in `Response`.
    half_kev, slope
        Shape of the effective area: ``1 / (1 + (half / E)^slope)``.
    directions
        For a table: theta, phi, fraction of best, soft over hard, shape (n, 4); the nearest direction counts.
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
    hard: Spectrum
    soft: Spectrum
    kind: ResponseKind
    source: str
    scatter_fraction: float
    half_kev: float
    slope: float
    directions: FloatArray | None = None

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
        area = _mapping(config, "effective_area", file)
        hard, soft = (
            Spectrum.from_config(_mapping(spectra, name, file), file=file, key=f"spectra.{name}")
            for name in ("hard", "soft")
        )
        kind = _kind(config, file)
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
            hard_spectrum=hard.words,
            soft_spectrum=soft.words,
            hard=hard,
            soft=soft,
            kind=kind,
            source=str(config.get("source", "")),
            scatter_fraction=_number(config, "scatter_fraction", file),
            half_kev=_number(area, "half_kev", file, "effective_area."),
            slope=_number(area, "slope", file, "effective_area."),
            directions=_directions(config, file) if kind is ResponseKind.TABLE else None,
        )

    def at(self, angle_deg: float | None, azimuth_deg: float | None = None) -> Response:
        """Response in a direction of the spacecraft's axes.

        Parameters
        ----------
        angle_deg
            From the pointing axis, deg; None, or outside of what is tabulated: the sky's average.
        azimuth_deg
            About that axis, deg; only a table with directions knows what to do with it.
        """
        if self.directions is not None and angle_deg is not None and azimuth_deg is not None:
            fraction, ratio = (float(v[0]) for v in self._nearest(np.array([angle_deg]), np.array([azimuth_deg])))
            made = self._made(fraction, 0.0, ratio, angle_deg=angle_deg, quality=self.word(fraction))
            return replace(made, azimuth_deg=azimuth_deg)
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

    def over_sky(self, theta_deg: FloatArray, phi_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Fraction of the best sensitivity, and soft over hard, in many directions, shape (n,) each.

        Parameters
        ----------
        theta_deg, phi_deg
            Directions in the spacecraft's axes, deg, shape (n,).
        """
        if self.directions is not None:
            return self._nearest(theta_deg, phi_deg)
        inside = (theta_deg >= self.angles_deg[0]) & (theta_deg <= self.angles_deg[-1])
        fraction = np.where(inside, np.interp(theta_deg, self.angles_deg, self.fractions), self.unknown[0])
        return fraction, np.where(inside, np.interp(theta_deg, self.angles_deg, self.soft_over_hard), self.unknown[2])

    def erg_cm2_per_count(self, spectrum: Spectrum, band_kev: tuple[float, float] | None = None) -> float:
        """Fluence in a band for one count in the best direction, of any spectrum, erg/cm2.

        Notes
        -----
        The shape of the effective area is scaled so that the hard spectrum gives the stated value; how far that can be
        trusted for a spectrum much softer than the soft one, nobody has published.
        """
        band = self.band_kev if band_kev is None else band_kev
        ratio = self._counts_per_erg(self.hard, self.band_kev) / self._counts_per_erg(spectrum, band)
        return self.best_hard_erg_cm2_per_count * ratio

    def _counts_per_erg(self, spectrum: Spectrum, band_kev: tuple[float, float]) -> float:
        energy = energies(DETECTED_KEV)
        area = 1.0 / (1.0 + (self.half_kev / energy) ** self.slope)
        counts = float(np.trapezoid(area * spectrum.photons(energy) * energy, np.log(energy)))
        return counts / spectrum.fluence_erg(band_kev)

    def _nearest(self, theta_deg: FloatArray, phi_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self.directions is None:
            raise ValueError("this response knows no directions")
        known = _unit(self.directions[:, 0], self.directions[:, 1])
        index = np.argmax(_unit(theta_deg, phi_deg) @ known.T, axis=1)
        return self.directions[index, 2], self.directions[index, 3]

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
            kind=self.kind,
            source=self.source,
            scatter_fraction=self.scatter_fraction,
        )


def _unit(theta_deg: FloatArray, phi_deg: FloatArray) -> FloatArray:
    theta, phi = np.radians(theta_deg), np.radians(phi_deg)
    return np.stack([np.cos(theta), np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi)], axis=-1)


def _kind(config: Mapping[str, Any], file: str) -> "ResponseKind":
    try:
        return ResponseKind(str(config.get("kind")))
    except ValueError:
        raise ConfigurationError('must be "parametric" or "table"', file=file, key="kind") from None


def _directions(config: Mapping[str, Any], file: str) -> FloatArray:
    rows = config.get("directions")
    if not isinstance(rows, Sequence) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise ConfigurationError("a table needs a list of tables", file=file, key="directions")
    names = ("theta_deg", "phi_deg", "fraction_of_best", "soft_over_hard")
    found = []
    for k, row in enumerate(rows, start=1):
        _known_keys(row, DIRECTION_KEYS, file, f"directions[{k}].")
        found.append([_signed(row, name, file, f"directions[{k}].") for name in names])
        if not 0 < found[-1][2] <= 1:
            raise ConfigurationError("must be within (0, 1]", file=file, key=f"directions[{k}].fraction_of_best")
    return read_only(found)


def _signed(table: Mapping[str, Any], key: str, file: str, prefix: str) -> float:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e6 < value < 1e6:
        raise ConfigurationError(f"must be a number, not {value!r}", file=file, key=prefix + key)
    return float(value)


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
    for k, row in enumerate(rows, start=1):
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
    words = [
        (_number(row, "at_least", file, f"quality[{k}]."), str(row.get("word", "")))
        for k, row in enumerate(rows, start=1)
    ]
    return tuple(sorted(words, reverse=True))


def _band(config: Mapping[str, Any], file: str) -> tuple[float, float]:
    band = config.get("band_kev")
    if not isinstance(band, Sequence) or len(band) != 2 or not all(isinstance(e, int | float) for e in band):
        raise ConfigurationError("must be [low, high]", file=file, key="band_kev")
    return float(band[0]), float(band[1])
