"""Files that an instrument's team hands in: kept as they came, shown with their lineage, to those who see the event."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgi_browser import Browser
from workflow_desk import SECRET, SECRET_TOPIC, Desk, merger, settings, track

from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.products import ProductKind
from tocsin.domain.tokens import Scope, Token, digest
from tocsin.workflow.receiving_files import MOST_BYTES

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
S = "s241017ab"


def token(desk: Desk, secret: str, *, scopes: frozenset[Scope], clearance: frozenset[str] = frozenset()) -> None:
    now = desk.clock.now()
    with desk.store.begin() as work:
        work.add_token(
            Token(
                id=secret[-6:], name="n", secret_sha256=digest(secret), scopes=scopes, clearance=clearance,
                person_id=None, per_minute=0, created_utc=now, expires_utc=now + timedelta(days=1),
            )
        )  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path) as made:
        made.take(merger())
        made.wait(5.0)
        token(made, "tocsin_writer", scopes=frozenset({Scope.READ, Scope.ACT}))
        token(made, "tocsin_reader", scopes=frozenset({Scope.READ}))
        token(made, "tocsin_secret", scopes=frozenset(Scope), clearance=SECRET)
        yield made


def browser(desk: Desk, secret: str | None = None) -> Browser:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
    return Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"}))), headers=headers)


def hand_in(client: Browser, event_id: str = S, file: bytes = PNG, **changes: Any) -> Any:
    given = {
        "instrument": "CALET-CGBM", "name": "light curve", "media_type": "image/png", "words": "40 to 1000 keV",
        "content": base64.b64encode(file).decode(),
    }  # fmt: skip
    return client.post(f"/api/v1/events/{event_id}/files", json=given | changes)


def test_an_image_of_an_instrument_nobody_knew_is_shown_with_its_lineage_and_comes_back_as_it_was(desk: Desk) -> None:
    answer = hand_in(browser(desk, "tocsin_writer"))
    assert answer.status_code == 201, answer.text
    client = browser(desk)
    file = client.get(answer.headers["location"])
    assert file.content == PNG
    assert (file.headers["content-type"], file.headers["x-content-type-options"]) == ("image/png", "nosniff")
    page = client.get(f"/events/{S}", headers={"accept": "text/html"}).text
    assert f'<img src="{answer.headers["location"]}"' in page
    assert 'alt="CALET-CGBM: light curve: 40 to 1000 keV"' in page
    assert hashlib.sha256(PNG).hexdigest()[:12] in page
    (product,) = [one for one in client.get(f"/api/v1/events/{S}/products").json()["products"] if one["kind"] == "file"]
    assert product["parameters"]["raw_sha256"] == hashlib.sha256(PNG).hexdigest()


def test_another_one_of_the_same_name_takes_its_place_and_the_same_again_changes_nothing(desk: Desk) -> None:
    client = browser(desk, "tocsin_writer")
    first = hand_in(client).json()["id"]
    assert hand_in(client).json()["id"] == first
    second = hand_in(client, file=PNG + b"2").json()["id"]
    standing = desk.read(lambda work: work.products(S, ProductKind.FILE))
    assert [one.id for one in standing] == [second]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"media_type": "image/svg+xml"}, 422, "is not taken"),
        ({"media_type": "text/html"}, 422, "is not taken"),
        ({"content": base64.b64encode(b"<script>").decode()}, 422, "are no image/png"),
        ({"content": ""}, 422, "empty"),
        ({"content": "%%%"}, 422, "base64"),
        ({"content": base64.b64encode(bytes(MOST_BYTES + 1)).decode(), "media_type": "text/plain"}, 422, "more than"),
        ({"instrument": ""}, 422, "instrument"),
        ({"labels": []}, 422, "labels"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_reason(
    desk: Desk, changes: dict[str, Any], status: int, words: str
) -> None:
    answer = hand_in(browser(desk, "tocsin_writer"), **changes)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_only_a_token_that_may_act_hands_in(desk: Desk) -> None:
    assert hand_in(browser(desk, "tocsin_reader")).status_code == 403
    assert hand_in(browser(desk)).status_code == 403


def test_a_file_of_a_restricted_event_is_as_restricted_and_the_event_is_not_there_for_others(desk: Desk) -> None:
    desk.take(track(t0_s=9000.0), topic=SECRET_TOPIC)
    desk.wait(5.0)
    hidden = next(one for one in desk.event_ids() if one != S)
    assert hand_in(browser(desk, "tocsin_writer"), hidden).status_code == 404
    answer = hand_in(browser(desk, "tocsin_secret"), hidden)
    assert answer.status_code == 201, answer.text
    assert browser(desk).get(answer.headers["location"]).status_code == 404
    assert browser(desk, "tocsin_secret").get(answer.headers["location"]).content == PNG
