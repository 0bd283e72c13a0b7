"""Values as the JSON that the API gives: the boundary where typed values become plain ones."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from acs_stream.field_of_view import Coverage
from advocates.rota import Shift
from listeners.render import notice_to_json
from tocsin.api.services import OnCall
from tocsin.domain.clock import iso_utc
from tocsin.domain.drafts import Draft
from tocsin.domain.light_curves import LightCurve
from tocsin.domain.notices import notice_number
from tocsin.domain.people import Acknowledgement, Person
from tocsin.domain.products import Product, ProductKind
from tocsin.store import ApprovalRow, Computation, TimelineRow
from tocsin.workflow.coverage import coverages
from tocsin.workflow.covering import Cover
from tocsin.workflow.draft_views import DraftView
from tocsin.workflow.feed_queries import FeedsView
from tocsin.workflow.findings import Finding
from tocsin.workflow.informing import task_json
from tocsin.workflow.limits import UpperLimit
from tocsin.workflow.queries import EventListItem, EventView, NoticeItem
from tocsin.workflow.statistics import Statistics
from tocsin.workflow.tonight import Tonight

NameOf = Callable[[str], str]


def item_json(item: EventListItem, name_of: NameOf) -> dict[str, Any]:
    """One event as a list shows it."""
    event = item.event
    return {
        "id": event.id,
        "name": event.name,
        "kind": event.kind,
        "t0_utc": iso_utc(event.t0_utc),
        "t0_origin": event.t0_origin,
        "tier": int(item.tier),
        "state": item.state,
        "is_test": event.is_test,
        "is_replay": item.is_replay,
        "is_retracted": event.is_retracted,
        "is_stale": event.is_stale,
        "streams": event.streams,
        "messengers": event.messengers,
        "aliases": event.aliases,
        "labels": event.labels,
        "phase": event.phase,
        "ra_deg": event.ra_deg,
        "dec_deg": event.dec_deg,
        "error_radius_deg": event.error_radius_deg,
        "error_containment": event.error_containment,
        "far_hz": event.far_hz,
        "is_significant": event.is_significant,
        "classification": dict(event.classification),
        "first_issued_utc": iso_utc(event.first_issued_utc),
        "findings": [finding_json(one) for one in item.findings],
        "skymap": item.localization,
        "acknowledged_by": None if item.acknowledgement is None else name_of(item.acknowledgement.person_id),
        "acknowledged_utc": None if item.acknowledgement is None else iso_utc(item.acknowledgement.at_utc),
        "covered_by": None if item.cover is None else _cover_json(item.cover, name_of),
        "links": {"self": f"/api/v1/events/{event.id}", "page": f"/events/{event.id}"},
    }


def _cover_json(cover: Cover, name_of: NameOf) -> dict[str, Any]:
    """The event whose taking covers another, and who took it."""
    return {
        "event_id": cover.event_id,
        "event_name": cover.event_name,
        "acknowledged_by": name_of(cover.person_id),
        "acknowledged_utc": iso_utc(cover.at_utc),
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """What one instrument says."""
    return {
        "instrument": finding.instrument,
        "excess": finding.excess,
        "limit_erg_cm2": finding.limit_erg_cm2,
        "problem": finding.problem or None,
        "product_ids": finding.product_ids,
    }


def view_json(view: EventView, name_of: NameOf) -> dict[str, Any]:
    """One event with everything but the content of files."""
    base = f"/api/v1/events/{view.item.event.id}"
    parts = ("notices", "products", "skymap", "annuli", "lightcurves", "drafts", "timeline")
    item = item_json(view.item, name_of)
    return item | {
        "details": dict(view.item.event.details),
        "reasons": view.reasons,
        "awaited": view.awaited,
        "awaited_data": [
            {
                "instrument": one.instrument,
                "asked_utc": iso_utc(one.asked_utc),
                "reason": one.reason,
                "is_expected": one.is_expected,
            }
            for one in view.awaited_data
        ],
        "coverage": [_coverage_json(one.coverage) for one in coverages(view.products, None)],
        "associations": view.associations,
        "refusals": view.refusals,
        "next_escalation_utc": iso_utc(view.next_escalation_utc),
        "first_page_ms": view.first_page_ms,
        "acknowledgements": [acknowledgement_json(one, name_of) for one in view.acknowledgements],
        "drafts": [draft_json(draft) for draft in view.drafts],
        "links": item["links"] | {part: f"{base}/{part}" for part in parts},
    }


def _coverage_json(coverage: Coverage) -> dict[str, Any]:
    """What an instrument saw of the sky."""
    return {
        "instrument": coverage.instrument,
        "words": coverage.words,
        "inside": coverage.inside,
        "hidden": coverage.hidden,
        "poor": coverage.poor,
    }


def acknowledgement_json(one: Acknowledgement, name_of: NameOf) -> dict[str, Any]:
    """Who took an event."""
    return {
        "event_id": one.event_id,
        "person": name_of(one.person_id),
        "via": one.via,
        "at_utc": iso_utc(one.at_utc),
        "is_first": one.is_first,
        "first_person": name_of(one.first_person_id),
        "first_at_utc": iso_utc(one.first_at_utc),
    }


def notice_json(item: NoticeItem) -> dict[str, Any]:
    """A notice in the form of ``tocsin notice``, with its place in the store."""
    return notice_to_json(item.stored.notice) | {
        "key": notice_number(item.stored.raw_sha256),
        "received_utc": iso_utc(item.stored.received_utc),
        "raw_sha256": item.stored.raw_sha256,
        "status": item.status,
    }


def product_json(product: Product) -> dict[str, Any]:
    """A product with its lineage; not the content of its file."""
    return {
        "id": product.id,
        "kind": product.kind,
        "subject": product.subject,
        "made_utc": iso_utc(product.made_utc),
        "code_version": product.code_version,
        "input_ids": product.input_ids,
        "parameters": dict(product.parameters),
        "labels": product.labels,
        "is_answer": product.is_answer,
        "content": dict(product.content),
        "file_type": product.blob_type,
    }


def annuli_json(view: EventView) -> list[dict[str, Any]]:
    """Annuli of an event, each with the product it is."""
    return [
        {"subject": product.subject, "product_id": product.id, **product.content}
        for product in view.products
        if product.kind is ProductKind.ANNULUS
    ]


def draft_json(draft: Draft) -> dict[str, Any]:
    """A draft, its text and what the lint says of it."""
    return {
        "kind": draft.kind,
        "revision": draft.revision,
        "made_utc": iso_utc(draft.made_utc),
        "author": draft.author,
        "is_replay": draft.is_replay,
        "audience": draft.audience,
        "labels": sorted(draft.labels),
        "subject": draft.subject,
        "body": draft.body,
        "lint_errors": draft.lint_errors,
        "findings": draft.findings,
        "facts": {name: {"value": fact.value, "product_id": fact.product_id} for name, fact in draft.facts.items()},
    }


def of_audience(draft: Draft) -> str:
    """Query by which the address of a draft names its audience; empty for the public one."""
    return f"?{urlencode({'audience': draft.audience})}" if draft.labels else ""


def draft_page(draft: Draft) -> str:
    """Address of the page on which a draft is worked on."""
    return f"/events/{draft.event_id}/drafts/{draft.kind.value}{of_audience(draft)}"


def draft_view_json(view: DraftView, name_of: NameOf) -> dict[str, Any]:
    """A draft as it is worked on: what it came from, what stands in its way, who has signed it."""
    base = f"/api/v1/events/{view.draft.event_id}/drafts/{view.draft.kind.value}"
    query = of_audience(view.draft)
    return draft_json(view.draft) | {
        "sha256": view.sha256,
        "is_approved": view.is_approved,
        "approvals": [approval_json(one, name_of) for one in view.approvals],
        "obstacles": view.obstacles,
        "prefill_link": view.prefill_link,
        "compared_to_revision": None if view.compared_to is None else view.compared_to.revision,
        "passages": view.passages,
        "comments": [
            {
                "person": name_of(one.person_id),
                "revision": one.revision,
                "at_utc": iso_utc(one.at_utc),
                "text": one.text,
            }
            for one in view.comments
        ],
        "revisions": [
            {"revision": one.revision, "author": name_of(one.author), "made_utc": iso_utc(one.made_utc)}
            for one in view.revisions
        ],
        "links": {"self": base + query, "text": f"{base}/text{query}", "page": draft_page(view.draft)},
    }


def approval_json(one: ApprovalRow, name_of: NameOf) -> dict[str, Any]:
    """Who signed which exact text, and when."""
    return {"person": name_of(one.person_id), "at_utc": iso_utc(one.at_utc), "sha256": one.sha256}


def timeline_json(row: TimelineRow) -> dict[str, Any]:
    """One moment in the life of an event."""
    return {"at_utc": iso_utc(row.at_utc), "kind": row.kind, "text": row.text, "detail": dict(row.detail)}


def light_curve_json(curve: LightCurve) -> dict[str, Any]:
    """A light curve: arrays of equal length, times in s from its own T0; masked bins are not usable."""
    return {
        "instrument": curve.instrument,
        "t0_utc": iso_utc(curve.t0_utc),
        "energy_kev": curve.energy_kev,
        "timing": curve.timing,
        "start_s": curve.start_s,
        "width_s": curve.width_s,
        "counts": curve.counts,
        "exposure_s": curve.exposure_s,
        "variance_counts": curve.variance_counts,
        "is_usable": curve.usable,
    }


def person_json(person: Person) -> dict[str, Any]:
    """A person; addresses are nobody's business here."""
    return {"id": person.id, "name": person.name, "affiliation": person.affiliation}


def on_call_json(on_call: OnCall) -> dict[str, Any]:
    """Who is on call, and the gaps to come."""
    return {
        "on_call": [person_json(person) for person in on_call.people],
        "fallback": [person_json(person) for person in on_call.fallback],
        "next": [person_json(person) for person in on_call.next_people],
        "next_utc": iso_utc(on_call.next_utc),
        "warnings": on_call.warnings,
        "misfits": on_call.misfits,
        "gaps": [{"start_utc": iso_utc(start), "stop_utc": iso_utc(stop)} for start, stop in on_call.gaps_utc],
    }


def feeds_json(view: FeedsView) -> dict[str, Any]:
    """Feeds, totals, quarantine with reasons."""
    return {
        "feeds": view.feeds,
        "totals": {
            "received": view.received,
            "stored": view.stored,
            "duplicates": view.duplicates,
            "quarantined": view.quarantined,
            "unknown": view.unknown,
        },
        "quarantine": view.quarantine,
    }


def limit_json(one: UpperLimit) -> dict[str, Any]:
    """An upper limit."""
    return {
        "event_id": one.event_id,
        "event_name": one.event_name,
        "t0_utc": iso_utc(one.t0_utc),
        "ra_deg": one.ra_deg,
        "dec_deg": one.dec_deg,
        "instrument": one.instrument,
        "limits": dict(one.values),
        "product_id": one.product_id,
    }


def statistics_json(found: Statistics) -> dict[str, Any]:
    """Counts and latencies."""
    return {
        "events": {"by_kind": found.by_kind, "by_tier": found.by_tier, "by_month": found.by_month},
        "tests": found.tests,
        "recent_events": found.recent_events,
        "first_page": found.first_page,
        "acknowledged": found.acknowledged,
    }


def computation_json(made: Computation) -> dict[str, Any]:
    """A computation, its id and where its files are."""
    base = f"/api/v1/{made.kind}s/{made.id}"
    files = {} if made.blob is None else {"skymap": f"{base}/skymap", "moc": f"{base}/moc"}
    return {"id": made.id, "made_utc": iso_utc(made.made_utc), **made.content, "links": {"self": base, **files}}


def tonight_json(found: Tonight, name_of: NameOf, now: datetime) -> dict[str, Any]:
    """What needs a human."""
    return {
        "waiting": [
            item_json(one.item, name_of) | {"next_escalation_utc": iso_utc(one.next_escalation_utc)}
            for one in found.waiting
        ],
        "drafts": [{"event_id": draft.event_id, **draft_json(draft)} for draft in found.drafts],
        "drafts_nobody_can_sign": [{"event_id": draft.event_id, **draft_json(draft)} for draft in found.unsignable],
        "recent": [item_json(item, name_of) for item in found.recent],
        "owners": [task_json(row, now) for row in found.owners],
    }


def shift_json(one: Shift) -> dict[str, Any]:
    """A stretch with the same people on call."""
    return {
        "start_utc": iso_utc(one.start_utc),
        "stop_utc": iso_utc(one.stop_utc),
        "people": [person_json(person) for person in one.people],
    }
