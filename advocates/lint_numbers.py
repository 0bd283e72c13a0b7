"""Each number of a draft against its fact. Pure.

The numbers of a draft as composed are known in their order (its spans), so the numbers of the text as it stands can
be lined up with them whatever was edited around: one that differs, is new, or has gone is found. A number may be
printed with more digits than were composed, if these are the digits of its fact. Where a unit stands behind it, it is
the one of its fact.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from advocates.findings import blocking, line_of, shown
from advocates.numbers import NumberToken, number_tokens, rounds_to
from advocates.units import unit_behind, unit_of
from tocsin.domain.drafts import Draft, Fact, Finding, SlotSpan

_RESTORE = "restore the number, or correct the product it is from"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """A number as composed, and the fact it stands for."""

    text: str
    span: SlotSpan


def lint_numbers(draft: Draft) -> list[Finding]:
    """Findings ``number.differs``, ``number.unbound``, ``number.gone`` and ``unit.differs`` of subject and body."""
    found: list[Finding] = []
    for part, text in (("subject", draft.subject), ("body", draft.body)):
        expected = [
            _Expected(text=token.text, span=span)
            for span in sorted((s for s in draft.spans if s.part == part), key=lambda s: s.start)
            for token in number_tokens(span.text)
        ]
        found += _compared(draft, part, text, expected)
        found += [
            _stale(span, draft.facts.get(span.fact))
            for span in draft.spans
            if span.part == part and _is_stale(span, draft)
        ]
    return found


def _compared(draft: Draft, part: str, text: str, expected: list[_Expected]) -> Iterator[Finding]:
    actual = number_tokens(text)
    matcher = difflib.SequenceMatcher(
        None, [item.text for item in expected], [token.text for token in actual], autojunk=False
    )
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        pairs = min(i2 - i1, j2 - j1)
        for item, token in zip(expected[i1 : i1 + pairs], actual[j1 : j1 + pairs], strict=True):
            fact = draft.facts.get(item.span.fact)
            if kind != "equal" and not _same_number(item, token, fact):
                yield _differs(item, token, part, text)
            elif fact is not None and not isinstance(fact.value, str):
                yield from _unit(fact, token, part, text)
        yield from (_unbound(token, part, text) for token in actual[j1 + pairs : j2])
        yield from (_gone(item, part) for item in expected[i1 + pairs : i2])


def _same_number(item: _Expected, token: NumberToken, fact: Fact | None) -> bool:
    if fact is None or isinstance(fact.value, (str, bool)):
        return False
    is_negated = item.text.startswith("-") and fact.value > 0
    return rounds_to(-fact.value if is_negated else fact.value, token.text, at_least_as_fine_as=item.text)


def _is_stale(span: SlotSpan, draft: Draft) -> bool:
    """Whether the number of a span is not that of its fact any more: the fact was remade."""
    fact = draft.facts.get(span.fact)
    if fact is None or isinstance(fact.value, bool):
        return fact is None
    if isinstance(fact.value, str):
        return span.text != fact.value
    value = -abs(fact.value) if span.text.startswith("-") else fact.value
    return not rounds_to(value, span.text, at_least_as_fine_as=span.text)


def _stale(span: SlotSpan, fact: Fact | None) -> Finding:
    now = "has no fact" if fact is None else f"its fact {span.fact} is now {fact.value}"
    return blocking("number.differs", span.fact, f"the draft says {span.text}: {now}", "draft it again")


def _differs(item: _Expected, token: NumberToken, part: str, text: str) -> Finding:
    words = f"{token.text} should be {item.text} ({item.span.fact}): ...{shown(text, token.start, token.stop)}..."
    return blocking("number.differs", _place(part, text, token.start), words, _RESTORE)


def _unit(fact: Fact, token: NumberToken, part: str, text: str) -> Iterator[Finding]:
    due, written = unit_of(fact.name), unit_behind(text, token.stop)
    if due is not None and written is not None and due != written:
        words = f"{fact.name} is printed in another unit: ...{shown(text, token.start, token.stop)}..."
        yield blocking("unit.differs", _place(part, text, token.start), words, "restore the unit")


def _unbound(token: NumberToken, part: str, text: str) -> Finding:
    words = f"{token.text} is bound to no fact: ...{shown(text, token.start, token.stop)}..."
    return blocking("number.unbound", _place(part, text, token.start), words, "take it out, or add the fact it is from")


def _gone(item: _Expected, part: str) -> Finding:
    return blocking("number.gone", part, f"{item.text} ({item.span.fact}) is not stated any more", _RESTORE)


def _place(part: str, text: str, position: int) -> str:
    return part if part == "subject" else line_of(text, position)
