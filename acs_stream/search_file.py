"""Search of a light-curve file: what the command line and notebooks call for one file and one T0."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from acs_stream.answer import Answer, Known, answer, answer_to_json
from acs_stream.properties import counts_between
from acs_stream.readers import guess_format, read_light_curve
from acs_stream.spectra import Spectrum
from acs_stream.trial_bursts import Agreement, agreement
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError


def search_file(
    path: Path,
    *,
    t0_utc: datetime | str,
    window_s: float = 300.0,
    file_format: str | None = None,
    known: Known | None = None,
    file_t0_utc: datetime | str | None = None,
) -> Answer:
    """Excesses and limits within `window_s` of `t0_utc` in a light-curve file.

    Parameters
    ----------
    path
        File.
    t0_utc
        Time at the instrument, aware or UTC.
    window_s
        Half-span, s.
    file_format
        One of the readers' formats; None: told from the content.
    known
        Response, direction, distance and more; its response serves SPI-ACS alone. None: limits in counts only.
    file_t0_utc
        Time zero of the file, aware or UTC; wins over the file's own. None: the file's own.

    Raises
    ------
    ScienceError
        The file is no light curve, has no time zero and none is given, or does not cover T0.
    ValueError
        `t0_utc` or `file_t0_utc` is no time.
    """
    moment = to_utc(t0_utc)
    curve = read_light_curve(path, format=file_format or guess_format(path), t0_utc=file_t0_utc).with_t0(moment)
    facts = Known() if known is None else known.for_instrument(curve.instrument)
    return answer(curve, t0_s=0.0, window_s=window_s, known=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A burst as another instrument states it: fluence and its error, erg/cm2, in `band_kev`, over an interval.

    Parameters
    ----------
    fluence_erg_cm2, fluence_error_erg_cm2, spectrum, band_kev
        As stated.
    start_s, stop_s
        Interval in which its counts should have come, s since T0.
    """

    fluence_erg_cm2: float
    fluence_error_erg_cm2: float
    spectrum: Spectrum
    start_s: float
    stop_s: float
    band_kev: tuple[float, float] = (10.0, 1000.0)


def agreement_in_file(
    path: Path,
    expected: Expected,
    *,
    t0_utc: datetime | str,
    known: Known,
    file_format: str | None = None,
    file_t0_utc: datetime | str | None = None,
) -> Agreement:
    """Whether the counts in a light-curve file are those that another instrument's spectrum promises.

    Raises
    ------
    ScienceError
        The file is no light curve, has no data there, or its instrument has no response.
    """
    read = read_light_curve(path, format=file_format or guess_format(path), t0_utc=file_t0_utc)
    curve = read.with_t0(to_utc(t0_utc))
    facts = known.for_instrument(curve.instrument)
    response = facts.response()
    if facts.table is None or response is None:
        raise ScienceError(f"{curve.instrument} has no response: no counts can be expected of a spectrum")
    measured, error = counts_between(curve, expected.start_s, expected.stop_s)
    return agreement(
        expected.fluence_erg_cm2,
        expected.fluence_error_erg_cm2,
        expected.spectrum,
        expected.band_kev,
        table=facts.table,
        response=response,
        measured_counts=measured,
        measured_error=error,
    )


def search_to_json(found: Answer) -> Mapping[str, Any]:
    """JSON-able form: ``excesses``, ``limits``, ``background`` and more."""
    return answer_to_json(found)
