"""How INTEGRAL was turned: its axes on the sky, and where in them a source lies.

The response of SPI-ACS depends on the direction in the spacecraft's own axes: `theta` from the pointing axis X, `phi`
about it. Attitudes come from orbit files (INTL-ORBI-SCP), from the pointing service's JSON and from its plain text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from acs_stream.readers.content import load, number_rows, open_fits, text_of
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, read_only
from triangulation.geometry import radec_deg, separation_deg, unit_vector

#: On-board time of INTEGRAL counts in 2^-20 s.
ON_BOARD_TICKS_PER_S = 2**20
#: Axes that are stated to fewer digits than this allows are not perpendicular, deg.
PERPENDICULAR_DEG = 0.1
#: A pointing lasts half an hour or more: one attitude this far from a time says where the axes were, s.
REACH_S = 900.0
#: Turns faster than this between two rows are a slew that the rows do not follow, deg.
SLEW_DEG = 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attitude:
    """Axes of a spacecraft on the sky at one time.

    Parameters
    ----------
    spacecraft
        Name.
    epoch_utc
        When.
    x_axis
        Pointing axis, unit vector on ICRF axes, shape (3,).
    z_axis
        Axis towards the Sun's side (of the solar arrays' normal), unit vector, shape (3,).

    Raises
    ------
    ScienceError
        The axes are not perpendicular to 0.1 deg.
    """

    spacecraft: str
    epoch_utc: datetime
    x_axis: FloatArray
    z_axis: FloatArray

    def __post_init__(self) -> None:
        """Check the axes, and make z exactly perpendicular to x."""
        object.__setattr__(self, "epoch_utc", to_utc(self.epoch_utc))
        x, z = (np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis) for axis in (self.x_axis, self.z_axis))
        tilt = abs(float(separation_deg(x, z)) - 90.0)
        if not tilt <= PERPENDICULAR_DEG:
            raise ScienceError(f"{self.spacecraft}: axes X and Z are {90 + tilt:.2f} deg apart, not 90")
        z = z - (z @ x) * x
        object.__setattr__(self, "x_axis", read_only(x))
        object.__setattr__(self, "z_axis", read_only(z / np.linalg.norm(z)))

    @classmethod
    def from_radec(
        cls, epoch_utc: datetime | str, *, x_deg: tuple[float, float], z_deg: tuple[float, float], spacecraft: str
    ) -> "Attitude":
        """Attitude from (RA, Dec) in deg of the axes X and Z."""
        return cls(
            spacecraft=spacecraft, epoch_utc=to_utc(epoch_utc), x_axis=unit_vector(*x_deg), z_axis=unit_vector(*z_deg)
        )

    @property
    def y_axis(self) -> FloatArray:
        """Third axis as ISDC's pointing service has it, X x Z: with X and Z it makes a left-handed set."""
        return np.asarray(np.cross(self.x_axis, self.z_axis))

    def angles_deg(self, ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Direction of sources (deg, any shape) in the craft's axes: theta from X (0..180), phi about it, deg.

        Notes
        -----
        phi is atan2(n . Y, n . Z), -180 to 180: 0 on the side of Z. This is the convention of ISDC's pointing service,
        whose published angles of GRB 221009A it gives to the last digit.

        Examples
        --------
        >>> turned = Attitude.from_radec("2022-10-09T13:16:59.988", x_deg=(261.096, -41.012), z_deg=(176.327, 5.985),
        ...                              spacecraft="INTEGRAL")
        >>> [round(float(angle), 2) for angle in turned.angles_deg(288.26429, 19.77308)]
        [65.81, -110.16]
        """
        source = unit_vector(ra_deg, dec_deg)
        phi = np.degrees(np.arctan2(source @ self.y_axis, source @ self.z_axis))
        return separation_deg(self.x_axis, source), np.asarray(phi)

    def to_json(self) -> Mapping[str, Any]:
        """JSON-able form; `attitude_from_json` gives the attitude back."""
        x, z = (tuple(float(angle) for angle in radec_deg(axis)) for axis in (self.x_axis, self.z_axis))
        return {
            "spacecraft": self.spacecraft,
            "epoch_utc": iso_utc(self.epoch_utc),
            "x_ra_deg": x[0],
            "x_dec_deg": x[1],
            "z_ra_deg": z[0],
            "z_dec_deg": z[1],
        }


def attitude_from_json(record: Mapping[str, Any]) -> Attitude:
    """Attitude from its JSON-able form."""
    return Attitude.from_radec(
        record["epoch_utc"],
        x_deg=(record["x_ra_deg"], record["x_dec_deg"]),
        z_deg=(record["z_ra_deg"], record["z_dec_deg"]),
        spacecraft=record["spacecraft"],
    )


def attitude_at(attitudes: Sequence[Attitude], epoch_utc: datetime | str, *, reach_s: float = REACH_S) -> Attitude:
    """Attitude at a time: between the two rows around it, or the nearest one within `reach_s`, s.

    Parameters
    ----------
    attitudes
        Of one craft, in any order.
    epoch_utc
        When it is wanted.
    reach_s
        A pointing is taken to hold for so long, s.

    Raises
    ------
    ScienceError
        None is near enough, or the craft turns between the two that are: where it was then is not known.
    """
    epoch = to_utc(epoch_utc)
    ordered = sorted(attitudes, key=lambda one: one.epoch_utc)
    before = [one for one in ordered if one.epoch_utc <= epoch][-1:]
    after = [one for one in ordered if one.epoch_utc >= epoch][:1]
    near = [one for one in before + after if abs((one.epoch_utc - epoch).total_seconds()) <= reach_s]
    if not near:
        raise ScienceError(
            f"no attitude within {reach_s:.0f} s of {iso_utc(epoch)}", remedy="fetch the pointing of that time"
        )
    first, last = near[0], near[-1]
    if float(separation_deg(first.x_axis, last.x_axis)) > SLEW_DEG:
        raise ScienceError(f"{first.spacecraft} was turning at {iso_utc(epoch)}: where to is not known")
    span_s = (last.epoch_utc - first.epoch_utc).total_seconds()
    share = (epoch - first.epoch_utc).total_seconds() / span_s if span_s else 0.0
    return Attitude(
        spacecraft=first.spacecraft,
        epoch_utc=epoch,
        x_axis=(1.0 - share) * first.x_axis + share * last.x_axis,
        z_axis=(1.0 - share) * first.z_axis + share * last.z_axis,
    )


def read_orbi_attitudes(source: Path | str | bytes, *, first_row_utc: datetime | str) -> tuple[Attitude, ...]:
    """Attitudes of INTEGRAL in an orbit file (INTL-ORBI-SCP), 8 s apart.

    Parameters
    ----------
    source
        The file.
    first_row_utc
        UTC of its first row: the file has on-board time alone, see `acs_stream.positions.read_orbi_scp`.
    """
    first = to_utc(first_row_utc)
    with open_fits(load(source)) as hdus:
        rows = hdus["INTL-ORBI-SCP"].data
        words = np.asarray(rows["OB_TIME"], dtype=np.int64)
        angles = np.stack(
            [np.asarray(rows[name], np.float64) for name in ("RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ")], axis=1
        )
    ticks = ((words[:, 0] << 16 | words[:, 1]) << 16 | words[:, 2]) << 16 | words[:, 3]
    return tuple(
        Attitude.from_radec(
            first + timedelta(seconds=float(tick - ticks[0]) / ON_BOARD_TICKS_PER_S),
            x_deg=(row[0], row[1]),
            z_deg=(row[2], row[3]),
            spacecraft="INTEGRAL",
        )
        for tick, row in zip(ticks, angles.tolist(), strict=True)
    )


def parse_pointing(source: Path | str | bytes, *, epoch_utc: datetime | str) -> Attitude:
    r"""Attitude in a reply of ISDC's pointing service: JSON with `scx` and `scz`, or text of X and Z as four numbers.

    Parameters
    ----------
    source
        The reply.
    epoch_utc
        Time that was asked for: the reply does not hold it.

    Raises
    ------
    ScienceError
        It holds no axes, or they are not perpendicular.

    Examples
    --------
    >>> turned = parse_pointing(b"#spacecraft X(RA,DEC) Z(RA,DEC)\n261.096 -41.012 176.327 5.985",
    ...                         epoch_utc="2022-10-09T13:17:00")
    >>> round(float(turned.angles_deg(288.26429, 19.77308)[0]), 2)
    65.81
    """
    text = text_of(load(source)).strip()
    if text.startswith("{"):
        return _of_json(text, epoch_utc)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    values = number_rows([(1, " ".join(lines).replace(",", " "))])[0]
    if values.size != 4:
        raise ScienceError(f"{values.size} numbers instead of RA and Dec of the axes X and Z")
    x_ra, x_dec, z_ra, z_dec = (float(value) for value in values)
    return Attitude.from_radec(epoch_utc, x_deg=(x_ra, x_dec), z_deg=(z_ra, z_dec), spacecraft="INTEGRAL")


def _of_json(text: str, epoch_utc: datetime | str) -> Attitude:
    try:
        reply = json.loads(text)
        x, z = ((float(reply[name]["ra"]), float(reply[name]["dec"])) for name in ("scx", "scz"))
    except (ValueError, KeyError, TypeError) as error:
        raise ScienceError(f"the reply holds no axes of the spacecraft: {error!r}") from error
    return Attitude.from_radec(epoch_utc, x_deg=x, z_deg=z, spacecraft="INTEGRAL")
