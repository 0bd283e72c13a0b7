"""Fact sheets of circulars: every value bound to the product, notice or setting it is from. Pure; nothing is guessed.

What is read of the products' ``content`` (all keys may be missing unless they are called needed; a nested table under
the name given first is looked into, else the content itself):

``LIMIT`` (``limits``)
    needed: ``hard_1s_erg_cm2``, ``soft_1s_erg_cm2_s``, ``soft_8s_erg_cm2_s``, ``excess_std_ratio``, ``window_s``
    (half-span, or [start, stop] about T0; in the content or the parameters); and ``response`` {``fraction_of_best``,
    ``angle_deg``, ``hard_spectrum``, ``soft_spectrum``, ``band_kev``,
    ``total_fraction`` (or ``systematic_fraction``), ``kind``}, ``region_percent``
    (limits over a credible region, not one direction), ``instrument`` (else the product's subject), ``is_archival``
    ``is_plain`` (no excess above the reporting threshold: only then is a limit stated), ``isotropic_energy_erg`` and
    ``isotropic_luminosity_erg_s`` {``low``, ``median``, ``high``, ``distance_mpc``, ``distance_from``}, ``energies``
    [{``level``}]
``SEARCH`` (``search``)
    ``excesses`` [{``t_s``, ``scale_s``, ``snr``, ``fap``}], ``scales`` [{``scale_s``}], ``time_place``
``ANNULUS`` (``annulus``)
    needed: ``a``, ``b``, ``ra_deg``, ``dec_deg``, ``radius_deg``, ``minus_3sigma_deg``, ``plus_3sigma_deg``;
    ``flags`` (names: see `UNPUBLISHABLE`)
``SKYMAP`` (``skymap``)
    ``area_90_deg2``
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from advocates.sheet import Sheet, content_of, dms, enumerated, hms, last_of, state_event, state_people
from advocates.wording import InstrumentWords, Wording
from tocsin.domain.drafts import Fact
from tocsin.domain.events import Event
from tocsin.domain.people import Person
from tocsin.domain.products import Product, ProductKind

#: One sided 3 sigma: an excess less likely than this is told, not passed over.
SIGNIFICANT_FAP = 1.35e-3
#: Annuli with one of these flags never stand in a circular: their width is not the whole one, or they are of no burst.
UNPUBLISHABLE = frozenset({"statistical_only", "unrelated", "not_detected", "no_constraint"})
#: Where less than this share of the interval has data, a circular says how much.
WHOLE_SHARE = 0.98
_MPC_CM = 3.0856775814913673e24


def upper_limit_facts(
    event: Event,
    products: Iterable[Product],
    *,
    wording: Wording,
    authors: Sequence[Person],
    made_utc: datetime,
    source: str | None = None,
    cited_circulars: Sequence[int] = (),
    instrument: str | None = None,
) -> Mapping[str, Fact]:
    """Facts of an upper limit (and of the highest excess, where the search found one).

    Parameters
    ----------
    event, products
        As computed from what the audience may see.
    wording
        Tables of words.
    authors
        In the order they sign.
    made_utc
        Time now.
    source
        Where the event's time is from: ``notice:<sha256>``; the event itself by default.
    cited_circulars
        Numbers of earlier GCN circulars on the event.
    instrument
        Whose limit, where there are several; the last made by default.
    """
    sheet, known = Sheet(), list(products)
    state_event(sheet, event, source or f"event:{event.id}", cited_circulars)
    limit = last_of(known, ProductKind.LIMIT, instrument)
    if limit is None:
        return sheet.facts
    words = wording.instrument(_instrument_name(limit))
    state_people(sheet, authors, words.team)
    _limit(sheet, limit, words, wording, made_utc)
    _energy(sheet, event, limit)
    search = last_of(known, ProductKind.SEARCH, limit.subject)
    if search is not None:
        _search(sheet, search)
    is_significant = "is_excess_significant" in sheet.facts and sheet.facts["is_excess_significant"].value is True
    is_plain = not is_significant and content_of(limit, "limits").get("is_plain") is not False
    sheet.add("is_plain", is_plain, limit.id)
    return sheet.facts


def is_publishable(product: Product) -> bool:
    """Whether a product is an annulus that may stand in a circular: none of its flags is in `UNPUBLISHABLE`."""
    flags = product.content.get("flags") or ()
    return product.kind is ProductKind.ANNULUS and product.is_answer and UNPUBLISHABLE.isdisjoint(flags)


def annulus_facts(
    event: Event,
    products: Iterable[Product],
    *,
    wording: Wording,
    authors: Sequence[Person],
    source: str | None = None,
    cited_circulars: Sequence[int] = (),
) -> Mapping[str, Fact]:
    """Facts of a triangulation: its annuli, the narrowest first.

    Parameters
    ----------
    event, products, wording, authors, source, cited_circulars
        As for `upper_limit_facts`.
    """
    sheet, known = Sheet(), list(products)
    state_event(sheet, event, source or f"event:{event.id}", cited_circulars)
    state_people(sheet, authors, wording.ipn_team)
    found = [product for product in known if is_publishable(product)]
    detectors: dict[str, str] = {}
    for number, product in enumerate(sorted(found, key=_width), start=1):
        content = content_of(product, "annulus")
        _annulus(sheet, number, content, product.id)
        detectors |= {str(content[key]): product.id for key in ("a", "b") if key in content}
    if detectors:
        sheet.add("annulus_word", "annulus" if len(found) == 1 else "annuli", next(iter(detectors.values())))
        sheet.add("detectors", enumerated(list(detectors)), next(iter(detectors.values())))
    skymap = last_of(known, ProductKind.SKYMAP, None)
    if skymap is not None:
        sheet.add("area_90_deg2", content_of(skymap, "skymap").get("area_90_deg2"), skymap.id)
    return sheet.facts


def _limit(sheet: Sheet, limit: Product, words: InstrumentWords, wording: Wording, made_utc: datetime) -> None:
    content = content_of(limit, "limits")
    for name in ("hard_1s_erg_cm2", "soft_1s_erg_cm2_s", "soft_8s_erg_cm2_s"):
        sheet.add(f"limit_{name}", content.get(name), limit.id)
    sheet.add("window_s", _half_span_s(content.get("window_s", limit.parameters.get("window_s"))), limit.id)
    sheet.add("excess_std_ratio", content.get("excess_std_ratio"), limit.id)
    if (ratio := sheet.number("excess_std_ratio")) is not None:
        sheet.add("background_word", wording.background_word(ratio), limit.id)
    share = content.get("completeness")
    if isinstance(share, (int, float)) and share < WHOLE_SHARE:
        sheet.add("covered_percent", 100.0 * share, limit.id)
    _data(sheet, limit, content, words, made_utc)
    response = content.get("response")
    if isinstance(response, Mapping):
        _response(sheet, response, limit.id, wording)
        sheet.add("limit_region", _region(content, response), limit.id)
    sheet.add("instrument", words.name, wording.source)
    if words.references:
        sheet.add("method_references", "\n".join(words.references), wording.source)


def _response(sheet: Sheet, response: Mapping[str, Any], product_id: str, wording: Wording) -> None:
    """What was assumed of instrument and source; without it there is no limit in physical units."""
    fraction = response.get("fraction_of_best")
    if isinstance(fraction, (int, float)):
        sheet.add("response_percent", 100.0 * fraction, product_id)
        sheet.add("response_word", wording.response_word(100.0 * fraction), product_id)
    sheet.add("angle_deg", response.get("angle_deg"), product_id)
    sheet.add("hard_spectrum", response.get("hard_spectrum"), product_id)
    sheet.add("soft_spectrum", response.get("soft_spectrum"), product_id)
    band = response.get("band_kev")
    if isinstance(band, (list, tuple)) and len(band) == 2:
        sheet.add("band", f"the {band[0]:g}-{band[1]:g} keV band", product_id)
    # A formula fitted to published points is known far worse than the instrument's own table.
    systematic = response.get("total_fraction", response.get("systematic_fraction"))
    sheet.add("response_kind", response.get("kind"), product_id)
    if isinstance(systematic, (int, float)):
        sheet.add("response_systematic_percent", 100.0 * systematic, product_id)


def _data(sheet: Sheet, limit: Product, content: Mapping[str, Any], words: InstrumentWords, made_utc: datetime) -> None:
    """Archival, unless the product says otherwise of an instrument that still sends."""
    is_over = words.real_time_until is not None and made_utc > words.real_time_until
    is_archival = is_over or content.get("is_archival") is not False
    sheet.add("is_archival", is_archival, limit.id)
    sheet.add("data_word", "archival" if is_archival else "real-time", limit.id)


def _region(content: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    """Where on the sky the limits hold: over a credible region, in one direction, or for the sky's mean response."""
    percent = content.get("region_percent")
    if isinstance(percent, (int, float)):
        return f"the region of {percent:.0f}% probability of the source position"
    known = response.get("angle_deg") is not None
    return "the most probable direction of the source" if known else "the mean response over the sky"


def _energy(sheet: Sheet, event: Event, limit: Product) -> None:
    """Energy and luminosity that the limits allow: 4 pi d^2 F at the mean distance, and over the distance posterior."""
    content = content_of(limit, "limits")
    energy, luminosity = (
        found if isinstance(found := content.get(name), Mapping) else {}
        for name in ("isotropic_energy_erg", "isotropic_luminosity_erg_s")
    )
    distance, source = event.details.get("distance_mpc"), f"event:{event.id}"
    if isinstance(distance, bool) or not isinstance(distance, (int, float)):
        distance, source = energy.get("distance_mpc"), limit.id
    fluence, flux = sheet.number("limit_hard_1s_erg_cm2"), sheet.number("limit_soft_1s_erg_cm2_s")
    if not isinstance(distance, (int, float)) or not distance > 0 or fluence is None:
        return
    sphere_cm2 = 4 * math.pi * (distance * _MPC_CM) ** 2
    sheet.add("distance_mpc", float(distance), source)
    sheet.add("eiso_erg", sphere_cm2 * fluence, limit.id)
    sheet.add("liso_erg_s", None if flux is None else sphere_cm2 * flux, limit.id)
    for level in ("low", "median", "high"):
        sheet.add(f"energy_{level}_erg", energy.get(level), limit.id)
        sheet.add(f"luminosity_{level}_erg_s", luminosity.get(level), limit.id)
    sheet.add("energy_distance", _distance_words(energy), limit.id)
    over = next(iter(content.get("energies") or ()), None)
    if isinstance(over, Mapping) and isinstance(over.get("level"), float):
        sheet.add("energy_region", f"the region of {100 * over['level']:.0f}% probability", limit.id)


def _distance_words(energy: Mapping[str, Any]) -> str | None:
    """What the distance is taken from, after "over"."""
    words = energy.get("distance_from")
    if not isinstance(words, str):
        return None
    return "the distance posteriors of the sky map" if "layers" in words else f"the {words}"


def _search(sheet: Sheet, search: Product) -> None:
    content = content_of(search, "search")
    scales = [item["scale_s"] for item in content.get("scales") or () if "scale_s" in item]
    if scales:
        sheet.add("scale_min_s", min(scales), search.id)
        sheet.add("scale_max_s", max(scales), search.id)
    told = [item for item in content.get("excesses") or () if isinstance(item.get("fap"), (int, float))]
    if not told:
        return
    loudest = min(told, key=lambda item: float(item["fap"]))
    for key in ("snr", "scale_s", "t_s", "fap"):
        sheet.add(f"loudest_{key}", loudest.get(key), search.id)
    sheet.add("is_excess_significant", float(loudest["fap"]) < SIGNIFICANT_FAP, search.id)
    sheet.add("time_place", content.get("time_place", "at the spacecraft"), search.id)


def _annulus(sheet: Sheet, number: int, content: Mapping[str, Any], product_id: str) -> None:
    """Annulus as circulars print it: about the nearer of its two poles, with a radius of at most 90 deg."""
    ra, dec, radius = (float(content[key]) for key in ("ra_deg", "dec_deg", "radius_deg"))
    minus, plus = float(content["minus_3sigma_deg"]), float(content["plus_3sigma_deg"])
    if radius > 90:
        ra, dec, radius, minus, plus = ra + 180, -dec, 180 - radius, plus, minus
    ra = 0.0 if f"{ra % 360:.3f}" == "360.000" else ra % 360
    prefix = f"annulus_{number}"
    sheet.add(f"{prefix}_pair", f"{content['a']} - {content['b']}", product_id)
    sheet.add(f"{prefix}_ra_deg", ra, product_id)
    sheet.add(f"{prefix}_dec_deg", dec, product_id)
    sheet.add(f"{prefix}_ra_hms", hms(ra), product_id)
    sheet.add(f"{prefix}_dec_dms", dms(dec), product_id)
    sheet.add(f"{prefix}_radius_deg", radius, product_id)
    sheet.add(f"{prefix}_minus_3sigma_deg", minus, product_id)
    sheet.add(f"{prefix}_plus_3sigma_deg", plus, product_id)


def _instrument_name(limit: Product) -> str:
    return str(content_of(limit, "limits").get("instrument") or limit.subject)


def _width(product: Product) -> float:
    content = content_of(product, "annulus")
    return float(content["minus_3sigma_deg"]) + float(content["plus_3sigma_deg"])


def _half_span_s(window: Any) -> float | None:
    if isinstance(window, (list, tuple)) and window:
        return max(abs(float(edge)) for edge in window)
    return float(window) if isinstance(window, (int, float)) else None
