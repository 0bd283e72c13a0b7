"""Fact sheets of what follows an earlier circular of ours: retraction, correction, update. Pure; nothing is guessed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from advocates.sheet import Sheet, enumerated, state_event, state_people
from advocates.wording import Wording
from tocsin.domain.drafts import Draft, DraftKind, Fact
from tocsin.domain.events import Event
from tocsin.domain.people import Person

#: Values of one report that are compared with those of another: numbers that a reader would use.
MOST_CHANGES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCircular:
    """A circular of ours that GCN has published.

    Parameters
    ----------
    number
        GCN's.
    draft
        The text that was approved, with its facts.
    source
        The notice that told of it: ``notice:<sha256>``.
    """

    number: int
    draft: Draft
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A value that a later report states differently: as printed then and now."""

    fact: str
    old: str
    new: str
    product_id: str


def retraction_facts(
    event: Event,
    own: Sequence[OwnCircular],
    *,
    wording: Wording,
    authors: Sequence[Person],
    retracted_utc: datetime | None,
    source: str,
) -> Mapping[str, Fact]:
    """Facts of a retraction: what is withdrawn, since when and why.

    Parameters
    ----------
    event, wording, authors
        As for `advocates.facts.upper_limit_facts`.
    own
        Our circulars on it.
    retracted_utc
        When its sender withdrew the event; None where nobody did.
    source
        The notice that did.
    """
    sheet = Sheet()
    state_event(sheet, event, f"event:{event.id}", ())
    state_people(sheet, authors, _team(own, wording))
    if own:
        sheet.add("withdrawn_circulars", _numbers(own), own[0].source)
    if retracted_utc is not None:
        sheet.add("retracted_utc", f"{retracted_utc:%Y-%m-%d %H:%M:%S}", source)
    words = f"The event was withdrawn by those who announced it: {event.name} is no astrophysical event."
    sheet.add("retraction_reason", words if retracted_utc is not None else None, source)
    return sheet.facts


def change_facts(
    kind: DraftKind,
    event: Event,
    own: OwnCircular,
    changes: Sequence[Changed],
    *,
    wording: Wording,
    authors: Sequence[Person],
    cited_circulars: Sequence[int] = (),
) -> Mapping[str, Fact]:
    """Facts of a correction or an update: the earlier circular, and its values then and now.

    Parameters
    ----------
    kind
        Correction (the values were wrong) or update (better ones replace them).
    event, wording, authors, cited_circulars
        As for `advocates.facts.upper_limit_facts`.
    own
        The circular.
    changes
        See `changed_values`.
    """
    sheet = Sheet()
    others = [number for number in cited_circulars if number != own.number]
    state_event(sheet, event, f"event:{event.id}", others if kind is DraftKind.UPDATE else ())
    state_people(sheet, authors, _team([own], wording))
    name = "corrected_circular" if kind is DraftKind.CORRECTION else "earlier_circulars"
    sheet.add(name, _numbers([own]), own.source)
    instrument = own.draft.facts.get("instrument")
    words = f"{instrument.value} data" if instrument else "the IPN triangulation"
    sheet.add("instrument_word", words, wording.source)
    for number, change in enumerate(changes[:MOST_CHANGES], start=1):
        sheet.add(f"change_{number}_words", _capital(wording.facts[change.fact]), wording.source)
        sheet.add(f"change_{number}_old", change.old, own.source)
        sheet.add(f"change_{number}_new", change.new, change.product_id)
    return sheet.facts


def changed_values(old: Draft, new: Draft, wording: Wording) -> list[Changed]:
    """Values that both drafts print and print differently, in the order of the new one."""
    before = {span.fact: span.text for span in old.spans if span.part == "body"}
    found: dict[str, Changed] = {}
    for span in new.spans:
        fact = new.facts.get(span.fact)
        was = before.get(span.fact)
        if fact is None or was is None or span.fact not in wording.facts or was == span.text:
            continue
        found.setdefault(span.fact, Changed(fact=span.fact, old=was, new=span.text, product_id=fact.product_id))
    return list(found.values())


def _team(own: Iterable[OwnCircular], wording: Wording) -> str:
    """The team of the circular that is answered."""
    for one in own:
        if (team := one.draft.facts.get("team")) is not None:
            return str(team.value)
    return wording.coincidence_team


def _numbers(own: Sequence[OwnCircular]) -> str:
    return "GCN " + enumerated([str(number) for number in sorted({one.number for one in own})])


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
