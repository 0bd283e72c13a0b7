"""Fermi GBM photon lists (TTE), binned spectra (CSPEC, CTIME) and trigger data (TRIGDAT).

Times are Fermi MET; DATE-OBS strings are UTC although TIMESYS says TT, and RA_OBJ, DEC_OBJ of TTE and CSPEC are
defaults: neither is used.
"""

import itertools
from typing import Any

import numpy as np

from acs_stream.readers.content import open_fits
from acs_stream.readers.table import Channel, ChannelTable
from acs_stream.time_systems import fermi_met_seconds_since, fermi_met_to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import EventList, FloatArray, Timing

INSTRUMENT = "Fermi-GBM"
#: Dead time per event, s.
DEAD_TIME_S = 2.6e-6
CLOCK_ERROR_S = 1e-5
TTE_TIMING = Timing(product="tte", clock_error_s=CLOCK_ERROR_S)
FERMI_MJDREFI = 51910
#: Order of the detectors in trigger data.
DETECTORS = ("n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "na", "nb", "b0", "b1")
N_NAI = 12
#: Nominal edges of the eight on-board channels, keV; individual detectors differ by a few percent.
NAI_EDGES_KEV = (3.4, 10.0, 22.0, 44.0, 95.0, 300.0, 500.0, 800.0, 2000.0)
BGO_EDGES_KEV = (150.0, 400.0, 850.0, 1500.0, 3000.0, 5500.0, 10000.0, 20000.0, 50000.0)
#: Two rows touch, or one lies in another, to this precision.
EDGE_TOLERANCE_S = 1e-3


def read_tte(content: bytes) -> EventList:
    """Photon list of one GBM detector, T0 its trigger time."""
    with open_fits(content) as hdus:
        header = hdus[0].header
        zero_s = _trigger_met_s(header)
        t0_utc = fermi_met_to_utc(zero_s)
        events = hdus["EVENTS"].data
        times_s = fermi_met_seconds_since(events["TIME"], t0_utc)
        channel = np.asarray(events["PHA"], dtype=np.int64)
        edges = _ebounds(hdus)
        good = np.stack([fermi_met_seconds_since(hdus["GTI"].data[k], t0_utc) for k in ("START", "STOP")], axis=1)
    if not times_s.size:
        raise ScienceError("the photon list is empty")
    order = np.argsort(times_s, kind="stable")
    if not (channel.min() >= 0 and channel.max() < len(edges)):
        raise ScienceError("the photon list has channels that EBOUNDS does not know")
    return EventList(
        INSTRUMENT,
        t0_utc,
        times_s[order],
        channel=channel[order],
        channel_edges_kev=edges,
        good_s=good,
        dead_time_s=DEAD_TIME_S,
        timing=TTE_TIMING,
    )


def _trigger_met_s(header: Any) -> float:
    if int(header.get("MJDREFI", 0)) != FERMI_MJDREFI:
        raise ScienceError("times do not count from 2001-01-01 (MJDREFI): not a Fermi file")
    return float(header.get("TRIGTIME", header["TSTART"]))


def _ebounds(hdus: Any) -> FloatArray:
    data = hdus["EBOUNDS"].data
    return np.stack([np.asarray(data["E_MIN"], np.float64), np.asarray(data["E_MAX"], np.float64)], axis=1)


def read_cspec(content: bytes) -> ChannelTable:
    """Binned spectra of one GBM detector (CSPEC or CTIME): zero-length bins dropped, bins of bad quality masked."""
    with open_fits(content) as hdus:
        t0_utc = fermi_met_to_utc(_trigger_met_s(hdus[0].header))
        rows = hdus["SPECTRUM"].data
        start = fermi_met_seconds_since(rows["TIME"], t0_utc)
        stop = fermi_met_seconds_since(rows["ENDTIME"], t0_utc)
        counts = np.asarray(rows["COUNTS"], dtype=np.float64).T
        exposure = np.asarray(rows["EXPOSURE"], dtype=np.float64)
        bad = np.asarray(rows["QUALITY"]) != 0
        edges = _ebounds(hdus)
    keep = (stop > start) & (exposure > 0)
    if not keep.any() or len(edges) != len(counts):
        raise ScienceError("the spectra hold no bin of positive length, or other channels than EBOUNDS")
    return ChannelTable(
        instrument=INSTRUMENT,
        t0_utc=t0_utc,
        start_s=start[keep],
        width_s=(stop - start)[keep],
        channels=tuple(Channel(name=str(k), energy_kev=(lo, hi)) for k, (lo, hi) in enumerate(edges.tolist())),
        counts=counts[:, keep],
        exposure_s=exposure[keep],
        mask=bad[keep] if bad[keep].any() else None,
        dead_time_s=DEAD_TIME_S,
        timing=Timing(product="cspec", clock_error_s=CLOCK_ERROR_S),
    )


def read_trigdat(content: bytes) -> ChannelTable:
    """Trigger data: counts of 14 detectors in 8 channels; the NaI detectors are the default.

    Notes
    -----
    Rows of 8.192, 1.024, 0.256 and 0.064 s overlap and are not in time order. They are merged by taking the shortest
    bin that covers a time. Where a longer row is only partly covered, its remainder becomes a bin of its own (its
    counts minus those of the shorter rows inside it) if the edges fit; if they do not, that stretch is left out.
    """
    with open_fits(content) as hdus:
        t0_utc = fermi_met_to_utc(_trigger_met_s(hdus[0].header))
        rows = hdus["EVNTRATE"].data
        start = fermi_met_seconds_since(rows["TIME"], t0_utc)
        stop = fermi_met_seconds_since(rows["ENDTIME"], t0_utc)
        # TDIM says (14, 8), which a reader turns into shape (8, 14); what is stored is 14 detectors of 8 channels.
        rate = np.asarray(rows["RATE"], dtype=np.float64).reshape(len(rows), len(DETECTORS) * 8)
    good = np.isfinite(start) & np.isfinite(stop) & (stop > start) & np.isfinite(rate).all(axis=1)
    if not good.any():
        raise ScienceError("the trigger data hold no row of positive length")
    edges, counts = merge_rows(start[good], stop[good], rate[good] * (stop - start)[good, None])
    return ChannelTable(
        instrument=INSTRUMENT,
        t0_utc=t0_utc,
        start_s=edges[:, 0],
        width_s=edges[:, 1] - edges[:, 0],
        channels=_trigdat_channels(),
        counts=counts.T,
        dead_time_s=DEAD_TIME_S,
        timing=Timing(product="trigdat", clock_error_s=CLOCK_ERROR_S, note="64 ms bins only near the trigger"),
    )


def _trigdat_channels() -> tuple[Channel, ...]:
    channels = []
    for index, detector in enumerate(DETECTORS):
        is_nai = index < N_NAI
        edges = NAI_EDGES_KEV if is_nai else BGO_EDGES_KEV
        channels += [
            Channel(name=f"{detector}/{k}", energy_kev=(edges[k], edges[k + 1]), is_default=is_nai) for k in range(8)
        ]
    return tuple(channels)


def merge_rows(start_s: FloatArray, stop_s: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows that do not overlap, shortest first, remainders of longer ones between them.

    Parameters
    ----------
    start_s, stop_s
        Rows in any order, s, shape (n,).
    counts
        Counts, shape (n, channels).

    Returns
    -------
    tuple
        Edges, shape (m, 2), ascending, and counts, shape (m, channels).
    """
    kept: list[tuple[float, float]] = []
    values: list[FloatArray] = []
    for row in np.lexsort((start_s, np.round(stop_s - start_s, 4))):
        lo, hi = float(start_s[row]), float(stop_s[row])
        for a, b, rest in _uncovered(lo, hi, counts[row], kept, values):
            kept.append((a, b))
            values.append(rest)
    order = np.argsort([a for a, _ in kept])
    edges = np.array(kept)[order]
    edges[1:, 0] = np.maximum(edges[1:, 0], edges[:-1, 1])  # 10 us of rounding between rows
    return edges, np.stack([values[k] for k in order])


def _uncovered(
    lo: float, hi: float, counts: FloatArray, kept: list[tuple[float, float]], values: list[FloatArray]
) -> list[tuple[float, float, FloatArray]]:
    """What a row adds to the shorter ones already kept: itself, or its one remainder if edges fit; else nothing."""
    inside = [k for k, (a, b) in enumerate(kept) if b > lo + EDGE_TOLERANCE_S and a < hi - EDGE_TOLERANCE_S]
    if not inside:
        return [(lo, hi, counts)]
    inside.sort(key=lambda k: kept[k])
    first, last = kept[inside[0]][0], kept[inside[-1]][1]
    sticks_out = first < lo - EDGE_TOLERANCE_S or last > hi + EDGE_TOLERANCE_S
    has_holes = any(kept[k][0] - kept[j][1] > EDGE_TOLERANCE_S for j, k in itertools.pairwise(inside))
    spans = [(lo, first)] * (first - lo > EDGE_TOLERANCE_S) + [(last, hi)] * (hi - last > EDGE_TOLERANCE_S)
    rest = counts - np.sum([values[k] for k in inside], axis=0)
    if sticks_out or has_holes or len(spans) != 1:
        return []
    # A remainder is a difference of rounded rates: small negative values are rounding, larger ones a contradiction.
    return [(*spans[0], np.maximum(rest, 0.0))] if rest.sum() >= -3 * np.sqrt(counts.sum() + 1) else []
