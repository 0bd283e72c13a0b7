"""Native FITS forms of SVOM GRM, GECAM, Insight-HXMT and Solar Orbiter STIX.

::

    svom_grm_evt_YYMMDD_HH_vNN.fits   EBOUNDS, EVENTS01-03: TIME PI EVT_TYPE ANTI_COIN DEAD_TIME
    gbg_evt_YYMMDD_HH_vNN.fits        EBOUNDS, EVENTS01-25: TIME PI GAIN_TYPE EVT_TYPE DEAD_TIME (GECAM-B; C: gcg_)
    HXMT_*HE-Evt*.FITS                Time Det_ID Channel Pulse_Width
    *_HE_lc_g0_*.lc                   TIME COUNTS FRACEXP, one table, made by helcgen
    solo_L1_stix-ql-lightcurve_*.fits time timedel triggers counts, and energies: e_low e_high

None of the missions publishes a document of its own on these forms that we could read; they were established from what
public analysis software does with them, and no file of the missions was at hand. So whatever can be checked is: a time
zero that is not the mission's own is refused, and so is a table without these columns.

References
----------
SVOM GRM and HXMT: scripts that lay both over each other (columns, epochs, anticoincidence). GECAM: pyda, blink
(columns, 498 channels, MET 131903046.67 s for 2023-03-07T15:44:06.67). HXMT 1K: Zenodo record 10976454 (columns, epoch,
pulse width). STIX: stixpy and stixdcpy (columns, centiseconds, middles of bins).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from acs_stream.readers.content import open_fits
from acs_stream.readers.table import Channel, ChannelTable
from acs_stream.time_systems import (
    integral_met_seconds_since,
    integral_met_to_utc,
    mjd_utc_to_utc,
    utc_to_integral_met,
)
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, Timing

#: Photons are laid on a grid of this width, s.
PHOTON_BIN_S = 0.01
#: Bands that photons are sorted into, keV.
BANDS_KEV = ((15.0, 50.0), (50.0, 100.0), (100.0, 300.0), (300.0, 6000.0))
#: A time zero may differ from the mission's by this much, s.
EPOCH_TOLERANCE_S = 1e-3
MJD_OF_INTEGRAL = 51_544
DAY_S = 86_400.0
#: An hour of photons is one file; more than a day is something else, s.
LONGEST_S = 90_000.0
#: HXMT's CsI, which looks at the whole sky, by the width of its pulses; channels below are noise.
CSI_PULSE, LOWEST_CHANNEL = 75, 30
#: Times of STIX are centiseconds where a bin of 4 s is written as 400.
LARGEST_BIN_S = 60.0
CENTISECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mission:
    """Where times count from, and how far they can be trusted, s."""

    instrument: str
    epoch_utc: datetime
    clock_error_s: float


GRM = _Mission(instrument="SVOM-GRM", epoch_utc=datetime(2017, 1, 1, tzinfo=UTC), clock_error_s=1e-3)
GECAM = _Mission(instrument="GECAM", epoch_utc=datetime(2019, 1, 1, tzinfo=UTC), clock_error_s=1e-3)
HXMT = _Mission(instrument="Insight-HXMT", epoch_utc=datetime(2012, 1, 1, tzinfo=UTC), clock_error_s=1e-3)
STIX = "SolarOrbiter-STIX"


def read_grm_events(content: bytes) -> ChannelTable:
    """Photons of SVOM GRM's three detectors together, those in anticoincidence left out, in bins and bands."""
    with open_fits(content) as hdus:
        events = _event_tables(hdus)
        kept = [_kept(one.data, {"ANTI_COIN": 0, "EVT_TYPE": 0}) for one in events]
        return _binned(hdus, events, kept, GRM)


def read_gecam_events(content: bytes) -> ChannelTable:
    """Photons of GECAM's gamma-ray detectors together, high gain only (both gains count one photon twice)."""
    with open_fits(content) as hdus:
        events = _event_tables(hdus)
        kept = [_kept(one.data, {"GAIN_TYPE": 0}) for one in events]
        return _binned(hdus, events, kept, GECAM)


def read_hxmt_events(content: bytes) -> ChannelTable:
    """Photons of HXMT HE's CsI detectors, told by their pulse width, in bins; without energies."""
    with open_fits(content) as hdus:
        table = _table_with(hdus, ("TIME", "CHANNEL", "PULSE_WIDTH"))
        _check_epoch(table.header, HXMT)
        is_csi = (np.asarray(table.data["PULSE_WIDTH"]) > CSI_PULSE) & (
            np.asarray(table.data["CHANNEL"]) > LOWEST_CHANNEL
        )
        times = np.asarray(table.data["TIME"], dtype=np.float64)[is_csi]
    return _photon_table(HXMT, [times], (Channel(name="CsI"),), "CsI of HE, all detectors")


def read_hxmt_curve(content: bytes) -> ChannelTable:
    """Light curve of HXMT HE that helcgen made."""
    with open_fits(content) as hdus:
        table = _table_with(hdus, ("TIME", "COUNTS"))
        header, data = table.header, table.data
        _check_epoch(header, HXMT)
        met_s, counts = (np.asarray(data[name], dtype=np.float64) for name in ("TIME", "COUNTS"))
        has_share = "FRACEXP" in {name.upper() for name in data.names}
        share = np.asarray(data["FRACEXP"], dtype=np.float64) if has_share else np.ones(met_s.size)
    good = np.isfinite(met_s) & np.isfinite(counts) & (share > 0)
    if good.sum() < 2:
        raise ScienceError("fewer than two bins with exposure")
    met_s, counts, share = met_s[good], counts[good], share[good]
    bin_s = float(header.get("TIMEDEL") or np.median(np.diff(met_s)))
    if not 0 < bin_s <= LARGEST_BIN_S:
        raise ScienceError(f"bins of {bin_s:g} s: the times do not ascend")
    stated = header.get("TIMEPIXR")
    middle, t0_utc = float(0.5 if stated is None else stated), _utc(float(np.floor(met_s[0])), HXMT)
    # Nobody says whether the times are starts or middles where TIMEPIXR does not.
    clock_s = HXMT.clock_error_s if stated is not None else max(HXMT.clock_error_s, bin_s / 2)
    return ChannelTable(
        instrument=HXMT.instrument,
        t0_utc=t0_utc,
        start_s=_since(met_s, t0_utc, HXMT) - middle * bin_s,
        width_s=np.full(met_s.size, bin_s),
        channels=(Channel(name="counts"),),
        counts=counts[None, :],
        exposure_s=bin_s * np.minimum(share, 1.0),
        timing=Timing(
            product="lc", clock_error_s=clock_s, note="" if stated is not None else "times taken as middles of bins"
        ),
        has_zero=False,
    )


def read_stix_quicklook(content: bytes) -> ChannelTable:
    """Quick-look light curve of STIX, in its energy bands, at the craft's own time.

    Notes
    -----
    Dead time is not corrected for. The uncertainty of the on-board compression is in the variance.
    """
    with open_fits(content) as hdus:
        table = _table_with(hdus, ("TIME", "TIMEDEL", "COUNTS"))
        energies = _table_with(hdus, ("E_LOW", "E_HIGH")).data
        bands = [(float(low), float(high)) for low, high in zip(energies["E_LOW"], energies["E_HIGH"], strict=True)]
        times, widths = (np.asarray(table.data[name], dtype=np.float64) for name in ("TIME", "TIMEDEL"))
        counts = np.asarray(table.data["COUNTS"], dtype=np.float64)
        names = {name.upper() for name in table.data.names}
        error = next((name for name in ("COUNTS_COMP_ERR", "COUNTS_ERR") if name in names), None)
        compression = np.zeros_like(counts) if error is None else np.asarray(table.data[error], dtype=np.float64)
        units = [
            str(table.header.get(f"TUNIT{_number_of(table.data.names, name)}", "")) for name in ("TIME", "TIMEDEL")
        ]
        t0_utc = _reference_utc(hdus[0].header)
    if counts.ndim != 2 or counts.shape[1] != len(bands):
        raise ScienceError(f"COUNTS has other bands than the {len(bands)} of the energies")
    widths, times = _seconds(widths, widths, units[1]), _seconds(times, widths, units[0])
    good = np.isfinite(times) & (widths > 0) & np.isfinite(counts).all(axis=1)
    if not good.any():
        raise ScienceError("no bin of positive length")
    return ChannelTable(
        instrument=STIX,
        t0_utc=t0_utc,
        start_s=(times - widths / 2)[good],
        width_s=widths[good],
        channels=tuple(Channel(name=f"{low:g}-{high:g}", energy_kev=(low, high)) for low, high in bands),
        counts=counts[good].T,
        variance_counts=(np.maximum(counts, 1.0) + compression**2)[good].T,
        timing=Timing(product="quicklook", clock_error_s=0.05, note="at Solar Orbiter, dead time not corrected"),
        has_zero=False,
    )


def _event_tables(hdus: Any) -> list[Any]:
    found = [hdu for hdu in hdus if str(hdu.name).upper().startswith("EVENTS") and hdu.name[-2:].isdigit()]
    if not found:
        raise ScienceError("there is no extension EVENTS01")
    return found


def _kept(data: Any, wanted: dict[str, int]) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    keep = np.ones(len(data), dtype=bool)
    known = {name.upper() for name in data.names}
    for name, value in wanted.items():
        if name in known:
            keep &= np.asarray(data[name]) == value
    return keep


def _binned(hdus: Any, events: Sequence[Any], kept: Sequence[Any], mission: _Mission) -> ChannelTable:
    """Photons of several detectors in bands, by the channels' energies."""
    for one in events:
        _check_epoch(one.header if "MJDREFI" in one.header else hdus["EBOUNDS"].header, mission)
    bounds = hdus["EBOUNDS"].data
    middle = np.sqrt(np.maximum(np.asarray(bounds["E_MIN"], float), 1e-3) * np.asarray(bounds["E_MAX"], float))
    times = np.concatenate([np.asarray(one.data["TIME"], float)[keep] for one, keep in zip(events, kept, strict=True)])
    channel = np.concatenate([np.asarray(one.data["PI"], int)[keep] for one, keep in zip(events, kept, strict=True)])
    inside = (channel >= 0) & (channel < middle.size)
    energy = middle[np.clip(channel, 0, middle.size - 1)]
    lists = [times[inside & (energy >= low) & (energy < high)] for low, high in BANDS_KEV]
    channels = tuple(Channel(name=f"{low:g}-{high:g}", energy_kev=(low, high)) for low, high in BANDS_KEV)
    return _photon_table(mission, lists, channels, f"{len(events)} detectors together")


def _photon_table(
    mission: _Mission, lists: Sequence[FloatArray], channels: tuple[Channel, ...], note: str
) -> ChannelTable:
    """Photon lists laid on one grid; seconds without any photon, in any band, are gaps."""
    every = np.concatenate(lists)
    if every.size < 2:
        raise ScienceError("the photon list is empty")
    first, last = float(np.floor(every.min())), float(np.ceil(every.max()))
    if not last - first < LONGEST_S:
        raise ScienceError(f"the photons span {last - first:.0f} s: not one file of this mission")
    edges = np.arange(round((last - first) / PHOTON_BIN_S) + 1) * PHOTON_BIN_S
    counts = np.stack([np.histogram(one - first, edges)[0].astype(np.float64) for one in lists])
    second = np.floor(edges[:-1] + PHOTON_BIN_S / 2).astype(np.int64)
    is_alive = np.bincount(second, weights=counts.sum(axis=0)) > 0
    live = is_alive[second]
    t0_utc = _utc(first, mission)
    return ChannelTable(
        instrument=mission.instrument,
        t0_utc=t0_utc,
        start_s=edges[:-1][live],
        width_s=np.full(int(live.sum()), PHOTON_BIN_S),
        channels=channels,
        counts=counts[:, live],
        timing=Timing(product="evt", clock_error_s=mission.clock_error_s, note=note),
        has_zero=False,
    )


def _utc(met_s: float, mission: _Mission) -> datetime:
    return integral_met_to_utc(met_s + utc_to_integral_met(mission.epoch_utc))


def _since(met_s: FloatArray, t0_utc: datetime, mission: _Mission) -> FloatArray:
    return integral_met_seconds_since(met_s, t0_utc, zero_s=utc_to_integral_met(mission.epoch_utc))


def _check_epoch(header: Any, mission: _Mission) -> None:
    """Refuse times that count from anything but the mission's epoch; a header that does not say is believed."""
    whole, part = header.get("MJDREFI", header.get("MJDREF")), header.get("MJDREFF", 0.0)
    if whole is None:
        return
    if str(header.get("TIMESYS", "TT")).strip().upper() == "UTC":
        stated = utc_to_integral_met(mjd_utc_to_utc(float(whole) + float(part)))
    else:
        stated = (float(whole) - MJD_OF_INTEGRAL) * DAY_S + float(part) * DAY_S
    off_s = stated - utc_to_integral_met(mission.epoch_utc)
    if abs(off_s) > EPOCH_TOLERANCE_S:
        raise ScienceError(
            f"the file says that its times count from {off_s:+.3f} s off {iso_utc(mission.epoch_utc)}, where those of "
            f"{mission.instrument} begin",
            remedy="69.184 s is TT taken for UTC; get the file again, or convert it to csv",
        )


def _table_with(hdus: Any, columns: Sequence[str]) -> Any:
    for hdu in hdus:
        names = {name.upper() for name in getattr(getattr(hdu, "columns", None), "names", ())}
        if set(columns) <= names:
            return hdu
    raise ScienceError(f"no table has the columns {', '.join(columns)}")


def _number_of(names: Sequence[str], wanted: str) -> int:
    return next(k for k, name in enumerate(names, start=1) if name.upper() == wanted)


def _seconds(values: FloatArray, widths: FloatArray, unit: str) -> FloatArray:
    """Values in s; without a unit they are centiseconds where the widths would else be too long for the instrument."""
    is_cs = unit == "cs" or (not unit and float(np.median(widths)) > LARGEST_BIN_S)
    return values * CENTISECONDS if is_cs else values


def _reference_utc(header: Any) -> datetime:
    for name in ("DATE-BEG", "DATE-OBS", "DATE_OBS"):
        if name in header:
            return to_utc(str(header[name]))
    raise ScienceError("the file says no time from which its times count (DATE-BEG)")
