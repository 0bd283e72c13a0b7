"""The IPN's ".thr" text family: HEND and INTEGRAL with quoted headers, Konus-Wind without any, GBM with bands.

Time columns are bin starts relative to the time zero. Konus-Wind values are dead-time corrected: no integers, so their
variance is stated rather than left to be taken for the Poisson one.
"""

import re
from datetime import date, datetime

import numpy as np

from acs_stream.readers import spi_acs
from acs_stream.readers.content import number_rows, text_of
from acs_stream.readers.table import Channel, ChannelTable, bins_from_starts
from acs_stream.time_systems import fermi_met_to_utc, seconds_of_day_to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import BoolArray, FloatArray, Timing

#: Nominal bands of Konus-Wind's three channels, keV; the gain drifts slowly over the years.
KONUS_BANDS = ((20.0, 90.0), (90.0, 380.0), (380.0, 1600.0))
#: Names in quoted headers to names of instruments.
HEADER_NAMES = {
    "INTEGRAL": "SPI-ACS",
    "HEND": "Mars-Odyssey-HEND",
    "MGNS": "BepiColombo-MGNS",
    "BAT": "Swift-BAT",
    "KONUS": "Konus-Wind",
}
#: A column is a sum of the ones before it if it agrees to this many counts in every row (each is rounded to 0.01).
SUM_TOLERANCE_COUNTS = 0.08
#: Years of two digits below this are 20xx.
CENTURY_PIVOT = 70
#: Counts that a stretch must hold before its mean is taken for the expected counts of a bin.
POOLED_COUNTS = 10.0
#: Values below this show the integer they came from.
PLAIN_COUNTS = 8.5
#: Tolerance within which a number counts as an integer.
INTEGER_TOLERANCE = 1e-6

Lines = list[tuple[int, str]]


def read_thr(content: bytes) -> ChannelTable:
    """Light curve of the IPN text family, whichever of its headers it has."""
    text = text_of(content)
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    first = lines[0][1].lstrip() if lines else ""
    if first.startswith(("'", '"')):
        return _read_quoted(lines)
    if first.lower().startswith("srcname"):
        return _read_gbm(lines)
    return _read_bare(lines)


def _read_quoted(lines: Lines) -> ChannelTable:
    """``'NAME' 'DD/MM/YY' sod``, E_min E_max, background, bin on one to three lines; then time, counts."""
    quoted: list[str] = []
    numbers: list[float] = []
    used = 0
    while used < len(lines) and (len(quoted) < 2 or len(numbers) < 5):
        number, line = lines[used]
        quoted += re.findall(r"['\"]([^'\"]*)['\"]", line)
        numbers += number_rows([(number, re.sub(r"['\"][^'\"]*['\"]", " ", line))])[0].tolist() if _rest(line) else []
        used += 1
    if len(quoted) != 2 or len(numbers) != 5:
        raise ScienceError("the IPN header is not 'name' 'DD/MM/YY' second, E_min E_max, background bin")
    second, e_min, e_max, _background, bin_s = numbers
    rows = number_rows(lines[used:])
    if rows.shape[1] < 2 or bin_s <= 0:
        raise ScienceError("the IPN light curve has no counts column, or a bin width that is not positive")
    return _quoted_table(rows, quoted[0], seconds_of_day_to_utc(_date(quoted[1]), second), (e_min, e_max), bin_s)


def _rest(line: str) -> str:
    return re.sub(r"['\"][^'\"]*['\"]", " ", line).strip()


def _date(text: str) -> date:
    try:
        day, month, year = (int(part) for part in text.strip().split("/"))
        return date(year + (2000 if year < CENTURY_PIVOT else 1900) if year < 100 else year, month, day)
    except ValueError as error:
        raise ScienceError(f"{text[:20]!r} is no date DD/MM/YY") from error


def _quoted_table(
    rows: FloatArray, name: str, t0_utc: datetime, band: tuple[float, float], bin_s: float
) -> ChannelTable:
    instrument = next((value for key, value in HEADER_NAMES.items() if key in name.upper()), name.strip() or "unknown")
    width = np.full(len(rows), bin_s)
    counts = rows[:, 1:].T
    is_acs = instrument == spi_acs.INSTRUMENT
    return ChannelTable(
        instrument=instrument,
        t0_utc=t0_utc,
        start_s=rows[:, 0],
        width_s=width,
        channels=_channels(counts, [band] * len(counts) if len(counts) == 1 else []),
        counts=counts,
        mask=spi_acs.unusable(counts[0], width) if is_acs else None,
        timing=spi_acs.CONSOLIDATED if is_acs else Timing(product="ipn"),
    )


def _read_gbm(lines: Lines) -> ChannelTable:
    """Four header lines (SrcName, T0 MET, Emin, Emax), then time and one column a band."""
    header = {line.split(":")[0].split("=")[0].strip().lower(): line for _, line in lines[:4]}
    found = re.search(r"([-+\d.eE]+)\s*MET", header.get("t0", ""))
    low, high = _numbers_after_colon(header, "emin"), _numbers_after_colon(header, "emax")
    if found is None or not low or len(low) != len(high):
        raise ScienceError("the GBM header is not SrcName, T0 = ... MET, Emin (keV): ..., Emax (keV): ...")
    rows = number_rows(lines[4:], columns=len(low) + 1)
    return ChannelTable(
        instrument="Fermi-GBM",
        t0_utc=fermi_met_to_utc(float(found.group(1))),
        start_s=rows[:, 0],
        width_s=bins_from_starts(rows[:, 0]),
        channels=_channels(rows[:, 1:].T, list(zip(low, high, strict=True))),
        counts=rows[:, 1:].T,
        timing=Timing(product="ipn", note="T0 in the header is rounded to 1 ms"),
    )


def _numbers_after_colon(header: dict[str, str], key: str) -> list[float]:
    line = next((text for name, text in header.items() if name.startswith(key)), "")
    try:
        return [float(field) for field in line.partition(":")[2].split()]
    except ValueError as error:
        raise ScienceError(f"the {key} line of the header holds something that is no number") from error


def _read_bare(lines: Lines) -> ChannelTable:
    """No header: time, then columns of counts. The time zero is not in the file; Konus-Wind is written so."""
    rows = number_rows([(n, line) for n, line in lines if not line.lstrip().startswith("#")])
    if rows.shape[1] < 2:
        raise ScienceError("the light curve has no counts column")
    counts = rows[:, 1:].T
    width = bins_from_starts(rows[:, 0])
    is_konus = len(counts) == 4 and bool(sums_of_others(counts)[3])
    return ChannelTable(
        instrument="Konus-Wind" if is_konus else "unknown",
        t0_utc=None,
        start_s=rows[:, 0],
        width_s=width,
        channels=_channels(counts, list(KONUS_BANDS) if is_konus else [], prefix="G" if is_konus else "C"),
        counts=counts,
        variance_counts=None if _are_integers(counts) else dead_time_corrected_variance(counts, sums_of_others(counts)),
        timing=Timing(product="ipn", note="" if _are_integers(counts) else "counts are dead-time corrected"),
    )


def _are_integers(counts: FloatArray) -> bool:
    return bool((np.abs(counts - np.round(counts)) < INTEGER_TOLERANCE).all())


def _channels(counts: FloatArray, bands: list[tuple[float, float]], *, prefix: str = "C") -> tuple[Channel, ...]:
    sums = sums_of_others(counts)
    names = ["sum" if is_sum else f"{prefix}{k + 1}" for k, is_sum in enumerate(sums)]
    known: list[tuple[float, float] | None] = [*bands, *[None] * (len(names) - len(bands))]
    return tuple(
        Channel(name=name, energy_kev=band, is_sum=bool(is_sum))
        for name, band, is_sum in zip(names, known, sums, strict=True)
    )


def sums_of_others(counts: FloatArray) -> BoolArray:
    """Which columns are the sum of all before them, shape (channels,)."""
    is_sum = np.zeros(len(counts), dtype=bool)
    if len(counts) > 2:
        difference = np.abs(counts[-1] - counts[:-1].sum(axis=0))
        is_sum[-1] = bool((difference <= SUM_TOLERANCE_COUNTS).all()) and bool(counts[-1].any())
    return is_sum


def dead_time_corrected_variance(counts: FloatArray, is_sum: BoolArray) -> FloatArray:
    """Variance of counts that were multiplied by a dead-time factor, shape (channels, n).

    With ``value = f N``, f itself a function of N: dead time takes the variance of the recorded N below the Poisson
    one by ``f^2``, and the correction widens it by ``f^4``; the variance is ``f^2 E[N] = f E[value]``. The factor is
    fitted (see `dead_time_factors`); E[value] is the mean over the shortest stretch around the bin that holds 10
    counts, so that an empty bin does not get variance 0.

    Parameters
    ----------
    counts
        Dead-time corrected counts, shape (channels, n).
    is_sum
        Channels that are sums, shape (channels,).
    """
    factor = dead_time_factors(counts, is_sum)
    return np.stack([f * pooled_mean(row) for f, row in zip(factor, counts, strict=True)])


def dead_time_factors(counts: FloatArray, is_sum: BoolArray) -> FloatArray:
    """Factor by which each value was multiplied for dead time, shape (channels, n).

    Notes
    -----
    Low values betray the integer N they came from (3.02 from 3); ``value / N = 1 + own * value + others *
    value_of_others`` is fitted to them by least squares and applied to all. A sum's factor is the mean of its parts',
    weighted by counts.
    """
    parts = counts[~is_sum]
    other = parts.sum(axis=0) - parts
    whole = np.floor(parts)
    low = (whole >= 1) & (parts < PLAIN_COUNTS) & (parts - whole < 0.5)
    terms = np.stack([(whole * parts)[low], (whole * other)[low]], axis=1)
    solution = np.linalg.lstsq(terms, (parts - whole)[low], rcond=None)[0] if low.any() else np.zeros(2)
    own, cross = np.maximum(solution, 0.0)
    factors = np.ones_like(counts)
    factors[~is_sum] = 1.0 + own * parts + cross * other
    weight = np.maximum(parts, INTEGER_TOLERANCE)
    factors[is_sum] = (factors[~is_sum] * weight).sum(axis=0) / weight.sum(axis=0)
    return factors


def pooled_mean(counts: FloatArray) -> FloatArray:
    """Mean counts over the shortest symmetric stretch around each bin that holds 10 counts, shape (n,)."""
    n = counts.size
    total = np.concatenate([[0.0], np.cumsum(counts)])
    index = np.arange(n)
    mean = np.full(n, np.nan)
    half = 0
    while np.isnan(mean).any():
        low, high = np.maximum(index - half, 0), np.minimum(index + half + 1, n)
        inside = total[high] - total[low]
        ready = np.isnan(mean) & ((inside >= POOLED_COUNTS) | (high - low >= n))
        mean[ready] = np.maximum(inside, 1.0)[ready] / (high - low)[ready]
        half = max(1, 2 * half)
    return mean
