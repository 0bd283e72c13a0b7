"""Tocsin: from a machine notice to a woken advocate, a sky map and a drafted circular."""

__version__ = "0.1.0"
