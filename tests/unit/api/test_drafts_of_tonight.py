"""Tonight asks for signatures that can be given, of those who can give them; what is only to be read stands apart."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from api_night import ANTARES, BODY, BURST, PEOPLE, Night, decision, fill_gw
from asgi_browser import Browser
from lxml import html

from tocsin.api import Viewer, build_app
from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.events import EventState
from tocsin.domain.people import PersonRole

TO_SIGN = "Drafts to read and sign"


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    fill_gw(made)
    made.notice("grb-1", BURST, decision=decision())
    yield made
    made.store.close()


def draft(
    night: Night, subject: str, kind: DraftKind = DraftKind.IPN_BOX, *, of: str = "grb-1", **changes: object
) -> None:
    made = Draft(event_id=of, kind=kind, subject=subject, body=BODY, made_utc=night.clock.now())
    with night.store.begin() as work:
        work.add_draft(replace(made, **changes))  # type: ignore[arg-type]


def page(
    night: Night, viewer: Viewer | None = None, **changes: object
) -> tuple[str, str, dict[str, list[dict[str, object]]]]:
    """What stands under the heading, what stands in the rest of the page, and the twin."""
    if viewer is not None:
        changes["identify"] = lambda _headers: viewer
    browser = Browser(build_app(night.services(**changes)))
    tree = html.fromstring(browser.get("/").text)
    asked = str(tree.xpath(f"string(//section[h2='{TO_SIGN}'])"))
    return asked, " ".join(tree.xpath("//details//text()")), browser.get("/tonight.json").json()


def test_a_replay_is_only_to_be_read(night: Night) -> None:
    draft(night, "a box of a replayed burst", is_replay=True)
    asked, apart, twin = page(night)
    assert "IPN triangulation" in asked
    assert "replayed burst" not in asked
    assert "1 draft to read only" in apart
    assert "replayed burst" in apart
    assert [one["event_id"] for one in twin["drafts"]] == ["s261122a"]
    assert [one["event_id"] for one in twin["drafts_nobody_can_sign"]] == ["grb-1"]


def test_a_restricted_draft_is_only_to_be_read_and_by_those_cleared_alone(night: Night) -> None:
    draft(night, "a box with the hidden neutrino", labels=ANTARES)
    asked, apart, twin = page(night, Viewer(person_id="ben", clearance=ANTARES))
    assert "hidden neutrino" not in asked
    assert "hidden neutrino" in apart
    assert len(twin["drafts_nobody_can_sign"]) == 1
    asked, apart, twin = page(night)
    assert "hidden" not in asked + apart
    assert twin["drafts_nobody_can_sign"] == []


@pytest.mark.parametrize(
    ("viewer", "changes"),
    [
        (Viewer(person_id="olga"), {}),
        (Viewer(), {"may_choose_person": False}),
        (Viewer(token_id="t"), {}),
    ],
    ids=["an operator", "anonymous from outside", "a token of nobody"],
)
def test_one_who_can_sign_nothing_is_not_asked_to(night: Night, viewer: Viewer, changes: dict[str, object]) -> None:
    asked, apart, twin = page(night, viewer, **changes)
    assert asked == ""
    assert "1 draft waits for an approver" in apart
    assert len(twin["drafts"]) == 1


def test_an_advocate_signed_in_is_asked(night: Night) -> None:
    people = (replace(PEOPLE[0], roles=frozenset({PersonRole.ADVOCATE})),)
    asked, apart, _ = page(night, Viewer(person_id="ada"), people=people, may_choose_person=False)
    assert "IPN triangulation" in asked
    assert apart == ""


def test_of_a_withdrawn_event_the_retraction_waits_and_nothing_else(night: Night) -> None:
    draft(night, "GRB 261122A: IPN error box")
    draft(night, "GRB 261122A: retraction", DraftKind.RETRACTION)
    with night.store.begin() as work:
        work.set_event_state("grb-1", EventState.NOT_ASTROPHYSICAL)
    asked, apart, _ = page(night)
    assert "retraction" in asked
    assert "error box" not in asked + apart


def test_what_was_seen_on_gcn_waits_no_more(night: Night) -> None:
    draft(night, "GRB 261122A: an update", DraftKind.UPDATE)
    assert "an update" in page(night)[0]
    with night.store.begin() as work:
        detail = {"kind": "update", "revision": 1, "number": 40001, "source": "notice:x"}
        work.audit("tocsin", "circular_seen", "grb-1", detail, night.clock.now())
        work.set_event_state("grb-1", EventState.CLOSED)
    assert "an update" not in page(night)[0]
