"""Circular templates: text with slots for facts. Pure.

A template file (``config/circulars/<kind>.txt``) begins with ``subject: ...`` and a line ``---``; the rest is the body.
Lines of a paragraph are joined (GCN asks not to wrap by hand); a line that begins with a blank or with ``[1]`` stands
alone.

========================================  ===================================================================
``{name}``                                a text fact as it is
``{name|.1e}`` ``{name|+.3f}``            a number: digits as in Python; ``+`` prints the sign, ``-`` a minus before it
``[[?name]] .. [[else]] .. [[end]]``      the first part where the fact exists and is not false, else the second
``[[each name]] .. [[end]]``              once for each of ``name_1...``, ``name_2...``; ``#`` in slots is the number
========================================  ===================================================================
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tocsin.domain.drafts import DraftKind, Fact, SlotSpan
from tocsin.domain.errors import ConfigurationError

_TOKEN = re.compile(r"\[\[(\?|each )(\w+)\]\]|\[\[(else|end)\]\]|\{([\w#]+)(?:\|([^}]*))?\}")
_FORMAT = re.compile(r"([+-]?)(\.\d[eEfg])")
_ALONE = re.compile(r"\s|\[\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place for a fact."""

    name: str
    format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Parts of which one is printed, or (`is_each`) a part printed once for every numbered fact."""

    name: str
    then: tuple["Part", ...]
    otherwise: tuple["Part", ...] = ()
    is_each: bool = False


Part = str | Slot | Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A parsed template."""

    file: str
    subject: tuple[Part, ...]
    body: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """All templates, by kind of circular."""

    by_kind: Mapping[DraftKind, Template]

    @classmethod
    def from_texts(cls, texts: Mapping[str, str], folder: str = "config/circulars") -> "Templates":
        """Templates of files ``<kind>.txt``; other files are left alone.

        Parameters
        ----------
        texts
            File name to content.
        folder
            Named in errors.

        Raises
        ------
        ConfigurationError
            A template is missing or malformed.
        """
        made = {}
        for kind in DraftKind:
            name = f"{kind.value}.txt"
            if name not in texts:
                raise ConfigurationError("no such template", file=folder, key=name)
            made[kind] = parse_template(texts[name], file=f"{folder}/{name}")
        return cls(by_kind=made)


@dataclass(slots=True)
class Rendering:
    """Text under construction, with the places of its facts."""

    part: str
    facts: Mapping[str, Fact]
    text: str = ""
    spans: list[SlotSpan] = field(default_factory=list)

    def write(self, literal: str) -> None:
        """Append template text; blanks and empty lines left over by omitted parts are dropped."""
        if literal.startswith("\n"):
            self.text = self.text.rstrip(" ")
        if self.text.endswith((" ", "\n")):
            literal = literal.lstrip(" ")
        if self.text.endswith("\n\n"):
            literal = literal.lstrip("\n")
        self.text += literal

    def fill(self, slot: Slot, number: int | None) -> None:
        """Append a fact, or the slot itself, in braces, where the fact is missing."""
        name = slot.name.replace("#", str(number))
        fact = self.facts.get(name)
        words = f"{{{name}}}" if fact is None else formatted(fact, slot.format)
        start = len(self.text)
        self.text += words
        if fact is not None:
            self.spans.append(SlotSpan(fact=name, part=self.part, start=start, stop=len(self.text), text=words))


def rendered(parts: tuple[Part, ...], facts: Mapping[str, Fact], part: str) -> tuple[str, tuple[SlotSpan, ...]]:
    """Text of a subject or body, and where its facts stand."""
    rendering = Rendering(part=part, facts=facts)
    _render(parts, rendering, None)
    return rendering.text.rstrip(), tuple(rendering.spans)


def formatted(fact: Fact, form: str) -> str:
    """Fact as printed by a slot of that format.

    Raises
    ------
    ConfigurationError
        A number without a format, or a format for a text.
    """
    value = fact.value
    if isinstance(value, str) and not form:
        return value
    found = _FORMAT.fullmatch(form)
    if found is None or isinstance(value, (str, bool)):
        raise ConfigurationError(f"format {form!r} does not suit {value!r}", file="config/circulars", key=fact.name)
    sign, digits = found.groups()
    text = format(-abs(value) if sign == "-" else value, ("+" if sign == "+" else "") + digits)
    return text if float(text) != 0 or sign else text.removeprefix("-")


def parse_template(text: str, *, file: str) -> Template:
    """Template of a file's text.

    Raises
    ------
    ConfigurationError
        No subject, an unknown format, a part that is not closed.
    """
    head, separator, body = text.partition("\n---\n")
    subject = head.strip().removeprefix("subject:").strip()
    if not separator or not head.strip().startswith("subject:") or "\n" in subject:
        raise ConfigurationError("begins with 'subject: ...' and a line '---'", file=file, key="subject")
    return Template(file=file, subject=_parsed(subject, file), body=_parsed(_unwrapped(body.strip("\n")), file))


def _render(parts: tuple[Part, ...], rendering: Rendering, number: int | None) -> None:
    for part in parts:
        match part:
            case str():
                rendering.write(part)
            case Slot():
                rendering.fill(part, number)
            case Choice(is_each=True):
                for index in numbered(part.name, rendering.facts):
                    _render(part.then, rendering, index)
            case Choice():
                fact = rendering.facts.get(part.name)
                holds = fact is not None and fact.value is not False
                _render(part.then if holds else part.otherwise, rendering, number)


def numbered(name: str, facts: Mapping[str, Fact]) -> range:
    """Numbers 1 to n for which facts ``name_<number>_...`` exist without a hole."""
    count = 0
    while any(key.startswith(f"{name}_{count + 1}_") for key in facts):
        count += 1
    return range(1, count + 1)


def _unwrapped(body: str) -> str:
    joined: list[str] = []
    for line in body.split("\n"):
        is_continued = bool(joined and joined[-1] and line) and not _ALONE.match(line) and not _ALONE.match(joined[-1])
        if is_continued:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line.rstrip())
    return "\n".join(joined)


def _parsed(text: str, file: str) -> tuple[Part, ...]:
    tokens = _tokens(text, file)
    parts, ending = _block(tokens, file)
    if ending is not None:
        raise ConfigurationError(f"[[{ending}]] closes nothing", file=file, key="template")
    return parts


def _block(tokens: Iterator[Part | re.Match[str]], file: str) -> tuple[tuple[Part, ...], str | None]:
    """Parts up to ``[[else]]``, ``[[end]]`` or the end of the text, and which of these it was."""
    parts: list[Part] = []
    for token in tokens:
        if not isinstance(token, re.Match):
            parts.append(token)
        elif token[3]:
            return tuple(parts), token[3]
        else:
            parts.append(_choice(token, tokens, file))
    return tuple(parts), None


def _choice(opening: re.Match[str], tokens: Iterator[Part | re.Match[str]], file: str) -> Choice:
    then, ending = _block(tokens, file)
    otherwise: tuple[Part, ...] = ()
    if ending == "else":
        otherwise, ending = _block(tokens, file)
    if ending != "end":
        raise ConfigurationError(f"{opening[0]} is not closed by [[end]]", file=file, key=opening[2])
    return Choice(name=opening[2], then=then, otherwise=otherwise, is_each=opening[1] != "?")


def _tokens(text: str, file: str) -> Iterator[Part | re.Match[str]]:
    position = 0
    for found in _TOKEN.finditer(text):
        if literal := text[position : found.start()]:
            yield literal
        position = found.end()
        if not found[4]:
            yield found
            continue
        form = found[5] or ""
        if form and not _FORMAT.fullmatch(form):
            raise ConfigurationError(f"{form!r} is no format (e.g. .1e, +.3f)", file=file, key=found[4])
        yield Slot(name=found[4], format=form)
    if rest := text[position:]:
        yield rest
