"""Approving: a named person signs the exact text; an edit, a newer draft and a retraction each undo it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from workflow_desk import MERGER, SECRET_TOPIC, Desk, PaperSource, at, counts, merger, retraction, sources, track

from advocates.approval import text_sha256
from advocates.drafts import Change
from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.events import EventState
from tocsin.domain.jobs import JobKind
from tocsin.store import draft_sha256
from tocsin.workflow.acknowledging import acknowledge, mark_not_astrophysical
from tocsin.workflow.approving import approve, edit
from tocsin.workflow.context import Context
from tocsin.workflow.draft_views import DraftView, draft_view
from tocsin.workflow.owing import owe_draft

S = "s241017ab"
LIMIT = DraftKind.SPIACS_UPPER_LIMIT


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with a merger and the draft of its upper limit."""
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as made:
        made.take(merger())
        made.wait(5.0)
        yield made


def newest(desk: Desk, event_id: str = S) -> Draft:
    drafts: list[Draft] = desk.read(lambda work: work.drafts(event_id))
    return drafts[-1]


def view(desk: Desk, draft: Draft | None = None, context: Context | None = None) -> DraftView:
    found = draft_view(context or desk.context, draft or newest(desk), frozenset())
    assert found is not None
    return found


def sign(desk: Desk, person: str = "vance", **changes: object) -> Draft:
    draft = newest(desk)
    given = {"revision": draft.revision, "sha256": text_sha256(draft.subject, draft.body)} | changes
    return approve(desk.context, S, LIMIT, int(str(given["revision"])), person, sha256=str(given["sha256"]), via="page")


def write(desk: Desk, body: str, *, person: str = "lindqvist", subject: str = "", revision: int = 0) -> Draft:
    draft = newest(desk)
    return edit(
        desk.context,
        S,
        LIMIT,
        revision or draft.revision,
        person,
        subject=subject or draft.subject,
        body=body,
        via="page",
    )


def state(desk: Desk) -> EventState:
    found: EventState = desk.read(lambda work: work.event_row(S)).state
    return found


def write_again(desk: Desk, seed: int) -> None:
    """SPI-ACS sends other data for a better T0, so the limit and the draft become others."""
    desk.context = replace(desk.context, sources=sources(PaperSource("SPI-ACS", counts(seed=seed))))
    desk.take(merger("INITIAL", after_s=400.0, of=replace(MERGER, t0_utc=at(1.0))))
    desk.wait(10.0)


def test_the_store_and_the_page_sign_the_same_digest(desk: Desk) -> None:
    draft = newest(desk)
    assert draft_sha256(draft) == text_sha256(draft.subject, draft.body) == view(desk).sha256


def test_an_approver_signs_and_only_then_there_is_a_link_and_an_export_without_the_word_draft(desk: Desk) -> None:
    before = view(desk)
    assert before.obstacles == ()
    assert (before.prefill_link, before.is_approved) == (None, False)
    assert before.export.startswith("DRAFT ")
    sign(desk)
    after = view(desk)
    assert after.is_approved
    assert after.export.startswith(newest(desk).subject)
    assert after.prefill_link is not None
    assert parse_qs(urlsplit(after.prefill_link).query)["body"] == [newest(desk).body]
    assert state(desk) is EventState.APPROVED
    (row,) = [row for row in desk.read(lambda work: work.audit_rows(S)) if row.action == "approve_draft"]
    assert (row.actor, row.detail["sha256"], row.detail["via"]) == ("vance", after.sha256, "page")


@pytest.mark.parametrize(("person", "words"), [("lindqvist", "no approver"), ("mallory", "nobody in the registry")])
def test_others_are_refused_and_that_is_kept(desk: Desk, person: str, words: str) -> None:
    with pytest.raises(NotAllowedError, match=words):
        sign(desk, person)
    (row,) = [row for row in desk.read(lambda work: work.audit_rows(S)) if row.action == "approval_refused"]
    assert (row.actor, words in row.detail["reason"]) == (person, True)
    assert desk.read(lambda work: work.approvals(S)) == []


def test_another_text_than_the_one_read_is_not_signed(desk: Desk) -> None:
    with pytest.raises(ConflictError, match="not the one that was read"):
        sign(desk, sha256="0" * 64)
    with pytest.raises(ConflictError, match="no revision 7"):
        sign(desk, revision=7)


def test_an_edit_is_a_new_revision_with_its_author_and_voids_the_approval(desk: Desk) -> None:
    sign(desk)
    body = newest(desk).body
    made = write(desk, body.replace("archival", "archived", 1).replace("\n", "\r\n") + "Thanks to all.\r\n")
    assert (made.revision, made.author) == (2, "lindqvist")
    assert "\r" not in made.body
    (approval,) = desk.read(lambda work: work.approvals(S))
    assert approval.void_reason == "the text was edited by M. Lindqvist"
    assert state(desk) is EventState.DRAFTING
    shown = view(desk)
    assert not shown.is_approved
    assert shown.prefill_link is None
    assert shown.compared_to is not None
    assert shown.compared_to.author == "tocsin"
    changed = {(one.change, one.text.strip()) for one in shown.passages if one.change is not Change.SAME}
    assert (Change.REMOVED, "archival") in changed
    assert (Change.ADDED, "archived") in changed


def test_passages_make_up_both_texts_to_the_letter(desk: Desk) -> None:
    before = newest(desk)
    after = write(desk, before.body.replace("e-0", "e-1") + "\nMore.")
    passages = view(desk).passages
    for draft, left_out in ((before, Change.ADDED), (after, Change.REMOVED)):
        text = "".join(one.text for one in passages if one.change is not left_out)
        assert text == f"{draft.subject}\n\n{draft.body}"


def test_a_number_that_was_changed_is_found_and_blocks(desk: Desk) -> None:
    draft = newest(desk)
    fact = next(span for span in draft.spans if span.fact == "limit_hard_1s_erg_cm2")
    wrong = draft.body[: fact.start] + "1.0e-09" + draft.body[fact.stop :]
    made = write(desk, wrong)
    assert made.lint_errors > 0
    with pytest.raises(NotAllowedError, match="number"):
        sign(desk)


def test_the_same_text_again_is_no_revision_and_voids_nothing(desk: Desk) -> None:
    sign(desk)
    assert write(desk, newest(desk).body).revision == 1
    assert view(desk).is_approved


def test_two_people_who_edit_at_once_do_not_overwrite_each_other(desk: Desk) -> None:
    body = newest(desk).body
    write(desk, body + "\nOne.")
    with pytest.raises(ConflictError, match="not the newest: that is 2"):
        write(desk, body + "\nTwo.", person="okafor", revision=1)
    with pytest.raises(ConflictError, match="not the newest"):
        sign(desk, revision=1)


@pytest.mark.parametrize(("subject", "body"), [(" ", "x"), ("x", " \r\n")])
def test_an_empty_text_is_refused(desk: Desk, subject: str, body: str) -> None:
    with pytest.raises(ConflictError, match="needs a subject and a body"):
        edit(desk.context, S, LIMIT, 1, "vance", subject=subject, body=body, via="api")


def test_a_retraction_voids_the_approval_and_closes_the_drafts(desk: Desk) -> None:
    sign(desk)
    desk.take(retraction())
    desk.work()
    (approval,) = desk.read(lambda work: work.approvals(S))
    assert approval.voided_utc is not None
    with pytest.raises(NotAllowedError, match="retracted"):
        sign(desk)
    with pytest.raises(ConflictError, match="retracted"):
        write(desk, newest(desk).body + "More.")
    assert view(desk).prefill_link is None


def test_what_is_not_astrophysical_keeps_no_approval(desk: Desk) -> None:
    sign(desk)
    mark_not_astrophysical(desk.context, S, "okafor", "page")
    (approval,) = desk.read(lambda work: work.approvals(S))
    assert approval.voided_utc is not None
    with pytest.raises(NotAllowedError, match="not astrophysical"):
        sign(desk)


def test_drafting_again_from_the_same_facts_leaves_a_persons_text_and_its_approval_alone(desk: Desk) -> None:
    write(desk, newest(desk).body + "\nWe thank the operators.\n")
    sign(desk)
    desk.clock.advance(8 * 86_400)  # other people are on call by then, and would sign a new draft
    with desk.store.begin() as work:
        owe_draft(desk.context, work, S, cause="again")
    assert "stale" in view(desk).obstacles[0]
    desk.work()
    assert newest(desk).revision == 2
    assert view(desk).is_approved


def test_newer_facts_write_the_draft_again_and_show_what_the_person_had(desk: Desk) -> None:
    write(desk, newest(desk).body + "\nWe thank the operators.\n")
    sign(desk)
    write_again(desk, seed=2)
    drafts = desk.read(lambda work: work.drafts(S))
    assert [draft.author for draft in drafts] == ["tocsin", "lindqvist", "tocsin"]
    (approval,) = desk.read(lambda work: work.approvals(S))
    assert approval.void_reason == "the draft was written again from newer products"
    shown = view(desk)
    assert shown.compared_to is not None
    assert shown.compared_to.author == "lindqvist"
    assert any(one.change is Change.REMOVED and "operators" in one.text for one in shown.passages)


def test_a_draft_about_to_be_written_again_cannot_be_approved(desk: Desk) -> None:
    with desk.store.begin() as work:
        owe_draft(desk.context, work, S, cause="soon")
    with pytest.raises(NotAllowedError, match="stale"):
        sign(desk)
    assert desk.open_jobs(S, JobKind.DRAFT)


def test_an_edit_of_what_somebody_has_makes_the_event_a_drafting_one(desk: Desk) -> None:
    write(desk, newest(desk).body + "\nOne.")
    assert state(desk) is EventState.NOTIFIED
    acknowledge(desk.context, S, "vance", "page")
    write(desk, newest(desk).body + "\nTwo.")
    assert state(desk) is EventState.DRAFTING


def test_a_replayed_draft_is_edited_but_never_approved(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts())), is_replay=True) as desk:
        desk.take(merger())
        desk.wait(5.0)
        write(desk, newest(desk).body + "\nOne.")
        with pytest.raises(NotAllowedError, match="replayed"):
            sign(desk)
        assert view(desk).prefill_link is None


def test_a_draft_made_from_restricted_input_is_never_signed_nor_shown_to_others(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.wait(5.0)
        (event_id,) = desk.event_ids()
        drafts = desk.read(lambda work: work.drafts(event_id))
        assert drafts
        assert draft_view(desk.context, drafts[-1], frozenset()) is None
        everything = frozenset({"antares", "icecube", "private"})
        seen = draft_view(desk.context, drafts[-1], everything)
        assert seen is not None
        assert "restricted input: antares, icecube" in seen.obstacles[0]
        digest = text_sha256(drafts[-1].subject, drafts[-1].body)
        with pytest.raises(ConflictError, match="there is no event"):
            approve(desk.context, event_id, LIMIT, 1, "okafor", sha256=digest, via="page")
