"""Settings of the archive of rates: where it lies, which stream is followed into it, how that is searched."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class FollowTable(_Table):
    """Which streams are followed into the archive; none, by default."""

    instruments: tuple[str, ...] = ()
    dumps: str = ""
    dumps_instrument: str = "SPI-ACS"
    poll_s: Seconds = 10.0
    first_look_back_s: Seconds = 600.0
    look_back_s: Seconds = 86_400.0
    consolidate_from: str = ""
    consolidate_after_h: Seconds = 24.0


class WatchTable(_Table):
    """The continuous search of what is followed."""

    enabled: bool = True
    far_per_day: Annotated[float, Field(gt=0, le=100)] = 1.0


class ArchiveTable(_Table):
    """The archive of rates."""

    url: str = ""
    served: tuple[str, ...] = ("SPI-ACS",)
    keep_fetched: bool = True
    follow: FollowTable = FollowTable()
    watch: WatchTable = WatchTable()


class SourcesTable(_Table):
    """Whether services on the network are asked for light curves."""

    network: bool = False
