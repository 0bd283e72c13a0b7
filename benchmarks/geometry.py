"""Geometry: the truth on the centre line of annuli, to the last digits."""

import sky
from figures import Figure


def run(seed: int = 500_000) -> list[Figure]:
    """Figures of random pairs of craft."""
    return sky.geometry(seed)
