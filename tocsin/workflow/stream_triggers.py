"""Triggers of our own continuous search enter as notices do: as bytes, stored first, decoded, attached to an event.

Several processes may follow one stream. What was told is kept in the store, so that they tell each trigger once: each
claims what it has found before it makes it known, with the bytes that will be the notice. Who dies in between finds the
same again, and so do the others: the bytes that were claimed are then taken in, once.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from acs_stream.follower.triggers import REMEMBERED_S, SAME_WITHIN_S, StreamTrigger, is_same, judge_triggers
from acs_stream.time_systems import SECOND_US
from tocsin.domain.clock import iso_utc
from tocsin.domain.notices import RawNotice
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.ingest import ingest

log = structlog.get_logger()

#: Topic that `streams.toml` says the audience of; nothing of this name comes by Kafka.
TOPIC = "tocsin.triggers.spiacs"


def take_triggers(context: Context, triggers: Sequence[StreamTrigger], *, same_within_s: float = SAME_WITHIN_S) -> None:
    """Ingest triggers of a followed stream that no other process has told, all in one transaction."""
    of_instrument: dict[str, list[StreamTrigger]] = defaultdict(list)
    for one in triggers:
        of_instrument[one.instrument].append(one)
    for instrument, found in of_instrument.items():
        payloads = _claimed(context, instrument, found, same_within_s)
        ingest(context, [_raw(context, instrument, payload) for payload in payloads])


def _claimed(
    context: Context, instrument: str, found: Sequence[StreamTrigger], same_within_s: float
) -> tuple[bytes, ...]:
    """Bytes of the triggers found, as claimed now or before: those before may not have been taken in yet."""
    issued_utc = iso_utc(context.clock.now()) or ""
    # A process that catches up may be a day behind another: what that one told is remembered so much longer.
    now_tt_us = max(one.stop_tt_us for one in found) - round(REMEMBERED_S * SECOND_US)
    with context.store.begin() as work:
        key = f"stream triggers/{instrument}"
        work.lock(key)
        claims = _claims(work, key)
        told = judge_triggers(
            [StreamTrigger.from_record(one["trigger"]) for one in claims.values()],
            found,
            now_tt_us=now_tt_us,
            same_within_s=same_within_s,
        )
        texts = {name: str(claim["payload"]) for name, claim in claims.items()}
        texts |= {one.id: trigger_payload(one, issued_utc=issued_utc).decode() for one in told.news}
        kept = [{"trigger": one.to_record(), "payload": texts[one.id]} for one in told.known]
        work.set_meta(key, json.dumps(kept))
    for one in told.news:
        log.info(
            "stream trigger",
            trigger=one.id,
            revision=one.revision,
            snr=round(one.snr, 1),
            far_hz=one.far_hz,
            far_basis=one.far_basis,
        )
    mine = [one for one in told.known if any(is_same(one, other, same_within_s) for other in found)]
    return tuple(texts[one.id].encode() for one in mine)


def _claims(work: UnitOfWork, key: str) -> Mapping[str, Mapping[str, Any]]:
    """What was claimed, by the trigger's name."""
    return {str(one["trigger"]["id"]): one for one in json.loads(work.meta(key) or "[]")}


def _raw(context: Context, instrument: str, payload: bytes) -> RawNotice:
    return RawNotice(
        payload=payload,
        transport="stream",
        origin=f"search of {instrument}",
        topic=TOPIC,
        received_utc=context.clock.now(),
        received_monotonic_s=context.clock.monotonic_s(),
    )


def trigger_payload(trigger: StreamTrigger, *, issued_utc: str) -> bytes:
    """Notice of a trigger: JSON in the field names of GCN's unified schema, as far as it has them."""
    message = {
        "mission": "INTEGRAL",
        "instrument": trigger.instrument,
        "alert_type": "update" if trigger.revision else "initial",
        "alert_tense": "current",
        "record_number": trigger.revision + 1,
        "alert_datetime": issued_utc,
        "id": [trigger.id],
        "trigger_time": iso_utc(trigger.t0_utc),
        "trigger_time_error": round(trigger.clock_error_s + trigger.scale_s / 2, 6),
        "duration": round(trigger.duration_s, 6),
        "rate_snr": round(trigger.snr, 3),
        "rate_duration": round(trigger.scale_s, 6),
        "far": trigger.far_hz,
        "excess_counts": round(trigger.counts, 3),
        "far_source": trigger.far_source,
        "far_basis": trigger.far_basis,
        "spike_score": round(trigger.spike_score, 4),
        "is_time_approximate": trigger.is_approximate,
    }
    return json.dumps(message, separators=(",", ":")).encode()
