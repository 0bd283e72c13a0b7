"""Coverage: what each instrument with data of an event saw of the sky then, and how much of the localization."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from acs_stream.attitude import Attitude, attitude_from_json
from acs_stream.field_of_view import Coverage, FieldKind, FieldOfView, coverage_of, earth_seen_from, field_from_json
from acs_stream.response import ResponseTable
from listeners.record import from_record as notice_from_record
from tocsin.domain.clock import iso_utc
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from triangulation.geometry import radec_deg
from triangulation.skymap import SkyMap

#: A pointing that was told longer ago than this says nothing any more.
POINTING_HOLDS = timedelta(hours=2)
POOR = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What an instrument saw, and how much of the localization that is: 0 to 1, None where not known."""

    coverage: Coverage
    share: float | None
    poor_share: float


def seen_by(
    context: Context, work: UnitOfWork, instrument: str, t0_utc: datetime, attitude: Attitude | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a light curve's product keeps of its instrument's view, and what that is from besides the data."""
    known = context.instruments.get(instrument)
    field = None if known is None else known.view
    if known is None or field is None:
        return {}, ()
    kept: dict[str, Any] = {"field": field.to_json()}
    if attitude is None and field.kind is FieldKind.CONE and known.pointing_from:
        row = work.last_pointing(known.pointing_from, t0_utc - POINTING_HOLDS, t0_utc)
        notice = None if row is None else notice_from_record(row.record)
        if row is not None and notice is not None and notice.ra_deg is not None and notice.dec_deg is not None:
            pointing = {"ra_deg": notice.ra_deg, "dec_deg": notice.dec_deg, "told_utc": iso_utc(row.issued_utc)}
            return kept | {"pointing": pointing}, (f"notice:{row.raw_sha256}",)
    if context.response.instrument == instrument and (angle := poor_beyond_deg(context.response)) is not None:
        kept["poor_beyond_deg"] = angle
    return kept, ()


def poor_beyond_deg(response: ResponseTable) -> float | None:
    """Angle from the axis beyond which a response stays below half of its best, deg; None where it never does."""
    below = response.fractions < POOR
    if not below[-1]:
        return None
    first = int(np.flatnonzero(~below)[-1]) + 1 if (~below).any() else 0
    if first == 0:
        return float(response.angles_deg[0])
    angles, fractions = response.angles_deg[first - 1 : first + 1], response.fractions[first - 1 : first + 1]
    return float(np.interp(POOR, fractions[::-1], angles[::-1]))


def coverages(products: Sequence[Product], skymap: SkyMap | None) -> tuple[Covered, ...]:
    """What each instrument of an event saw; those of whose view nothing is known are left out."""
    found = [made for product in products if (made := _coverage(product)) is not None]
    return tuple(
        Covered(
            coverage=one,
            share=None if skymap is None else one.share(skymap),
            poor_share=0.0 if skymap is None else one.poor_share(skymap),
        )
        for one in found
    )


def _coverage(product: Product) -> Coverage | None:
    content = product.content
    if product.kind is not ProductKind.LIGHT_CURVE or not product.is_answer:
        return None
    vector_km = _vector(content.get("position"))
    if content.get("field"):
        field = field_from_json(content["field"])
    elif vector_km is not None and earth_seen_from(vector_km) is not None:
        field = FieldOfView(kind=FieldKind.EARTH)
    else:
        return None
    return coverage_of(
        product.subject,
        field,
        vector_km=vector_km,
        axis_deg=_axis(content),
        poor_beyond_deg=content.get("poor_beyond_deg"),
    )


def _vector(place: Any) -> tuple[float, ...] | None:
    vector = place.get("vector_km") if isinstance(place, Mapping) else None
    if not isinstance(vector, list) or len(vector) != 3 or not all(isinstance(one, int | float) for one in vector):
        return None
    return tuple(float(one) for one in vector) if all(math.isfinite(one) for one in vector) else None


def _axis(content: Mapping[str, Any]) -> tuple[float, float] | None:
    if content.get("attitude"):
        ra_deg, dec_deg = radec_deg(attitude_from_json(content["attitude"]).x_axis)
        return float(ra_deg), float(dec_deg)
    pointing = content.get("pointing")
    return None if not pointing else (float(pointing["ra_deg"]), float(pointing["dec_deg"]))
