"""What is said on a page of bursts: of the one that was seen, and of those that would have been."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.api.words import SIGMA, duration, scientific
from tocsin.domain.products import Product, ProductKind
from tocsin.workflow.queries import EventView

#: Spectra that a fluence is stated for, in the order of the products.
SPECTRA = ("hard", "soft")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBurst:
    """Properties of the burst in one instrument: (name, value, 68 % interval) in words, and what to mind."""

    instrument: str
    headline: str
    rows: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedBurst:
    """A burst that was tried: its name and numbers, the chance in the most probable direction and over the region."""

    name: str
    what: str
    chance: str
    over_region: str
    half_fluence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """Limits of one instrument, what they allow in energy, and the bursts that were tried on its data.

    Parameters
    ----------
    instrument, product_id
        Whose.
    limits
        (name, value) in words.
    energies
        (name, value) in words.
    tried
        Bursts.
    caution
        Why no limit is reported, or how well the response is known.
    has_map
        There is a file with all of it at every position.
    """

    instrument: str
    product_id: str
    limits: tuple[tuple[str, str], ...]
    energies: tuple[tuple[str, str], ...]
    tried: tuple[TriedBurst, ...]
    caution: tuple[str, ...]
    has_map: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstSection:
    """All of it; empty where nothing was searched."""

    seen: tuple[SeenBurst, ...]
    limited: tuple[Limited, ...]


def burst_section(view: EventView) -> BurstSection:
    """What an event's products say of bursts."""
    newest = {(one.kind, one.subject): one for one in view.products if one.is_answer}
    limits = [one for (kind, _), one in newest.items() if kind is ProductKind.LIMIT]
    searches = [one for (kind, _), one in newest.items() if kind is ProductKind.SEARCH]
    worth = {one.subject: (one.content.get("properties") or {}).get("brightness") or () for one in limits}
    seen = [
        _seen(one, found, worth.get(one.subject, ()))
        for one in searches
        if isinstance(found := one.content.get("properties"), Mapping)
    ]
    return BurstSection(seen=tuple(seen), limited=tuple(_limited(one) for one in limits))


def _seen(search: Product, found: Mapping[str, Any], worth: Sequence[Mapping[str, Any]]) -> SeenBurst:
    notes = [f"Measured in {_band(band)}." if (band := found.get("band_kev")) else "The band is not stated."]
    if found["is_saturated"]:
        notes.append("Bins are masked in it: counts and durations are lower limits.")
    if worth:
        spectra = "; ".join(f"{name}: {one['spectrum']}" for name, one in zip(SPECTRA, worth, strict=False))
        notes.append(f"One channel measures no spectrum: a fluence holds for the one assumed ({spectra}).")
    population = _population(found.get("probability_long"))
    t90 = _row("T90", found["t90_s"], duration)
    rows = [
        t90,
        _row("T50", found["t50_s"], duration),
        *population,
        _row("Counts", found["net_counts"], _counts),
        *(_row(f"Peak, {duration(one['scale_s'])}", one, _counts, "/s") for one in _ends(found["peaks_cts_s"])),
        *_hardness(found.get("hardness")),
        *(
            _row(f"Fluence, {name}", one["fluence_erg_cm2"], scientific, "erg/cm²")
            for name, one in zip(SPECTRA, worth, strict=False)
        ),
    ]
    headline = ", ".join([f"T90 {t90[1]}", *(f"{name.lower()} {value}" for name, value, _ in population)])
    return SeenBurst(instrument=search.subject, headline=headline, rows=tuple(rows), notes=tuple(notes))


def _row(name: str, found: Mapping[str, Any], form: Callable[[float], str], unit: str = "") -> tuple[str, str, str]:
    value, low, high = (form(found[key]) for key in ("value", "low", "high"))
    return name, f"{value} {unit}".strip(), f"{low} to {high}"


def _ends(peaks: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The shortest and the longest scale."""
    return peaks if len(peaks) < 3 else (peaks[0], peaks[-1])


def _population(long: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    """Which population its T90 makes likelier, and how likely."""
    if long is None:
        return []
    is_long = long["value"] >= 0.5
    value, *ends = (one if is_long else 1 - one for one in (long["value"], long["low"], long["high"]))
    low, high = _percent(min(ends)), _percent(max(ends))
    between = "by T90" if low == high else f"{low} to {high}, by T90"
    return [("Long" if is_long else "Short", _percent(value), between)]


def _hardness(found: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    if found is None:
        return []
    name, value, interval = _row("Hardness", found, lambda ratio: f"{ratio:.2f}")
    return [(name, value, f"{interval}; {_band(found['upper_kev'])} over {_band(found['lower_kev'])}")]


def _limited(product: Product) -> Limited:
    content = product.content
    response = content.get("response")
    return Limited(
        instrument=product.subject,
        product_id=product.id,
        limits=tuple(_limit_rows(content)),
        energies=tuple(_energy_rows(content)),
        tried=tuple(_tried(one) for one in content.get("trial_bursts") or ()),
        caution=tuple(_cautions(content, response if isinstance(response, Mapping) else None)),
        has_map=product.blob_type is not None,
    )


def _limit_rows(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    where = f", worst of the {content['region_percent']:.0f} % region" if content.get("region_percent") else ""
    fluxes = (
        ("hard, 1 s", "hard_1s_erg_cm2", "erg/cm²"),
        ("soft, 1 s", "soft_1s_erg_cm2_s", "erg/cm²/s"),
        ("soft, 8 s", "soft_8s_erg_cm2_s", "erg/cm²/s"),
    )
    rows = [
        (f"3{SIGMA}, {what}{where}", f"{scientific(content[key])} {unit}")
        for what, key, unit in fluxes
        if content.get(key) is not None
    ]
    if not rows and content.get("counts_1s") is not None and content.get("counts_8s") is not None:
        rows.append(
            (f"3{SIGMA}", f"{_counts(content['counts_1s'])} counts in 1 s, {_counts(content['counts_8s'])} in 8 s")
        )
    upper = content.get("upper_limit_90_over_region") or content.get("upper_limit_90")
    if isinstance(upper, Mapping) and upper.get("hard_1s_erg_cm2") is not None:
        rows.append(("90 %, with trials, hard, 1 s", f"{scientific(upper['hard_1s_erg_cm2'])} erg/cm²"))
    return rows


def _energy_rows(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = {"isotropic_energy_erg": ("E_iso", "erg"), "isotropic_luminosity_erg_s": ("L_iso", "erg/s")}
    rows = []
    regions = content.get("energies") or ()
    for key, (name, unit) in names.items():
        for one in regions:
            words = f"{name}, distances of the {100 * one['level']:.0f} % region"
            rows.append((words, _range(one[key], unit)))
        found = content.get(key)
        if isinstance(found, Mapping):
            if not regions:
                rows.append((f"{name}, over the distance", _range(found, unit)))
            simple = f"{name} as circulars have it, 4\N{GREEK SMALL LETTER PI}d²F at {found['distance_mpc']:.0f} Mpc"
            rows.append((simple, f"{scientific(found['simple'])} {unit}"))
    return rows


def _range(found: Mapping[str, Any], unit: str) -> str:
    low, median, high = (scientific(found[name]) for name in ("low", "median", "high"))
    return f"{median} {unit} ({low} to {high}, 90 %)"


def _tried(one: Mapping[str, Any]) -> TriedBurst:
    over = one.get("probability_over_90_region")
    band = _band(one["band_kev"])
    return TriedBurst(
        name=str(one["name"]),
        what=f"{duration(one['duration_s'])}, {scientific(one['fluence_erg_cm2'])} erg/cm² in {band}",
        chance=_percent(one["probability"]),
        over_region="" if over is None else f"{_percent(over['low'])} to {_percent(over['high'])}",
        half_fluence=f"{scientific(one['fluence_50_erg_cm2'])} erg/cm²",
    )


def _cautions(content: Mapping[str, Any], response: Mapping[str, Any] | None) -> list[str]:
    found = []
    if content.get("is_plain") is False:
        found.append("An excess above the reporting threshold lies in the window: no plain limit is reported.")
    if response is None:
        found.append("The instrument has no response here: counts only.")
    elif response.get("kind") == "parametric":
        error = f"{100 * response['total_fraction']:.0f} %"
        found.append(f"Response fitted to published limits, good to {error}: not for publication.")
    if response is not None and response.get("angle_deg") is None:
        found.append("The direction seen from the craft is not known: the sky's mean response is taken.")
    return found


def _counts(value: float) -> str:
    return f"{value:,.0f}"


def _percent(share: float) -> str:
    """Whole percent; never 0 or 100 of what is not certain."""
    return "below 1 %" if share < 0.01 else "over 99 %" if share > 0.99 else f"{share:.0%}".replace("%", " %")


def _band(band_kev: Sequence[float]) -> str:
    return f"{band_kev[0]:g}-{band_kev[1]:g} keV"
