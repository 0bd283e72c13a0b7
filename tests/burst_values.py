"""A burst as an uploaded light curve."""

import numpy as np
from api_night import T0


def burst_csv(name: str, delay_s: float) -> str:
    """A burst in a light curve of 64 ms bins, as an uploaded CSV."""
    start = np.arange(-20.0, 20.0, 0.064)
    mean = (
        60.0
        + 900.0 * np.exp(-(((start - 1.0 - delay_s) / 0.4) ** 2))
        + 500.0 * np.exp(-(((start - 3.0 - delay_s) / 0.2) ** 2))
    )
    counts = np.random.default_rng(len(name)).poisson(mean)
    rows = "".join(f"{t:.6f},0.064,{n}\n" for t, n in zip(start, counts, strict=True))
    return f"# t0_utc: {T0.isoformat()}\n# instrument: {name}\nstart_s,width_s,counts\n{rows}"
