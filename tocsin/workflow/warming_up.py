"""Warming up: one made-up alert is taken, decided and put on a card in a transaction that is always undone.

What the first event after a start would have to wait for (statements compiled, tables opened, templates and rules read)
has then been done once. Nothing of it is ever stored, sent or shown.
"""

from contextlib import suppress
from datetime import datetime

from tocsin.domain.jobs import JobKind
from tocsin.domain.notices import RawNotice
from tocsin.simulate.notices import Superevent, lvk_alert
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import attach
from tocsin.workflow.cards import card_for
from tocsin.workflow.context import Context
from tocsin.workflow.ingest import decode_raw

#: No superevent was ever, or will be, called this: there was no detector.
NAME = "S000101a"


class _UndoneError(Exception):
    """Undoes the transaction that it ends."""


def warm_up(context: Context) -> bool:
    """Do once all that is done for an event up to its first page, and undo it; whether there was an event."""
    raw = _alert(context.clock.now())
    notice = decode_raw(context, raw).notice
    was_made = False
    with suppress(_UndoneError), context.store.begin() as work:
        (kept,) = work.add_raws([raw])
        if kept.is_new and notice is not None:
            attach(context, work, kept.key, raw, notice)
            was_made = _carded(context, work, kept.key)
        raise _UndoneError
    return was_made


def _carded(context: Context, work: UnitOfWork, key: int) -> bool:
    row = work.notice_row(key)
    if row is None or row.event_id is None:
        return False
    for kind in JobKind:
        work.claim([kind], now=context.clock.now(), lease_s=1.0, worker="warming up", limit=0)
    for door in context.doors:
        card_for(context, work, row.event_id, door.clearance)
        work.messages(row.event_id)
    work.jobs(row.event_id)
    return True


def _alert(now: datetime) -> RawNotice:
    made_up = Superevent(id=NAME, t0_utc=now.replace(microsecond=0), far_hz=1e-12)
    message = lvk_alert(made_up, "PRELIMINARY", now, skymap=None)
    return RawNotice(payload=message.payload, transport="start", origin="start", topic=message.topic, received_utc=now)
