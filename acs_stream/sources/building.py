"""Sources from the instrument table: the archive and the inbox first, then the instrument's service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from acs_stream.instruments import Instrument, read_instruments
from acs_stream.sources.folder import FolderSource
from acs_stream.sources.heasarc import HeasarcGbmSource
from acs_stream.sources.http_folder import HttpFolderSource
from acs_stream.sources.isdc import IsdcRealtimeSource
from acs_stream.sources.isdc_archive import IsdcArchiveSource
from acs_stream.sources.mmoda import MmodaSource
from acs_stream.sources.model import Craft, LightCurveSource
from acs_stream.sources.preferred import PreferredSource
from tocsin.domain.clock import Clock

#: Kinds of instrument that have one rate and no channels: the archive holds all there is to know of them.
SINGLE_RATE = frozenset({"isdc-rtlc", "isdc-genlc", "isdc-spiacs", "mmoda"})
#: Said of an instrument whose service is in the table and is not asked.
NOT_ASKED = "its service is not asked: sources.network is off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where data may lie besides in services.

    Parameters
    ----------
    folder
        The inbox; None: there is none.
    archived
        ``archived(instrument, craft, is_followed)``: source of an instrument's rates in the archive; None: there
        is no archive.
    followed
        Names in the archive that a follower appends to.
    network
        Services beyond this machine may be asked.
    token
        For MMODA's data that are not public.
    """

    folder: Path | None = None
    archived: Callable[[Instrument, Craft | None, bool], LightCurveSource] | None = None
    followed: frozenset[str] = frozenset()
    network: bool = False
    token: str = ""


def build_sources(
    config: Mapping[str, Any],
    *,
    file: str,
    places: Places,
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
    places
        See `Places`.
    clock
        Tells the time.
    transport
        For tests; None: the network.

    Raises
    ------
    ConfigurationError
        The table is wrong.
    """
    made = {
        name: source_of(item, places=places, clock=clock, transport=transport)
        for name, item in read_instruments(config, file=file).items()
    }
    return {name: source for name, source in made.items() if source is not None}


def source_of(
    item: Instrument, *, places: Places, clock: Clock, transport: httpx.BaseTransport | None = None
) -> LightCurveSource | None:
    """Source of one instrument, None where it has neither place nor service."""
    may_ask = item.has_service and (places.network or item.is_here)
    service = service_of(item, places=places, clock=clock, transport=transport) if may_ask else None
    craft = service if isinstance(service, IsdcRealtimeSource | IsdcArchiveSource) else None
    hint = NOT_ASKED if item.has_service and not may_ask else ""
    files = None if places.folder is None else FolderSource(item, folder=places.folder, clock=clock, hint=hint)
    archive = None
    if places.archived is not None and (item.kind in SINGLE_RATE or service is None):
        archive = places.archived(item, craft, service is None and item.archived_as in places.followed)
    # The archive keeps one rate of an instrument: where there are channels, files and service know more.
    order = (archive, files) if item.kind in SINGLE_RATE else (files, archive)
    stored = [place for place in order if place is not None]
    # Where there is no service, the inbox says when data will exist: the archive knows only what it has.
    last = service or files or archive
    if last is None:
        return None
    if stored and stored[-1] is last:
        stored.pop()
    return PreferredSource(stored, last, clock=clock) if stored else last


def service_of(
    item: Instrument, *, places: Places, clock: Clock, transport: httpx.BaseTransport | None = None
) -> LightCurveSource | None:
    """Client of an instrument's service, None for instruments that have files only."""
    match item.kind:
        case "isdc-rtlc":
            return IsdcRealtimeSource(item, clock=clock, transport=transport)
        case "isdc-genlc" | "isdc-spiacs":
            return IsdcArchiveSource(item, clock=clock, transport=transport)
        case "heasarc-gbm":
            return HeasarcGbmSource(item, clock=clock, transport=transport)
        case "mmoda":
            return MmodaSource(item, clock=clock, token=places.token, transport=transport)
        case "http-folder" if places.folder is not None:
            place = places.folder / ".from_services" / item.name
            return HttpFolderSource(item, folder=place, clock=clock, transport=transport)
        case _:
            return None


def files_of(source: LightCurveSource) -> FolderSource | None:
    """The part of a source that reads files of the inbox, None where there is none."""
    if isinstance(source, FolderSource):
        return source
    if isinstance(source, PreferredSource):
        places = (*source.stored, source.service)
        return next((found for place in places if (found := files_of(place)) is not None), None)
    return None
