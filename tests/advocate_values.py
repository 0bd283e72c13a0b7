"""People, rotas, facts and drafts for the tests of advocates."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advocates.drafts import compose
from advocates.facts import annulus_facts, upper_limit_facts
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
    }
    return product(ProductKind.LIMIT, "SPI-ACS", content, window_s=300.0)


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


def annulus_draft() -> Draft:
    facts = annulus_facts(BURST, annuli(), wording=WORDING, authors=[ANNA])
    return compose(DraftKind.IPN_ANNULUS, facts, event_id=BURST.id, is_replay=False, made_utc=MADE, templates=TEMPLATES)
