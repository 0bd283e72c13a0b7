"""Fact sheets of excesses, detections, coincidences and error boxes. Pure; nothing is guessed.

What is read of the products beside what `advocates.facts` reads: ``SEARCH``: ``counterpart`` (one of the excesses);
``properties`` {``t90_s``, ``is_saturated``};
``LIMIT``: ``properties`` {the same, ``brightness``}, ``upper_limit_90`` and ``upper_limit_90_over_region``
{``hard_1s_erg_cm2``}; ``ASSOCIATION``: ``other_name``, ``difference_s``, ``trials``,
``association_chance``, ``joint_far_hz``, ``joint_far_is_limit``, ``overlap``; ``SKYMAP``: ``peak_ra_deg``,
``peak_dec_deg``, by which the box is chosen where two annuli cross twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from advocates.facts import annulus_facts, is_publishable, upper_limit_facts
from advocates.sheet import Sheet, content_of, dms, hms, last_of, state_event, state_people
from advocates.wording import Wording
from tocsin.domain.drafts import Fact
from tocsin.domain.errors import ScienceError
from tocsin.domain.events import Event
from tocsin.domain.people import Person
from tocsin.domain.products import Product, ProductKind
from triangulation.geometry import separation_deg, unit_vector
from triangulation.regions import ErrorRegion, Ring, overlap_regions

#: Excesses listed at most.
MOST_EXCESSES = 8
#: A box has so many.
CORNERS = 4
YEAR_S = 365.25 * 86_400


def marginal_facts(
    event: Event,
    products: Iterable[Product],
    *,
    wording: Wording,
    authors: Sequence[Person],
    made_utc: datetime,
    cited_circulars: Sequence[int] = (),
    instrument: str | None = None,
) -> Mapping[str, Fact]:
    """Facts of a marginal excess: those of a limit, and all excesses, the least likely first.

    Parameters
    ----------
    event, products, wording, authors, made_utc, cited_circulars, instrument
        As for `advocates.facts.upper_limit_facts`.
    """
    known = list(products)
    sheet = Sheet(
        facts=dict(
            upper_limit_facts(
                event,
                known,
                wording=wording,
                authors=authors,
                made_utc=made_utc,
                cited_circulars=cited_circulars,
                instrument=instrument,
            )
        )
    )
    limit = last_of(known, ProductKind.LIMIT, instrument)
    search = last_of(known, ProductKind.SEARCH, None if limit is None else limit.subject)
    if limit is None or search is None:
        return sheet.facts
    _beyond_the_excess(sheet, content_of(limit, "limits"), limit.id)
    chance = sheet.number("loudest_fap")
    sheet.add("is_excess_rare", chance is not None and chance < wording.detection_below, search.id)
    told = [one for one in content_of(search, "search").get("excesses") or () if _is_number(one.get("fap"))]
    for number, one in enumerate(sorted(told, key=lambda item: float(item["fap"]))[:MOST_EXCESSES], start=1):
        for key in ("t_s", "scale_s", "snr", "fap"):
            sheet.add(f"excess_{number}_{key}", one.get(key), search.id)
        sheet.add(f"excess_{number}_class", wording.excess_word(float(one["fap"])), search.id)
    return sheet.facts


def detection_facts(
    event: Event,
    products: Iterable[Product],
    *,
    wording: Wording,
    authors: Sequence[Person],
    made_utc: datetime,
    cited_circulars: Sequence[int] = (),
    instrument: str,
) -> Mapping[str, Fact]:
    """Facts of a detection: the counterpart that a search of one instrument found.

    Parameters
    ----------
    event, products, wording, authors, made_utc, cited_circulars
        As for `advocates.facts.upper_limit_facts`.
    instrument
        Whose search.
    """
    known = list(products)
    sheet = Sheet(
        facts=dict(
            upper_limit_facts(
                event,
                known,
                wording=wording,
                authors=authors,
                made_utc=made_utc,
                cited_circulars=cited_circulars,
                instrument=instrument,
            )
        )
    )
    words = wording.instrument(instrument)
    state_people(sheet, authors, words.team)
    sheet.add("instrument", words.name, wording.source)
    search = last_of(known, ProductKind.SEARCH, instrument)
    if search is None:
        return sheet.facts
    content = content_of(search, "search")
    found = content.get("counterpart")
    if not isinstance(found, Mapping):
        return sheet.facts
    for key in ("snr", "scale_s", "t_s", "fap"):
        sheet.add(f"loudest_{key}", found.get(key), search.id)
    sheet.add("time_place", content.get("time_place", "at the spacecraft"), search.id)
    sheet.add("window_s", content.get("window_s", search.parameters.get("window_s")), search.id)
    if "data_word" not in sheet.facts:
        sheet.add("is_archival", content.get("is_archival", True), search.id)
        sheet.add("data_word", "archival" if content.get("is_archival", True) else "real-time", search.id)
    measured = last_of(known, ProductKind.LIMIT, instrument) or search
    properties = content.get("properties") or content_of(measured, "limits").get("properties")
    _duration(sheet, properties, measured.id)
    _brightness(sheet, content_of(measured, "limits"), measured.id)
    localization = "By itself the instrument gives no localization." if words.is_omnidirectional else ""
    sheet.add("localization_word", localization or "The localization is reported elsewhere.", wording.source)
    skymap = last_of(known, ProductKind.SKYMAP, None)
    if skymap is not None:
        sheet.add("area_90_deg2", content_of(skymap, "skymap").get("area_90_deg2"), skymap.id)
    return sheet.facts


def _duration(sheet: Sheet, properties: Any, source: str) -> None:
    """T90 with its 68 % interval; a lower limit where bins were masked."""
    t90 = properties.get("t90_s") if isinstance(properties, Mapping) else None
    if not isinstance(t90, Mapping):
        return
    sheet.add("duration_s", t90.get("value"), source)
    sheet.add("duration_low_s", t90.get("low"), source)
    sheet.add("duration_high_s", t90.get("high"), source)
    sheet.add("duration_word", "at least" if properties.get("is_saturated") else "about", source)


def _brightness(sheet: Sheet, content: Mapping[str, Any], source: str) -> None:
    """Fluence and peak flux for a hard and for a soft spectrum; nothing of a formula fitted to published limits."""
    response, properties = content.get("response"), content.get("properties")
    if not isinstance(response, Mapping) or response.get("kind") != "table" or not isinstance(properties, Mapping):
        return
    for one in properties.get("brightness") or ():
        name = "hard" if one.get("spectrum") == response.get("hard_spectrum") else "soft"
        fluence, peak = one.get("fluence_erg_cm2") or {}, one.get("peak_flux_erg_cm2_s") or {}
        sheet.add(f"fluence_{name}_erg_cm2", fluence.get("value"), source)
        sheet.add(f"fluence_{name}_low_erg_cm2", fluence.get("low"), source)
        sheet.add(f"fluence_{name}_high_erg_cm2", fluence.get("high"), source)
        sheet.add(f"peak_flux_{name}_erg_cm2_s", peak.get("value"), source)
        sheet.add("peak_scale_s", one.get("peak_scale_s"), source)
    known = response.get("angle_deg") is not None
    sheet.add("fluence_region", "the most probable direction" if known else "the mean over the sky", source)


def _beyond_the_excess(sheet: Sheet, content: Mapping[str, Any], source: str) -> None:
    """What a further burst must have been to be more significant than the excess, 90 % of the time."""
    best, over = content.get("upper_limit_90"), content.get("upper_limit_90_over_region")
    for found in (best, over):
        if isinstance(found, Mapping):
            sheet.add("limit_90_hard_1s_erg_cm2", found.get("hard_1s_erg_cm2"), source)


def coincidence_facts(
    event: Event,
    products: Iterable[Product],
    *,
    wording: Wording,
    authors: Sequence[Person],
    cited_circulars: Sequence[int] = (),
) -> Mapping[str, Fact]:
    """Facts of a coincidence with another event: the rarest one, with the two numbers of the association.

    Parameters
    ----------
    event, products, wording, authors, cited_circulars
        As for `advocates.facts.upper_limit_facts`.
    """
    sheet = Sheet()
    state_event(sheet, event, f"event:{event.id}", cited_circulars)
    state_people(sheet, authors, wording.coincidence_team)
    found = telling_association(products, wording.coincidence_below)
    if found is None:
        return sheet.facts
    content = found.content
    sheet.add("other_name", content.get("other_name"), found.id)
    sheet.add("other_subject", content.get("other_name"), found.id)
    if _is_number(content.get("difference_s")):
        sheet.add("difference_s", abs(float(content["difference_s"])), found.id)
    for name in ("association_chance", "joint_far_hz", "overlap"):
        sheet.add(name, content.get(name), found.id)
    trials = content.get("trials")
    if _is_number(trials):
        words = "for a single look" if trials == 1 else f"counting all {trials} trials"
        sheet.add("trials", f"{words} (trials are the windows in which these streams are compared)", found.id)
    rate_hz = sheet.number("joint_far_hz")
    if rate_hz is not None:
        sheet.add("joint_far_per_year", rate_hz * YEAR_S, found.id)
        sheet.add("far_relation", "below" if content.get("joint_far_is_limit") else "about", found.id)
    return sheet.facts


def telling_association(products: Iterable[Product], below: float) -> Product | None:
    """The association of two events least likely by chance; None without one rarer than `below` that fits the sky."""
    found = [
        product
        for product in products
        if product.kind is ProductKind.ASSOCIATION and product.is_answer and not product.content.get("is_triple")
    ]
    telling = [one for one in found if float(one.content.get("overlap") or 0.0) > 1.0 or one.content.get("is_cited")]
    rated = [one for one in telling if _is_number(one.content.get("association_chance"))]
    best = min(rated, key=lambda one: float(one.content["association_chance"]), default=None)
    return best if best is not None and float(best.content["association_chance"]) < below else None


def box_facts(
    event: Event,
    products: Iterable[Product],
    *,
    wording: Wording,
    authors: Sequence[Person],
    cited_circulars: Sequence[int] = (),
) -> Mapping[str, Fact]:
    """Facts of an error box: where the two narrowest annuli cross, at the crossing that the sky map prefers.

    Parameters
    ----------
    event, products, wording, authors, cited_circulars
        As for `advocates.facts.annulus_facts`.
    """
    known = list(products)
    facts = annulus_facts(event, known, wording=wording, authors=authors, cited_circulars=cited_circulars)
    sheet = Sheet(facts=dict(facts))
    box, source = best_box(known)
    if box is None:
        return sheet.facts
    _box(sheet, box, source)
    return sheet.facts


def best_box(products: Iterable[Product]) -> tuple[ErrorRegion | None, str]:
    """Box of the two narrowest annuli that cross in clean boxes, and the id of what it is from; None without one."""
    known = list(products)
    found = [one for one in known if is_publishable(one)]
    rings = sorted(found, key=lambda one: _half_width(one.content))
    skymap = last_of(known, ProductKind.SKYMAP, None)
    for first, second in pairwise(rings):
        try:
            boxes = overlap_regions([_ring(first.content), _ring(second.content)])
        except ScienceError:
            continue
        if any(len(box.corners_deg) != CORNERS for box in boxes):
            continue  # they touch, or one lies along the other: no box
        peak = _peak(skymap)
        if peak is None and len(boxes) != 1:
            return None, ""  # nothing says which of the two crossings it is
        best = min(boxes, key=lambda box: 0.0 if peak is None else _apart_deg(box, peak))
        return best, first.id
    return None, ""


def _box(sheet: Sheet, box: ErrorRegion, source: str) -> None:
    sheet.add("box_ra_deg", box.ra_deg % 360, source)
    sheet.add("box_dec_deg", box.dec_deg, source)
    sheet.add("box_ra_hms", hms(box.ra_deg), source)
    sheet.add("box_dec_dms", dms(box.dec_deg), source)
    for number, (ra, dec) in enumerate(box.corners_deg, start=1):
        sheet.add(f"corner_{number}_ra_deg", float(ra) % 360, source)
        sheet.add(f"corner_{number}_dec_deg", float(dec), source)
        sheet.add(f"corner_{number}_ra_hms", hms(float(ra)), source)
        sheet.add(f"corner_{number}_dec_dms", dms(float(dec)), source)
    sheet.add("box_area_deg2", box.area_deg2, source)
    sheet.add("box_max_deg", box.extent_deg, source)
    sheet.add("box_min_deg", box.area_deg2 / box.extent_deg if box.extent_deg > 0 else None, source)


def _ring(content: Mapping[str, Any]) -> Ring:
    """Ring between the 3-sigma edges of a product's annulus."""
    radius_deg = float(content["radius_deg"])
    return Ring(
        axis=unit_vector(float(content["ra_deg"]), float(content["dec_deg"])),
        inner_deg=max(0.0, radius_deg - float(content["minus_3sigma_deg"])),
        outer_deg=min(180.0, radius_deg + float(content["plus_3sigma_deg"])),
    )


def _half_width(content: Mapping[str, Any]) -> float:
    return float(content["minus_3sigma_deg"]) + float(content["plus_3sigma_deg"])


def _peak(skymap: Product | None) -> tuple[float, float] | None:
    content = {} if skymap is None else content_of(skymap, "skymap")
    ra, dec = content.get("peak_ra_deg"), content.get("peak_dec_deg")
    if not isinstance(ra, (int, float)) or not isinstance(dec, (int, float)):
        return None
    return float(ra), float(dec)


def _apart_deg(box: ErrorRegion, peak: tuple[float, float]) -> float:
    return float(separation_deg(unit_vector(box.ra_deg, box.dec_deg), unit_vector(*peak)))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
