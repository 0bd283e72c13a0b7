"""Ingest: from raw bytes to a stored notice, its event, the decision and the owed work, in one transaction.

Decoding is done before the transaction begins, so the write lock is held only for writing. Where a notice breaks
something, the batch is done again with a savepoint for each: what that one did is rolled back, it is kept for a later
try, and the rest of the batch goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Histogram

from listeners.decode import decode_raw as read_notice
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import Notice, RawNotice
from tocsin.store import NoticeRow, NoticeStatus, RawKept, UnitOfWork
from tocsin.workflow import metrics
from tocsin.workflow.attach import attach, open_up
from tocsin.workflow.context import Context
from tocsin.workflow.tracing import traced

log = structlog.get_logger()

#: A transaction that others wait for takes no more notices after so long, s.
MOST_HELD_S = 0.008
#: Notices whose bytes are written together: between them it is seen whether somebody waits.
AT_ONCE = 8
#: Transports that tell by themselves for whom a notice is.
ROADS = frozenset({"kafka", "vtp"})


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
    _measure_since_received(metrics.COMPANY_WAIT_S, raws, context.clock.monotonic_s())
    ingest_decoded(context, [decode_raw(context, raw) for raw in raws])


def ingest_decoded(context: Context, batch: Sequence[Decoded]) -> None:
    """Store decoded notices, in as few transactions as others can bear, each with everything that follows from its own.

    One transaction takes all of them, unless somebody in a hurry waits meanwhile (see `_store`). Workers are woken
    after each. Where one fails, those before it are kept: given again, their bytes are known.
    """
    rest = list(batch)
    while rest:
        with traced("ingest", notices=len(rest)):
            try:
                outcomes = _store(context, rest, is_careful=False)
            except _CannotAttachError:
                outcomes = _store(context, rest, is_careful=True)
        _measure_since_received(metrics.KEPT_S, [one.raw for one in rest[: len(outcomes)]], context.clock.monotonic_s())
        for decoded, (outcome, _) in zip(rest, outcomes, strict=False):
            metrics.NOTICES.labels(outcome=outcome).inc()
            _measure_age(decoded)
        if any(owed for _, owed in outcomes):
            context.wake()
        rest = rest[len(outcomes) :]


def _measure_age(decoded: Decoded) -> None:
    """Take how old a notice was when it came by a live road; restricted streams are not named."""
    notice, raw = decoded.notice, decoded.raw
    if notice is None or notice.issued_utc is None or raw.transport not in ROADS:
        return
    age_s = (raw.received_utc - notice.issued_utc).total_seconds()
    metrics.NOTICE_AGE_S.labels("restricted" if notice.labels else notice.stream).observe(max(0.0, age_s))


class _CannotAttachError(Exception):
    """A bug in the rules met a notice: to be rolled back, and done again with a savepoint for each notice."""


def _store(context: Context, batch: Sequence[Decoded], *, is_careful: bool) -> list[tuple[str, bool]]:
    """Store a batch, or its beginning; outcome of each notice stored, and whether work is owed because of it.

    A live notice waits for others, and others for a batch, no longer than `MOST_HELD_S`: once it has lasted so long,
    the transaction ends where somebody waits.
    """
    outcomes: list[tuple[str, bool]] = []
    with context.store.begin() as work:
        began_s = context.clock.monotonic_s()
        for start in range(0, len(batch), AT_ONCE):
            some = batch[start : start + AT_ONCE]
            _measure_since_received(metrics.GROUP_WAIT_S, [decoded.raw for decoded in some], began_s)
            kept = work.add_raws([decoded.raw for decoded in some])
            pairs = zip(kept, some, strict=True)
            outcomes += [_handle(context, work, one, decoded, is_careful=is_careful) for one, decoded in pairs]
            if context.clock.monotonic_s() - began_s >= MOST_HELD_S and context.store.is_awaited():
                break
    return outcomes


def _measure_since_received(histogram: Histogram, raws: Sequence[RawNotice], now_s: float) -> None:
    """Take how long ago notices were received."""
    for raw in raws:
        if raw.received_monotonic_s is not None:
            histogram.observe(max(0.0, now_s - raw.received_monotonic_s))


def _handle(
    context: Context, work: UnitOfWork, kept: RawKept, decoded: Decoded, *, is_careful: bool
) -> tuple[str, bool]:
    if not kept.is_new:
        return "duplicate", _is_opened(context, work, kept.key, decoded)
    if decoded.refusal is not None:
        work.quarantine(kept.key, decoded.refusal)
        return "quarantined", False
    if decoded.notice is None:
        work.mark_undecoded(kept.key, decoded.bug or "not decoded")
        return "undecoded", False
    if is_careful:
        owed = _attach_safely(context, work, kept.key, decoded.raw, decoded.notice)
    else:
        owed = _attach_hopefully(context, work, kept.key, decoded.raw, decoded.notice)
    outcome = "undecoded" if owed is None else "unknown" if decoded.notice.is_unknown else "decoded"
    return outcome, bool(owed)


def _is_opened(context: Context, work: UnitOfWork, key: int, decoded: Decoded) -> bool:
    """Take labels off a notice that was first heard on a private road and came by a more public one; if work is owed.

    Only a road that the settings name tells who may know: a file says nothing of that.
    """
    notice, raw = decoded.notice, decoded.raw
    if notice is None or raw.topic not in context.streams.topics or raw.transport not in ROADS:
        return False
    return open_up(context, work, key, raw, notice.labels)


def _attach_hopefully(context: Context, work: UnitOfWork, key: int, raw: RawNotice, notice: Notice) -> bool:
    """Attach a notice without a savepoint of its own, which few ever need."""
    try:
        return attach(context, work, key, raw, notice)
    except Exception as error:  # process boundary: the batch is done again, carefully
        raise _CannotAttachError from error


def _attach_safely(context: Context, work: UnitOfWork, key: int, raw: RawNotice, notice: Notice) -> bool | None:
    """Attach a notice; whether work is owed, None where a bug left it to be tried again."""
    try:
        with work.savepoint():
            return attach(context, work, key, raw, notice)
    except Exception as error:  # process boundary: a bug in the rules must not lose the stream
        name = "restricted" if notice.labels else notice.notice_id
        log.exception("notice could not be attached", key=key, notice_id=name)
        work.mark_undecoded(key, f"{type(error).__name__}: {error}")
        return None


def retry_undecoded(context: Context) -> int:
    """Decode and attach again what a bug left behind; number of notices that are no longer undecoded."""
    with context.store.read() as work:
        left = [(row.key, _raw_again(work, row)) for row in work.notice_rows_undecoded()]
    outcomes = [_retry(context, key, decode_raw(context, raw)) for key, raw in left]
    if any(outcomes):
        context.wake()
    return sum(outcome is not None for outcome in outcomes)


def _raw_again(work: UnitOfWork, row: NoticeRow) -> RawNotice:
    return RawNotice(
        payload=work.raw_payload(row.key),
        transport="store",
        origin=f"notice {row.key}",
        topic=row.topic,
        received_utc=row.received_utc,
    )


def _retry(context: Context, key: int, decoded: Decoded) -> bool | None:
    """Whether work is owed now; None where the bug is still there. Each notice has a transaction of its own."""
    with context.store.begin() as work:
        row = work.notice_row(key)
        if row is None or row.status in {NoticeStatus.DECODED, NoticeStatus.QUARANTINED}:
            return False  # somebody else was faster
        if decoded.refusal is not None:
            work.quarantine(key, decoded.refusal)
            return False
        if decoded.notice is None:
            return None
        return _attach_safely(context, work, key, decoded.raw, decoded.notice)
