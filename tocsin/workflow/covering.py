"""Covering: an event raised by its association alone is in the hands of whoever took the event that was paged.

Of a pair, people are woken by one event only. The other one has nobody of its own, and nobody needs to take it as long
as somebody has its partner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from advocates.people import People
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import WAKING
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.companions import is_telling_content


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Who has an event because they have another: that one, who took it, when."""

    event_id: str
    event_name: str
    person_id: str
    at_utc: datetime


def partner_ids(products: Sequence[Product]) -> tuple[str, ...]:
    """Events that current associations name as more than near in time."""
    found = (one for one in products if one.kind is ProductKind.ASSOCIATION and one.is_answer)
    return tuple(dict.fromkeys(str(one.content["other_id"]) for one in found if is_telling_content(one.content)))


def woke_somebody(work: UnitOfWork, event_id: str) -> bool:
    """Whether people were, or are about to be, woken by this very event: then it wants an answer of its own."""
    return any(job.kind is JobKind.SEND and job.payload["purpose"] in WAKING for job in work.jobs(event_id))


def cover_words(people: People, cover: Cover) -> str:
    """Whose it is, in words: ``by S241017ab, taken by B. Vance at 02:11:36 UTC``."""
    return f"by {cover.event_name}, taken by {people.name_of(cover.person_id)} at {cover.at_utc:%H:%M:%S} UTC"
