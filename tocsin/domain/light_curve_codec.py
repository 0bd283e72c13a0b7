"""Light curves as bytes and back, without loss: the form in which products keep them (NumPy's npz, no pickles)."""

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve, Timing

MEDIA_TYPE = "application/x-tocsin-light-curve"

_ARRAYS = ("start_s", "width_s", "counts", "exposure_s", "mask", "variance_counts")
_SCALARS = ("instrument", "variance_factor", "energy_kev", "dead_time_s")


def to_bytes(light_curve: LightCurve, channels: Sequence[LightCurve] = ()) -> bytes:
    """Bytes of a light curve, compressed; with those of its energy channels, if any."""
    head = {name: getattr(light_curve, name) for name in _SCALARS}
    head["t0_utc"] = iso_utc(light_curve.t0_utc)
    if light_curve.timing is not None:
        timing = light_curve.timing
        head["timing"] = {name: getattr(timing, name) for name in Timing.__dataclass_fields__}
    arrays = {name: value for name in _ARRAYS if (value := getattr(light_curve, name)) is not None}
    parts: dict[str, Any] = {
        f"channel_{k:03d}": np.frombuffer(to_bytes(each), dtype=np.uint8) for k, each in enumerate(channels)
    }
    target = io.BytesIO()
    np.savez_compressed(target, head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8), **arrays, **parts)
    return target.getvalue()


def from_bytes(content: bytes) -> LightCurve:
    """Light curve of the bytes `to_bytes` made.

    Raises
    ------
    ScienceError
        The bytes are not such a light curve.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            head = json.loads(stored["head"].tobytes())
            arrays = {name: stored[name] for name in _ARRAYS if name in stored.files}
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise ScienceError(f"not a stored light curve: {error}") from error
    energy = head["energy_kev"]
    return LightCurve(
        head["instrument"],
        head["t0_utc"],
        **arrays,
        variance_factor=head["variance_factor"],
        energy_kev=None if energy is None else (energy[0], energy[1]),
        dead_time_s=head["dead_time_s"],
        timing=Timing(**head["timing"]) if "timing" in head else None,
    )


def channels_from_bytes(content: bytes) -> tuple[LightCurve, ...]:
    """Energy channels kept with a light curve; empty where there are none.

    Raises
    ------
    ScienceError
        The bytes are not such a light curve.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            parts = [stored[name].tobytes() for name in sorted(stored.files) if name.startswith("channel_")]
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise ScienceError(f"not a stored light curve: {error}") from error
    return tuple(from_bytes(part) for part in parts)
