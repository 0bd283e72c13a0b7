"""Triangulation: delays between light curves, annuli and sky maps. Pure but for explicit map and ephemeris files."""
