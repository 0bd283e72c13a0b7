"""Excesses for the tests of the continuous search."""

import math
from typing import Any

from acs_stream.excesses import Excess
from acs_stream.false_alarms import ISDC_SPIKES
from acs_stream.far_history import DAY_S, FarSource


def excess(at_s: float, *, noise_per_day: float = 0.01, **changes: Any) -> Excess:
    """An excess at a time, of half a second and S/N 8, that noise makes so often a day."""
    snr, scale_s = changes.get("snr", 8.0), changes.get("scale_s", 0.5)
    noise_hz = noise_per_day / DAY_S
    law_hz = noise_hz + float(ISDC_SPIKES.above_hz(snr, scale_s))
    is_spike = bool(changes.get("is_spike_like", False))
    values: dict[str, Any] = {
        "t_s": at_s,
        "scale_s": scale_s,
        "snr": snr,
        "far_hz": law_hz,
        "far_low_hz": law_hz / 1.5,
        "far_high_hz": law_hz * 1.5,
        "far_source": FarSource.MODEL,
        "fap": 0.1,
        "sigma": 1.3,
        "spike_score": 0.95 if is_spike else 0.2,
        "is_spike_like": is_spike,
        "is_saturated": False,
        "counts": 900.0,
        "rate_cts_s": 1800.0,
        "start_s": at_s - scale_s / 2,
        "stop_s": at_s + scale_s / 2,
        "fap_isdc": 0.01,
        "far_model_hz": law_hz,
        "far_fixed_law_hz": law_hz,
        "rank": math.log(snr) if is_spike else -math.log(noise_hz),
    }
    return Excess(**{**values, **changes})
