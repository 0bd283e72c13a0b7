"""Publishing: every event that changed goes, as it is now, to the topic of our own, for all who are cleared for it.

At least once: a record that may have been sent already is sent again with the same number. What a record says is not
said again while it stays the same.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

import orjson
import structlog

from notifier.gcn_json import Published, Seen, alert_record
from tocsin.domain.changes import EventChange
from tocsin.domain.errors import RemoteError
from tocsin.domain.events import Tier
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import visible_event
from tocsin.workflow.context import Context
from tocsin.workflow.findings import Finding, findings, localization

log = structlog.get_logger()

#: Where in the log of changes publishing stands, and the last record of each event, among the store's small facts.
POSITION = "publishing/position"
LAST = "publishing/last/{}"
#: Changes looked at together.
AT_ONCE = 200
#: What differs between two records that say the same.
_NOT_SAID = frozenset({"record_number", "alert_datetime", "alert_type"})


class Topic(Protocol):
    """Where records go."""

    def publish(self, topic: str, key: str, content: bytes) -> None:
        """Put one record on a topic."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishingRules:
    """What is published where.

    Parameters
    ----------
    topic, test_topic
        For real events, and for tests, which never stand among them.
    least_tier
        Events this loud or louder; one that was published is followed whatever becomes of it.
    clearance
        Labels that all readers of the topic may see.
    """

    topic: str
    test_topic: str
    least_tier: Tier = Tier.TELL
    clearance: frozenset[str] = frozenset()


class Publisher:
    """Follows the log of changes and publishes.

    Parameters
    ----------
    rules
        What, and where to.
    broker
        Where records go.
    """

    def __init__(self, rules: PublishingRules, broker: Topic) -> None:
        self._rules = rules
        self._broker = broker
        self.trouble = ""

    def publish_changes(self, context: Context) -> int:
        """Publish what changed since the last time; number of records sent."""
        sent = 0
        try:
            while changes := self._next(context):
                events = dict.fromkeys(change.event_id for change in changes)
                sent += sum(self._publish(context, event_id) for event_id in events)
                with context.store.begin() as work:
                    work.set_meta(POSITION, str(changes[-1].id))
        except RemoteError as error:
            self.trouble = str(error)
            log.warning("not published", reason=str(error))
        else:
            self.trouble = ""
        return sent

    def _next(self, context: Context) -> list[EventChange]:
        with context.store.read() as work:
            position = int(work.meta(POSITION) or 0)
            return work.changes_after(position, clearance=self._rules.clearance, limit=AT_ONCE)

    def _publish(self, context: Context, event_id: str) -> bool:
        with context.store.read() as work:
            published = self._published(context, work, event_id)
            last = json.loads(work.meta(LAST.format(event_id)) or "null")
        if published is None or (last is None and (published.tier > self._rules.least_tier)):
            return False
        number = 1 if last is None else int(last["number"]) + 1
        record = alert_record(published, number=number, at_utc=context.clock.now())
        digest = _digest(record)
        if last is not None and last["sha256"] == digest:
            return False
        topic = self._rules.test_topic if published.event.is_test else self._rules.topic
        self._broker.publish(topic, event_id, orjson.dumps(record))
        with context.store.begin() as work:
            work.set_meta(LAST.format(event_id), json.dumps({"number": number, "sha256": digest}))
        return True

    def _published(self, context: Context, work: UnitOfWork, event_id: str) -> Published | None:
        event = visible_event(work, event_id, self._rules.clearance)
        row = work.event_row(event_id, clearance=self._rules.clearance)
        if event is None or row is None or row.is_replay or event.t0_utc is None:
            return None
        products = work.products(event_id, clearance=self._rules.clearance)
        place = localization(products)
        page = f"{context.page_url}/events/{event_id}" if context.page_url else ""
        has_map = place is not None and bool(context.page_url)
        return Published(
            event=event,
            tier=row.tier,
            seen=tuple(_seen(one) for one in findings(products)),
            peak_ra_deg=None if place is None else place.peak_ra_deg,
            peak_dec_deg=None if place is None else place.peak_dec_deg,
            area_50_deg2=None if place is None else place.area_50_deg2,
            area_90_deg2=None if place is None else place.area_90_deg2,
            skymap_url=f"{context.page_url}/api/v1/events/{event_id}/skymap" if has_map else "",
            page_url=page,
        )


def _seen(one: Finding) -> Seen:
    excess = one.excess if one.excess is not None and one.excess.is_counterpart else None
    return Seen(
        instrument=one.instrument,
        t_s=None if excess is None else excess.t_s,
        scale_s=None if excess is None else excess.scale_s,
        snr=None if excess is None else excess.snr,
        fap=None if excess is None else excess.fap,
        limit_erg_cm2=one.limit_erg_cm2,
        problem=one.problem,
    )


def _digest(record: dict[str, Any]) -> str:
    said = {name: value for name, value in record.items() if name not in _NOT_SAID}
    said["is_retraction"] = record["alert_type"] == "retraction"
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
