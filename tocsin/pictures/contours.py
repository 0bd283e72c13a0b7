"""Contours of a field on a grid, by marching squares (Maple 2003): closed rounds around what is below a level."""

from dataclasses import dataclass

import numpy as np

from tocsin.pictures.svg import FloatArray

Edge = tuple[int, int, bool]  # row, column, and whether it runs along a column


@dataclass(frozen=True, slots=True)
class Round:
    """A closed contour in grid coordinates (column, row), shape (n,) each; the first point is repeated at the end."""

    columns: FloatArray
    rows: FloatArray


def contours(field: FloatArray, level: float) -> list[Round]:
    """Closed rounds around the parts of `field` below `level`.

    Parameters
    ----------
    field
        Finite values at the nodes, shape (n_rows, n_columns). Regions that reach the border are closed along it.
    level
        Value of the contour.
    """
    padded = np.pad(field, 1, constant_values=max(float(field.max()), level + 1.0))
    follows = _segments(padded < level)
    rounds = []
    while follows:
        start = next(iter(follows))
        chain = [start]
        while (after := follows.pop(chain[-1])) != start:
            chain.append(after)
        points = np.array([_crossing(padded, level, edge) for edge in [*chain, start]]) - 1.0
        rounds.append(Round(columns=points[:, 0], rows=points[:, 1]))
    return rounds


def _segments(inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> dict[Edge, Edge]:
    """For each edge that a contour crosses, the edge it crosses next, going once around each region."""
    total = inside[:-1, :-1].astype(int) + inside[:-1, 1:] + inside[1:, 1:] + inside[1:, :-1]
    follows: dict[Edge, Edge] = {}
    for row, column in np.argwhere((total > 0) & (total < 4)).tolist():
        # Around the cell: each edge with the corner it leads to.
        corners = (inside[row, column], inside[row, column + 1], inside[row + 1, column + 1], inside[row + 1, column])
        edges: tuple[Edge, ...] = (
            (row, column, False),
            (row, column + 1, True),
            (row + 1, column, False),
            (row, column, True),
        )
        for i in range(4):
            if corners[i] or not corners[(i + 1) % 4]:
                continue  # not an entry into the region
            leave = next(k for k in range(i + 1, i + 4) if not corners[(k + 1) % 4])
            follows[edges[i]] = edges[leave % 4]
    return follows


def _crossing(field: FloatArray, level: float, edge: Edge) -> tuple[float, float]:
    row, column, is_upright = edge
    a = field[row, column]
    b = field[row + 1, column] if is_upright else field[row, column + 1]
    share = float((level - a) / (b - a)) if b != a else 0.5
    return (column, row + share) if is_upright else (column + share, row)
