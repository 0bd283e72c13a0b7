"""The author lines of a circular: who reports, and from where. Pure."""

import re
from collections.abc import Iterator

from advocates.findings import warning
from tocsin.domain.drafts import Finding

_REPORT = re.compile(r"\b(?:reports?|on behalf of|communicates?)\b", re.IGNORECASE)
_TEAM = re.compile(r"\bon behalf\s+of\b", re.IGNORECASE)
#: Initials and a family name, or a given and a family name: "V. Savchenko", "T. J.-L. Courvoisier", "Maeve Doyle".
_NAME = re.compile(r"(?:[A-Z]\.[ -]?(?:-?[A-Z]\.[ -]?)*|[A-Z][a-z]+ )(?:(?:van|von|de|der|di|la|le) )*[A-Z][\w'`-]+")


def lint_authors(body: str) -> Iterator[Finding]:
    """Findings about the authors: one after whom neither an affiliation nor a team follows."""
    opening = author_paragraph(body)
    names = list(_NAME.finditer(opening))
    if not names or _TEAM.search(body[:4000]):
        return
    last = names[-1]
    if "(" not in opening[last.end() :]:
        words = f"no affiliation follows {last[0]}"
        yield warning("author-affiliation", "body:1", words, "put the institute in brackets after the name")


def author_paragraph(body: str) -> str:
    """Text before the word "report" or "on behalf of", or the first paragraph where neither is there."""
    head = body.strip()[:4000]
    found = _REPORT.search(head)
    return head[: found.start()] if found else head.split("\n\n", 1)[0]
