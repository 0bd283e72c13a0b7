"""Circular drafts: facts first, then the text made from them. Pure; Tocsin never submits one."""

import difflib
import itertools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from advocates.lint import lint_draft
from advocates.numbers import number_tokens
from advocates.templates import Templates, rendered
from tocsin.domain.drafts import Draft, DraftKind, Fact, SlotSpan

#: Pairs of words that are compared at most; a circular of sixty lines has under two thousand words and gaps.
_MOST_PAIRS = 2_000_000
_MOST_EQUAL_PAIRS = 400_000
_WORDS = re.compile(r"\w+|\W")
#: For reading, a number or a run of white space is one word: "4.16e-07", not six pieces of it.
_READ_WORDS = re.compile(r"[\w.+-]*\w|\s+|\W")


class Change(StrEnum):
    """What became of a passage."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of text, and what became of it from one version to the next."""

    change: Change
    text: str


def compose(
    kind: DraftKind,
    facts: Mapping[str, Fact],
    *,
    event_id: str,
    is_replay: bool,
    made_utc: datetime,
    templates: Templates,
    revision: int = 1,
) -> Draft:
    """Draft of a circular, with the places of all its facts and the findings of the lint.

    Every number of the text is bound: to the fact in its slot, or to the template it stands in (a fact
    ``constant_<n>``). A missing fact leaves its slot in braces, which the lint finds.

    Parameters
    ----------
    kind
        Which circular.
    facts
        By name.
    event_id
        Event it is about.
    is_replay
        Made from replayed or simulated notices.
    made_utc
        Time now.
    templates
        Of all kinds.
    revision
        Of this draft of the event.
    """
    template = templates.by_kind[kind]
    known = dict(facts)
    spans: list[SlotSpan] = []
    text = {}
    for part, parts in (("subject", template.subject), ("body", template.body)):
        text[part], filled = rendered(parts, facts, part)
        constants = _constants(text[part], filled, part, first=len(known) - len(facts) + 1)
        known |= {span.fact: _constant(span, template.file) for span in constants}
        spans += sorted((*filled, *constants), key=lambda span: span.start)
    draft = Draft(
        event_id=event_id,
        kind=kind,
        subject=text["subject"],
        body=text["body"],
        facts=known,
        spans=tuple(spans),
        revision=revision,
        made_utc=made_utc,
        is_replay=is_replay,
    )
    return replace(draft, findings=lint_draft(draft))


def edited(draft: Draft, *, subject: str, body: str, author: str, made_utc: datetime) -> Draft:
    """Next revision of a draft as a human has changed it; the lint compares it with what was composed.

    Parameters
    ----------
    draft
        As it was.
    subject, body
        As they are now.
    author
        Person id.
    made_utc
        Time now.
    """
    moved = [
        *_moved(draft.spans, "subject", draft.subject, subject),
        *_moved(draft.spans, "body", draft.body, body),
    ]
    changed = replace(
        draft,
        subject=subject,
        body=body,
        spans=tuple(moved),
        revision=draft.revision + 1,
        author=author,
        made_utc=made_utc,
    )
    return replace(changed, findings=lint_draft(changed))


def differences(old: Draft, new: Draft) -> tuple[Passage, ...]:
    """What was changed from one text to another, word by word, in the order of reading; subject first.

    Parameters
    ----------
    old, new
        Two versions of a draft. All passages but the added ones make up the old text, all but the removed the new one.
    """
    before, after = (_READ_WORDS.findall(f"{one.subject}\n\n{one.body}") for one in (old, new))
    found: list[Passage] = []
    for tag, i1, i2, j1, j2 in _opcodes(before, after):
        if tag == "equal":
            found.append(Passage(change=Change.SAME, text="".join(before[i1:i2])))
            continue
        parts = ((Change.REMOVED, "".join(before[i1:i2])), (Change.ADDED, "".join(after[j1:j2])))
        found += [Passage(change=change, text=text) for change, text in parts if text]
    return tuple(found)


def _constants(text: str, filled: tuple[SlotSpan, ...], part: str, *, first: int) -> list[SlotSpan]:
    free = [
        token
        for token in number_tokens(text)
        if not any(span.start < token.stop and token.start < span.stop for span in filled)
    ]
    return [
        SlotSpan(fact=f"constant_{number}", part=part, start=token.start, stop=token.stop, text=token.text)
        for number, token in enumerate(free, start=first)
    ]


def _constant(span: SlotSpan, file: str) -> Fact:
    return Fact(name=span.fact, value=span.text, product_id=f"config:{file.removeprefix('config/')}")


def _moved(spans: tuple[SlotSpan, ...], part: str, old: str, new: str) -> list[SlotSpan]:
    """Spans of one part at their places in the new text, with the words they were composed with."""
    if old == new:
        return [span for span in spans if span.part == part]
    place = _places(old, new)
    return [replace(span, start=place[span.start], stop=place[span.stop]) for span in spans if span.part == part]


def _places(old: str, new: str) -> list[int]:
    """For each position of the old text (its end too), the position in the new one."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    starts_before, starts_after = _starts(before), _starts(after)
    place = [0] * (len(old) + 1)
    for _, i1, i2, j1, j2 in _opcodes(before, after):
        first, last = starts_before[i1], starts_before[i2]
        target, limit = starts_after[j1], starts_after[j2]
        for position in range(first, last + 1):
            place[position] = min(target + position - first, limit)
    return place


def _opcodes(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """What became of which words, as difflib says it; what is too long to be matched word by word is replaced whole.

    Matching takes more than the product of the lengths: a pasted book must not hold up the service. What both texts
    begin and end with is set aside first, so a small change to a long text is still found word by word.
    """
    shorter = min(len(before), len(after))
    head = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    most = shorter - head
    tail = next((n for n in range(most) if before[-1 - n] != after[-1 - n]), most)
    ends = len(before) - tail, len(after) - tail
    middle = before[head : ends[0]], after[head : ends[1]]
    if len(middle[0]) * len(middle[1]) > _MOST_PAIRS:
        found = [("replace", 0, len(middle[0]), 0, len(middle[1]))]
    else:
        counts = Counter(middle[0]), Counter(middle[1])
        # One word over and over would be tried at every place against every place.
        is_monotonous = sum(count * counts[1][word] for word, count in counts[0].items()) > _MOST_EQUAL_PAIRS
        found = list(difflib.SequenceMatcher(None, *middle, autojunk=is_monotonous).get_opcodes())
    moved = [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in found]
    begins = [("equal", 0, head, 0, head)] if head else []
    return [*begins, *moved, *([("equal", ends[0], len(before), ends[1], len(after))] if tail else [])]


def _starts(words: list[str]) -> list[int]:
    return [0, *itertools.accumulate(len(word) for word in words)]
