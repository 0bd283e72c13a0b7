"""Fact sheets under construction, and what every circular states: event, time, authors. Pure; nothing is guessed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.domain.drafts import Fact
from tocsin.domain.events import Event, EventKind
from tocsin.domain.people import Person
from tocsin.domain.products import Product, ProductKind

_PEOPLE = "config:people.toml"


@dataclass(slots=True)
class Sheet:
    """A fact sheet under construction."""

    facts: dict[str, Fact] = field(default_factory=dict)

    def add(self, name: str, value: object, product_id: str) -> None:
        """Add a fact, unless its value is missing or no finite number."""
        if isinstance(value, (bool, str)) or (isinstance(value, (int, float)) and math.isfinite(value)):
            self.facts[name] = Fact(name=name, value=value, product_id=product_id)

    def number(self, name: str) -> float | None:
        """Number of a fact that is there, None otherwise."""
        fact = self.facts.get(name)
        return None if fact is None or isinstance(fact.value, (str, bool)) else float(fact.value)


def state_event(sheet: Sheet, event: Event, source: str, cited: Sequence[int]) -> None:
    """State the event, its name for the subject, its time, and earlier circulars on it."""
    sheet.add("event_name", event.name, source)
    is_wave = event.kind is EventKind.GRAVITATIONAL_WAVE
    sheet.add("event_subject", f"LIGO/Virgo/KAGRA {event.name}" if is_wave else event.name, source)
    if event.t0_utc is not None:
        sheet.add("t0_utc", f"{event.t0_utc:%Y-%m-%d %H:%M:%S}", source)  # whole seconds, cut off as circulars do
    if cited:
        sheet.add("cited_circulars", "GCN " + enumerated([str(number) for number in cited]), source)


def state_people(sheet: Sheet, authors: Sequence[Person], team: str) -> None:
    """State who signs, and on whose behalf."""
    named = [f"{person.name} ({person.affiliation})" if person.affiliation else person.name for person in authors]
    if named:
        sheet.add("authors", ", ".join(named), _PEOPLE)
        sheet.add("verb", "reports" if len(named) == 1 else "report", _PEOPLE)
    sheet.add("team", team, "config:circulars/wording.toml")


def hms(ra_deg: float) -> str:
    """Right ascension in hours, minutes and seconds: ``07h 39m 23s``."""
    seconds = round(ra_deg % 360 * 240) % 86_400
    return f"{seconds // 3600:02d}h {seconds // 60 % 60:02d}m {seconds % 60:02d}s"


def dms(dec_deg: float) -> str:
    """Declination in degrees, minutes and seconds: ``+23d 49' 34"``."""
    seconds = round(abs(dec_deg) * 3600)
    return f"{'-' if dec_deg < 0 else '+'}{seconds // 3600:02d}d {seconds // 60 % 60:02d}' {seconds % 60:02d}\""


def content_of(product: Product, key: str) -> Mapping[str, Any]:
    """Content of a product, or the table of that name within it."""
    inner = product.content.get(key)
    return inner if isinstance(inner, Mapping) else product.content


def last_of(products: Sequence[Product], kind: ProductKind, subject: str | None) -> Product | None:
    """Product of that kind made last, of that subject where there is one."""
    found = [product for product in products if product.kind is kind and product.is_answer]
    exact = [product for product in found if subject is None or product.subject == subject]
    return max(exact, key=lambda product: product.made_utc, default=None)


def enumerated(items: Sequence[str]) -> str:
    """Items in words: ``a``, ``a and b``, ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
