"""Products: everything computed, stored under the hash of what it was made from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ProductKind(StrEnum):
    """What a product is."""

    LIGHT_CURVE = "light_curve"
    SEARCH = "search"
    LIMIT = "limit"
    DELAY = "delay"
    ANNULUS = "annulus"
    SKYMAP = "skymap"
    ASSOCIATION = "association"
    EARTH_CROSSING = "earth_crossing"
    JOINT_SKYMAP = "joint_skymap"
    IDENTITY = "identity"
    DRAFT = "draft"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A computed result with its lineage.

    Parameters
    ----------
    id
        Hash of kind, inputs, parameters and code version, see `lineage_id`: asked twice, computed once.
    kind
        See `ProductKind`.
    event_id
        Event it belongs to.
    subject
        What it is of, for people: ``SPI-ACS``, ``Konus-Wind - Fermi-GBM``.
    input_ids
        Product ids and ``notice:<sha256>`` it was made from.
    parameters
        JSON-able parameters.
    code_version
        Version of Tocsin that made it.
    labels
        Union of the inputs' labels: what was made from an embargoed stream is embargoed.
    made_utc
        When.
    content
        JSON-able result; where there is no honest answer, ``{"error": ..., "remedy": ...}``.
    blob, blob_type
        File content (FITS, Parquet, ...) and its media type.
    superseded_by
        Id of the product that replaced it, or ``"retracted"``.
    """

    id: str
    kind: ProductKind
    event_id: str
    subject: str
    input_ids: tuple[str, ...]
    parameters: Mapping[str, Any]
    code_version: str
    labels: frozenset[str]
    made_utc: datetime
    content: Mapping[str, Any]
    blob: bytes | None = field(default=None, repr=False)
    blob_type: str | None = None
    superseded_by: str | None = None

    @property
    def is_answer(self) -> bool:
        """False where the product states why there is no honest answer."""
        return "error" not in self.content


def lineage_id(
    kind: ProductKind,
    *,
    event_id: str,
    subject: str,
    input_ids: Iterable[str],
    parameters: Mapping[str, Any],
    code_version: str,
) -> str:
    """Identifier of a product: SHA-256 over everything it is made from, 32 hex digits."""
    text = json.dumps(
        [kind.value, event_id, subject, sorted(input_ids), parameters, code_version],
        sort_keys=True,
        default=str,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def may_see(labels: Iterable[str], clearance: Iterable[str]) -> bool:
    """Whether someone with `clearance` may see what carries `labels`: each label must be cleared."""
    return frozenset(labels) <= frozenset(clearance)


def best_variants(products: Iterable[Product]) -> list[Product]:
    """Of products made of one thing for several audiences, the one that was made knowing most; order kept.

    A product with restricted lineage stands beside the public one of the same kind and subject. Whoever may see both
    is shown the restricted one.
    """
    found = list(products)
    labels: dict[tuple[ProductKind, str], set[frozenset[str]]] = {}
    for one in found:
        labels.setdefault((one.kind, one.subject), set()).add(one.labels)
    return [one for one in found if not any(one.labels < wider for wider in labels[one.kind, one.subject])]
