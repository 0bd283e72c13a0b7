"""Receiving files: what an instrument's team hands in for an event, kept as it came and shown with its lineage.

A file is a product like any other: under the hash of its bytes, labelled as the event is for whoever handed it in, and
in the place of the one of the same instrument and name before it.
"""

import hashlib
from dataclasses import dataclass

from tocsin.domain.errors import ConflictError, ScienceError
from tocsin.domain.products import Product, ProductKind
from tocsin.workflow.attach import visible_event
from tocsin.workflow.context import Context
from tocsin.workflow.making import make_product, replace_product

#: Media types that are taken, and how a file of them begins where that is known.
MEDIA_TYPES: dict[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "application/pdf": (b"%PDF-",),
    "application/fits": (b"SIMPLE  =",),
    "text/plain": (),
    "text/csv": (),
    "application/json": (),
    "application/octet-stream": (),
}
IMAGES = frozenset({"image/png", "image/jpeg"})
MOST_BYTES = 8 * 1024 * 1024
#: Files of one event: more is a mistake of a program.
MOST_FILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A file as it was handed in.

    Parameters
    ----------
    instrument, name, words
        Whose it is, what it is called, what it shows.
    media_type
        One of `MEDIA_TYPES`.
    content
        Its bytes.
    """

    instrument: str
    name: str
    words: str
    media_type: str
    content: bytes


def receive_file(context: Context, event_id: str, given: HandedIn, *, by: str, clearance: frozenset[str]) -> Product:
    """Keep a file with an event; `by` says who handed it in, `clearance` what they may see.

    Raises
    ------
    ScienceError
        It is empty, too large, or not of the type that is stated.
    ConflictError
        There is no such event, or it has too many files already.
    """
    _check(given)
    digest = hashlib.sha256(given.content).hexdigest()
    with context.store.begin() as work:
        event = visible_event(work, event_id, clearance)
        if event is None:
            raise ConflictError(f"there is no event {event_id}")
        if len(work.products(event_id, ProductKind.FILE)) >= MOST_FILES:
            raise ConflictError(f"{event.name} has {MOST_FILES} files already")
        product = make_product(
            context,
            ProductKind.FILE,
            event_id=event_id,
            subject=f"{given.instrument}: {given.name}",
            inputs=(),
            parameters={"raw_sha256": digest, "name": given.name, "instrument": given.instrument},
            content={
                "instrument": given.instrument,
                "name": given.name,
                "words": given.words,
                "media_type": given.media_type,
                "size_bytes": len(given.content),
                "raw_sha256": digest,
                "handed_in_by": by,
            },
            labels=event.labels,
            blob=given.content,
            media=given.media_type,
        )
        replace_product(work, product)
        detail = {"product": product.id, "raw_sha256": digest, "instrument": given.instrument, "name": given.name}
        work.audit(by, "file handed in", event_id, detail, context.clock.now())
    context.wake()
    return product


def _check(given: HandedIn) -> None:
    if given.media_type not in MEDIA_TYPES:
        raise ScienceError(f"{given.media_type} is not taken", remedy=f"one of {', '.join(MEDIA_TYPES)}")
    if not given.content:
        raise ScienceError("the file is empty")
    if len(given.content) > MOST_BYTES:
        raise ScienceError(f"the file holds more than {MOST_BYTES} bytes", remedy="send the part that matters")
    beginnings = MEDIA_TYPES[given.media_type]
    if beginnings and not given.content.startswith(beginnings):
        raise ScienceError(f"these bytes are no {given.media_type}", remedy="state the type that the file is of")
