"""Comments on drafts: kept with the revision they were made on, seen by who sees that, and changing nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asgi_browser import Browser
from workflow_desk import Desk, PaperSource, counts, merger, settings, sources

from tocsin.api.app import build_app
from tocsin.api.services import Health
from tocsin.app.web import api_services
from tocsin.domain.drafts import DraftKind
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.workflow.commenting import comment
from tocsin.workflow.draft_views import draft_view

S = "s241017ab"
LIMIT = DraftKind.SPIACS_UPPER_LIMIT


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as made:
        made.take(merger())
        made.wait(30.0)
        yield made


def test_a_comment_stands_beside_its_revision_and_changes_neither_text_nor_state(desk: Desk) -> None:
    before = desk.read(lambda work: (work.drafts(S), work.event_row(S).state))
    comment(desk.context, S, LIMIT, 1, "okafor", text="  Is 2 digits enough?  ", via="page")
    view = draft_view(desk.context, before[0][-1], frozenset())
    assert view is not None
    assert [(one.person_id, one.revision, one.text) for one in view.comments] == [("okafor", 1, "Is 2 digits enough?")]
    assert desk.read(lambda work: (work.drafts(S), work.event_row(S).state)) == before


def test_strangers_empty_words_and_revisions_that_are_not_there_are_refused(desk: Desk) -> None:
    with pytest.raises(NotAllowedError):
        comment(desk.context, S, LIMIT, 1, "nobody", text="x", via="page")
    for revision, text in ((1, "  "), (1, "x" * 2001), (9, "x")):
        with pytest.raises(ConflictError):
            comment(desk.context, S, LIMIT, revision, "okafor", text=text, via="page")


def test_the_page_takes_a_comment_and_shows_it_escaped(desk: Desk) -> None:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    browser = Browser(build_app(replace(services, allowed_hosts=frozenset())))
    here = f"/events/{S}/drafts/{LIMIT.value}"
    form = {"person": "okafor", "revision": "1", "text": "<b>bold</b> words"}
    assert browser.post(f"{here}/comment", data=form).status_code == 303
    assert "&lt;b&gt;bold&lt;/b&gt; words" in browser.get(here).text
    told = browser.get(f"/api/v1{here}", headers={"accept": "application/json"}).json()
    assert told["comments"][0]["person"] == "C. Okafor"
