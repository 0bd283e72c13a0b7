"""Ingest: from raw bytes to a stored notice, its event, the decision and the owed work, in one transaction.

Decoding is done before the transaction begins, so the write lock is held only for writing. What one notice breaks
is rolled back to its savepoint and kept for a later try; the rest of the batch goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from listeners.decode import decode_raw as read_notice
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import Notice, RawNotice
from tocsin.store import RawKept, UnitOfWork
from tocsin.workflow import metrics
from tocsin.workflow.attach import attach
from tocsin.workflow.context import Context

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A raw notice with what came of decoding it: a notice, a reason to quarantine it, or a bug's traceback line."""

    raw: RawNotice
    notice: Notice | None = None
    refusal: str | None = None
    bug: str | None = None


def decode_raw(context: Context, raw: RawNotice) -> Decoded:
    """Decode one raw notice; never raises, since one bad packet must not stop a stream."""
    try:
        return Decoded(raw=raw, notice=context.streams.relabel(read_notice(raw), raw.topic))
    except NoticeError as error:
        return Decoded(raw=raw, refusal=str(error))
    except Exception as error:  # process boundary: a decoder's bug costs this notice's decoding only
        log.exception("decoder failed", sha256=raw.sha256, topic=raw.topic)
        return Decoded(raw=raw, bug=f"{type(error).__name__}: {error}")


def ingest(context: Context, raws: Sequence[RawNotice]) -> None:
    """Store raw notices and everything that follows from them, in one transaction."""
    ingest_decoded(context, [decode_raw(context, raw) for raw in raws])


def ingest_decoded(context: Context, batch: Sequence[Decoded]) -> None:
    """Store decoded notices and everything that follows from them, in one transaction; workers are woken after it."""
    with context.store.begin() as work:
        kept = work.add_raws([decoded.raw for decoded in batch])
        owed = [_handle(context, work, one, decoded) for one, decoded in zip(kept, batch, strict=True)]
    if any(owed):
        context.wake()


def _handle(context: Context, work: UnitOfWork, kept: RawKept, decoded: Decoded) -> bool:
    if not kept.is_new:
        metrics.NOTICES.labels(outcome="duplicate").inc()
        return False
    if decoded.refusal is not None:
        work.quarantine(kept.key, decoded.refusal)
        metrics.NOTICES.labels(outcome="quarantined").inc()
        return False
    if decoded.notice is None:
        work.mark_undecoded(kept.key, decoded.bug or "not decoded")
        metrics.NOTICES.labels(outcome="undecoded").inc()
        return False
    return _attach_safely(context, work, kept.key, decoded.raw, decoded.notice)


def _attach_safely(context: Context, work: UnitOfWork, key: int, raw: RawNotice, notice: Notice) -> bool:
    try:
        with work.savepoint():
            owed = attach(context, work, key, raw, notice)
    except Exception as error:  # process boundary: a bug in the rules must not lose the stream
        log.exception("notice could not be attached", key=key, notice_id=notice.notice_id)
        work.mark_undecoded(key, f"{type(error).__name__}: {error}")
        metrics.NOTICES.labels(outcome="undecoded").inc()
        return False
    metrics.NOTICES.labels(outcome="unknown" if notice.is_unknown else "decoded").inc()
    return owed


def retry_undecoded(context: Context) -> int:
    """Decode and attach again what a bug left behind; number of notices that now succeeded."""
    done = 0
    with context.store.begin() as work:
        for row in work.notice_rows_undecoded():
            raw = RawNotice(
                payload=work.raw_payload(row.key),
                transport="store",
                origin=f"notice {row.key}",
                topic=row.topic,
                received_utc=row.received_utc,
            )
            decoded = decode_raw(context, raw)
            if decoded.notice is not None:
                done += _attach_safely(context, work, row.key, decoded.raw, decoded.notice)
    return done
