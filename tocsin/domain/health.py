"""Signs of life: what one part of the service says of itself, and what to do where it is not well."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that was looked at.

    Parameters
    ----------
    name
        What it is: ``queue``, ``disk``, ``silence gcn.heartbeat``; stable, alarms are kept by it.
    is_ok
        Whether it is well.
    words
        What was found, in words a person on call understands.
    remedy
        What to do about it; empty where it is well.
    """

    name: str
    is_ok: bool
    words: str
    remedy: str = ""
