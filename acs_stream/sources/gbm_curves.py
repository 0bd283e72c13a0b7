"""Light curves of several GBM detectors made one, in bands. Pure."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from acs_stream.readers import read_channels, read_event_list, read_light_curve
from acs_stream.readers.table import add_note
from tocsin.domain.errors import ScienceError
from tocsin.domain.leap_seconds import elapsed_s
from tocsin.domain.light_curves import LightCurve, Timing

#: Bands of the channels that come out, keV.
BANDS_KEV = ((10.0, 25.0), (25.0, 50.0), (50.0, 100.0), (100.0, 300.0), (300.0, 900.0))
#: Bins of photon lists, s.
TTE_BIN_S = 0.004
#: Bins of two detectors are the same if their edges agree to this, s.
SAME_EDGE_S = 1e-3
FORMATS = {"ctime": "gbm-cspec", "cspec": "gbm-cspec", "trigdat": "gbm-trigdat"}


def summed_files(
    contents: Sequence[bytes], product: str, *, t0_utc: datetime, window_s: float, columns: Sequence[str] = ()
) -> tuple[tuple[LightCurve, ...], LightCurve]:
    """Light curves by band, and their sum, of files of one product, one per detector.

    Parameters
    ----------
    contents
        Files.
    product
        ``tte``, ``ctime``, ``cspec`` or ``trigdat``.
    t0_utc, window_s
        Time zero of the answer, and half-span, s.
    columns
        Detectors to take of a file that holds several.

    Raises
    ------
    ScienceError
        No file holds data within the window.
    """
    if not contents:
        raise ScienceError(f"there is no {product} file of a detector that sees the burst")
    if product == "tte":
        bands = [_tte_band(contents, band, t0_utc, window_s) for band in BANDS_KEV]
        return tuple(bands), _sum(bands)
    parts = [_binned(content, product, columns, t0_utc, window_s) for content in contents]
    channels = tuple(_sum([part[0][k] for part in parts]) for k in range(len(parts[0][0])))
    return channels, _sum([part[1] for part in parts])


def _tte_band(contents: Sequence[bytes], band: tuple[float, float], t0: datetime, window_s: float) -> LightCurve:
    curves = []
    for content in contents:
        events = read_event_list(content)
        offset_s = elapsed_s(t0, events.t0_utc)
        bins = round(window_s / TTE_BIN_S)
        start_s = -bins * TTE_BIN_S - offset_s
        curve = events.binned(TTE_BIN_S, start_s=start_s, stop_s=-start_s - 2 * offset_s, energy_kev=band)
        curves.append(curve.with_t0(t0))
    total = _sum(curves)
    if not total.usable.any():
        raise ScienceError("the photon lists hold nothing within the window")
    return total.select(total.usable).replace(mask=None)


def _binned(
    content: bytes, product: str, columns: Sequence[str], t0: datetime, window_s: float
) -> tuple[tuple[LightCurve, ...], LightCurve]:
    form = FORMATS[product]
    wanted = list(columns) or None
    channels = [
        read_channels(content, format=form, columns=wanted, energy_kev=band)
        if product != "trigdat"
        else (read_light_curve(content, format=form, columns=wanted, energy_kev=band),)
        for band in _bands_of(product)
    ]
    made = [_sum(list(curves)).with_t0(t0).between(-window_s, window_s) for curves in channels]
    made = [curve.replace(energy_kev=band) for curve, band in zip(made, _bands_of(product), strict=True)]
    if not len(made[0]):
        raise ScienceError(f"the {product} file holds nothing within the window")
    return tuple(made), _sum(made)


def _bands_of(product: str) -> tuple[tuple[float, float], ...]:
    """On-board channels (ctime, trigdat) are wide: one band of them all; spectra have 128."""
    return BANDS_KEV if product == "cspec" else ((10.0, 900.0),)


def _sum(curves: Sequence[LightCurve]) -> LightCurve:
    """Sum of light curves with the same bins; one whose bins are others is left out, and said."""
    first = curves[0]
    same = [
        one
        for one in curves
        if len(one) == len(first)
        and bool((np.abs(one.start_s - first.start_s) <= SAME_EDGE_S).all())
        and bool((np.abs(one.width_s - first.width_s) <= SAME_EDGE_S).all())
    ]
    usable = np.logical_and.reduce([one.usable for one in same])
    bands = [one.energy_kev for one in same if one.energy_kev is not None]
    total = first.replace(
        counts=np.sum([one.counts for one in same], axis=0),
        mask=None if usable.all() else np.logical_not(usable),
        energy_kev=(min(b[0] for b in bands), max(b[1] for b in bands)) if len(bands) == len(same) else None,
    )
    if len(same) == len(curves):
        return total
    timing = add_note(
        total.timing or Timing(product=""), f"{len(curves) - len(same)} detectors with other bins left out"
    )
    return total.replace(timing=timing)


def noted(curve: LightCurve, note: str) -> LightCurve:
    """Light curve with a further remark on its timing."""
    timing = curve.timing
    return curve if timing is None else curve.replace(timing=add_note(timing, note))
