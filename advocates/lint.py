"""The lint of circulars: everything that can be proven wrong before anybody reads them. Pure.

Rule names are stable: they are printed, stored, and asked for by name. ``blocking`` findings prevent approval.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from advocates.findings import blocking, line_of, warning
from advocates.gcn_subject import predicted_event
from advocates.lint_authors import lint_authors
from advocates.lint_geometry import lint_geometry
from advocates.lint_numbers import lint_numbers
from advocates.lint_physics import lint_physics
from advocates.lint_required import STATED
from advocates.lint_style import lint_body, lint_subject
from advocates.lint_times import lint_times
from tocsin.domain.drafts import Draft, DraftKind, Finding

_REAL_TIME = re.compile(r"\breal[- ]?time\b", re.IGNORECASE)
#: Facts that come from counts by way of the response.
_IS_PHYSICAL = re.compile(r"limit_\w*erg|fluence_|peak_flux_|eiso_|liso_|energy_\w+_erg|luminosity_|response_percent")
#: A limit on fluence or flux with its number, or the statement that nothing was seen.
_LIMIT_STATED = re.compile(
    r"upper[- ]limits?\b[^.;]{0,120}?\d[\d.]*\s*(?:e-?\d+|x\s?10)"
    r"|\b(?:do|did) not (?:detect|see|find) any (?:significant )?(?:gamma-ray )?(?:counterpart|excess|signal|emission)"
    r"|\bno (?:significant )?(?:gamma-ray )?(?:counterpart|excess)\b[^.;]{0,20}"
    r"\b(?:is|was|were|has been) (?:found|detected|seen)",
    re.IGNORECASE,
)
_ARCHIVAL = re.compile(r"\barchiv", re.IGNORECASE)


def lint_draft(draft: Draft, *, newest_utc: datetime | None = None) -> tuple[Finding, ...]:
    """Findings about a draft.

    Parameters
    ----------
    draft
        With its facts and the spans it was composed with.
    newest_utc
        When the newest notice or product of its event was made: a draft older than that is stale.
    """
    found = [
        *lint_subject(draft.subject, is_retraction=draft.kind is DraftKind.RETRACTION),
        *lint_body(draft.body),
        *lint_authors(draft.body),
        *lint_numbers(draft),
        *lint_geometry(draft.body),
        *lint_physics(draft.body),
        *lint_times(draft.subject, draft.body),
        *_event(draft),
        *_facts(draft),
        *_data_words(draft),
        *_response(draft),
        *_plain(draft),
    ]
    if draft.is_replay:
        words = "made from replayed or simulated notices: it cannot be approved for GCN"
        found.append(warning("replay.not-for-gcn", "draft", words))
    if newest_utc is not None and draft.made_utc is not None and draft.made_utc < newest_utc:
        words = f"drafted at {draft.made_utc:%H:%M:%S}, the event changed at {newest_utc:%H:%M:%S} UTC"
        found.append(blocking("stale", "draft", words, "draft it again"))
    return tuple(found)


def lint_text(subject_and_body: str) -> tuple[Finding, ...]:
    """Findings about any circular, for which no facts are known.

    Parameters
    ----------
    subject_and_body
        The subject on the first line (``Subject: ...`` or bare), then the body; or a circular as GCN prints it
        (``TITLE: .. NUMBER: .. SUBJECT: .. DATE: .. FROM: ..``).
    """
    subject, body = split_text(subject_and_body)
    found = [*lint_subject(subject, is_retraction=_is_retraction(body)), *lint_body(body), *lint_authors(body)]
    found += [*lint_geometry(body), *lint_physics(body), *lint_times(subject, body)]
    if (match := _REAL_TIME.search(body)) and _ARCHIVAL.search(body):
        words = "the text calls its data both real-time and archival"
        found.append(warning("realtime.archival", line_of(body, match.start()), words, "say which they are"))
    return tuple(found)


def split_text(text: str) -> tuple[str, str]:
    """Subject and body of a circular in a file."""
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").strip("\n").split("\n")
    headers = {}
    count = 0
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name.strip().upper() not in {"TITLE", "NUMBER", "SUBJECT", "DATE", "FROM"}:
            break
        headers[name.strip().upper()] = value.strip()
        count += 1
    if "SUBJECT" not in headers:
        return lines[0].strip(), "\n".join(lines[1:]).strip("\n")
    return headers["SUBJECT"], "\n".join(lines[count:]).strip("\n")


def _is_retraction(body: str) -> bool:
    return bool(
        re.search(r"\bretract|\bwithdraw|\bfalse trigger|\bnot (?:a )?(?:real|astrophysical)", body, re.IGNORECASE)
    )


def _event(draft: Draft) -> Iterator[Finding]:
    name = draft.facts.get("event_name")
    if name is None:
        return
    for part, text in (("subject", draft.subject), ("body", draft.body)):
        if str(name.value) not in text:
            yield blocking("event.differs", part, f"the event of this draft, {name.value}, is not named", "name it")
    predicted = predicted_event(draft.subject)
    due = draft.facts.get("event_subject")
    if predicted is not None and due is not None and predicted != predicted_event(str(due.value)):
        yield blocking("event.differs", "subject", f"GCN would file it under {predicted}, not under {due.value}")


def _facts(draft: Draft) -> Iterator[Finding]:
    stated = {span.fact for span in draft.spans}
    required, advised = STATED[draft.kind]
    for name in required:
        if name not in draft.facts or name not in stated:
            words = f"a circular of this kind must state {name}"
            yield blocking("fact.missing", name, words, "wait for the product, or write another kind")
    for name in advised:
        if name not in draft.facts:
            yield warning("fact.missing", name, f"{name} is not known and was left out")


def _data_words(draft: Draft) -> Iterator[Finding]:
    is_archival = draft.facts.get("is_archival")
    if is_archival is None or not isinstance(is_archival.value, bool):
        return
    wrong, word = (_REAL_TIME, "archival") if is_archival.value else (_ARCHIVAL, "real-time")
    for part, text in (("subject", draft.subject), ("body", draft.body)):
        for match in wrong.finditer(text):
            place = part if part == "subject" else line_of(text, match.start())
            words = f"the data are {word}, the text says {match[0]!r}"
            yield blocking("realtime.archival", place, words, f"say {word}")


def _response(draft: Draft) -> Iterator[Finding]:
    """A formula fitted to published limits makes no new ones to publish."""
    kind = draft.facts.get("response_kind")
    if kind is None or kind.value != "parametric" or not any(_IS_PHYSICAL.match(span.fact) for span in draft.spans):
        return
    words = "the limits stand on a response fitted to published limits, not on the instrument's own table"
    if draft.is_replay:
        yield warning("response.parametric", "draft", words)
    else:
        remedy = 'put the instrument\'s response by direction into response.toml (kind = "table")'
        yield blocking("response.parametric", "draft", words, remedy)


def _plain(draft: Draft) -> Iterator[Finding]:
    """With an excess above the reporting threshold in the interval no limit is stated as if there were none."""
    is_plain = draft.facts.get("is_plain")
    if is_plain is None or is_plain.value is not False:
        return
    for match in _LIMIT_STATED.finditer(draft.body):
        words = "an excess above the reporting threshold lies in the interval: no limit is stated as if there were none"
        remedy = "report the excess; of a further burst say what would have been more significant than it"
        yield blocking("limit.not-plain", line_of(draft.body, match.start()), words, remedy)
