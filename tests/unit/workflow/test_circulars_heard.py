"""Circulars heard on Kafka: others' are cited and compared with, ours closes its event, and what follows is drafted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgi_browser import Browser
from workflow_desk import Desk, PaperSource, counts, merger, retraction, settings, sources

from advocates.approval import text_sha256
from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.errors import NotAllowedError
from tocsin.domain.events import EventState
from tocsin.domain.jobs import JobKind
from tocsin.domain.products import ProductKind
from tocsin.simulate.notices import Message
from tocsin.store import UnitOfWork
from tocsin.workflow.approving import approve, edit
from tocsin.workflow.circulars import SEEN, own_circulars
from tocsin.workflow.draft_kinds import ask_for_correction
from tocsin.workflow.draft_views import draft_view
from tocsin.workflow.drafting import is_outdated
from tocsin.workflow.owing import owe_draft

S = "s241017ab"
LIMIT = DraftKind.SPIACS_UPPER_LIMIT


def circular(number: int, subject: str, body: str, **changes: Any) -> Message:
    """A circular as it comes on Kafka."""
    content = {
        "$schema": "https://gcn.nasa.gov/schema/v4.2.0/gcn/circulars.schema.json",
        "eventId": "LIGO/Virgo/KAGRA S241017ab",
        "submitter": "A. Nobody at Example <a.nobody@example.org>",
        "submittedHow": "web",
        "subject": subject,
        "circularId": number,
        "format": "text/plain",
        "body": body,
        "createdOn": 1729135800000,
        **changes,
    }
    return Message(topic="gcn.circulars", payload=json.dumps(content).encode())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as made:
        made.take(merger())
        made.wait(60.0)
        yield made


def newest(desk: Desk, kind: DraftKind = LIMIT) -> Draft:
    return [one for one in desk.read(lambda work: work.drafts(S)) if one.kind is kind][-1]


def sign(desk: Desk, kind: DraftKind = LIMIT) -> Draft:
    draft = newest(desk, kind)
    digest = text_sha256(draft.subject, draft.body)
    return approve(desk.context, S, kind, draft.revision, "vance", sha256=digest, via="page")


def publish(desk: Desk, kind: DraftKind = LIMIT, *, number: int = 37800) -> None:
    """Approve, and hear it come back from GCN."""
    draft = sign(desk, kind)
    desk.take(circular(number, draft.subject, draft.body))
    desk.wait(5.0)


def new_limit(desk: Desk, hard: float) -> None:
    """Replace the limit, as a better analysis would."""

    def change(work: UnitOfWork) -> None:
        (old,) = work.products(S, ProductKind.LIMIT)
        made = replace(old, id=f"better-{hard}", content={**old.content, "hard_1s_erg_cm2": hard})
        work.add_product(made)
        work.supersede(old.id, made.id)
        owe_draft(desk.context, work, S, cause=f"better-{hard}")

    with desk.store.begin() as work:
        change(work)
    desk.wait(5.0)


def test_circulars_of_others_on_the_event_are_cited_and_others_are_not(desk: Desk) -> None:
    assert "GCN" not in newest(desk).body
    desk.take(
        circular(37790, "LIGO/Virgo/KAGRA S241017ab: Identification of a candidate", "At 03:00:00 UTC."),
        circular(37791, "GRB 241017A: Swift detection", "At 11:00:00 UT.", eventId="GRB 241017A"),
        circular(37790, "LIGO/Virgo/KAGRA S241017ab: Identification of a candidate", "Edited.", version=2),
    )
    desk.wait(5.0)
    assert "(GCN 37790)" in newest(desk).body
    assert newest(desk).lint_errors == 0
    fact = newest(desk).facts["cited_circulars"]
    assert fact.product_id.startswith("notice:")


def test_ours_seen_on_gcn_closes_the_event_and_the_loop_is_kept(desk: Desk) -> None:
    publish(desk)
    row = desk.read(lambda work: work.event_row(S))
    assert row.state is EventState.CLOSED
    (line,) = [one for one in desk.read(lambda work: work.audit_rows(S)) if one.action == SEEN]
    assert line.detail["number"] == 37800
    assert line.detail["is_exact"] is True
    assert desk.open_jobs(S, JobKind.REMIND) == []
    assert desk.recorder.sent[-1].card.state is EventState.CLOSED
    # Sent again, as GCN does after an edit: seen once.
    draft = newest(desk)
    desk.take(circular(37800, draft.subject, draft.body, version=2))
    desk.wait(5.0)
    assert len(desk.read(lambda work: own_circulars(work, S))) == 1


def test_a_circular_that_nobody_here_approved_closes_nothing(desk: Desk) -> None:
    draft = newest(desk)
    desk.take(circular(37800, draft.subject, draft.body))
    desk.wait(5.0)
    assert desk.read(lambda work: work.event_row(S)).state is not EventState.CLOSED
    view = draft_view(desk.context, newest(desk), frozenset())
    assert view is not None
    assert "conflict.already-published" in {one.rule for one in view.findings}
    with pytest.raises(NotAllowedError, match="already-published"):
        sign(desk)


def test_better_values_after_publication_make_an_update_that_can_be_approved(desk: Desk) -> None:
    publish(desk)
    new_limit(desk, 9.87e-7)
    update = newest(desk, DraftKind.UPDATE)
    assert "erg/cm^2: 9.9e-07 (before: 2." in update.body
    assert "GCN 37800" in update.body
    assert update.lint_errors == 0, update.findings
    assert [one for one in desk.read(lambda work: work.drafts(S)) if one.kind is DraftKind.CORRECTION] == []
    sign(desk, DraftKind.UPDATE)


def test_a_correction_is_drafted_when_a_person_calls_the_published_value_wrong(desk: Desk) -> None:
    publish(desk)
    with desk.store.begin() as work:
        assert ask_for_correction(work, S, "vance") == "GCN 37800"
    new_limit(desk, 9.87e-7)
    correction = newest(desk, DraftKind.CORRECTION)
    assert correction.subject == "LIGO/Virgo/KAGRA S241017ab: correction to GCN 37800"
    assert "should read 9.9e-07" in correction.body
    assert correction.lint_errors == 0, correction.findings
    sign(desk, DraftKind.CORRECTION)


def test_a_correction_is_asked_for_by_a_button_that_is_there_once_we_have_published(desk: Desk) -> None:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    browser = Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"}))))
    where = f"/events/{S}/actions/correction"
    assert "Our circular is wrong" not in browser.get(f"/events/{S}").text
    assert browser.post(where, data={"person": "vance"}).status_code == 409
    publish(desk)
    assert "Our circular is wrong" in browser.get(f"/events/{S}").text
    assert browser.post(where, data={"person": "vance"}).status_code == 303
    new_limit(desk, 9.87e-7)
    assert newest(desk, DraftKind.CORRECTION).subject.endswith("correction to GCN 37800")


def test_a_retraction_of_what_we_published_is_drafted_and_nothing_else_can_be_approved(desk: Desk) -> None:
    publish(desk)
    desk.take(retraction())
    desk.wait(5.0)
    made = newest(desk, DraftKind.RETRACTION)
    assert made.subject == "LIGO/Virgo/KAGRA S241017ab: Retraction of GCN 37800"
    assert "2024-10-17 03:10:00 UTC" in made.body
    assert made.lint_errors == 0, made.findings
    sign(desk, DraftKind.RETRACTION)
    with pytest.raises(NotAllowedError, match="retracted"):
        sign(desk)


def test_nothing_is_withdrawn_that_was_never_approved(desk: Desk) -> None:
    desk.take(retraction())
    desk.wait(5.0)
    kinds = {one.kind for one in desk.read(lambda work: work.drafts(S))}
    assert DraftKind.RETRACTION not in kinds


def test_a_draft_is_up_to_date_the_moment_it_was_written(desk: Desk) -> None:
    publish(desk)
    new_limit(desk, 9.87e-7)
    for kind in (LIMIT, DraftKind.UPDATE):
        assert not desk.read(lambda work, kind=kind: is_outdated(desk.context, work, newest(desk, kind)))


def standing(desk: Desk) -> set[DraftKind]:
    return {one.kind for one in desk.read(lambda work: work.approvals(S)) if one.voided_utc is None}


def test_writing_one_kind_of_draft_leaves_the_approval_of_another(desk: Desk) -> None:
    publish(desk)
    new_limit(desk, 9.87e-7)
    sign(desk, DraftKind.UPDATE)
    draft = newest(desk)
    edit(
        desk.context,
        S,
        LIMIT,
        draft.revision,
        "vance",
        subject=draft.subject,
        body=f"{draft.body}\n\nMore.",
        via="page",
    )
    assert standing(desk) == {DraftKind.UPDATE}


def test_a_new_circular_to_cite_voids_what_cites_it_now(desk: Desk) -> None:
    publish(desk)
    new_limit(desk, 9.87e-7)
    sign(desk, DraftKind.UPDATE)
    desk.take(circular(37810, "LIGO/Virgo/KAGRA S241017ab: a tiling", "No candidates."))
    desk.wait(5.0)
    assert standing(desk) == set()
    assert "GCN 37810" in newest(desk, DraftKind.UPDATE).body
