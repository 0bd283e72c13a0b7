"""What the INTEGRAL Science Data Centre's services answer: ``genlc`` and ``ephs`` texts, columns of ``rtlc`` JSON."""

from datetime import datetime, timedelta

import numpy as np

from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import FloatArray, LightCurve
from tocsin.simulate.files.ipn import second_of_day
from tocsin.simulate.spacecraft import ra_dec_deg
from triangulation.geometry import SpacecraftPosition

#: IJD 0: MJD 51544.0 in TT, here as the UTC-like reading of a TT clock.
IJD_ZERO_TT = to_utc("2000-01-01")
#: TT - UTC since 2017-01-01.
TT_MINUS_UTC = timedelta(seconds=69.184)
DAY_NS = 86_400 * 10**9

_WARNING = (
    "# please take care! the UTC reference times are computed assuming no leap seconds in the requested time interval\n"
    "# (which is a very infrequent occasion, of course)\n"
)


def genlc_text(light_curve: LightCurve, *, reference_utc: datetime) -> str:
    """Text of the ``genlc`` service: IJD, seconds since the reference, counts, second of day; times are bin centres."""
    reference_sod = second_of_day(reference_utc)
    since = _centres_s(light_curve) + (light_curve.t0_utc - reference_utc).total_seconds()
    rows = zip(_ijd_ns(light_curve), since, light_curve.counts, strict=True)
    lines = [f"{_ijd_text(ijd)} {s:.10g} {n:.5g} {reference_sod + s:.15g}\n" for ijd, s, n in rows]
    return (
        f"{_WARNING}# reference (start) UTC is: {reference_utc:%Y-%m-%dT%H:%M:%S} {reference_sod:g}\n"
        "# columns are:\n# [IJD] [seconds since reference] [counts in bin] [seconds since midnight]\n" + "".join(lines)
    )


def rtlc_columns(light_curve: LightCurve) -> list[list[float]]:
    """Rows of the ``rtlc`` JSON: counts, IJD of the bin centre."""
    return [[float(n), ns / DAY_NS] for n, ns in zip(light_curve.counts, _ijd_ns(light_curve), strict=True)]


def ephs_text(position: SpacecraftPosition) -> str:
    """Text of the ``ephs`` service: geocentric RA, Dec (deg) and distance (km), and their errors."""
    ra, dec = ra_dec_deg(position.vector_km)
    error_deg = float(np.degrees(30.0 / position.distance_km))
    return f"{ra:.3f} {dec:.3f} {position.distance_km:.1f}\n{error_deg:.3f} {error_deg:.3f} 30.0\n"


def ijd_to_utc(ijd: float) -> datetime:
    """UTC of an INTEGRAL Julian date after 2017-01-01."""
    return IJD_ZERO_TT + timedelta(days=ijd) - TT_MINUS_UTC


def _centres_s(light_curve: LightCurve) -> FloatArray:
    return np.asarray(light_curve.start_s + 0.5 * light_curve.width_s)


def _ijd_ns(light_curve: LightCurve) -> list[int]:
    """Bin centres as whole nanoseconds of IJD: exact, where one float would step by 0.2 us."""
    zero = light_curve.t0_utc + TT_MINUS_UTC - IJD_ZERO_TT
    zero_ns = (zero.days * 86_400 + zero.seconds) * 10**9 + zero.microseconds * 1000
    return [zero_ns + int(ns) for ns in np.round(_centres_s(light_curve) * 1e9)]


def _ijd_text(ns: int) -> str:
    day, rest = divmod(ns, DAY_NS)
    return f"{day}.{rest * 10**16 // DAY_NS:016d}"
