"""Overlap of sky maps against exact integrals, and how long it takes."""

import sky
from figures import Figure


def run(seed: int = 500_000) -> list[Figure]:
    """Figures of overlaps; the maps are made, not drawn, so the seed changes nothing."""
    del seed
    return sky.overlaps()
