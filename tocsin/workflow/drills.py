"""Drills: a made-up event that wakes who is on call on purpose, marked everywhere, through the real chain."""

from tocsin.store import UnitOfWork

_KEY = "drill/"


def mark_drill(work: UnitOfWork, event_id: str, begun: str) -> None:
    """Remember that an event is a drill."""
    work.set_meta(f"{_KEY}{event_id}", begun)


def is_drill(work: UnitOfWork, event_id: str) -> bool:
    """Whether an event is a drill."""
    return work.meta(f"{_KEY}{event_id}") is not None
