"""What sources of one HTTP service each have in common: the instrument, the client, and what a failure means."""

from datetime import datetime, timedelta

import httpx

from acs_stream.instruments import Instrument
from acs_stream.sources.model import Availability, AvailabilityState
from tocsin.domain.clock import Clock
from tocsin.domain.errors import RemoteError, ScienceError


class HttpSource:
    """An instrument's service.

    Parameters
    ----------
    instrument
        Entry of the instrument table; its `base_url` is the service.
    clock
        Tells the time.
    transport
        For tests; None: the network.
    """

    def __init__(self, instrument: Instrument, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> None:
        self.table = instrument
        self._base = instrument.base_url.rstrip("/")
        self._clock = clock
        self._client = httpx.Client(timeout=instrument.timeout_s, transport=transport, follow_redirects=True)

    @property
    def instrument(self) -> str:
        """Name of the instrument."""
        return self.table.name

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _never(self, t0_utc: datetime) -> Availability | None:
        """Why there never will be data of a time; None where there may be."""
        reason = self.table.never_reason(t0_utc)
        return None if reason is None else Availability(state=AvailabilityState.NEVER, reason=reason)

    def _refuse_never(self, t0_utc: datetime) -> None:
        """Raise `ScienceError` where there never will be data of a time."""
        if (reason := self.table.never_reason(t0_utc)) is not None:
            raise ScienceError(reason)

    def _unknown(self, error: RemoteError, now: datetime) -> Availability:
        """The service failed: asked again when it says, or after the instrument's time."""
        again = now + timedelta(seconds=error.retry_after_s or self.table.retry_s)
        return Availability(state=AvailabilityState.UNKNOWN, expected_utc=again, reason=error.message)
