"""Subject rules of GCN and the style of circulars, for any text, with facts or without. Pure."""

import re
from collections.abc import Iterator

from advocates.findings import blocking, line_of, shown, warning
from advocates.gcn_subject import RETRACTION_WORDS, auto_reply_phrases, is_known, predicted_event
from tocsin.domain.drafts import Finding

MAX_LINES = 60
_PLACEHOLDER = re.compile(r"\bT\.?B\.?[DCA]\b|\bX{3,}\b|\*\*+|\?{3,}|<[A-Z_ ]{3,}>|\bADD EXPLANATION\b|\bLOREM IPSUM\b")
_SLOT = re.compile(r"\{[\w#]*(?:\|[^}\n]*)?\}|\[\[[^\]\n]*\]\]")
_LATEX = re.compile(r"\\(?:[a-zA-Z]{2,}|[{}^_])|\$[^$\n]+\$|\^\{|_\{")
_COUNTS = re.compile(r"\b(?:counts?|cts)\b(?!\s*(?:-to-|to fluence))", re.IGNORECASE)
_PHYSICAL = re.compile(r"\berg|\bphotons?\b|\bph[/ ]|\bCrab\b|\bkeV\b", re.IGNORECASE)
_CHANCE = re.compile(r"\bFAP\b|\bfalse[- ]alarm prob|\bchance (?:coincidence )?prob|\bp-value\b", re.IGNORECASE)
_RELATIVE_TIME = re.compile(r"\bT ?- ?T_?0\b|\bT_?0 ?[+-] ?\d", re.IGNORECASE)
_TIME_PLACE = re.compile(
    r"\bgeocent|\btriggered\b|\bspacecraft time|\bat (?:the )?(?:Earth|spacecraft|satellite|craft)|"
    r"\bat (?:Konus|Wind|Fermi|INTEGRAL)"
)
_UNIT_STYLES = (re.compile(r"erg ?/ ?(?:s ?/ ?)?cm"), re.compile(r"erg cm(?:\^|\*\*)?-2|erg s(?:\^|\*\*)?-1"))


def lint_subject(subject: str, *, is_retraction: bool = False) -> Iterator[Finding]:
    """Findings about a subject."""
    if not subject.strip():
        yield blocking("subject.no-keyword-or-event", "subject", "there is no subject", "begin with the event's name")
        return
    for phrase in auto_reply_phrases(subject):
        words = f"GCN refuses subjects that contain {phrase!r}: taken for an automatic reply"
        yield blocking("subject.auto-reply", "subject", words, "say it in other words")
    if not is_known(subject):
        words = "the subject holds no word GCN knows and names no event: it would be refused"
        yield blocking("subject.no-keyword-or-event", "subject", words, "name the event or the mission")
    elif predicted_event(subject) is None:
        words = "GCN would file the circular under no event"
        yield warning("subject.no-event", "subject", words, "begin with the event's name as GCN knows it")
    found = RETRACTION_WORDS.search(subject)
    if found and not is_retraction:
        words = f"GCN would file the circular under Retraction because of {found[0]!r}"
        yield warning("subject.retraction-word", "subject", words, "say it in other words")
    yield from _characters(subject, "subject")


def lint_body(body: str) -> Iterator[Finding]:
    """Findings about a body: placeholders, characters, length, units, what numbers must be said with."""
    if not body.strip():
        yield blocking("body.empty", "body", "there is no body")
        return
    for rule, pattern, words in (
        ("slot.unfilled", _SLOT, "a slot is not filled"),
        ("placeholder", _PLACEHOLDER, "a placeholder is left"),
    ):
        for found in pattern.finditer(body):
            place = line_of(body, found.start())
            yield blocking(rule, place, f"{words}: {found[0]}", "fill it, or take the sentence out")
    lines = len(body.rstrip().split("\n"))
    if lines > MAX_LINES:
        yield warning("length", "body", f"{lines} lines; GCN asks for fewer than {MAX_LINES}", "shorten it")
    for number, line in enumerate(body.split("\n"), start=1):
        yield from _characters(line, f"body:{number}")
    yield from _units(body)
    yield from _said_with(body)


def _characters(line: str, place: str) -> Iterator[Finding]:
    if "\t" in line:
        yield warning("tab", place, "a tab: columns fall apart in mail", "use blanks")
    if odd := sorted({character for character in line if not character.isascii()}):
        words = f"not ASCII: {' '.join(odd[:8])}"
        yield warning("non-ascii", place, words, "write +/-, deg, u, names without accents")
    if found := _LATEX.search(line):
        yield warning("latex", place, f"LaTeX is not typeset: {found[0]}", "write 1.2x10^-11 or 1.2e-11")


def _units(body: str) -> Iterator[Finding]:
    found = _COUNTS.search(body)
    if found and not _PHYSICAL.search(body):
        words = f"counts without physical units: {shown(body, found.start(), found.end())}"
        yield warning("counts-without-units", line_of(body, found.start()), words, "state flux or fluence and the band")
    if all(pattern.search(body) for pattern in _UNIT_STYLES):
        yield warning("unit-styles", "body", "erg/cm^2 and erg cm^-2 are mixed", "choose one")


def _said_with(body: str) -> Iterator[Finding]:
    found = _CHANCE.search(body)
    if found and not re.search(r"\btrials?\b|\blocal\b", body, re.IGNORECASE):
        words = f"a chance probability without its trials: {shown(body, found.start(), found.end())}"
        yield warning("fap-trials", line_of(body, found.start()), words, "say local, or with how many trials")
    found = _RELATIVE_TIME.search(body)
    if found and not _TIME_PLACE.search(body):
        words = f"a time relative to T0 without its place: {shown(body, found.start(), found.end())}"
        yield warning("time.place", line_of(body, found.start()), words, 'say "at <craft>" or "geocentric"')
