"""Packages that take long to load and that starting does without: each is loaded when it is first asked for something.

A service that was killed has to serve again within seconds, and most of a start is the loading of modules. What only
computations, pictures and rare answers need is named here, and used like any module: ``from tocsin.domain.late import
special``. `load_the_rest` loads them all, so that a service which has started does not make its first event wait.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = [
    "Image",
    "ImageChops",
    "ImageDraw",
    "ImageFont",
    "astropy_exceptions",
    "fits",
    "fsspec",
    "icalendar",
    "interpolate",
    "ipc",
    "jose_errors",
    "jwk",
    "jwt",
    "lapack",
    "load_the_rest",
    "optimize",
    "pa",
    "pq",
    "spatial",
    "special",
    "x509",
]

_all: list["_Late"] = []


class _Late(ModuleType):
    """A module that is loaded when anything in it is asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        _all.append(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # nobody who looks modules through (doctest, inspect) means to load them
            raise AttributeError(name)
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


def load_the_rest() -> None:
    """Load every module named here that is installed; thread-safe, and nothing where all are loaded."""
    for module in _all:
        try:
            import_module(module.__name__)
        except ImportError:  # of the server's packages: who asks for it will be told
            continue


if TYPE_CHECKING:
    import fsspec  # type: ignore[import-untyped]
    import icalendar
    import pyarrow as pa
    import pyarrow.parquet as pq
    from astropy.io import fits
    from astropy.utils import exceptions as astropy_exceptions
    from cryptography import x509
    from joserfc import errors as jose_errors
    from joserfc import jwk, jwt
    from PIL import Image, ImageChops, ImageDraw, ImageFont
    from pyarrow import ipc
    from scipy import interpolate, optimize, spatial, special
    from scipy.linalg import lapack
else:
    fsspec = _Late("fsspec")
    fits = _Late("astropy.io.fits")
    astropy_exceptions = _Late("astropy.utils.exceptions")
    icalendar = _Late("icalendar")
    jose_errors = _Late("joserfc.errors")
    jwk = _Late("joserfc.jwk")
    jwt = _Late("joserfc.jwt")
    Image = _Late("PIL.Image")
    ImageChops = _Late("PIL.ImageChops")
    ImageDraw = _Late("PIL.ImageDraw")
    ImageFont = _Late("PIL.ImageFont")
    interpolate = _Late("scipy.interpolate")
    ipc = _Late("pyarrow.ipc")
    pa = _Late("pyarrow")
    pq = _Late("pyarrow.parquet")
    optimize = _Late("scipy.optimize")
    spatial = _Late("scipy.spatial")
    special = _Late("scipy.special")
    lapack = _Late("scipy.linalg.lapack")
    x509 = _Late("cryptography.x509")
