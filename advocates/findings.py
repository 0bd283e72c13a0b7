"""How findings of the lint are made. Pure."""

from tocsin.domain.drafts import Finding, Severity


def blocking(rule: str, place: str, message: str, remedy: str = "") -> Finding:
    """Finding that prevents approval."""
    return Finding(rule=rule, severity=Severity.BLOCKING, place=place, message=message, remedy=remedy)


def warning(rule: str, place: str, message: str, remedy: str = "") -> Finding:
    """Finding to be looked at."""
    return Finding(rule=rule, severity=Severity.WARNING, place=place, message=message, remedy=remedy)


def line_of(body: str, position: int) -> str:
    """Place of a position in the body: ``body:12``, lines counted from 1."""
    return f"body:{body.count(chr(10), 0, position) + 1}"


def shown(text: str, start: int, stop: int) -> str:
    """A stretch of text with a little around it, on one line, for messages."""
    return " ".join(text[max(0, start - 20) : stop + 20].split())
