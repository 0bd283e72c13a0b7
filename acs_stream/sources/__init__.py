"""Sources of light curves: services asked over HTTP, files that arrive in a folder; built from the instrument table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from acs_stream.instruments import Instrument, read_instruments
from acs_stream.sources.folder import FolderSource
from acs_stream.sources.isdc import IsdcArchiveSource, IsdcRealtimeSource
from acs_stream.sources.model import Availability, AvailabilityState, FetchedLightCurve, LightCurveSource
from tocsin.domain.clock import Clock

__all__ = [
    "Availability",
    "AvailabilityState",
    "FetchedLightCurve",
    "FolderSource",
    "IsdcArchiveSource",
    "IsdcRealtimeSource",
    "LightCurveSource",
    "build_sources",
]


def build_sources(
    config: Mapping[str, Any],
    *,
    file: str,
    folder: Path | None,
    clock: Clock,
    transport: httpx.BaseTransport | None = None,
) -> dict[str, LightCurveSource]:
    """Sources by name of the instrument.

    Parameters
    ----------
    config
        Parsed ``instruments.toml``.
    file
        Its name, for error messages.
    folder
        Inbox for instruments of kind ``folder`` and services without a URL; None: those have no source.
    clock
        Tells the time.
    transport
        For tests; None: the network.

    Raises
    ------
    ConfigurationError
        The table is wrong.
    """
    made = {name: _source(item, folder, clock, transport) for name, item in read_instruments(config, file=file).items()}
    return {name: source for name, source in made.items() if source is not None}


def _source(
    item: Instrument, folder: Path | None, clock: Clock, transport: httpx.BaseTransport | None
) -> LightCurveSource | None:
    if item.kind == "folder" or not item.base_url:
        return None if folder is None else FolderSource(item, folder=folder, clock=clock)
    if item.kind == "isdc-rtlc":
        return IsdcRealtimeSource(item, clock=clock, transport=transport)
    return IsdcArchiveSource(item, clock=clock, transport=transport)
