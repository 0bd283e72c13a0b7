"""Two drafts of one kind on the pages: each reader gets theirs, by an address that names the audience."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asgi_browser import Browser
from lxml import html
from workflow_desk import SECRET, SECRET_TOPIC, Desk, PaperSource, counts, settings, sources, track

from notifier.recorder import RecorderChannel
from tocsin.api import Health, build_app
from tocsin.api.services import Viewer
from tocsin.app.web import api_services
from tocsin.workflow.context import Door

KIND = "spiacs_upper_limit"


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Desk]:
    """A public neutrino, drafted, whose better time and place are restricted."""
    doors = (Door(channel=RecorderChannel("public")), Door(channel=RecorderChannel("cleared"), clearance=SECRET))
    with Desk(tmp_path, doors=doors, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(track())
        desk.wait(60.0)
        desk.take(track(revision=1, after_s=900.0, t0_s=0.4), topic=SECRET_TOPIC)
        desk.wait(60.0)
        yield desk


def browser(desk: Desk, clearance: frozenset[str]) -> Browser:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    known = replace(
        services, allowed_hosts=frozenset({"testserver"}), gate=None, identify=lambda _: Viewer(clearance=clearance)
    )
    return Browser(build_app(known))


def test_the_cleared_see_both_drafts_each_under_its_own_address(mixed: Desk) -> None:
    (event_id,) = mixed.event_ids()
    page = browser(mixed, SECRET).get(f"/events/{event_id}")
    links = [one for one in html.fromstring(page.content).xpath("//@href") if f"/drafts/{KIND}" in one]
    assert links == [
        f"/events/{event_id}/drafts/{KIND}",
        f"/events/{event_id}/drafts/{KIND}?audience=antares%2Cicecube",
    ]
    assert "Only for those cleared for antares, icecube" in page.text
    public, held = (browser(mixed, SECRET).get(link) for link in links)
    assert (public.status_code, held.status_code) == (200, 200)
    assert "EMBARGOED" in held.text
    actions = html.fromstring(held.content).xpath("//form/@action | //@formaction")
    assert all("audience=antares%2Cicecube" in one for one in actions if "/drafts/" in one)
    assert "made from restricted input" in held.text
    assert "made from restricted input" not in public.text


def test_the_public_sees_one_and_the_other_address_is_as_if_it_were_never_used(mixed: Desk) -> None:
    (event_id,) = mixed.event_ids()
    asker = browser(mixed, frozenset())
    found = asker.get(f"/api/v1/events/{event_id}/drafts").json()["drafts"]
    assert [one["audience"] for one in found] == ["public"]
    hidden = asker.get(f"/api/v1/events/{event_id}/drafts/{KIND}?audience=antares%2Cicecube")
    never = asker.get(f"/api/v1/events/{event_id}/drafts/{KIND}?audience=no-such")
    assert (hidden.status_code, never.status_code) == (404, 404)
    assert "antares" not in asker.get(f"/events/{event_id}").text
    both = browser(mixed, SECRET).get(f"/api/v1/events/{event_id}/drafts").json()["drafts"]
    assert [(one["audience"], one["labels"]) for one in both] == [
        ("public", []),
        ("antares,icecube", ["antares", "icecube"]),
    ]


def test_an_edit_of_the_restricted_draft_by_its_page_stays_with_it(mixed: Desk) -> None:
    (event_id,) = mixed.event_ids()
    asker, address = browser(mixed, SECRET), f"/events/{event_id}/drafts/{KIND}"
    shown = asker.get(f"/api/v1{address}?audience=antares%2Cicecube").json()
    given = {"revision": str(shown["revision"]), "subject": shown["subject"], "person": "vance"}
    answer = asker.post(
        f"{address}/edit?audience=antares%2Cicecube", data={**given, "body": shown["body"] + "\nFor us alone.\n"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?audience=antares%2Cicecube")
    assert "For us alone." not in asker.get(f"/api/v1{address}?audience=public").json()["body"]
    assert "For us alone." in asker.get(f"/api/v1{address}?audience=antares%2Cicecube").json()["body"]
