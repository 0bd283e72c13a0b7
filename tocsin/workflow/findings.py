"""What products say of an event in few words: excess, limit, sky map. Reads values, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.domain.products import Product, ProductKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """The strongest excess found in one light curve.

    Parameters
    ----------
    t_s, scale_s
        Its middle, s from T0, and the time scale it was found on, s.
    start_s, stop_s
        Its interval, s from T0.
    snr
        Signal to noise.
    fap
        False-alarm probability with trials; None where not stated.
    spike_score
        Likeness to a cosmic-ray spike; None where not stated.
    is_counterpart
        The search calls it significant.
    """

    t_s: float
    scale_s: float
    start_s: float
    stop_s: float
    snr: float
    fap: float | None
    spike_score: float | None
    is_counterpart: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one instrument says of an event.

    Parameters
    ----------
    instrument
        Which.
    excess
        Strongest excess, None without any.
    limit_erg_cm2
        3 sigma upper limit of a hard burst of 1 s, erg/cm2; None where none was set.
    problem
        Why there is no honest answer; empty where there is one.
    caveat
        What must be known besides, such as that there are no data at T0 itself; empty where there is nothing.
    product_ids
        What this is read from.
    """

    instrument: str
    excess: Excess | None = None
    limit_erg_cm2: float | None = None
    problem: str = ""
    caveat: str = ""
    product_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Localization:
    """Summary of the newest sky map."""

    product_id: str
    area_50_deg2: float | None
    area_90_deg2: float | None
    peak_ra_deg: float | None
    peak_dec_deg: float | None
    made_from: str = ""


def findings(products: Sequence[Product]) -> tuple[Finding, ...]:
    """What each instrument says, from its newest search and limit; counterparts first, then by S/N."""
    searches = {p.subject: p for p in products if p.kind is ProductKind.SEARCH}
    limits = {p.subject: p for p in products if p.kind is ProductKind.LIMIT}
    found = [_finding(name, searches.get(name), limits.get(name)) for name in dict.fromkeys([*searches, *limits])]
    return tuple(sorted(found, key=_rank))


def _rank(finding: Finding) -> tuple[bool, float]:
    excess = finding.excess
    return (excess is None or not excess.is_counterpart, -(excess.snr if excess is not None else 0.0))


def _finding(name: str, search: Product | None, limit: Product | None) -> Finding:
    used = [product for product in (search, limit) if product is not None]
    problems = [str(product.content["error"]) for product in used if not product.is_answer]
    return Finding(
        instrument=name,
        excess=None if search is None or not search.is_answer else strongest_excess(search.content),
        limit_erg_cm2=None if limit is None else _number(limit.content.get("hard_1s_erg_cm2")),
        problem="; ".join(problems),
        caveat="; ".join(_texts(None if search is None else search.content.get("warnings"))),
        product_ids=tuple(product.id for product in used),
    )


def strongest_excess(content: Mapping[str, Any]) -> Excess | None:
    """The counterpart that a search names, else the strongest of its excesses; None without any."""
    counterpart = content.get("counterpart")
    listed = [one for one in content.get("excesses") or () if _number(one.get("snr")) is not None]
    best = counterpart or max(listed, key=lambda one: float(one["snr"]), default=None)
    if best is None:
        return None
    t_s, scale_s = _number(best.get("t_s")) or 0.0, _number(best.get("scale_s")) or 0.0
    start_s, stop_s = _number(best.get("start_s")), _number(best.get("stop_s"))
    return Excess(
        t_s=t_s,
        scale_s=scale_s,
        start_s=t_s - scale_s / 2 if start_s is None else start_s,
        stop_s=t_s + scale_s / 2 if stop_s is None else stop_s,
        snr=_number(best.get("snr")) or 0.0,
        fap=_number(best.get("fap")),
        spike_score=_number(best.get("spike_score")),
        is_counterpart=bool(counterpart),
    )


def localization(products: Sequence[Product]) -> Localization | None:
    """Summary of the newest sky map; None without one."""
    newest = next((p for p in reversed(products) if p.kind is ProductKind.SKYMAP and p.is_answer), None)
    if newest is None:
        return None
    names = ("area_50_deg2", "area_90_deg2", "peak_ra_deg", "peak_dec_deg")
    numbers = {name: _number(newest.content.get(name)) for name in names}
    return Localization(product_id=newest.id, made_from=str(newest.content.get("made_from", "")), **numbers)


def associations(products: Sequence[Product]) -> tuple[str, ...]:
    """What coincides with the event, in words, as found first."""
    found = (p for p in products if p.kind is ProductKind.ASSOCIATION and p.is_answer)
    return tuple(str(product.content["words"]) for product in found if product.content.get("words"))


def refusals(products: Sequence[Product]) -> tuple[str, ...]:
    """Why there is no delay, annulus or sky map where one was tried, and why an annulus is not stated in drafts."""
    kinds = {ProductKind.DELAY, ProductKind.ANNULUS, ProductKind.SKYMAP}
    tried = [product for product in products if product.kind in kinds]
    failed = [f"{product.subject}: {product.content['error']}" for product in tried if not product.is_answer]
    kept_back = [p for p in tried if p.is_answer and p.content.get("not_stated")]
    return (*failed, *(f"{p.subject}: not stated in drafts: {p.content['not_stated']}" for p in kept_back))


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
