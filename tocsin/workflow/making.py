"""Making: products under the hash of what they are made from, each in the place of the one before it."""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.domain.products import Product, ProductKind, lineage_id
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context


def make_product(
    context: Context,
    kind: ProductKind,
    *,
    event_id: str,
    subject: str,
    inputs: tuple[str, ...],
    parameters: Mapping[str, Any],
    content: Mapping[str, Any],
    labels: frozenset[str],
    blob: bytes | None = None,
    media: str | None = None,
) -> Product:
    """Product of this moment, under the hash of what it was made from and, where it is restricted, for whom."""
    if labels:
        parameters = {**parameters, "audience": sorted(labels)}
    return Product(
        id=lineage_id(
            kind,
            event_id=event_id,
            subject=subject,
            input_ids=inputs,
            parameters=parameters,
            code_version=context.code_version,
        ),
        kind=kind,
        event_id=event_id,
        subject=subject,
        input_ids=inputs,
        parameters=parameters,
        code_version=context.code_version,
        labels=labels,
        made_utc=context.clock.now(),
        content=content,
        blob=blob,
        blob_type=media,
    )


def replace_product(work: UnitOfWork, product: Product) -> bool:
    """Keep a product in place of the one of the same kind, subject and audience; False where it stood there already.

    What was made for another audience stands beside it, and is not touched.
    """
    standing = [
        one.id
        for one in work.products(product.event_id, product.kind)
        if one.subject == product.subject and one.labels == product.labels
    ]
    for earlier in standing:
        if earlier != product.id:
            work.supersede(earlier, product.id)
    work.add_product(product)
    work.supersede(product.id, None)
    return standing != [product.id]


def cause_of(changed: Sequence[Product]) -> str:
    """Cause of messages that products led to: the last of those that most people may see.

    It is part of keys that are seen in channels: what was made for fewer people changes nothing of it.
    """
    least = min((one.labels for one in changed), key=len)
    return [one for one in changed if one.labels == least][-1].id[:12]
