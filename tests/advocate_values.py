"""People, rotas, facts and drafts for the tests of advocates."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advocates.drafts import compose
from advocates.facts import annulus_facts, upper_limit_facts
from advocates.facts_follow import OwnCircular, change_facts, changed_values, retraction_facts
from advocates.facts_more import box_facts, coincidence_facts, detection_facts, marginal_facts
from advocates.people import People
from advocates.templates import Templates
from advocates.wording import Wording
from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.events import Event, EventKind
from tocsin.domain.products import Product, ProductKind

CIRCULARS = Path(__file__).resolve().parent.parent / "config" / "circulars"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in CIRCULARS.iterdir()}
WORDING = Wording.from_texts(TEXTS)
TEMPLATES = Templates.from_texts(TEXTS)
MADE = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)

PEOPLE = People.from_config(
    {
        "people": {
            "anna": {
                "name": "A. Anna",
                "affiliation": "Institute A",
                "email": "a@example.org",
                "slack_id": "U0A",
                "sign_in": "anna",
                "roles": ["advocate", "approver"],
            },
            "bert": {"name": "B. Bert", "affiliation": "Institute B", "email": "b@example.org", "slack_id": "U0B"},
            "cleo": {"name": "C. Cleo", "affiliation": "Institute C", "email": "c@example.org", "roles": ["admin"]},
        }
    }
)
ANNA, BERT, CLEO = PEOPLE

WAVE = Event(
    id="s230518h",
    name="S230518h",
    kind=EventKind.GRAVITATIONAL_WAVE,
    t0_utc=datetime(2023, 5, 18, 12, 59, 8, 167000, tzinfo=UTC),
    details={"distance_mpc": 204.0},
)
BURST = Event(
    id="grb-200415a",
    name="GRB 200415A",
    kind=EventKind.GAMMA_RAY_BURST,
    t0_utc=datetime(2020, 4, 15, 8, 48, 5, 560000, tzinfo=UTC),
)


def product(kind: ProductKind, subject: str, content: dict[str, Any], **parameters: Any) -> Product:
    return Product(
        id=f"{kind.value}:{subject}",
        kind=kind,
        event_id="x",
        subject=subject,
        input_ids=(),
        parameters=parameters,
        code_version="0",
        labels=frozenset(),
        made_utc=MADE,
        content=content,
    )


def limit(**response: Any) -> Product:
    values = {
        "fraction_of_best": 0.352,
        "angle_deg": 136.2,
        "hard_spectrum": "cut-off power law, alpha -0.5, E_peak 600 keV",
        "soft_spectrum": "Band, alpha -1, beta -2.5, E_peak 300 keV",
        "band_kev": [75, 2000],
        "systematic_fraction": 0.2,
        **response,
    }
    content = {
        "hard_1s_erg_cm2": 3.812e-7,
        "soft_1s_erg_cm2_s": 3.707e-7,
        "soft_8s_erg_cm2_s": 5.843e-8,
        "excess_std_ratio": 1.27,
        "response": values,
        "upper_limit_90": {"hard_1s_erg_cm2": 8.91e-7},
        "isotropic_energy_erg": energy(1.24e48, 1.93e48, 2.81e48),
        "isotropic_luminosity_erg_s": energy(1.65e48, 2.54e48, 3.66e48),
        "energies": [{"level": 0.5}, {"level": 0.9}],
    }
    return product(ProductKind.LIMIT, "SPI-ACS", content, window_s=300.0)


def energy(low: float, median: float, high: float) -> dict[str, Any]:
    where = {"distance_mpc": 204.0, "distance_from": "distance layers of the sky map"}
    return {"low": low, "median": median, "high": high, **where}


def search(fap: float = 0.349) -> Product:
    excess = {"t_s": -24.6, "scale_s": 0.4, "snr": 3.6, "fap": fap}
    content = {"excesses": [excess], "scales": [{"scale_s": 0.05}, {"scale_s": 100.0}]}
    return product(ProductKind.SEARCH, "SPI-ACS", content)


def annuli() -> list[Product]:
    first = {"a": "Konus-Wind", "b": "Fermi-GBM", "ra_deg": 1.9364, "dec_deg": 2.0646, "radius_deg": 29.0023}
    second = {"a": "Konus-Wind", "b": "SPI-ACS", "ra_deg": 100.9364, "dec_deg": -2.0646, "radius_deg": 129.0021}
    return [
        product(ProductKind.ANNULUS, "1", {**first, "minus_3sigma_deg": 0.1213, "plus_3sigma_deg": 0.1402}),
        product(ProductKind.ANNULUS, "2", {**second, "minus_3sigma_deg": 0.0211, "plus_3sigma_deg": 0.0402}),
        product(ProductKind.SKYMAP, "map", {"area_90_deg2": 120.31}),
    ]


def limit_draft(*products: Product, is_replay: bool = False) -> Draft:
    facts = upper_limit_facts(
        WAVE,
        products or (limit(), search()),
        wording=WORDING,
        authors=[ANNA, BERT],
        made_utc=MADE,
        cited_circulars=[33813, 33816],
    )
    kind = DraftKind.SPIACS_UPPER_LIMIT
    return compose(kind, facts, event_id=WAVE.id, is_replay=is_replay, made_utc=MADE, templates=TEMPLATES)


def excess_draft(fap: float) -> Draft:
    facts = marginal_facts(
        WAVE, [limit(kind="table"), search(fap=fap)], wording=WORDING, authors=[ANNA, BERT], made_utc=MADE
    )
    kind = DraftKind.MARGINAL_EXCESS
    return compose(kind, facts, event_id=WAVE.id, is_replay=False, made_utc=MADE, templates=TEMPLATES)


def detection_draft(**response: Any) -> Draft:
    products = [measured_limit(**response), counterpart_search()]
    facts = detection_facts(BURST, products, instrument="SPI-ACS", wording=WORDING, authors=[ANNA, BERT], made_utc=MADE)
    kind = DraftKind.DETECTION
    return compose(kind, facts, event_id=BURST.id, is_replay=False, made_utc=MADE, templates=TEMPLATES)


def annulus_draft() -> Draft:
    facts = annulus_facts(BURST, annuli(), wording=WORDING, authors=[ANNA])
    return compose(DraftKind.IPN_ANNULUS, facts, event_id=BURST.id, is_replay=False, made_utc=MADE, templates=TEMPLATES)


def measured_limit(**response: Any) -> Product:
    made = limit(**response)
    brightness = [
        {
            "spectrum": made.content["response"][f"{name}_spectrum"],
            "fluence_erg_cm2": {"value": value, "low": 0.8 * value, "high": 1.2 * value},
            "peak_flux_erg_cm2_s": {"value": 0.9 * value},
            "peak_scale_s": 1.0,
        }
        for name, value in (("hard", 6.31e-6), ("soft", 5.42e-6))
    ]
    t90 = {"value": 0.143, "low": 0.131, "high": 0.162}
    properties = {"t90_s": t90, "is_saturated": False, "brightness": brightness}
    return replace(made, content={**made.content, "properties": properties})


def counterpart_search(fap: float = 2e-8) -> Product:
    excess = {"t_s": 0.19, "scale_s": 0.15, "snr": 158.0, "fap": fap}
    content = {"excesses": [excess], "counterpart": excess, "scales": [{"scale_s": 0.05}], "window_s": 300.0}
    return product(ProductKind.SEARCH, "SPI-ACS", content)


def association() -> Product:
    content = {
        "other_id": "grb-1",
        "other_name": "GRB 230518B",
        "difference_s": -1.76,
        "trials": 3,
        "association_chance": 3.6e-6,
        "joint_far_hz": 2.6e-18,
        "joint_far_is_limit": True,
        "overlap": 17.38,
        "is_cited": False,
    }
    return product(ProductKind.ASSOCIATION, "GRB 230518B", content)


def crossing_annuli() -> list[Product]:
    first = {"a": "Konus-Wind", "b": "Mars-Odyssey-HEND", "ra_deg": 113.835, "dec_deg": 22.622, "radius_deg": 47.593}
    second = {"a": "Fermi-GBM", "b": "Konus-Wind", "ra_deg": 12.656, "dec_deg": 9.692, "radius_deg": 53.475}
    return [
        product(ProductKind.ANNULUS, "1", {**first, "minus_3sigma_deg": 0.025, "plus_3sigma_deg": 0.0251}),
        product(ProductKind.ANNULUS, "2", {**second, "minus_3sigma_deg": 0.054, "plus_3sigma_deg": 0.0541}),
        product(ProductKind.SKYMAP, "map", {"area_90_deg2": 0.00425, "peak_ra_deg": 66.76, "peak_dec_deg": 7.66}),
    ]


def drafts_of_every_kind() -> dict[DraftKind, Draft]:
    """One draft of each kind, composed from facts as the service composes them."""
    common: dict[str, Any] = {"wording": WORDING, "authors": [ANNA, BERT]}
    limits, quiet = [limit(), search(fap=4e-4)], [limit(), search()]
    timed: dict[str, Any] = {**common, "made_utc": MADE, "cited_circulars": [33813, 33816]}
    first = limit_draft()
    later_limit = replace(limit(), content={**limit().content, "hard_1s_erg_cm2": 2.9e-7, "excess_std_ratio": 1.18})
    own = OwnCircular(number=33820, draft=first, source="notice:abc")
    changes = changed_values(first, limit_draft(later_limit, search()), WORDING)
    facts = {
        DraftKind.SPIACS_UPPER_LIMIT: (WAVE, upper_limit_facts(WAVE, quiet, **timed)),
        DraftKind.UPPER_LIMIT: (WAVE, upper_limit_facts(WAVE, quiet, **timed)),
        DraftKind.MARGINAL_EXCESS: (WAVE, marginal_facts(WAVE, limits, **timed)),
        DraftKind.DETECTION: (
            BURST,
            detection_facts(BURST, [measured_limit(), counterpart_search()], instrument="SPI-ACS", **timed),
        ),
        DraftKind.COINCIDENCE: (WAVE, coincidence_facts(WAVE, [association()], **common)),
        DraftKind.IPN_ANNULUS: (BURST, annulus_facts(BURST, annuli(), **common)),
        DraftKind.IPN_BOX: (BURST, box_facts(BURST, crossing_annuli(), **common)),
        DraftKind.RETRACTION: (
            WAVE,
            retraction_facts(WAVE, [own], retracted_utc=MADE, source="notice:def", **common),
        ),
        DraftKind.CORRECTION: (WAVE, change_facts(DraftKind.CORRECTION, WAVE, own, changes, **common)),
        DraftKind.UPDATE: (
            WAVE,
            change_facts(DraftKind.UPDATE, WAVE, own, changes, cited_circulars=[33813, 33820], **common),
        ),
    }
    return {
        kind: compose(kind, stated, event_id=event.id, is_replay=False, made_utc=MADE, templates=TEMPLATES)
        for kind, (event, stated) in facts.items()
    }
