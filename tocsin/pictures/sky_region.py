"""Credible regions and bands, laid on the grid of nodes on which a sky picture draws its contours."""

from dataclasses import dataclass
from typing import Protocol

import healpix
import numpy as np
import numpy.typing as npt

from tocsin.pictures.projection import Projection
from tocsin.pictures.sphere import separation_deg
from tocsin.pictures.svg import FloatArray

#: Value of nodes off the sky: outside every region.
OFF_SKY = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Nodes `step` units apart over the picture's rectangle, and the directions they show.

    Parameters
    ----------
    x, y
        Plane coordinates of columns (n_columns,) and rows (n_rows,), y downwards along the rows.
    ra_deg, dec_deg
        Directions, shape (n_rows, n_columns); NaN off the sky.
    """

    x: FloatArray
    y: FloatArray
    ra_deg: FloatArray
    dec_deg: FloatArray

    @property
    def on_sky(self) -> npt.NDArray[np.bool_]:
        """Nodes that show a direction, shape (n_rows, n_columns)."""
        return np.isfinite(self.dec_deg)

    def filled(self, values: FloatArray) -> FloatArray:
        """Field with `values` at the nodes on the sky, shape (n_on_sky,), and `OFF_SKY` elsewhere."""
        field = np.full(self.dec_deg.shape, OFF_SKY)
        field[self.on_sky] = values
        return field


def grid(projection: Projection, *, columns: int, rows: int) -> Grid:
    """Grid of so many columns and rows of nodes over the plane of `projection`."""
    x = np.linspace(-projection.half_x, projection.half_x, columns)
    y = np.linspace(projection.half_y, -projection.half_y, rows)
    ra, dec = projection.inverse(*np.meshgrid(x, y))
    return Grid(x=x, y=y, ra_deg=ra, dec_deg=dec)


#: Cells are looked up by their range of pixels of this order, the finest of HEALPix in 64 bits.
FINEST_ORDER = 29


class MultiOrderMap(Protocol):
    """A multi-order sky map: `triangulation.skymap.SkyMap` is one."""

    @property
    def uniq(self) -> npt.NDArray[np.int64]:
        """NUNIQ numbers of the cells, 4 * 4**order + nested pixel, shape (n,)."""
        ...

    @property
    def density_sr(self) -> FloatArray:
        """Probability per steradian, shape (n,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SkyCells:
    """Cells of a multi-order map with the credible level at which each is reached.

    Parameters
    ----------
    order
        HEALPix order of each cell, shape (n,).
    pixel
        Its nested pixel number, shape (n,).
    reached
        Probability of all cells denser than it, shape (n,): the region of level L is where this is below L.
    area_deg2
        Area of each cell, shape (n,).
    """

    order: npt.NDArray[np.int64]
    pixel: npt.NDArray[np.int64]
    reached: FloatArray
    area_deg2: FloatArray

    @classmethod
    def from_uniq(cls, uniq: npt.ArrayLike, density_sr: npt.ArrayLike) -> "SkyCells":
        """Cells, in order along the curve of nested pixels.

        Parameters
        ----------
        uniq
            NUNIQ numbers, 4 * 4**order + pixel, shape (n,).
        density_sr
            Probability per steradian, shape (n,).
        """
        numbers = np.asarray(uniq, dtype=np.int64)
        order = (np.frexp(numbers.astype(np.float64))[1].astype(np.int64) - 3) // 2
        order -= numbers < (np.int64(4) << (2 * order))  # rounded up to the next order as a float
        pixel = numbers - (np.int64(4) << (2 * order))
        along = np.argsort(pixel << (2 * (FINEST_ORDER - order)), kind="stable")
        order, pixel, density = order[along], pixel[along], np.nan_to_num(np.asarray(density_sr, dtype=float)[along])
        area_sr = np.pi / 3.0 / 4.0**order
        ranked = np.argsort(-density, kind="stable")
        mass = (density * area_sr)[ranked]
        reached = np.empty(len(mass))
        reached[ranked] = (np.cumsum(mass) - mass) / max(float(mass.sum()), 1e-300)
        return cls(order=order, pixel=pixel, reached=reached, area_deg2=np.degrees(np.degrees(area_sr)))

    def at(self, ra_deg: FloatArray, dec_deg: FloatArray) -> FloatArray:
        """Level at which the map reaches directions, shape (n,); 1 where it has no cell."""
        fine = healpix.ang2pix(1 << FINEST_ORDER, ra_deg, dec_deg, nest=True, lonlat=True)
        first = self.pixel << (2 * (FINEST_ORDER - self.order))
        index = np.maximum(np.searchsorted(first, fine, side="right") - 1, 0)
        inside = (fine >= first[index]) & (
            fine < first[index] + (np.int64(1) << (2 * (FINEST_ORDER - self.order[index])))
        )
        return np.where(inside, self.reached[index], 1.0)

    def centres(self, chosen: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        """Centres of chosen cells, (ra, dec), deg."""
        order, pixel = self.order[chosen], self.pixel[chosen]
        ra, dec = np.empty(len(order)), np.empty(len(order))
        for one in np.unique(order).tolist():
            ra[order == one], dec[order == one] = healpix.pix2ang(1 << one, pixel[order == one], nest=True, lonlat=True)
        return ra, dec

    def area_within_deg2(self, level: float) -> float:
        """Area of the credible region of a level, deg2; the last cell counts in part."""
        ranked = np.argsort(self.reached, kind="stable")
        area = np.append(0.0, np.cumsum(self.area_deg2[ranked]))
        return float(np.interp(level, np.append(self.reached[ranked], 1.0), area))

    def peak(self) -> tuple[float, float]:
        """Centre of the densest cell, (ra, dec), deg."""
        ra, dec = self.centres(np.arange(len(self.reached)) == int(np.argmin(self.reached)))
        return float(ra[0]), float(dec[0])


def region_field(cells: SkyCells, on: Grid, projection: Projection) -> FloatArray:
    """Credible level reached at each node, `OFF_SKY` off the sky.

    Cells finer than the grid lower the node nearest to them, so that a region thinner than a node is still drawn.
    """
    field = on.filled(cells.at(on.ra_deg[on.on_sky], on.dec_deg[on.on_sky]))
    ra, dec = cells.centres(cells.reached < 1.0 - 1e-6)
    chosen = cells.reached[cells.reached < 1.0 - 1e-6]
    x, y = projection.forward(ra, dec)
    column = np.rint((x + projection.half_x) / (on.x[1] - on.x[0]))
    row = np.rint((projection.half_y - y) / (on.y[0] - on.y[1]))
    seen = (column >= 0) & (column < len(on.x)) & (row >= 0) & (row < len(on.y))  # NaN is not seen
    np.minimum.at(field, (row[seen].astype(int), column[seen].astype(int)), chosen[seen])
    return field


def band_field(on: Grid, ra_deg: float, dec_deg: float, inner_deg: float, outer_deg: float) -> FloatArray:
    """Field negative between two small circles around a centre; `OFF_SKY` off the sky (values are degrees over 180)."""
    angle = separation_deg(on.ra_deg[on.on_sky], on.dec_deg[on.on_sky], ra_deg, dec_deg)
    return on.filled(np.maximum(inner_deg - angle, angle - outer_deg) / 180.0)
