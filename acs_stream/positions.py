"""Where craft were: IPN ".eph" lines, ISDC's "ephs" text, GBM trigger data and position history, INTEGRAL orbit files.

Everything comes out as geocentric kilometres on ICRF axes with a true UTC epoch. An epoch is never guessed: a file
that holds none needs one from the caller.
"""

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from acs_stream.readers.content import load, number_rows, open_fits, text_of
from acs_stream.readers.formats import guess_format
from acs_stream.time_systems import fermi_met_to_utc, integral_met_to_utc, seconds_of_day_to_utc
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.ephemeris_file import utc_of_julian_date_tdb
from triangulation.geometry import SpacecraftPosition, unit_vector
from triangulation.tle import parse_elements, track

EPH_LINE = re.compile(
    r"(\d{4})(\d\d)(\d\d)\s+([\d.]+)\s+(\d\d):(\d\d):(\d\d(?:\.\d+)?)\s+(\S+)\s+(\S+)\s+(\S+)(?:\s+\S+)*$"
)
#: The two times of an .eph line must agree to this, s.
EPH_AGREEMENT_S = 1.5e-3
#: Errors of positions whose files state none, km, 1 sigma.
EPH_ERROR_KM = 10.0
FERMI_ERROR_KM = 1.0
#: A second of flight.
TRIGDAT_ERROR_KM = 8.0
INTEGRAL_ERROR_KM = 30.0
ORBIT_ERROR_KM = 1.0
HORIZONS_ERROR_KM = 5.0
#: Positions are worked out from elements so far around the time asked for, s.
TRACK_HALF_SPAN_S = 900.0
#: What the head of a Horizons table must say, where it says it.
HORIZONS_HEAD = {
    r"Center body name\s*:\s*(.*)": r"Earth",
    r"Center-site name\s*:\s*(.*)": r"GEOCENTRIC|BODY CENTER",
    r"Output units\s*:\s*(.*)": r"KM",
    r"Reference frame\s*:\s*(.*)": r"ICRF",
    r"Reference plane\s*:\s*(.*)": r"(?i)ICRF|equator|FRAME",
}
_REAL = r"([-+]?\d+\.\d+(?:[EeDd][-+]?\d+)?)"
#: A row: Julian date (TDB) and date, then X, Y, Z, in the labelled or the comma-separated form.
HORIZONS_ROW = re.compile(
    rf"^\s*(\d{{7}}\.\d+)\s*(?:=\s*A\.D\.[^\n]*\n\s*X\s*=|,\s*A\.D\.[^,\n]*,)\s*{_REAL}\s*,?\s*(?:Y\s*=)?\s*{_REAL}"
    rf"\s*,?\s*(?:Z\s*=)?\s*{_REAL}",
    re.MULTILINE,
)
METRES_PER_KM = 1000.0
#: On-board time of INTEGRAL counts in 2^-20 s.
ON_BOARD_TICKS_PER_S = 2**20


def read_eph(source: Path | str | bytes, *, spacecraft: str | None = None) -> tuple[SpacecraftPosition, ...]:
    """Positions in an IPN ".eph" file, in order of time: ``YYYYMMDD sod hh:mm:ss.ssssss RA Dec R_km [extra]``.

    Parameters
    ----------
    source
        File or its content.
    spacecraft
        Name; None: the last part of the file's name (``20200415_Wind.eph``).

    Raises
    ------
    ScienceError
        A line has another form, or its two times differ.
    """
    name = spacecraft or ("unknown" if isinstance(source, bytes) else re.split(r"[_-]", Path(source).stem)[-1])
    lines = [line.strip() for line in text_of(load(source)).splitlines() if line.strip()]
    return tuple(sorted((_eph_line(line, name) for line in lines), key=lambda p: p.epoch_utc))


def _eph_line(line: str, spacecraft: str) -> SpacecraftPosition:
    found = EPH_LINE.match(line)
    if found is None:
        raise ScienceError(f"{line[:60]!r} is no line of an .eph file (date, second, time, RA, Dec, km)")
    year, month, day, second, hours, minutes, seconds = found.groups()[:7]
    try:
        epoch = seconds_of_day_to_utc(date(int(year), int(month), int(day)), float(second))
        ra_deg, dec_deg, distance_km = (float(value) for value in found.groups()[7:10])
    except ValueError as error:
        raise ScienceError(f"{line[:60]!r}: {error}") from error
    clock_s = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    if abs(clock_s - float(second)) > EPH_AGREEMENT_S:
        raise ScienceError(f"{line[:60]!r}: second of day and time of day differ by {clock_s - float(second):+.4f} s")
    return SpacecraftPosition.from_radec(
        spacecraft, epoch, ra_deg=ra_deg, dec_deg=dec_deg, distance_km=distance_km, error_km=EPH_ERROR_KM
    )


def parse_ephs(
    source: Path | str | bytes, *, epoch_utc: datetime | str, spacecraft: str = "INTEGRAL"
) -> SpacecraftPosition:
    """Position in ISDC's "ephs" text: ``RA Dec distance_km``, errors ``dRA dDec dR`` in the same or the next line.

    Parameters
    ----------
    source
        The reply.
    epoch_utc
        Time that was asked for: the reply does not hold it.

    Examples
    --------
    >>> parse_ephs(b"208.951 52.770 116867.9", epoch_utc="2023-08-12T18:58:00").error_km
    30.0
    """
    text = text_of(load(source)).replace(",", " ")
    values = number_rows([(1, " ".join(text.split()))])[0]
    if values.size not in {3, 6}:
        raise ScienceError(f"{values.size} numbers instead of RA, Dec, distance (and their errors)")
    error_km = INTEGRAL_ERROR_KM
    if values.size == 6:
        across = np.radians(max(values[3] * np.cos(np.radians(values[1])), values[4])) * values[2]
        error_km = float(max(across, values[5]))
    return SpacecraftPosition.from_radec(
        spacecraft,
        epoch_utc,
        ra_deg=float(values[0]),
        dec_deg=float(values[1]),
        distance_km=float(values[2]),
        error_km=error_km,
    )


def parse_planetary(source: Path | str | bytes, *, epoch_utc: datetime | str, spacecraft: str) -> SpacecraftPosition:
    """Position of a craft at a planet: planet from the Earth, craft from the planet, errors; each ``RA Dec km``.

    The epoch is the time zero of the light curve the file came with, **not** the burst; the planet has moved on by then
    (see `triangulation.ephemeris_file.SolarSystem.moved`).
    """
    lines = [line for line in text_of(load(source)).splitlines() if line.strip()]
    rows = number_rows(list(enumerate(lines, start=1)), columns=3)
    if len(rows) < 2:
        raise ScienceError("a planetary position needs two lines: the planet, and the craft from the planet")
    vector = sum(row[2] * unit_vector(row[0], row[1]) for row in rows[:2])
    error_km = float(rows[2, 2]) if len(rows) > 2 else INTEGRAL_ERROR_KM
    return SpacecraftPosition(
        spacecraft=spacecraft, epoch_utc=to_utc(epoch_utc), vector_km=np.asarray(vector), error_km=error_km
    )


def read_trigdat_positions(source: Path | str | bytes) -> tuple[SpacecraftPosition, ...]:
    """Positions of Fermi along a GBM trigger-data file (column EIC, km), ascending in time."""
    with open_fits(load(source)) as hdus:
        rows = hdus["EVNTRATE"].data
        middle = (np.asarray(rows["TIME"], np.float64) + np.asarray(rows["ENDTIME"], np.float64)) / 2
        # A vector is good to about a second of its row's time; long rows are left out.
        short = np.asarray(rows["ENDTIME"], np.float64) - np.asarray(rows["TIME"], np.float64) < 2.0
        middle, vectors = middle[short], np.asarray(rows["EIC"], np.float64)[short]
    first = np.unique(np.round(middle, 3), return_index=True)[1]
    return tuple(_fermi(float(middle[k]), vectors[k], TRIGDAT_ERROR_KM) for k in first if np.isfinite(vectors[k]).all())


def _fermi(met_s: float, vector_km: FloatArray, error_km: float = FERMI_ERROR_KM) -> SpacecraftPosition:
    return SpacecraftPosition(
        spacecraft="Fermi", epoch_utc=fermi_met_to_utc(met_s), vector_km=vector_km, error_km=error_km
    )


def read_poshist(
    source: Path | str | bytes, *, start_utc: datetime | None = None, stop_utc: datetime | None = None
) -> tuple[SpacecraftPosition, ...]:
    """Positions of Fermi in a GBM position-history file, one a second, between two times; the file is in **metres**."""
    with open_fits(load(source)) as hdus:
        rows = hdus["GLAST POS HIST"].data
        met = np.asarray(rows["SCLK_UTC"], np.float64)
        vectors = np.stack([np.asarray(rows[f"POS_{axis}"], np.float64) for axis in "XYZ"], axis=1) / METRES_PER_KM
    places = [_fermi(float(t), v) for t, v in zip(met, vectors, strict=True) if np.isfinite(v).all() and np.isfinite(t)]
    return tuple(
        place
        for place in places
        if (start_utc is None or place.epoch_utc >= start_utc) and (stop_utc is None or place.epoch_utc <= stop_utc)
    )


def read_orbi_scp(source: Path | str | bytes, *, first_row_utc: datetime | str) -> tuple[SpacecraftPosition, ...]:
    """Positions of INTEGRAL in an orbit file (INTL-ORBI-SCP), 8 s apart.

    Parameters
    ----------
    source
        The file.
    first_row_utc
        UTC of the first row: the file has on-board time alone (counts of 2^-20 s), from which only the differences are
        taken; its correlation with UTC is in the auxiliary data of the revolution.
    """
    first = to_utc(first_row_utc)
    with open_fits(load(source)) as hdus:
        rows = hdus["INTL-ORBI-SCP"].data
        words = np.asarray(rows["OB_TIME"], dtype=np.int64)
        vectors = np.stack([np.asarray(rows[f"{axis}POS"], np.float64) for axis in "XYZ"], axis=1)
    ticks = ((words[:, 0] << 16 | words[:, 1]) << 16 | words[:, 2]) << 16 | words[:, 3]
    return tuple(
        SpacecraftPosition(
            spacecraft="INTEGRAL",
            epoch_utc=first + timedelta(seconds=float(tick - ticks[0]) / ON_BOARD_TICKS_PER_S),
            vector_km=vector,
            error_km=ORBIT_ERROR_KM,
        )
        for tick, vector in zip(ticks, vectors, strict=True)
    )


def read_mmoda_position(source: Path | str | bytes) -> SpacecraftPosition | None:
    """Position of INTEGRAL that an MMODA light curve holds (EPHS), at its TIMEZERO; None where it holds none."""
    with open_fits(load(source)) as hdus:
        header = hdus["RATE"].header
        text, zero_s = str(header.get("EPHS", "")).strip(), float(header["TIMEZERO"])
    return parse_ephs(text.encode(), epoch_utc=integral_met_to_utc(zero_s)) if text else None


def read_horizons(source: Path | str | bytes, *, spacecraft: str) -> tuple[SpacecraftPosition, ...]:
    """Positions in a vector table of JPL Horizons, ascending in time: geocentric, equatorial, km.

    Raises
    ------
    ScienceError
        The table has another centre, other axes or other units, or no rows.
    """
    text = text_of(load(source))
    head, _, rest = text.partition("$$SOE")
    for pattern, wanted in HORIZONS_HEAD.items():
        found = re.search(pattern, head)
        if found is not None and not re.search(wanted, found.group(1)):
            raise ScienceError(
                f"{spacecraft}: a Horizons table with {found.group(0).strip()!r} is not read",
                remedy="ask for vectors from the geocentre (500@399), equatorial (ICRF), in km",
            )
    rows = HORIZONS_ROW.findall(rest.partition("$$EOE")[0])
    if not rows:
        raise ScienceError(f"{spacecraft}: no vectors in the Horizons table")
    return tuple(
        SpacecraftPosition(
            spacecraft=spacecraft,
            epoch_utc=utc_of_julian_date_tdb(float(row[0])),
            vector_km=np.array([float(value) for value in row[1:]]),
            error_km=HORIZONS_ERROR_KM,
        )
        for row in rows
    )


def read_positions(
    source: Path | str | bytes,
    *,
    spacecraft: str,
    epoch_utc: datetime | str | None = None,
    half_span_s: float = TRACK_HALF_SPAN_S,
) -> tuple[SpacecraftPosition, ...]:
    """Positions in a file of any of these kinds, ascending in time.

    Parameters
    ----------
    source
        File or content.
    spacecraft
        Name of the craft, for files that do not name it.
    epoch_utc
        For files that hold no epoch of their own, and for elements, which hold for any.
    half_span_s
        Positions from two-line elements are made so far around `epoch_utc`, s.

    Raises
    ------
    ScienceError
        The kind is not known, or an epoch is needed and none was given.
    """
    content = load(source)
    kind = guess_format(content)
    dated = {
        "eph": lambda: read_eph(content, spacecraft=spacecraft),
        "gbm-trigdat": lambda: read_trigdat_positions(content),
        "gbm-poshist": lambda: read_poshist(content),
        "horizons": lambda: read_horizons(content, spacecraft=spacecraft),
    }
    if kind in dated:
        return dated[kind]()
    if kind not in {"ephs", "orbi-scp", "picsit", "ipn-thr", "tle"}:
        raise ScienceError(f"a {kind} file holds no positions")
    if epoch_utc is None:
        raise ScienceError(f"the {kind} file holds no epoch", remedy="state the time it belongs to")
    if kind == "tle":
        return track(parse_elements(text_of(content)), spacecraft, epoch_utc, half_span_s=half_span_s)
    if kind == "orbi-scp":
        return read_orbi_scp(content, first_row_utc=epoch_utc)
    if kind == "ephs":
        return (parse_ephs(content, epoch_utc=epoch_utc, spacecraft=spacecraft),)
    return (parse_planetary(content, epoch_utc=epoch_utc, spacecraft=spacecraft),)
