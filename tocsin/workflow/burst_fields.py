"""What a card says of bursts, one line each: of the one that was seen, and whether others would have been."""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.domain.products import Product, ProductKind


def burst_fields(products: Sequence[Product]) -> dict[str, str]:
    """Fields of a card: the burst in the instrument that saw it best, the bursts tried on the data of the limit."""
    answers = [one for one in products if one.is_answer]
    seen = [
        (float(one.content["counterpart"]["snr"]), one.subject, found)
        for one in answers
        if one.kind is ProductKind.SEARCH and isinstance(found := one.content.get("properties"), Mapping)
    ]
    limits = [one for one in answers if one.kind is ProductKind.LIMIT and one.content.get("trial_bursts")]
    fields = {}
    if seen:
        _, name, found = max(seen, key=lambda one: one[0])
        fields["Burst"] = f"{name}: {_seen_words(found)}"
    if limits:
        tried = "; ".join(_tried_words(one) for one in limits[-1].content["trial_bursts"])
        fields["Would be seen"] = f"{limits[-1].subject}: {tried}"
    return fields


def _seen_words(found: Mapping[str, Any]) -> str:
    t90, net, long = found["t90_s"], found["net_counts"], found.get("probability_long")
    at_least = "at least " if found["is_saturated"] else ""
    words = f"T90 {at_least}{t90['value']:.2f} s ({t90['low']:.2f} to {t90['high']:.2f}), {net['value']:.0f} counts"
    if long is None:
        return words
    name, share = ("long", long["value"]) if long["value"] >= 0.5 else ("short", 1 - long["value"])
    return f"{words}, {name} {min(share, 0.99):.0%} by T90"


def _tried_words(one: Mapping[str, Any]) -> str:
    over = one.get("probability_over_90_region")
    words = f"{one['name']} {one['probability']:.0%}"
    return words if over is None else f"{words} ({over['low']:.0%} to {over['high']:.0%} over the 90 % region)"
