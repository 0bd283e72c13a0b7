"""Pictures as SVG text, made from values: light curves and sky maps.

Everything here is pure: same values, same text. Colours come from the page's style sheet by class; on its own each
picture is black on nothing (``currentColor``), so it prints, and every meaning is carried by shape as well as colour.
"""

from tocsin.pictures.light_curve import light_curve_svg
from tocsin.pictures.panel import ExcessMark
from tocsin.pictures.sky_items import Disc, DrawnAnnulus, Outline, SkyPoint, Symbol, View
from tocsin.pictures.sky_map import sky_map_svg

__all__ = [
    "Disc",
    "DrawnAnnulus",
    "ExcessMark",
    "Outline",
    "SkyPoint",
    "Symbol",
    "View",
    "light_curve_svg",
    "sky_map_svg",
]
