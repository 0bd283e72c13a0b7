"""Sky maps: probability on adaptive multi-order HEALPix cells, and what is asked of them.

The algebra is exact on cells of any orders: a product or an overlap of two maps is taken on the coarsest common
refinement. How a map is made is in `triangulation.skymap_build`, its file form in `triangulation.skymap_file`.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, IntArray, read_only
from triangulation import pixels, skymap_build, skymap_file
from triangulation.annulus import Annulus
from triangulation.distances import mean_distance_mpc
from triangulation.geometry import SpacecraftPosition, radec_deg
from triangulation.sky_terms import AnnulusTerm, EarthTerm, MapTerm, MixtureTerm, SkyTerm

if TYPE_CHECKING:
    from mocpy import MOC


#: Header values that are averages over the sky of one map.
MEANS = frozenset({"DISTMEAN", "DISTSTD", "LOGBCI", "LOGBSN"})


@dataclass(frozen=True, kw_only=True, eq=False)
class SkyMap:
    """Probability of the source position over the whole sky, ICRS.

    Parameters
    ----------
    uniq
        UNIQ numbers of HEALPix cells (nested), shape (n,): a partition of the whole sky, any order.
    density_sr
        Probability per sr in each cell, shape (n,); normalised on construction.
    header
        Lineage and further facts, by FITS keyword.
    distance
        Distance layers of an LVK map by column name (``DISTMU``, ``DISTSIGMA``, ``DISTNORM``), each of shape (n,).
    sources
        What the map was made from: delays as ``delay:A|B``, maps and positions by a name of their own. Two maps that
        hold the same information are not multiplied.

    Raises
    ------
    ScienceError
        The cells overlap or leave holes, or a density is negative, not finite or nowhere positive.
    """

    uniq: IntArray
    density_sr: FloatArray
    header: Mapping[str, str | float | int] = field(default_factory=dict)
    distance: Mapping[str, FloatArray] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Bring the cells into the order of the sky, check that they cover it once, normalise."""
        order, pixel = pixels.order_and_pixel(np.asarray(self.uniq))
        start = pixels.start_of(order, pixel)
        sky = np.argsort(start)
        if not pixels.is_partition(start[sky], order[sky]):
            raise ScienceError("the cells of a sky map must cover the whole sky once")
        density = np.array(self.density_sr, dtype=np.float64)[sky]
        # Sums, not BLAS: its threads cost more than they bring for so few numbers, most of all on a busy machine.
        total = float((density * pixels.area_sr(order[sky])).sum())
        if not (np.isfinite(density).all() and (density >= 0).all() and total > 0):
            raise ScienceError("the density of a sky map must be finite, not negative and somewhere positive")
        uniq = np.asarray(self.uniq, dtype=np.int64)[sky]
        uniq.flags.writeable = False
        object.__setattr__(self, "uniq", uniq)
        object.__setattr__(self, "density_sr", read_only(density / total))
        layers = {name: read_only(np.asarray(layer)[sky]) for name, layer in self.distance.items()}
        object.__setattr__(self, "distance", layers)

    def __len__(self) -> int:
        return int(self.uniq.size)

    @cached_property
    def _order_and_pixel(self) -> tuple[IntArray, IntArray]:
        return pixels.order_and_pixel(self.uniq)

    @property
    def order(self) -> IntArray:
        """Order of each cell, shape (n,)."""
        return self._order_and_pixel[0]

    @property
    def pixel(self) -> IntArray:
        """Nested number of each cell, shape (n,)."""
        return self._order_and_pixel[1]

    @cached_property
    def start(self) -> IntArray:
        """First number of each cell on the grid of order 29, ascending, shape (n,)."""
        return pixels.start_of(self.order, self.pixel)

    @cached_property
    def area_deg2(self) -> FloatArray:
        """Solid angle of each cell, deg2, shape (n,)."""
        return pixels.area_sr(self.order) * pixels.SQUARE_DEG

    @cached_property
    def probability(self) -> FloatArray:
        """Probability of each cell, shape (n,)."""
        return np.asarray(self.density_sr * pixels.area_sr(self.order))

    @classmethod
    def from_annuli(
        cls,
        annuli: Sequence[Annulus],
        *,
        pairs: Sequence[tuple[str, str]] | None = None,
        delay_covariance_s2: FloatArray | None = None,
        detected_by: Sequence[SpacecraftPosition] = (),
        priors: Sequence["SkyMap"] = (),
        max_order: int = skymap_build.MAX_ORDER,
        header: Mapping[str, str | float | int] | None = None,
    ) -> "SkyMap":
        """Map from the delays of several pairs, minus the Earth, times maps known before.

        Parameters
        ----------
        annuli
            One per independent pair: n - 1 for n craft, best all against the best-timed one.
        pairs
            Names of the craft of each annulus; with them, a set that closes a loop is refused.
        delay_covariance_s2
            Joint covariance of the delays, s2, shape (m, m): what craft in common share.
        detected_by
            Craft that saw the burst: it cannot have come through the Earth as they see it.
        priors
            Maps that hold other information (LVK, GBM).
        max_order
            Finest order of the cells, up to 14; coarse cells hold the mean over them.
        header
            Lineage for the file.

        Raises
        ------
        ScienceError
            The pairs depend on each other, or the annuli do not meet.
        """
        skymap_build.check_independent(pairs, len(annuli), delay_covariance_s2)
        terms: list[SkyTerm] = [AnnulusTerm.of(annulus) for annulus in annuli]
        terms += [EarthTerm.of(craft) for craft in detected_by]
        terms += [MapTerm.of(prior.start, prior.probability) for prior in priors]
        uniq, density = skymap_build.build(terms, covariance_s2=delay_covariance_s2, max_order=max_order)
        sources = skymap_build.united([prior.sources for prior in priors], skymap_build.delay_sources(pairs))
        return cls(uniq=uniq, density_sr=density, header=dict(header or {}), sources=sources)

    @classmethod
    def from_position(
        cls,
        ra_deg: float,
        dec_deg: float,
        *,
        error_radius_deg: float,
        containment: float = 0.68,
        systematic: Sequence[tuple[float, float]] = (),
        source: str = "",
        max_order: int = skymap_build.MAX_ORDER,
    ) -> "SkyMap":
        """Round map about a position: a Fisher distribution (a Gaussian, wrapped on the sphere), or several.

        Parameters
        ----------
        ra_deg, dec_deg
            Position, deg.
        error_radius_deg
            Radius, deg, that holds ...
        containment
            ... this probability (0..1).
        systematic
            What the radius does not hold: (share, 68 % radius in deg), e.g. of `triangulation.gbm_systematics`.
        source
            What the position comes from, so that the same information is not used twice.
        max_order
            Finest order of the cells.

        Examples
        --------
        >>> disc = SkyMap.from_position(10.0, -20.0, error_radius_deg=3.0, containment=0.9)
        >>> round(disc.credible_area_deg2(0.9), 1)
        28.2
        """
        mixture = systematic or ((1.0, 0.0),)
        term = MixtureTerm.of(ra_deg, dec_deg, error_radius_deg, containment, mixture)
        uniq, density = skymap_build.build([term], max_order=max_order)
        return cls(uniq=uniq, density_sr=density, sources=frozenset([source] if source else []))

    def combine(self, *others: "SkyMap") -> "SkyMap":
        """Product of this map with others that hold independent information, on the common refinement of their cells.

        Raises
        ------
        ScienceError
            The maps exclude each other, or hold the same information.
        """
        result = self
        for other in others:
            result = _product(result, other)
        return result

    @cached_property
    def _ranking(self) -> tuple[IntArray, FloatArray, FloatArray]:
        # Cells from dense to thin, with the probability and area up to and including each.
        rank = np.argsort(-self.density_sr, kind="stable")
        return rank, np.cumsum(self.probability[rank]), np.cumsum(self.area_deg2[rank])

    @cached_property
    def _reached(self) -> tuple[FloatArray, FloatArray]:
        # Probability and area, deg2, of so many of the densest cells, none first.
        _, probability, area = self._ranking
        return np.append(0.0, probability), np.append(0.0, area)

    @cached_property
    def _descending(self) -> FloatArray:
        # Densities with their sign turned, in the order of the ranking: ascending.
        return -self.density_sr[self._ranking[0]]

    def credible_area_deg2(self, level: float) -> float:
        """Smallest area that holds probability `level` (0..1), deg2; the last cell counts in part."""
        _check_level(level)
        reached, area = self._reached
        return float(np.interp(level * reached[-1], reached, area))

    def credible_region(self, level: float) -> IntArray:
        """UNIQ numbers of the densest cells that together hold probability `level` (0..1)."""
        _check_level(level)
        rank, probability, _ = self._ranking
        return np.sort(self.uniq[rank[: int(np.searchsorted(probability, level)) + 1]])

    def credible_moc(self, level: float) -> "MOC":
        """Multi-order coverage of the credible region of `level` (0..1); needs the package mocpy."""
        return skymap_file.moc_of(self.credible_region(level))

    def containment(self, ra_deg: float, dec_deg: float) -> float:
        """Credible level (0..1) at which the map reaches a point (deg): cells of equal density count half."""
        return float(self.containments(ra_deg, dec_deg)[0])

    def containments(self, ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> FloatArray:
        """As `containment`, of several points, shape (n,)."""
        cells = np.searchsorted(self.start, pixels.finest_at(ra_deg, dec_deg), side="right") - 1
        density, (reached, _) = self.density_sr[cells], self._reached
        first, last = (np.searchsorted(self._descending, -density, side) for side in ("left", "right"))
        return np.asarray(np.minimum(0.5 * (reached[first] + reached[last]), 1.0))

    def cell_at(self, ra_deg: float, dec_deg: float) -> int:
        """Index of the cell that holds a point (deg)."""
        return int(np.searchsorted(self.start, pixels.finest_at(ra_deg, dec_deg)[0], side="right")) - 1

    def density_at(self, ra_deg: float, dec_deg: float) -> float:
        """Probability per sr at a point (deg)."""
        return float(self.density_sr[self.cell_at(ra_deg, dec_deg)])

    @property
    def peak(self) -> tuple[float, float]:
        """RA and Dec of the centre of the densest cell, deg."""
        best = int(np.argmax(self.density_sr))
        ra, dec = radec_deg(pixels.centres(int(self.order[best]), self.pixel[best : best + 1])[0])
        return float(ra), float(dec)

    def write(self, path: Path | str, *, overwrite: bool = True) -> None:
        """Write as multi-order FITS (UNIQ, PROBDENSITY in sr^-1, ORDERING=NUNIQ)."""
        columns = {"PROBDENSITY": self.density_sr, **self.distance}
        skymap_file.write(Path(path), self.uniq, columns, self._written_header(), overwrite=overwrite)

    def _written_header(self) -> dict[str, str | float | int]:
        """Header with the sources, and with the mean distance where the map has distances."""
        header = {key: value for key, value in self.header.items() if not key.startswith(skymap_file.SOURCE_KEY)}
        header |= {f"{skymap_file.SOURCE_KEY}{k:02d}": name for k, name in enumerate(sorted(self.sources), start=1)}
        found = self.distance_mpc
        return header | ({} if found is None else {"DISTMEAN": found[0], "DISTSTD": found[1]})

    @cached_property
    def distance_mpc(self) -> tuple[float, float] | None:
        """Mean and standard deviation of the distance, Mpc, over the sky; None without distance layers."""
        if not set(skymap_file.DISTANCE_COLUMNS) <= set(self.distance):
            return None
        layers = [self.distance[name] for name in skymap_file.DISTANCE_COLUMNS]
        return mean_distance_mpc(self.probability, *layers)

    @classmethod
    def read(cls, path: Path | str) -> "SkyMap":
        """Read multi-order (NUNIQ) or flat (NESTED, RING) HEALPix FITS, plain or gzipped.

        Raises
        ------
        ScienceError
            The file holds no sky map.
        """
        return cls._of(skymap_file.read(Path(path)))

    @classmethod
    def from_bytes(cls, content: bytes) -> "SkyMap":
        """Map from the bytes of a FITS file, as notices carry them."""
        return cls._of(skymap_file.read(content))

    def to_bytes(self) -> bytes:
        """Bytes of the multi-order FITS file."""
        columns = {"PROBDENSITY": self.density_sr, **self.distance}
        return skymap_file.to_bytes(self.uniq, columns, self._written_header())

    def with_header(self, header: Mapping[str, str | float | int]) -> "SkyMap":
        """Same map with further header values."""
        same = copy(self)  # nothing of it needs to be checked again, and what was worked out holds
        object.__setattr__(same, "header", {**self.header, **header})
        return same

    @classmethod
    def _of(cls, found: "skymap_file.MapFile") -> "SkyMap":
        return cls(
            uniq=found.uniq,
            density_sr=found.density_sr,
            header=found.header,
            distance=found.distance,
            sources=found.sources,
        )


def _check_level(level: float) -> None:
    if not 0.0 < level <= 1.0:
        raise ScienceError(f"a credible level lies between 0 and 1, not at {level}")


def _span(skymap: SkyMap) -> IntArray:
    return np.asarray(np.int64(1) << (2 * (pixels.FINEST_ORDER - skymap.order)))


def _common(a: SkyMap, b: SkyMap) -> tuple[IntArray, IntArray, IntArray]:
    """Indices into both maps, and the order, of the cells of their common refinement."""
    in_a, in_b = pixels.common_cells(a.start, b.start)
    return in_a, in_b, np.maximum(a.order[in_a], b.order[in_b])


def _product(a: SkyMap, b: SkyMap) -> SkyMap:
    sources = skymap_build.united([a.sources, b.sources])
    in_a, in_b, _ = _common(a, b)
    density = a.density_sr[in_a] * b.density_sr[in_b]
    if not density.any():
        raise ScienceError("the maps exclude each other", remedy="check that both belong to the same event")
    finer_a = a.order[in_a] >= b.order[in_b]
    uniq = np.where(finer_a, a.uniq[in_a], b.uniq[in_b])
    layers = {name: layer[in_a] for name, layer in a.distance.items()}
    layers |= {name: layer[in_b] for name, layer in b.distance.items() if name not in layers}
    # Means over the sky belong to the map they were made for.
    header = {key: value for key, value in {**b.header, **a.header}.items() if key not in MEANS}
    return SkyMap(uniq=uniq, density_sr=density, header=header, distance=layers, sources=sources)


def overlap(a: SkyMap, b: SkyMap) -> float:
    """Overlap of two maps, 4 pi times the integral of p_a p_b over the sky: 1 if either knows nothing.

    Parameters
    ----------
    a, b
        Maps; exact on the common refinement of their cells, and symmetric.

    References
    ----------
    Ashton, G. et al. 2018, ApJ 860, 6 (the odds of a common source).
    """
    fine, coarse = (a, b) if len(a) >= len(b) else (b, a)
    return float(pixels.FULL_SKY_SR * (_probability_within(fine, coarse) * coarse.density_sr).sum())


def _probability_within(skymap: SkyMap, cells: SkyMap) -> FloatArray:
    """Probability of a map in each cell of another: the sum of its cells there, or the share of the one around it."""
    first = np.searchsorted(skymap.start, cells.start, side="right") - 1
    around = skymap.order[first] < cells.order
    within = np.where(around, skymap.density_sr[first] * pixels.area_sr(cells.order), 0.0)
    begins = first[~around]
    if begins.size:
        # Of two partitions of nested cells, those of the finer one that follow belong to this cell until the next one
        # begins: either another cell of `cells`, or a cell of the map that is coarser again.
        ends = np.searchsorted(skymap.start, (cells.start + _span(cells))[~around], side="left")
        edges = np.column_stack([begins, ends]).ravel()
        sums = np.add.reduceat(np.append(skymap.probability, 0.0), edges)[::2]
        within[~around] = sums
    return within
