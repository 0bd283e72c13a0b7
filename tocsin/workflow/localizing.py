"""Localizing: the event's sky map from all that is known: its notices' map or position, and the delays of its burst.

One mechanism for all kinds of event. Whatever cannot be had is kept as a reason, beside what can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acs_stream.burst_file import Burst, Observation, TriangulationResult, result_to_json, triangulate_burst
from tocsin.domain import light_curve_codec
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.events import Event
from tocsin.domain.jobs import Job
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.associating import associate
from tocsin.workflow.context import Context
from tocsin.workflow.crossing import crossing_product
from tocsin.workflow.identifying import identity_product
from tocsin.workflow.informing import owe_word_to_owners
from tocsin.workflow.making import cause_of, make_product, replace_product
from tocsin.workflow.maps import keep_map
from tocsin.workflow.owing import owe_draft, owe_update
from tocsin.workflow.picturing import owe_pictures
from tocsin.workflow.priors import prior_map
from tocsin.workflow.reacting import is_standing, may_hold_burst
from tocsin.workflow.rejudging import judge_again
from tocsin.workflow.views import new_variants, products_of, retire_variants, views
from triangulation.geometry import Simultaneity, SpacecraftPosition
from triangulation.skymap import SkyMap
from triggers.event_details import POSITION_EXTRA, POSITION_FROM, POSITION_SYSTEMATIC

FITS = "application/fits"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a map can be made from."""

    event: Event
    prior: SkyMap | None
    prior_words: str
    prior_input: str
    curves: Sequence[Product]


def localize(context: Context, job: Job) -> None:
    """Make annuli and sky map of one event, and weigh what coincides with it."""
    if job.event_id is None:
        return
    with context.store.begin() as work:
        if not is_standing(work, job.event_id):
            return
        for seen in views(context, work, job.event_id):
            if not seen.is_retracted and judge_again(context, work, seen):
                owe_update(context, work, job.event_id, cause=f"judged-{_moment(context)}", labels=[seen.labels])
        known = [_known(work, view) for view in views(context, work, job.event_id) if not view.is_retracted]
    made: list[Product] = []
    everything: list[Product] = []
    for view in known:
        products = _products(context, view)
        everything += products
        made += new_variants(products, made)
    with context.store.begin() as work:
        if not is_standing(work, job.event_id):
            return  # retracted while the map was made
        changed = [product for product in made if replace_product(work, product)]
        _retire(work, job.event_id, made)
        retire_variants(work, everything, made)
        for view in known:
            changed += _around(context, work, view.event)
        owe_word_to_owners(context, work, changed)
        if changed:
            cause = f"map-{_moment(context)}-{cause_of(changed)}"
            owe_update(context, work, job.event_id, cause=cause, labels=[one.labels for one in changed])
            owe_pictures(context, work, job.event_id, cause=f"map-{job.id}")
        if any(product.kind is ProductKind.ANNULUS for product in changed):
            owe_draft(context, work, job.event_id, cause=f"map-{job.id}")
    context.wake()


def _moment(context: Context) -> str:
    """Now, for the keys of messages: those are seen in channels, where numbers of jobs would count hidden work."""
    return f"{context.clock.now():%Y%m%dT%H%M%S%f}"


def _around(context: Context, work: UnitOfWork, view: Event) -> list[Product]:
    """What the map of a view tells further: when it crossed the Earth, and what coincides with it; what is new."""
    maps = products_of(work, view, ProductKind.SKYMAP, with_blob=True)
    last = maps[-1] if maps else None
    found = (crossing_product(context, work, view, last), identity_product(context, work, view, last))
    kinds = (ProductKind.EARTH_CROSSING, ProductKind.IDENTITY)
    narrower = [one for kind in kinds for one in work.products(view.id, kind) if one.labels < view.labels]
    given = [one for one in found if one is not None]
    made = new_variants(given, narrower)
    retire_variants(work, given, made)
    return [*(one for one in made if replace_product(work, one)), *associate(context, work, view)]


def _retire(work: UnitOfWork, event_id: str, made: Sequence[Product]) -> None:
    """Mark delays and annuli, or the reason why there were none, that were not found again this time."""
    ids = {product.id for product in made}
    for kind in (ProductKind.DELAY, ProductKind.ANNULUS):
        for old in work.products(event_id, kind):
            if made and old.id not in ids:
                work.supersede(old.id, made[-1].id)


def _known(work: UnitOfWork, event: Event) -> _Known:
    searches = products_of(work, event, ProductKind.SEARCH)
    curves = [
        product
        for product in products_of(work, event, ProductKind.LIGHT_CURVE, with_blob=True)
        if product.content.get("position")
        and may_hold_burst([product, *(one for one in searches if one.subject == product.subject)])
    ]
    prior, words, source = prior_map(work, event)
    return _Known(
        event=event,
        prior=prior,
        prior_words=words,
        prior_input=source,
        curves=curves,
    )


def _products(context: Context, known: _Known) -> list[Product]:
    inputs = tuple(product.id for product in known.curves)
    before = (known.prior_input,)
    if len(known.curves) < 2:
        return [] if known.prior is None else [_map_product(context, known, known.prior, inputs=before)]
    try:
        result = triangulate_burst(_burst(known), policy=context.triangulation)
    except ScienceError as error:
        made = [_refusal(context, known, error, inputs)]
        return made if known.prior is None else [*made, _map_product(context, known, known.prior, inputs=before)]
    return [*_timing_products(context, known, result, inputs), *_maps(context, known, result, inputs)]


def _burst(known: _Known) -> Burst:
    return Burst(name=known.event.name, observations=tuple(observation_of(product) for product in known.curves))


def observation_of(product: Product) -> Observation:
    """Observation of a stored light curve with its place."""
    place = product.content["position"]
    curve = light_curve_codec.from_bytes(product.blob or b"")
    channels = light_curve_codec.channels_from_bytes(product.blob or b"")
    position = SpacecraftPosition(
        spacecraft=place["spacecraft"],
        epoch_utc=to_utc(place["epoch_utc"]),
        vector_km=place["vector_km"],
        error_km=place["error_km"],
        simultaneity=Simultaneity(place.get("simultaneity", "geocentric")),
    )
    return Observation(
        instrument=product.subject,
        spacecraft=position.spacecraft,
        light_curve=curve,
        positions=(position,),
        clock_error_s=0.0 if curve.timing is None else curve.timing.clock_error_s,
        channels=channels,
    )


def _timing_products(
    context: Context, known: _Known, result: TriangulationResult, inputs: tuple[str, ...]
) -> list[Product]:
    shown = result_to_json(result)
    return [
        make_product(
            context,
            kind,
            event_id=known.event.id,
            subject=f"{row['a']} - {row['b']}",
            inputs=inputs,
            parameters={},
            content=row | _stated(context, kind, row),
            labels=known.event.labels,
        )
        for kind, name in ((ProductKind.DELAY, "delays"), (ProductKind.ANNULUS, "annuli"))
        for row in shown[name]
    ]


def _stated(context: Context, kind: ProductKind, row: Mapping[str, Any]) -> dict[str, str]:
    """Why an annulus is not stated in drafts, where it is not."""
    reason = context.triangulation.why_not_stated(row) if kind is ProductKind.ANNULUS else ""
    return {"not_stated": reason} if reason else {}


def _maps(context: Context, known: _Known, result: TriangulationResult, inputs: tuple[str, ...]) -> list[Product]:
    """Map of the delays times what was known before; of either alone where the other is not to be had."""
    if result.skymap is None:
        return [] if known.prior is None else [_map_product(context, known, known.prior, inputs=(known.prior_input,))]
    if known.prior is None:
        return [_map_product(context, known, result.skymap, inputs=inputs, is_timed=True)]
    try:
        joint = result.skymap.combine(known.prior)
    except ScienceError as error:
        # The annuli and the notices' position exclude each other: the timing stands, and the advocate is told.
        refusal = _refusal(context, known, error, (*inputs, known.prior_input))
        return [refusal, _map_product(context, known, result.skymap, inputs=inputs, is_timed=True)]
    return [_map_product(context, known, joint, inputs=(*inputs, known.prior_input), is_timed=True)]


def _map_product(
    context: Context, known: _Known, skymap: SkyMap, *, inputs: tuple[str, ...], is_timed: bool = False
) -> Product:
    peak_ra_deg, peak_dec_deg = skymap.peak
    words = [known.prior_words] if known.prior is not None else []
    words += [f"delays of {', '.join(product.subject for product in known.curves)}"] if is_timed else []
    content = {
        "area_50_deg2": skymap.credible_area_deg2(0.5),
        "area_90_deg2": skymap.credible_area_deg2(0.9),
        "peak_ra_deg": peak_ra_deg,
        "peak_dec_deg": peak_dec_deg,
        "made_from": " and ".join(words),
    }
    event = known.event
    parameters = {
        "position": [event.ra_deg, event.dec_deg, event.error_radius_deg],
        "systematic": [event.details.get(name) for name in (POSITION_FROM, POSITION_SYSTEMATIC, POSITION_EXTRA)],
    }
    product = make_product(
        context,
        ProductKind.SKYMAP,
        event_id=known.event.id,
        subject="sky map",
        inputs=inputs,
        parameters=parameters,
        content=content,
        labels=known.event.labels,
        blob=skymap.with_header(_lineage_header(context, known.event, inputs)).to_bytes(),
        media=FITS,
    )
    keep_map(product, skymap)
    return product


def _lineage_header(context: Context, event: Event, inputs: tuple[str, ...]) -> dict[str, str]:
    """What the file says of itself once it has left us: whose map it is, and what it was made from by what."""
    header = {"OBJECT": event.name, "TOCEVENT": event.id, "CREATOR": f"Tocsin {context.code_version}"}
    if event.t0_utc is not None:
        header["DATE-OBS"] = f"{event.t0_utc:%Y-%m-%dT%H:%M:%S.%f}"
    return header | {f"TOCINP{k:02d}": name for k, name in enumerate(inputs, start=1)}


def _refusal(context: Context, known: _Known, error: ScienceError, inputs: tuple[str, ...]) -> Product:
    return make_product(
        context,
        ProductKind.DELAY,
        event_id=known.event.id,
        subject="triangulation",
        inputs=inputs,
        parameters={},
        content={"error": error.message, "remedy": error.remedy},
        labels=known.event.labels,
    )
