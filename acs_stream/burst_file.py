"""A burst file and everything made of it: the one module to import for ``tocsin delay`` and ``tocsin triangulate``."""

from acs_stream.burst import Burst, Observation, load_burst
from acs_stream.burst_json import delays_to_json, result_to_json
from acs_stream.burst_result import (
    Containment,
    PairAnnulus,
    PairDelay,
    TriangulationResult,
    aligned_at,
    measure_delays,
    triangulate_burst,
)

__all__ = [
    "Burst",
    "Containment",
    "Observation",
    "PairAnnulus",
    "PairDelay",
    "TriangulationResult",
    "aligned_at",
    "delays_to_json",
    "load_burst",
    "measure_delays",
    "result_to_json",
    "triangulate_burst",
]
