"""Sources of light curves: services asked over HTTP, files that arrive in a folder; built from the instrument table."""

from acs_stream.sources.building import Places, build_sources, files_of
from acs_stream.sources.folder import FolderSource
from acs_stream.sources.isdc import IsdcRealtimeSource
from acs_stream.sources.isdc_archive import IsdcArchiveSource
from acs_stream.sources.model import Availability, AvailabilityState, FetchedLightCurve, LightCurveSource
from acs_stream.sources.preferred import PreferredSource

__all__ = [
    "Availability",
    "AvailabilityState",
    "FetchedLightCurve",
    "FolderSource",
    "IsdcArchiveSource",
    "IsdcRealtimeSource",
    "LightCurveSource",
    "Places",
    "PreferredSource",
    "build_sources",
    "files_of",
]
