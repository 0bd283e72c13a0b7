"""Search of a light-curve file: what the command line and notebooks call for one file and one T0."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from acs_stream.answer import Answer, Known, answer, answer_to_json
from acs_stream.readers import guess_format, read_light_curve
from tocsin.domain.clock import to_utc


def search_file(
    path: Path,
    *,
    t0_utc: datetime | str,
    window_s: float = 300.0,
    file_format: str | None = None,
    known: Known | None = None,
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

    Raises
    ------
    ScienceError
        The file is no light curve, or does not cover T0.
    ValueError
        `t0_utc` is no time.
    """
    moment = to_utc(t0_utc)
    curve = read_light_curve(path, format=file_format or guess_format(path)).with_t0(moment)
    facts = Known() if known is None else known.for_instrument(curve.instrument)
    return answer(curve, t0_s=0.0, window_s=window_s, known=facts)


def search_to_json(found: Answer) -> Mapping[str, Any]:
    """JSON-able form: ``excesses``, ``limits``, ``background`` and more."""
    return answer_to_json(found)
