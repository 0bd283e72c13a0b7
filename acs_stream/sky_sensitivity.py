"""Sensitivity over the whole sky, as a map and a file: limits and chances to find known bursts at each position."""

import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from acs_stream.attitude import Attitude
from acs_stream.injection import Recovery
from acs_stream.limits import Limits
from acs_stream.response import ResponseTable
from acs_stream.sky_limits import limit_map
from acs_stream.trial_bursts import TrialBurst, probability_over_sky
from tocsin.domain.errors import ScienceError
from tocsin.domain.late import fits
from tocsin.domain.light_curves import FloatArray, IntArray
from triangulation import fits_table, pixels
from triangulation.geometry import radec_deg

#: Cells of this HEALPix order, 3.7 deg wide: a response by direction is no finer.
ORDER = 4
#: Chance of burst n; its name is header value BURSTn.
CHANCE, BURST = "CHANCE_", "BURST"
UNITS = {"HARD_1S": "erg cm-2", "SOFT_1S": "erg cm-2 s-1", "SOFT_8S": "erg cm-2 s-1"}
#: Digits that a value keeps: what is smooth is then stored small.
DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkySensitivity:
    """Limits, response and chances in cells of the whole sky.

    Parameters
    ----------
    uniq
        UNIQ numbers of the cells, shape (n,).
    columns
        ``HARD_1S``, ``SOFT_1S``, ``SOFT_8S`` (3-sigma limits), ``FRACTION`` (of the best sensitivity), and
        ``CHANCE_1``... (of finding each burst), shape (n,) each.
    bursts
        Names of the bursts, in order.
    header
        Further header values by keyword.
    """

    uniq: IntArray
    columns: Mapping[str, FloatArray]
    bursts: tuple[str, ...] = ()
    header: Mapping[str, str | float | int] = field(default_factory=dict)

    def chance(self, number: int) -> FloatArray:
        """Chance of finding burst `number`, counted from 0, in each cell, shape (n,)."""
        return self.columns[f"{CHANCE}{number + 1}"]

    def to_bytes(self) -> bytes:
        """Gzipped multi-order FITS file; the same map gives the same bytes."""
        names = {f"{BURST}{k}": name for k, name in enumerate(self.bursts, start=1)}
        keywords = (
            ("PIXTYPE", "HEALPIX", "HEALPIX pixelisation"),
            ("ORDERING", "NUNIQ", "Pixel ordering scheme: RING, NESTED, or NUNIQ"),
            ("COORDSYS", "C", "Ecliptic, Galactic or Celestial (equatorial)"),
            ("MOCORDER", ORDER, "MOC resolution (best order)"),
            ("INDXSCHM", "EXPLICIT", "Indexing: IMPLICIT or EXPLICIT"),
        )
        layers = [(name, values, UNITS.get(name)) for name, values in self.columns.items()]
        content = fits_table.table_file([("UNIQ", self.uniq, None), *layers], keywords, dict(self.header) | names)
        return gzip.compress(content, mtime=0)

    @classmethod
    def from_bytes(cls, content: bytes) -> "SkySensitivity":
        """Map of a file that `to_bytes` made.

        Raises
        ------
        ScienceError
            It is no such file.
        """
        try:
            with fits.open(io.BytesIO(gzip.decompress(content)), memmap=False) as file:
                data, header = file[1].data, file[1].header
                columns = {name: np.asarray(data[name], dtype=np.float64) for name in data.names if name != "UNIQ"}
                count = sum(name.startswith(CHANCE) for name in columns)
                return cls(
                    uniq=np.asarray(data["UNIQ"], dtype=np.int64),
                    columns=columns,
                    bursts=tuple(str(header[f"{BURST}{k}"]) for k in range(1, count + 1)),
                    header={name: header[name] for name in ("INSTRUME", "DATE-OBS", "RA_X", "DEC_X") if name in header},
                )
        except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
            raise ScienceError(f"no map of a sensitivity: {error}") from error


def sky_sensitivity(
    limits: Limits,
    table: ResponseTable,
    attitude: Attitude,
    recoveries: Sequence[tuple[TrialBurst, Recovery]],
) -> SkySensitivity:
    """Limits and chances at every position of the sky.

    Parameters
    ----------
    limits
        Of the counts.
    table
        Response by direction.
    attitude
        How the craft was turned.
    recoveries
        Bursts that were tried, and the counts that each needs to be found.
    """
    pixel = np.arange(12 * 4**ORDER)
    ra, dec = (np.asarray(values) for values in radec_deg(pixels.centres(ORDER, pixel)))
    over = limit_map(limits, table, attitude, ra, dec)
    theta, phi = attitude.angles_deg(ra, dec)
    columns = {
        "HARD_1S": over["hard_1s_erg_cm2"],
        "SOFT_1S": over["soft_1s_erg_cm2_s"],
        "SOFT_8S": over["soft_8s_erg_cm2_s"],
        "FRACTION": over["fraction_of_best"],
    }
    for k, (burst, recovery) in enumerate(recoveries, start=1):
        columns[f"{CHANCE}{k}"] = probability_over_sky(recovery, burst, table, theta, phi)
    x_ra, x_dec = radec_deg(attitude.x_axis)
    return SkySensitivity(
        uniq=np.asarray(pixels.uniq_of(ORDER, pixel)),
        columns={name: _rounded(values) for name, values in columns.items()},
        bursts=tuple(burst.name for burst, _ in recoveries),
        header={
            "INSTRUME": table.instrument,
            "DATE-OBS": f"{attitude.epoch_utc:%Y-%m-%dT%H:%M:%S}",
            "RA_X": round(float(x_ra), 4),
            "DEC_X": round(float(x_dec), 4),
            "RESPONSE": table.kind.value,
            "SCATTER": table.scatter_fraction,
        },
    )


def _rounded(values: FloatArray) -> FloatArray:
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.maximum(np.abs(values), 1e-30))))
    return np.asarray(np.round(values * scale) / scale)
