"""Triggers of our own continuous search enter as notices do: as bytes, stored first, decoded, attached to an event."""

import json
from collections.abc import Sequence

import structlog

from acs_stream.follower.triggers import StreamTrigger
from tocsin.domain.clock import iso_utc
from tocsin.domain.notices import RawNotice
from tocsin.workflow.context import Context
from tocsin.workflow.ingest import ingest

log = structlog.get_logger()

#: Topic that `streams.toml` says the audience of; nothing of this name comes by Kafka.
TOPIC = "tocsin.triggers.spiacs"


def take_triggers(context: Context, triggers: Sequence[StreamTrigger]) -> None:
    """Ingest triggers of a followed stream, all in one transaction."""
    now = context.clock.now()
    for one in triggers:
        log.info("stream trigger", trigger=one.id, revision=one.revision, snr=round(one.snr, 1), far_hz=one.far_hz)
    ingest(
        context,
        [
            RawNotice(
                payload=trigger_payload(one, issued_utc=iso_utc(now) or ""),
                transport="stream",
                origin=f"search of {one.instrument}",
                topic=TOPIC,
                received_utc=now,
                received_monotonic_s=context.clock.monotonic_s(),
            )
            for one in triggers
        ],
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
        "spike_score": round(trigger.spike_score, 4),
        "is_time_approximate": trigger.is_approximate,
    }
    return json.dumps(message, separators=(",", ":")).encode()
