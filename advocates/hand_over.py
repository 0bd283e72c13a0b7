"""Hand-over of a circular in forms that people take away: text, Markdown, ATel, mail. Pure; nothing is sent."""

from collections.abc import Iterable
from email.message import EmailMessage
from enum import StrEnum

from advocates.findings import blocking, warning
from tocsin.domain.drafts import Draft, DraftKind, Finding

#: The Astronomer's Telegram takes no longer text.
ATEL_CHARACTERS = 4000
_CATEGORIES = {
    DraftKind.COINCIDENCE: "Gamma Ray, Neutrinos, Gravitational Waves, Transient",
    DraftKind.DETECTION: "Gamma Ray, Gamma-Ray Burst, Transient",
    DraftKind.IPN_ANNULUS: "Gamma Ray, Gamma-Ray Burst",
    DraftKind.IPN_BOX: "Gamma Ray, Gamma-Ray Burst",
}


class Form(StrEnum):
    """A form of a circular as a file."""

    TEXT = "txt"
    MARKDOWN = "md"
    ATEL = "atel"
    MAIL = "eml"


MEDIA = {
    Form.TEXT: "text/plain; charset=utf-8",
    Form.MARKDOWN: "text/markdown; charset=utf-8",
    Form.ATEL: "text/plain; charset=utf-8",
    Form.MAIL: "message/rfc822",
}


def handed_over(draft: Draft, form: Form, *, is_approved: bool) -> str:
    """The draft in a form; an unapproved one says DRAFT in its subject, which GCN refuses to accept.

    Parameters
    ----------
    draft
        As it stands.
    form
        Which.
    is_approved
        A named person stands for this very text.
    """
    subject = f"{'' if is_approved else 'DRAFT '}{'REPLAY ' if draft.is_replay else ''}{draft.subject}"
    match form:
        case Form.TEXT:
            return f"{subject}\n\n{draft.body}\n"
        case Form.MARKDOWN:
            return f"# {subject}\n\n{_markdown(draft.body)}\n"
        case Form.ATEL:
            return _atel(draft, subject)
        case Form.MAIL:
            return _mail(draft, subject)


def atel_findings(draft: Draft) -> tuple[Finding, ...]:
    """What keeps a draft from being an ATel: its length."""
    length = len(_atel_body(draft))
    if length <= ATEL_CHARACTERS:
        return ()
    words = f"as an ATel it has {length} characters of {ATEL_CHARACTERS}"
    return (warning("atel.length", "body", words, "shorten it, or send it as a circular alone"),)


def embargo_findings(labels: Iterable[str]) -> tuple[Finding, ...]:
    """What keeps a draft from the public: input that is embargoed."""
    restricted = ", ".join(sorted(labels))
    if not restricted:
        return ()
    words = f"it is made from restricted input ({restricted}): it must not go out in public"
    return (blocking("embargo.input", "draft", words, "draft it from public input, or ask those whose input it is"),)


def _atel(draft: Draft, subject: str) -> str:
    """Title, coordinates, categories, body and a count, as the form of ATel asks for them."""
    body = _atel_body(draft)
    lines = [f"Title: {subject}", f"Subjects: {_CATEGORIES.get(draft.kind, 'Gamma Ray, Transient')}"]
    place = [draft.facts.get(name) for name in ("box_ra_deg", "box_dec_deg")]
    if place[0] is not None and place[1] is not None:
        lines.append(f"Coordinates: RA {float(place[0].value):.4f}, Dec {float(place[1].value):+.4f} (J2000, deg)")
    return "\n".join([*lines, f"Characters: {len(body)} of {ATEL_CHARACTERS}", "", body, ""])


def _atel_body(draft: Draft) -> str:
    return draft.body.strip()


def _markdown(body: str) -> str:
    """Body in which lines set in columns are kept as they are."""
    made: list[str] = []
    is_set = False
    for line in body.split("\n"):
        starts = line.startswith(" ") and bool(line.strip())
        if starts != is_set:
            made.append("```")
            is_set = starts
        made.append(line)
    return "\n".join([*made, "```"] if is_set else made)


def _mail(draft: Draft, subject: str) -> str:
    """A letter without addressee: who sends it fills that in, from the address that GCN knows."""
    letter = EmailMessage()
    letter["Subject"] = subject
    letter["X-Unsent"] = "1"
    letter.set_content(draft.body + "\n", cte="8bit" if not draft.body.isascii() else "7bit")
    return letter.as_string()
