"""Rehearsing: mock and test events run the whole chain in a lane of their own, and reach nobody.

Data are asked for, searched, localized, associated (with tests alone), drafted and put on a card, by the same handlers
and rules as for a real event, but one at a time, by a worker of its own, with no channel in reach. What would have been
said, and to whom, is kept in the audit. Only a drill brings a made-up event to people.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import DataNotYetError, TocsinError
from tocsin.domain.events import Tier
from tocsin.domain.jobs import Job, JobKind
from tocsin.workflow.attach import visible_event
from tocsin.workflow.cards import card_for
from tocsin.workflow.context import Context
from tocsin.workflow.drafting import draft
from tocsin.workflow.localizing import localize
from tocsin.workflow.reacting import react
from tocsin.workflow.rota_in_force import rota_in_force

ACTION = "rehearsed"


def rehearse(context: Context, job: Job) -> None:
    """Run a test event through the whole chain."""
    if job.event_id is None:
        return
    lane = replace(context, doors=(), sources=context.sources, is_rehearsal=True, wake=lambda: None)
    begun_s = context.clock.monotonic_s()
    with context.store.read() as work:
        event = visible_event(work, job.event_id, frozenset())
        everything = work.event_row(job.event_id)
        event = event or (None if everything is None else visible_event(work, job.event_id, everything.labels))
    if event is None or event.t0_utc is None or not event.is_test:
        return
    verdict = context.rules.judge(event)
    window = verdict.search_window_s or (0.0, 0.0)
    steps: dict[str, str] = {}
    for instrument in context.sources:
        payload = {
            "instrument": instrument,
            "t0_utc": iso_utc(event.t0_utc),
            "window_s": max(abs(window[0]), abs(window[1])),
            "notice_sha256": "",
            "owed_utc": iso_utc(context.clock.now()),
        }
        steps[instrument] = _step(lane, react, replace(job, kind=JobKind.FETCH, payload=payload))
    because = {"cause": "rehearsal"}
    steps["localization"] = _step(lane, localize, replace(job, kind=JobKind.TRIANGULATE, payload=because))
    steps["draft"] = _step(lane, draft, replace(job, kind=JobKind.DRAFT, payload=because))
    with context.store.begin() as work:
        card = card_for(lane, work, job.event_id, event.labels)
        targets = verdict.who or (context.plan.steps[0].target,)
        asked = context.plan.asked(targets, rota_in_force(context, work), context.people, context.clock.now())
        detail: dict[str, Any] = {
            "rule": verdict.rule,
            "tier": int(verdict.tier),
            "would_wake": [person.id for person in asked] if verdict.tier is Tier.WAKE else [],
            "card": "" if card is None else card.verdict,
            "steps": steps,
            "elapsed_s": round(context.clock.monotonic_s() - begun_s, 3),
        }
        work.audit("tocsin", ACTION, job.event_id, detail, context.clock.now())


def _step(lane: Context, handler: Callable[[Context, Job], None], job: Job) -> str:
    """What came of one step: a rehearsal does not wait for data that are still to come."""
    try:
        handler(lane, job)
    except DataNotYetError as error:
        return f"not yet: {error.message}"
    except TocsinError as error:
        return f"failed: {error.message}"
    return "done"
