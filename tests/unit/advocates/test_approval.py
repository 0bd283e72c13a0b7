"""Approval: a named person, the exact text, and nothing that must not go out."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from advocate_values import ANNA, BERT, MADE, annulus_draft, limit_draft

from advocates.approval import (
    MAX_LINK_CHARACTERS,
    approve_check,
    approved_sha256,
    exported,
    is_still_approved,
    prefill_link,
)
from advocates.gcn_subject import auto_reply_phrases
from tocsin.domain.errors import NotAllowedError
from tocsin.domain.events import EventState


def test_an_approver_signs_the_exact_text_and_any_edit_voids_it() -> None:
    draft = limit_draft()
    approved = approved_sha256(draft, EventState.DRAFTING, ANNA)
    assert is_still_approved(draft, approved)
    assert not is_still_approved(replace(draft, body=draft.body + " "), approved)
    assert not is_still_approved(replace(draft, subject=draft.subject + "."), approved)


@pytest.mark.parametrize("state", [EventState.RETRACTED, EventState.NOT_ASTROPHYSICAL, EventState.CLOSED])
def test_nothing_is_approved_of_an_event_that_is_over(state: EventState) -> None:
    with pytest.raises(NotAllowedError):
        approved_sha256(limit_draft(), state, ANNA)


def test_every_reason_is_named() -> None:
    draft = replace(limit_draft(is_replay=True), subject="Re: nothing")
    reasons = approve_check(
        draft, EventState.RETRACTED, BERT, is_test=True, labels={"icecube"}, newest_utc=MADE + timedelta(seconds=1)
    )
    said = " / ".join(reasons)
    for words in ("no approver", "retracted", "replayed", "test", "icecube", "subject.auto-reply", "stale"):
        assert words in said


def test_a_replay_cannot_be_approved_although_its_lint_is_clean() -> None:
    draft = limit_draft(is_replay=True)
    assert draft.lint_errors == 0
    assert approve_check(draft, EventState.DRAFTING, ANNA) == ("it is made from replayed or simulated notices",)


def test_the_link_opens_gcns_own_form_with_the_very_text() -> None:
    draft = annulus_draft()
    link = prefill_link(draft)
    assert link is not None
    assert link.startswith("https://gcn.nasa.gov/circulars/new?")
    assert len(link) <= MAX_LINK_CHARACTERS
    query = parse_qs(urlsplit(link).query)
    assert (query["subject"], query["body"]) == ([draft.subject], [draft.body])


def test_no_link_is_made_of_what_must_not_go_out() -> None:
    draft = annulus_draft()
    assert prefill_link(replace(draft, is_replay=True)) is None
    assert prefill_link(draft, is_test=True) is None
    assert prefill_link(draft, labels={"antares"}) is None
    assert prefill_link(replace(draft, body=draft.body + " TBD")) is None
    assert prefill_link(replace(draft, body=draft.body + "\nword" * 3000)) is None


def test_an_unapproved_export_would_be_refused_by_gcn() -> None:
    draft = annulus_draft()
    assert auto_reply_phrases(exported(draft, is_approved=False).split("\n")[0]) == ("draft",)
    assert exported(draft, is_approved=True).startswith("GRB 200415A: IPN")
    assert "REPLAY" in exported(replace(draft, is_replay=True), is_approved=True).split("\n")[0]
