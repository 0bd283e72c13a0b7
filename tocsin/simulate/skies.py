"""Simulated gravitational-wave sky maps: multi-order, honest by drawing the truth from the map itself."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import healpix
import numpy as np
from astropy.io import fits

from tocsin.domain.light_curves import FloatArray, IntArray
from tocsin.simulate.spacecraft import direction, ra_dec_deg, unit
from triangulation.distances import moments

#: Coarsest and finest pixel order of a simulated map.
FIRST_ORDER, LAST_ORDER = 4, 9
#: Pixels holding more than this are split.
SPLIT_PROBABILITY = 6e-4
#: Truths are drawn from sub-pixels this many orders finer than their pixel.
FINER = 8


@dataclass(frozen=True, slots=True, eq=False)
class GravitationalWaveMap:
    """Multi-order sky map with distances, as LVK sends them.

    Parameters
    ----------
    uniq
        NUNIQ pixel numbers, ascending, shape (n,); they tile the sky.
    density_sr
        Probability per steradian, shape (n,).
    distance_mpc, distance_sd_mpc
        Layers DISTMU and DISTSIGMA of every pixel, Mpc: distances have the density r^2 N(r; mu, sigma).
    """

    uniq: IntArray
    density_sr: FloatArray
    distance_mpc: float
    distance_sd_mpc: float

    @property
    def probability(self) -> FloatArray:
        """Probability of each pixel, shape (n,), sum 1."""
        return np.asarray(self.density_sr * _pixel_sr(_order(self.uniq)))

    def area_deg2(self, level: float) -> float:
        """Area of the smallest region that holds `level` of the probability, deg2."""
        order = np.argsort(-self.density_sr)
        area = np.cumsum(_pixel_sr(_order(self.uniq))[order]) * np.degrees(1.0) ** 2
        return float(np.interp(level, np.cumsum(self.probability[order]), area))

    def draw_direction(self, rng: np.random.Generator) -> tuple[float, float]:
        """Right ascension and declination (deg) drawn from the map."""
        probability = self.probability
        pixel = int(rng.choice(self.uniq.size, p=probability / probability.sum()))
        order = int(_order(self.uniq[pixel : pixel + 1])[0])
        parent = int(self.uniq[pixel]) - 4 ** (order + 1)
        child = parent * 4**FINER + int(rng.integers(4**FINER))
        lon, lat = healpix.pix2ang(2 ** (order + FINER), child, nest=True, lonlat=True)
        return float(lon), float(lat)

    def to_fits(self, *, superevent_id: str, t0_utc: datetime, made_utc: datetime, detectors: str) -> bytes:
        """FITS file in the form of LVK's multi-order maps, bytes."""
        mu, sigma = self.distance_mpc, self.distance_sd_mpc
        n = self.uniq.size
        second, third, fourth = (float(one[0]) for one in moments(np.array([mu]), np.array([sigma])))
        mean, sd = third / second, float(np.sqrt(fourth / second - (third / second) ** 2))
        columns = [
            fits.Column("UNIQ", "K", array=self.uniq),
            fits.Column("PROBDENSITY", "D", unit="sr-1", array=self.density_sr),
            fits.Column("DISTMU", "D", unit="Mpc", array=np.full(n, mu)),
            fits.Column("DISTSIGMA", "D", unit="Mpc", array=np.full(n, sigma)),
            fits.Column("DISTNORM", "D", unit="Mpc-2", array=np.full(n, 1.0 / second)),
        ]
        table = fits.BinTableHDU.from_columns(columns)
        cards = (
            ("MOC", True, ""),
            ("PIXTYPE", "HEALPIX", "HEALPIX pixelisation"),
            ("ORDERING", "NUNIQ", "Pixel ordering scheme: RING, NESTED, or NUNIQ"),
            ("COORDSYS", "C", "Ecliptic, Galactic or Celestial (equatorial)"),
            ("MOCORDER", int(_order(self.uniq).max()), "MOC resolution (best order)"),
            ("INDXSCHM", "EXPLICIT", "Indexing: IMPLICIT or EXPLICIT"),
            ("OBJECT", superevent_id, "Unique identifier for this event"),
            ("INSTRUME", detectors, "Instruments that triggered this event"),
            ("DATE-OBS", f"{t0_utc:%Y-%m-%dT%H:%M:%S.%f}", "UTC date of the observation"),
            ("DATE", f"{made_utc:%Y-%m-%dT%H:%M:%S.%f}", "UTC date of file creation"),
            ("CREATOR", "SIMULATED", "Program that created this file"),
            ("ORIGIN", "LIGO/Virgo/KAGRA", "Organization responsible for this FITS file"),
            ("DISTMEAN", mean, "Posterior mean distance (Mpc)"),
            ("DISTSTD", sd, "Posterior standard deviation of distance (Mpc)"),
        )
        table.header.extend(cards)
        buffer = io.BytesIO()
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(buffer)
        return buffer.getvalue()


def draw_gravitational_wave_map(rng: np.random.Generator) -> GravitationalWaveMap:
    """Map of a plausible compact-binary event: two arcs ("bananas") on a ring, or an ellipse, with its distance."""
    pole = unit(rng.normal(size=3))
    radius_deg = rng.uniform(45.0, 100.0)
    width_deg, length_deg = rng.uniform(2.5, 6.0), rng.uniform(9.0, 28.0)
    second_lobe = rng.choice([0.0, rng.uniform(0.05, 0.5)])
    along = unit(np.cross(pole, direction(*ra_dec_deg(rng.normal(size=3)))))

    def log_density(places: FloatArray) -> FloatArray:
        across = (np.degrees(np.arccos(np.clip(places @ pole, -1.0, 1.0))) - radius_deg) / width_deg
        turn = np.degrees(np.arctan2(places @ np.cross(pole, along), places @ along))
        first = -0.5 * (turn / length_deg) ** 2
        other = -0.5 * ((180.0 - np.abs(turn)) / length_deg) ** 2 + np.log(second_lobe + 1e-12)
        return np.asarray(-0.5 * across**2 + np.logaddexp(first, other))

    uniq, density = _refine(log_density)
    distance = float(rng.uniform(60.0, 200.0))
    return GravitationalWaveMap(uniq, density, distance, 0.25 * distance)


def _refine(log_density: Callable[[FloatArray], FloatArray]) -> tuple[IntArray, FloatArray]:
    """Pixels and normalised densities, split where much probability lies."""
    kept: list[tuple[IntArray, FloatArray]] = []
    pixels = np.arange(12 * 4**FIRST_ORDER)
    total: float | None = None
    for order in range(FIRST_ORDER, LAST_ORDER + 1):
        density = np.exp(log_density(_places(order, pixels)))
        # The probabilities are relative to the sum at the first order: good to some per cent, enough to split by.
        total = float(density.sum() * _pixel_sr(np.array([order]))[0]) if total is None else total
        share = density * _pixel_sr(np.array([order]))[0] / total
        split = (share > SPLIT_PROBABILITY) & (order < LAST_ORDER)
        kept.append((pixels[~split] + 4 ** (order + 1), density[~split]))
        pixels = (4 * pixels[split][:, None] + np.arange(4)).ravel()
        if not pixels.size:
            break
    uniq = np.concatenate([pair[0] for pair in kept])
    density = np.concatenate([pair[1] for pair in kept])
    by_number = np.argsort(uniq)
    uniq, density = uniq[by_number], density[by_number]
    return uniq, np.asarray(density / (density * _pixel_sr(_order(uniq))).sum())


def _places(order: int, pixels: IntArray) -> FloatArray:
    return np.stack(healpix.pix2vec(2**order, pixels, nest=True), axis=1)


def _order(uniq: IntArray) -> IntArray:
    """Order of each NUNIQ pixel."""
    return np.asarray((np.log2(uniq.astype(np.float64) / 4.0) // 2.0).astype(np.int64))


def _pixel_sr(order: IntArray) -> FloatArray:
    return np.asarray(4.0 * np.pi / (12.0 * 4.0 ** order.astype(np.float64)))
