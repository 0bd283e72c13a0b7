"""Telling partners: every change of an event that a webhook may know of, owed once, sent until it is taken.

What is owed stands in the store before anything is sent; a partner that is down is told later, with longer and longer
pauses, of the event as it was then. A message may come twice; its Idempotency-Key is the same.
"""

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from notifier.partner_post import PartnerPost
from tocsin.domain.clock import Clock
from tocsin.store import Delivery, Store, UnitOfWork, Webhook
from tocsin.store.columns import to_micros

log = structlog.get_logger()

#: How often changes are looked for, s.
LOOK_EVERY_S = 0.5
#: First pause after a failure, s; each further one is twice as long.
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE = timedelta(hours=18)
#: How long changes are remembered.
MEMORY = timedelta(days=30)
#: ``render(work, event_id, clearance)``: JSON of an event; None where it may not be seen.
Render = Callable[[UnitOfWork, str, frozenset[str]], bytes | None]


class PartnerTeller:
    """Tells webhooks of changes.

    Parameters
    ----------
    store, clock
        Where changes and deliveries are kept.
    post
        Sends.
    render
        The event as an audience sees it.
    attempts
        Tries of one message.
    """

    def __init__(self, store: Store, clock: Clock, post: PartnerPost, render: Render, *, attempts: int) -> None:
        self._store = store
        self._clock = clock
        self._post = post
        self._render = render
        self._attempts = attempts
        self._seen = ""

    def run(self, stop: threading.Event) -> None:
        """Look, until told to stop."""
        while not stop.wait(LOOK_EVERY_S):
            try:
                self.look()
            except Exception:
                log.exception("telling partners failed")
        self._post.close()

    def look(self) -> int:
        """Owe what changed, send what is due; how many messages were taken."""
        generation = self._store.generation()
        if generation != self._seen:
            self._seen = generation
            self._owe()
        return self._send()

    def _owe(self) -> None:
        with self._store.read() as work:
            behind = work.last_change_id()
            waiting = [one for one in work.webhooks() if one.revoked_utc is None and one.position < behind]
        if not waiting:
            return
        with self._store.begin() as work:
            for webhook in waiting:
                self._owe_one(work, webhook, behind)
            work.forget_changes(min(behind, to_micros(self._clock.now() - MEMORY)))

    def _owe_one(self, work: UnitOfWork, webhook: Webhook, behind: int) -> None:
        now = self._clock.now()
        changes = work.changes_after(webhook.position, clearance=webhook.clearance, limit=10_000)
        newest = {change.event_id: change for change in changes if change.id <= behind}
        for event_id, change in newest.items():
            body = self._render(work, event_id, webhook.clearance)
            if body is not None and work.last_told(webhook.id, event_id) != body.decode():
                work.owe_delivery(webhook.id, change.id, event_id, body.decode(), now)
        work.advance_webhook(webhook.id, behind)

    def _send(self) -> int:
        with self._store.read() as work:
            due = work.due_deliveries(self._clock.now())
            known = {one.id: one for one in work.webhooks()} if due else {}
        failing: set[str] = set()
        taken = 0
        for delivery in due:
            # A partner that fails is not asked again for the next message: it comes when this one is due again.
            if delivery.webhook_id not in failing:
                is_taken = self._send_one(delivery, known[delivery.webhook_id])
                taken += is_taken
                failing |= set() if is_taken else {delivery.webhook_id}
        return taken

    def _send_one(self, delivery: Delivery, webhook: Webhook) -> bool:
        key = f"{delivery.webhook_id}-{delivery.change_id}"
        posted = self._post.post(webhook.url, delivery.body.encode(), secret=webhook.secret, key=key)
        now = self._clock.now()
        is_last = delivery.attempts + 1 >= self._attempts
        pause = min(LONGEST_PAUSE, timedelta(seconds=FIRST_PAUSE_S * 2.0**delivery.attempts))
        if posted.retry_after_s is not None:
            pause = max(pause, min(LONGEST_PAUSE, timedelta(seconds=posted.retry_after_s)))
        with self._store.begin() as work:
            work.delivery_tried(
                delivery.id,
                status=posted.status,
                error=f"given up: {posted.error}" if is_last and not posted.is_done else posted.error,
                done_utc=now if posted.is_done or is_last else None,
                due_utc=now + pause,
            )
        return posted.is_done
