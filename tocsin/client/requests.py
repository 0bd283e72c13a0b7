"""Burst files as requests: their light curves packed, positions of an ephemeris file spelled out."""

import base64
import math
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from acs_stream.burst import load_burst
from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import BurstFileError
from triangulation.geometry import SpacecraftPosition


def request_of(file: Path) -> dict[str, Any]:
    """Request for a triangulation of a burst file.

    Raises
    ------
    BurstFileError
        It is no burst file, or a file it names is missing.
    """
    try:
        config = tomllib.loads(file.read_text(encoding="utf-8"))
        rows = [_packed(row, file) for row in config.get("observation", [])]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        raise BurstFileError(f"cannot be read: {words}", file=file.name) from error
    if any("ephemeris" in row for row in rows):
        _spell_out(rows, file)
    return {"name": str(config.get("name", file.stem)), "observations": rows}


def _packed(row: Mapping[str, Any], file: Path) -> dict[str, Any]:
    made = {key: _plain(value) for key, value in row.items() if key != "lightcurve"}
    content = (file.parent / str(row.get("lightcurve", ""))).read_bytes()
    return {**made, "content": base64.b64encode(content).decode()}


def _plain(value: Any) -> Any:
    """Value as JSON has it: TOML has times of its own."""
    if isinstance(value, datetime):
        return iso_utc(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _spell_out(rows: list[dict[str, Any]], file: Path) -> None:
    """Replace ephemeris files by the positions in them."""
    burst = load_burst(file)
    for row, observation in zip(rows, burst.observations, strict=True):
        if row.pop("ephemeris", None) is not None:
            row["positions"] = [_place(position) for position in observation.positions]


def _place(position: SpacecraftPosition) -> dict[str, Any]:
    x, y, z = (float(value) for value in position.vector_km)
    distance_km = math.sqrt(x * x + y * y + z * z)
    return {
        "utc": iso_utc(position.epoch_utc),
        "ra_deg": math.degrees(math.atan2(y, x)) % 360.0,
        "dec_deg": math.degrees(math.asin(z / distance_km)) if distance_km else 0.0,
        "distance_km": distance_km,
        "error_km": float(position.error_km),
    }
