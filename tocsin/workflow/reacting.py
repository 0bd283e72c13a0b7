"""Reacting: asks one instrument for its light curve, searches it, sets limits, and keeps all of it as products.

An answer that cannot be had is kept as such: never, not yet, a gap; the advocate sees the reason, not a silence.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from acs_stream.far_history import FarHistory
from acs_stream.search import SearchResult, result_to_json, search
from acs_stream.sources import Availability, FetchedLightCurve, files_of
from acs_stream.sources.model import towards_or_not
from tocsin.domain import light_curve_codec
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError, TocsinError
from tocsin.domain.events import EventState
from tocsin.domain.jobs import Job, JobKind
from tocsin.domain.light_curves import LightCurve
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.burst_content import properties_content
from tocsin.workflow.context import Context
from tocsin.workflow.counterparts import counterpart
from tocsin.workflow.coverage import seen_by
from tocsin.workflow.informing import owe_word_to_owners
from tocsin.workflow.making import cause_of, make_product, replace_product
from tocsin.workflow.owing import moment_key, owe_draft, owe_localization, owe_update
from tocsin.workflow.picturing import owe_pictures
from tocsin.workflow.searching import (
    SEARCH,
    conclude_search,
    declare_search,
    known_of,
    limit_content,
    with_all_searches,
)
from tocsin.workflow.surroundings import Surroundings, surroundings
from tocsin.workflow.views import new_variants, retire_variants, views
from triangulation.energy import grouped

#: The instrument whose limits are published.
LIMIT_INSTRUMENT = "SPI-ACS"
#: Of the map of the sensitivity: a gzipped FITS file.
MAP_TYPE = "application/gzip"
LIGHT_KM_S = 299_792.458
#: An error circle larger than this chooses no detectors, deg.
KNOWN_WITHIN_DEG = 20.0
#: A search needs at least so much data on each side of T0, s.
SHORTEST_SEARCH_S = 5.0


def react(context: Context, job: Job) -> None:
    """Ask one instrument about one event.

    Raises
    ------
    DataNotYetError
        The data will exist later: the job is done again then.
    RemoteError
        The archive failed: the job is tried again.
    """
    if job.event_id is None or str(job.payload["instrument"]) not in context.sources:
        return
    reaction = _Reaction(context, job)
    if not reaction.is_wanted():
        return
    reaction.declare()
    try:
        fetched = reaction.fetch()
        products = reaction.products(fetched)
    except ScienceError as error:
        products = [reaction.no_answer(error)]
    except RemoteError as error:
        if not reaction.is_out_of_patience():
            raise reaction.put_off(error) from error
        products = [reaction.no_answer(error)]
    reaction.keep(products)


def hasten_files(context: Context) -> None:
    """New files have arrived: ask at once for what was expected from files later."""
    now = context.clock.now()
    with context.store.begin() as work:
        for name, source in context.sources.items():
            if files_of(source) is not None:
                work.hasten(JobKind.FETCH, f"/fetch/{name}/", now)
    context.wake()


class _Reaction:
    """One instrument's answer about one event, as a job asks for it."""

    def __init__(self, context: Context, job: Job) -> None:
        self._context = context
        self._job = job
        self._event_id = str(job.event_id)
        self._instrument = str(job.payload["instrument"])
        self._t0_utc: datetime = to_utc(str(job.payload["t0_utc"]))
        self._window_s = float(job.payload["window_s"])
        self._moment = moment_key(self._t0_utc)
        self._views: list[Surroundings] = []
        self._everything: list[Product] = []
        self._surroundings: Surroundings | None = None
        self._raw_sha256 = ""
        self._trial_key = ""
        self._declared = 1

    def is_wanted(self) -> bool:
        """Whether the event still stands, and still has this T0 for some audience."""
        with self._context.store.read() as work:
            if not is_standing(work, self._event_id):
                return False
            self._views = [
                surroundings(self._context, work, view, self._window_s)
                for view in views(self._context, work, self._event_id)
                if not view.is_retracted and view.t0_utc is not None and moment_key(view.t0_utc) == self._moment
            ]
        self._surroundings = self._views[0] if self._views else None
        return bool(self._views)

    def declare(self) -> None:
        """Write down what will be searched, before anything of it is asked for."""
        if self._surroundings is None:
            return
        with self._context.store.begin() as work:
            event = self._surroundings.event
            self._trial_key = declare_search(
                self._context, work, event, self._instrument, t0_utc=self._t0_utc, window_s=self._window_s
            )
            self._declared = work.trials_of_event(SEARCH, self._event_id, clearance=event.labels)

    def is_out_of_patience(self) -> bool:
        """Whether the wait for this instrument is over."""
        owed = to_utc(str(self._job.payload["owed_utc"]))
        return self._context.clock.now() - owed >= timedelta(seconds=self._context.patience_s)

    def put_off(self, error: RemoteError) -> RemoteError:
        """The same failure with the time to try again: the service's own, or the settings'."""
        if isinstance(error, DataNotYetError) or error.retry_after_s:
            return error
        return RemoteError(error.message, remedy=error.remedy, retry_after_s=self._context.retry_s)

    def fetch(self) -> FetchedLightCurve:
        """Light curve, if there is one."""
        source = self._context.sources[self._instrument]
        now = self._context.clock.now()
        availability: Availability = source.availability(self._t0_utc, self._window_s, now)
        if availability.state == "never":
            raise ScienceError(f"{self._instrument}: {availability.reason}")
        if (
            availability.state == "expected"
            and availability.expected_utc is not None
            and availability.expected_utc > now
        ):
            raise DataNotYetError(availability.reason, expected_utc=availability.expected_utc)
        return towards_or_not(source, self._t0_utc, self._window_s, self._direction())

    def _direction(self) -> tuple[float, float] | None:
        """Where the event is, if that is known well enough to choose detectors by."""
        event = None if self._surroundings is None else self._surroundings.event
        if event is None or event.ra_deg is None or event.dec_deg is None:
            return None
        return (event.ra_deg, event.dec_deg) if (event.error_radius_deg or 0.0) <= KNOWN_WITHIN_DEG else None

    def products(self, fetched: FetchedLightCurve) -> list[Product]:
        """Light curve, search and, for SPI-ACS, limits; a wider audience's search stands beside where it differs."""
        self._raw_sha256 = hashlib.sha256(fetched.raw).hexdigest()
        if any(not one.event.labels for one in self._views):
            # Of a restricted event nothing is kept: that there are rates of a time would tell of it.
            self._context.keep_rates(self._instrument, fetched.total)
        curve = self._light_curve_product(fetched)
        made = [curve]
        for one in self._views:
            self._surroundings = one
            more = [self._search_product(fetched, curve.id)]
            if self._instrument == LIMIT_INSTRUMENT:
                more.append(self._limit_product(fetched, curve.id))
            self._everything += more
            made += new_variants(more, made)
        return made

    def no_answer(self, error: TocsinError) -> Product:
        """Search product that says why there is no answer."""
        content = {"error": error.message, "remedy": error.remedy}
        return self._product(ProductKind.SEARCH, content, inputs=(self._notice_input(),))

    def keep(self, products: list[Product]) -> None:
        """Keep products; owe what follows from them."""
        with self._context.store.begin() as work:
            if not is_standing(work, self._event_id):
                return  # retracted while the instrument was asked
            retire_variants(work, self._everything, products)
            changed = [product for product in products if replace_product(work, product)]
            if not changed:
                return  # computed before, from the same data
            own = self._views[0].event.labels  # the trial was declared for the narrowest audience
            for product in products:
                if product.kind is ProductKind.SEARCH and self._trial_key and product.labels == own:
                    conclude_search(self._context, work, self._trial_key, product.content)
            owe_word_to_owners(self._context, work, changed)
            cause = cause_of(changed)
            owe_update(self._context, work, self._event_id, cause=cause, labels=[one.labels for one in changed])
            owe_pictures(self._context, work, self._event_id, cause=cause)
            if may_hold_burst(products):
                owe_localization(
                    self._context, work, self._event_id, cause=cause, wait_s=self._context.triangulation.wait_s
                )
            if self._instrument == LIMIT_INSTRUMENT:
                owe_draft(self._context, work, self._event_id, cause=cause)
        self._context.wake()

    def _light_curve_product(self, fetched: FetchedLightCurve) -> Product:
        total = fetched.total
        position = fetched.position
        content: dict[str, Any] = {
            "instrument": self._instrument,
            "t0_utc": iso_utc(total.t0_utc),
            "bins": len(total),
            "start_s": float(total.start_s[0]),
            "stop_s": float(total.stop_s[-1]),
            "origin": fetched.origin,
            "product": total.timing.product if total.timing else "",
            "position": None if position is None else _position_record(position),
            "attitude": None if fetched.attitude is None else fetched.attitude.to_json(),
        }
        with self._context.store.read() as work:
            view, told_by = seen_by(self._context, work, self._instrument, self._t0_utc, fetched.attitude)
        blob = light_curve_codec.to_bytes(total, grouped(fetched.channels))
        return self._product(
            ProductKind.LIGHT_CURVE,
            content | view,
            inputs=(self._notice_input(), *told_by),
            blob=blob,
            media=light_curve_codec.MEDIA_TYPE,
        )

    def _search_product(self, fetched: FetchedLightCurve, curve_id: str) -> Product:
        """Search around T0, wider by the time light needs between the Earth and the craft."""
        place = fetched.position
        reach_s = self._window_s + (0.0 if place is None else place.distance_km / LIGHT_KM_S)
        try:
            trailing = self._context.trailing(fetched.total.instrument, self._t0_utc)
            found = search_what_there_is(fetched.total.with_t0(self._t0_utc), reach_s, trailing=trailing)
        except ScienceError as error:
            content = {"error": error.message, "remedy": error.remedy}
            return self._product(ProductKind.SEARCH, content, inputs=(curve_id,))
        shown = with_all_searches(dict(result_to_json(found)), self._declared)
        shown["counterpart"] = None
        if self._surroundings is not None:
            own, others = self._surroundings.windows(place)
            shown["counterpart"] = counterpart(shown["excesses"], own, others)
            shown["arrival_window_s"] = [own.start_s, own.stop_s]
        durations = self._context.durations
        shown["properties"] = properties_content(fetched, self._t0_utc, shown["counterpart"], durations)
        judged = () if self._surroundings is None else self._surroundings.sources
        return self._product(ProductKind.SEARCH, shown, inputs=(curve_id, *judged))

    def _limit_product(self, fetched: FetchedLightCurve, curve_id: str) -> Product:
        curve = fetched.total.with_t0(self._t0_utc)
        known = known_of(self._context, fetched, self._surroundings, self._t0_utc)
        content, sky = limit_content(curve, self._window_s, known)
        if "error" in content:
            return self._product(ProductKind.LIMIT, content, inputs=(curve_id,))
        inputs = (curve_id, "config:response.toml", "config:bursts.toml")
        return self._product(
            ProductKind.LIMIT, content, inputs=inputs, blob=sky, media=None if sky is None else MAP_TYPE
        )

    def _notice_input(self) -> str:
        return f"notice:{self._job.payload['notice_sha256']}"

    def _product(
        self,
        kind: ProductKind,
        content: dict[str, Any],
        *,
        inputs: tuple[str, ...],
        blob: bytes | None = None,
        media: str | None = None,
    ) -> Product:
        return make_product(
            self._context,
            kind,
            event_id=self._event_id,
            subject=self._instrument,
            inputs=inputs,
            parameters={"t0_utc": iso_utc(self._t0_utc), "window_s": self._window_s, "raw_sha256": self._raw_sha256},
            content=content,
            labels=frozenset() if self._surroundings is None else self._surroundings.event.labels,
            blob=blob,
            media=media,
        )


def search_what_there_is(curve: LightCurve, window_s: float, *, trailing: FarHistory | None = None) -> SearchResult:
    """Search within `window_s` of T0 or, where the data are shorter, within what they cover on both sides of T0.

    Raises
    ------
    ScienceError
        Too little data even for that.
    """
    try:
        return search(curve, t0_s=0.0, window_s=window_s, trailing=trailing)
    except ScienceError:
        covered_s = min(-float(curve.start_s[0]), float(curve.stop_s[-1])) if len(curve) else 0.0
        if not SHORTEST_SEARCH_S <= covered_s < window_s:
            raise
        found = search(curve, t0_s=0.0, window_s=covered_s, trailing=trailing)
        words = f"only {covered_s:.0f} s on either side of T0 were searched, of {window_s:.0f} s: the data end there"
        return replace(found, warnings=(*found.warnings, words))


def is_standing(work: UnitOfWork, event_id: str) -> bool:
    """Whether an event is still worth work: neither retracted nor found to be nothing."""
    gone = {None, EventState.RETRACTED, EventState.NOT_ASTROPHYSICAL, EventState.MERGED}
    return work.event_state(event_id) not in gone


def may_hold_burst(products: Sequence[Product]) -> bool:
    """Whether a light curve is worth a delay: a counterpart was found, or the curve is too short for a search.

    A craft that triggers sends little more than the burst itself; whether it is there, the delay's posterior says.
    """
    searches = [product for product in products if product.kind is ProductKind.SEARCH]
    has_curve = any(product.kind is ProductKind.LIGHT_CURVE for product in products)
    return has_curve and any(not one.is_answer or one.content.get("counterpart") for one in searches)


def _position_record(position: Any) -> dict[str, Any]:
    return {
        "spacecraft": position.spacecraft,
        "epoch_utc": iso_utc(position.epoch_utc),
        "vector_km": [float(value) for value in position.vector_km],
        "error_km": float(position.error_km),
        "simultaneity": position.simultaneity.value,
    }
