"""The draft's page and routes: edited and signed by people without scripts; no way to GCN before a signature."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from asgi_browser import Browser
from lxml import html
from workflow_desk import SECRET_TOPIC, Desk, PaperSource, counts, merger, retraction, settings, sources, track

from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.drafts import Draft

PAGE = "/events/s241017ab/drafts/spiacs_upper_limit"
API = f"/api/v1{PAGE}"


@dataclass(frozen=True, kw_only=True)
class Room:
    """A desk with a draft, and a browser to its real service."""

    desk: Desk
    browser: Browser

    def draft(self) -> Draft:
        found: Draft = self.desk.read(lambda work: work.drafts("s241017ab"))[-1]
        return found

    def fields(self) -> dict[str, str]:
        """Fields of the form as the browser shows them, the first person chosen."""
        return fields_of(self.browser.get(PAGE))

    def post(self, verb: str, **changes: str) -> httpx.Response:
        answer: httpx.Response = self.browser.post(
            f"{PAGE}/{verb}", data={**self.fields(), "person": "vance", **changes}
        )
        return answer

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = self.browser.get(API, headers={"accept": "application/json"}).json()
        return found


def fields_of(page: httpx.Response) -> dict[str, str]:
    """Fields of the form; a browser drops the first line break of a text area, as HTML says, this parser does not."""
    form = html.fromstring(page.content).xpath("//form[@class='editor']")[0]
    fields = {name: value for name, value in form.form_values() if value is not None}
    return fields | {"body": fields["body"].removeprefix("\n")}


def room_of(desk: Desk) -> Room:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    return Room(desk=desk, browser=Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"})))))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger())
        desk.wait(5.0)
        yield room_of(desk)


def test_the_page_has_no_script_or_style_of_its_own_and_takes_nothing_from_elsewhere(room: Room) -> None:
    answer = room.browser.get(PAGE)
    tree = html.fromstring(answer.content)
    assert tree.xpath("//script[not(@src) or text()] | //style | //*[@style] | //@*[starts-with(name(), 'on')]") == []
    assert all(link.startswith(("/", "#")) for link in tree.xpath("//@href | //@src | //@action | //@formaction"))
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert len(answer.content) < 60_000


def test_what_the_form_sends_back_untouched_is_the_draft_to_the_letter(room: Room) -> None:
    fields = room.fields()
    assert (fields["subject"], fields["body"]) == (room.draft().subject, room.draft().body)
    assert room.post("edit").status_code == 303
    assert room.draft().revision == 1


def test_an_edit_and_a_signature_by_two_presses(room: Room) -> None:
    text = room.draft().body + "\nWe thank the operators.\n"
    answer = room.post("edit", body=text.replace("\n", "\r\n"))
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert (room.draft().revision, room.draft().author, room.draft().body) == (2, "vance", text)
    page = room.browser.get(PAGE).text
    assert "<ins>" in page
    assert "gcn.nasa.gov" not in page
    assert room.post("approve").status_code == 303
    page = room.browser.get(PAGE).text
    assert "<b>Approved</b> by B. Vance at 2024-10-17 03:00:35 UTC" in page
    (link,) = [one for one in html.fromstring(page).xpath("//@href") if not one.startswith("/") and one != "#main"]
    assert link.startswith("https://gcn.nasa.gov/circulars/new?")
    assert parse_qs(urlsplit(link).query)["body"] == [text]


def test_a_changed_text_is_not_signed_in_passing_and_not_lost(room: Room) -> None:
    answer = room.post("approve", body="Another <b>text</b>.")
    assert answer.status_code == 409
    assert "was changed but not saved" in answer.text
    assert fields_of(answer)["body"] == "Another <b>text</b>."
    assert room.desk.read(lambda work: work.approvals("s241017ab")) == []


def test_who_was_slower_finds_their_text_again_beside_the_newer_one(room: Room) -> None:
    body = room.draft().body
    room.post("edit", body=body + "\nFirst.")
    answer = room.post("edit", body=body + "\nSecond.", revision="1", person="okafor")
    assert answer.status_code == 409
    fields = fields_of(answer)
    assert fields["body"].endswith("Second.")
    assert fields["revision"] == "2"
    assert room.draft().body.endswith("First.")


@pytest.mark.parametrize(("person", "words"), [("lindqvist", "is no approver"), ("", "nobody is named")])
def test_whoever_may_not_sign_is_told_why(room: Room, person: str, words: str) -> None:
    answer = room.post("approve", person=person)
    assert answer.status_code == 403
    assert words in answer.text


def test_a_post_from_another_site_and_a_huge_one_are_refused(room: Room) -> None:
    for verb in ("edit", "approve"):
        for base in (PAGE, API):
            headers = {"origin": "https://evil.example"}
            assert room.browser.post(f"{base}/{verb}", data=room.fields(), headers=headers).status_code == 403
            assert room.browser.get(f"{base}/{verb}").status_code == 405
    assert room.browser.post(f"{PAGE}/edit", content=b"body=" + b"a" * 800_000).status_code == 413
    assert room.draft().revision == 1


def test_the_routes_do_the_same_for_programs(room: Room) -> None:
    before = room.json()
    assert (before["is_approved"], before["prefill_link"], before["obstacles"]) == (False, None, [])
    text = room.browser.get(f"{API}/text")
    assert text.text.startswith("DRAFT ")
    assert 'filename="DRAFT-s241017ab-' in text.headers["content-disposition"]
    given = {"person": "vance", "revision": "1", "sha256": before["sha256"]}
    signed = room.browser.post(f"{API}/approve", data=given).json()
    assert signed["is_approved"]
    assert signed["approvals"][0]["person"] == "B. Vance"
    assert room.browser.get(f"{API}/text").text == f"{before['subject']}\n\n{before['body']}\n"
    edited = {"person": "okafor", "revision": "1", "subject": before["subject"], "body": before["body"] + "\nMore."}
    after = room.browser.post(f"{API}/edit", data=edited).json()
    assert (after["revision"], after["is_approved"], after["prefill_link"]) == (2, False, None)
    assert room.browser.post(f"{API}/approve", data=given).status_code == 409
    assert room.browser.post(f"{API}/approve", data=given | {"revision": "one"}).status_code == 422


def test_what_does_not_exist_is_not_found(room: Room) -> None:
    for path in (
        PAGE.replace("spiacs", "martian"),
        PAGE.replace("ab/", "zz/"),
        PAGE.replace("upper_limit", "x") + ".json",
    ):
        assert room.browser.get(path).status_code == 404
        assert room.browser.post(f"/api/v1{path}/approve", data={}).status_code in {404, 405}


def test_a_retracted_draft_says_so_and_gives_no_link(room: Room) -> None:
    room.post("approve")
    room.desk.take(retraction())
    room.desk.work()
    page = room.browser.get(PAGE)
    if page.status_code == 200:
        assert "gcn.nasa.gov" not in page.text
        assert "<b>RETRACTED</b>" in page.text
    assert room.json().get("prefill_link") is None


def test_a_replayed_draft_says_so_and_offers_no_signature(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts())), is_replay=True) as desk:
        desk.take(merger())
        desk.wait(5.0)
        page = room_of(desk).browser.get(PAGE).text
        assert "<b>REPLAY</b>" in page
        assert html.fromstring(page).xpath("//button[contains(., 'Approve') and @disabled]")


def test_a_restricted_draft_does_not_exist_for_the_public(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.wait(5.0)
        (event_id,) = desk.event_ids()
        assert desk.read(lambda work: work.drafts(event_id))
        browser = room_of(desk).browser
        for path in ("", ".json"):
            assert browser.get(f"/events/{event_id}/drafts/spiacs_upper_limit{path}").status_code == 404
        assert browser.get(f"/api/v1/events/{event_id}/drafts/spiacs_upper_limit/text").status_code == 404
