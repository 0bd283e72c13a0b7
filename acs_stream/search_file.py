"""Search of a light-curve file: what the command line and notebooks call for one file and one T0."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from acs_stream.limits import Limits, upper_limits
from acs_stream.readers import guess_format, read_light_curve
from acs_stream.response import Response
from acs_stream.search import SearchResult, result_to_json, search
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSearch:
    """What a search of a file found.

    Parameters
    ----------
    result
        Excesses and background.
    limits
        3-sigma limits, None where none can be set.
    limits_reason
        Why there are none; empty where there are.
    """

    result: SearchResult
    limits: Limits | None
    limits_reason: str = ""


def search_file(
    path: Path,
    *,
    t0_utc: datetime | str,
    window_s: float = 300.0,
    file_format: str | None = None,
    response: Response | None = None,
) -> FileSearch:
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
    response
        What a count is worth; None: limits in counts only.

    Raises
    ------
    ScienceError
        The file is no light curve, or does not cover T0.
    ValueError
        `t0_utc` is no time.
    """
    moment = to_utc(t0_utc)
    curve = read_light_curve(path, format=file_format or guess_format(path)).with_t0(moment)
    result = search(curve, t0_s=0.0, window_s=window_s)
    try:
        return FileSearch(result=result, limits=upper_limits(curve, t0_s=0.0, window_s=window_s, response=response))
    except ScienceError as error:
        return FileSearch(result=result, limits=None, limits_reason=str(error))


def search_to_json(found: FileSearch) -> Mapping[str, Any]:
    """JSON-able form: ``excesses``, ``limits``, ``background`` and more."""
    shown = dict(result_to_json(found.result, found.limits))
    return shown | ({"limits_reason": found.limits_reason} if found.limits_reason else {})
