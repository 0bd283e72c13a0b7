"""REST: any interval of the archive of rates, in any of the forms of light curves; the IPN's text among them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from acs_stream.archive.ipn_text import ipnlc_text
from tocsin.api.access import Services, not_found
from tocsin.api.archive_desk import ArchiveDesk
from tocsin.api.light_curve_files import LightCurveForm, body_of, form_of
from tocsin.api.responses import json_response, tagged
from tocsin.api.times import UtcTime
from tocsin.domain.errors import TocsinError
from tocsin.domain.light_curves import LightCurve

router = APIRouter(prefix="/api/v1/archive", tags=["archive"])

#: Longest interval of one request, native bins or wide ones.
LONGEST, LONGEST_BINNED = timedelta(hours=6), timedelta(days=366)
#: Bins from this width on count as wide, s.
WIDE_S = 1.0
IPN_INSTRUMENT = "SPI-ACS"
IPN_TYPE = "text/plain; charset=utf-8"


@router.get("")
def archive(request: Request, services: Services) -> Response:
    """What the archive holds and gives out, and how much was asked of it: requests, visitors, bytes."""
    desk = _desk(services.archive)
    holdings: list[Mapping[str, Any]] = [
        {
            "instrument": one.instrument,
            "days": one.days,
            "first_day": None if one.first_day is None else one.first_day.isoformat(),
            "last_day": None if one.last_day is None else one.last_day.isoformat(),
        }
        for one in desk.holdings()
    ]
    totals = desk.book.totals()
    usage = {name: getattr(totals, name) for name in ("requests", "refused", "visitors", "bytes", "since_utc")}
    return json_response(request, {"instruments": holdings, "usage": usage})


@router.get("/{instrument}")
def rates(
    request: Request,
    services: Services,
    instrument: str,
    start_utc: Annotated[UtcTime, Query()],
    stop_utc: Annotated[UtcTime, Query()],
    t0_utc: Annotated[UtcTime | None, Query(description="time zero of the answer; default: the start")] = None,
    bin_s: Annotated[float | None, Query(gt=0, le=86_400, description="width of the bins; default: native")] = None,
    form: Annotated[LightCurveForm | None, Query(description="instead of the header Accept")] = None,
) -> Response:
    """Rates of an interval, at most 6 h of native bins: JSON, or what Accept or `form` asks for."""
    wanted = form_of(form, request.headers.get("accept", ""))
    counter = _Counter(request, services.clock.now(), _desk(services.archive), instrument, wanted.value)
    curve = counter.read(start_utc, stop_utc, t0_utc or start_utc, bin_s)
    body, media_type, name = counter.make(lambda: body_of(curve, wanted, event_name="archive"))
    return tagged(request, body, media_type, headers={"Content-Disposition": f'inline; filename="{name}"'})


@router.get("/{instrument}/ipn")
def ipn_text(
    request: Request,
    services: Services,
    instrument: str,
    t0_utc: Annotated[UtcTime, Query(description="reference time, UTC at the craft")],
    window_s: Annotated[float, Query(gt=0, le=10_800, description="half-span, s")] = 300.0,
    breaks: Annotated[bool, Query(description="end lines in <br>, as the public page does")] = False,
) -> Response:
    """Rates around a time in the IPN's text form, as the public SPI-ACS page gave them out."""
    counter = _Counter(request, services.clock.now(), _desk(services.archive), instrument, "ipn")
    t0, half = t0_utc, timedelta(seconds=window_s)
    if instrument != IPN_INSTRUMENT:
        counter.refuse(422, f"the IPN's form is that of {IPN_INSTRUMENT}; ask for another form of {instrument}")
    curve = counter.read(t0 - half, t0 + half, t0, None)
    text = counter.make(lambda: (ipnlc_text(curve, with_breaks=breaks).encode(), IPN_TYPE, ""))[0]
    return tagged(request, text, IPN_TYPE)


class _Counter:
    """Reads for one request, and writes what came of it into the book."""

    def __init__(self, request: Request, now: datetime, desk: ArchiveDesk, instrument: str, form: str) -> None:
        self._asker = request.client.host if request.client is not None else ""
        self._now, self._desk, self._instrument, self._form = now, desk, instrument, form
        if instrument not in desk.served:
            raise not_found()

    def read(self, start: datetime, stop: datetime, t0: datetime, bin_s: float | None) -> LightCurve:
        longest = LONGEST_BINNED if bin_s is not None and bin_s >= WIDE_S else LONGEST
        if not timedelta(0) < stop - start <= longest:
            self.refuse(422, f"stop_utc must come after start_utc, by at most {longest.total_seconds() / 3600:g} h")
        try:
            return self._desk.read(self._instrument, start, stop, t0, bin_s)
        except TocsinError:
            self._count(None)
            raise

    def make(self, write: Any) -> tuple[bytes, str, str]:
        try:
            made: tuple[bytes, str, str] = write()
        except TocsinError:
            self._count(None)
            raise
        self._count(len(made[0]))
        return made

    def refuse(self, status: int, words: str) -> None:
        self._count(None)
        raise HTTPException(status, words)

    def _count(self, sent_bytes: int | None) -> None:
        self._desk.book.add(
            at_utc=self._now, asker=self._asker, what=self._instrument, form=self._form, sent_bytes=sent_bytes
        )


def _desk(desk: ArchiveDesk | None) -> ArchiveDesk:
    if desk is None:
        raise not_found()
    return desk
