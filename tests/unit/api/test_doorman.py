"""At the door: tokens, what they open, how often they may come, and answers kept in memory."""

from datetime import timedelta
from typing import Any

import pytest
from api_night import ANTARES, PEOPLE, Night, fill_gw
from asgi_browser import Browser

from tocsin.api import build_app
from tocsin.api.doorman import AnswerCache, Kept
from tocsin.domain.tokens import Scope, Token, digest
from tocsin.workflow.access import Gate

SECRET = "tocsin_the-secret-of-a-partner"


def give(night: Night, secret: str = SECRET, **changes: Any) -> Token:
    now = night.clock.now()
    given: dict[str, Any] = {
        "id": digest(secret)[:6],
        "name": "Partner A",
        "secret_sha256": digest(secret),
        "scopes": frozenset({Scope.READ}),
        "clearance": frozenset(),
        "person_id": None,
        "per_minute": 0,
        "created_utc": now,
        "expires_utc": now + timedelta(days=1),
    }
    token = Token(**(given | changes))
    with night.store.begin() as work:
        work.add_token(token)
    return token


def door(night: Night, **changes: Any) -> tuple[Browser, Gate]:
    gate = Gate(night.store, night.clock, lambda: PEOPLE, **changes)
    return Browser(build_app(night.services(gate=gate)), headers={"accept": "application/json"}), gate


def bearer(secret: str = SECRET) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def secret_event(night: Night) -> str:
    from api_night import SECRET as NOTICE  # the name is a token's here

    night.notice("hush-1", NOTICE)
    return "hush-1"


def test_a_token_opens_what_it_is_cleared_for_and_nothing_else(night: Night) -> None:
    event_id = secret_event(night)
    give(night, clearance=ANTARES)
    give(night, "tocsin_other")
    client, _ = door(night)
    assert client.get(f"/api/v1/events/{event_id}", headers=bearer()).status_code == 200
    for headers in ({}, bearer("tocsin_other")):
        assert client.get(f"/api/v1/events/{event_id}", headers=headers).status_code == 404


@pytest.mark.parametrize("stated", ["Bearer tocsin_wrong", "Bearer ", "Basic YTpi", "tocsin_x", "Bearer \x00"])
def test_a_token_that_opens_nothing_is_refused_in_the_same_words(night: Night, stated: str) -> None:
    give(night)
    client, _ = door(night)
    answer = client.get("/api/v1/events", headers={"authorization": stated})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "unknown, expired or revoked" in answer.json()["detail"]


def test_expired_and_revoked_tokens_open_nothing_a_second_later(night: Night) -> None:
    give(night, "tocsin_short", expires_utc=night.clock.now() + timedelta(seconds=5))
    token = give(night, "tocsin_long")
    client, _ = door(night)
    for secret in ("tocsin_short", "tocsin_long"):
        assert client.get("/api/v1/events", headers=bearer(secret)).status_code == 200
    night.clock.advance(5)
    assert client.get("/api/v1/events", headers=bearer("tocsin_short")).status_code == 401
    with night.store.begin() as work:
        work.revoke_token(token.id, night.clock.now())
    night.clock.advance(1.001)
    assert client.get("/api/v1/events", headers=bearer("tocsin_long")).status_code == 401


def test_a_token_for_a_person_opens_no_more_than_the_person_may_see(night: Night) -> None:
    event_id = secret_event(night)
    give(night, "tocsin_ada", clearance=ANTARES, person_id="ada")
    give(night, "tocsin_ben", clearance=ANTARES, person_id="ben")
    give(night, "tocsin_gone", clearance=ANTARES, person_id="left-the-team")
    client, _ = door(night)
    asked = f"/api/v1/events/{event_id}"
    assert client.get(asked, headers=bearer("tocsin_ben")).status_code == 200
    assert client.get(asked, headers=bearer("tocsin_ada")).status_code == 404
    assert client.get(asked, headers=bearer("tocsin_gone")).status_code == 401


def test_only_a_token_with_the_scope_acts_and_only_as_its_person(night: Night) -> None:
    fill_gw(night)
    give(night, "tocsin_read", person_id="ada")
    give(night, "tocsin_act", person_id="ada", scopes=frozenset({Scope.READ, Scope.ACT}))
    client, _ = door(night)
    path, form = "/api/v1/events/s261122a/acknowledge", {"person": "ben"}
    refused = client.post(path, data=form, headers=bearer("tocsin_read"))
    assert (refused.status_code, refused.json()["detail"]) == (403, "this token is not for acting")
    assert client.post(path, data=form, headers=bearer("tocsin_act")).status_code == 200
    assert night.acknowledged == [("s261122a", "ada", "api")]


def test_who_comes_too_often_waits_and_is_told_how_long(night: Night) -> None:
    give(night, per_minute=3)
    client, _ = door(night)
    left = [client.get("/api/v1/events", headers=bearer()).headers["ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = client.get("/api/v1/events", headers=bearer())
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "20")
    assert client.get("/api/v1/events").status_code == 200, "others are not held up"
    assert client.get("/healthz", headers=bearer()).status_code == 200, "watching is free"
    night.clock.advance(20)
    assert client.get("/api/v1/events", headers=bearer()).status_code == 200


def test_an_address_without_a_token_has_a_rate_of_its_own(night: Night) -> None:
    client, _ = door(night, anonymous_per_minute=2)
    answers = [client.get("/api/v1/events").status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_requests_are_counted_by_token_day_and_kind_of_door(night: Night) -> None:
    fill_gw(night)
    token = give(night)
    client, gate = door(night)
    for path in ("/api/v1/events", "/api/v1/events/s261122a", "/", "/api/v1/feeds"):
        client.get(path, headers=bearer())
    client.get("/events/s261122a")
    gate.write_counts()
    with night.store.read() as work:
        counted = {(row.token_id, row.door): row.requests for row in work.usage()}
    assert counted == {(token.id, "events"): 2, (token.id, "page"): 1, (token.id, "other"): 1, ("", "page"): 1}


def test_counts_are_written_down_by_themselves(night: Night) -> None:
    client, _ = door(night)
    client.get("/api/v1/events")
    night.clock.advance(11)
    client.get("/api/v1/events")
    with night.store.read() as work:
        assert [row.requests for row in work.usage()] == [2]


def test_a_kept_answer_is_as_new_as_the_store(night: Night) -> None:
    fill_gw(night)
    client, _ = door(night)
    first = client.get("/api/v1/events/s261122a")
    again = client.get("/api/v1/events/s261122a")
    assert (again.content, again.headers) == (first.content, first.headers)
    night.acknowledge("s261122a", "ada", "slack")
    assert client.get("/api/v1/events/s261122a").json()["acknowledged_by"] == "Ada Brandt"


def test_answers_of_an_older_state_are_forgotten_and_not_kept_when_they_come_late() -> None:
    cache = AnswerCache()

    def answer(generation: str) -> Kept:
        return Kept(generation=generation, headers=[], tag="", body=b"{}")

    assert cache.get(("/a",), "1") is None
    cache.put(("/a",), answer("1"))
    assert cache.get(("/a",), "1") is not None
    assert cache.get(("/b",), "2") is None
    cache.put(("/b",), answer("1"))
    assert cache.get(("/b",), "2") is None
    cache.put(("/b",), answer("2"))
    assert cache.get(("/b",), "2") is not None
    assert cache.get(("/a",), "2") is None


def test_a_kept_answer_is_for_its_clearance_and_form_alone(night: Night) -> None:
    event_id = secret_event(night)
    fill_gw(night)
    give(night, clearance=ANTARES)
    client, _ = door(night)
    path = f"/api/v1/events/{event_id}"
    assert client.get(path, headers=bearer()).status_code == 200
    assert client.get(path).status_code == 404
    curves = "/api/v1/events/s261122a/lightcurves"
    kinds = [client.get(curves, headers={"accept": kind}).headers["content-type"] for kind in ("text/csv", "*/*")]
    assert kinds == ["text/csv; charset=utf-8", "application/json"]


def test_who_has_a_kept_answer_gets_304(night: Night) -> None:
    fill_gw(night)
    client, _ = door(night)
    tag = client.get("/api/v1/events/s261122a").headers["etag"]
    answer = client.get("/api/v1/events/s261122a", headers={"if-none-match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


def test_the_doorman_puts_the_security_headers_on_refusals_too(night: Night) -> None:
    client, _ = door(night)
    refused = client.get("/api/v1/events", headers=bearer("nonsense"))
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_people_of_the_team_read_all_that_was_done_and_strangers_of_the_same_clearance_do_not(night: Night) -> None:
    fill_gw(night)
    give(night)
    give(night, "tocsin_ada", person_id="ada", scopes=frozenset({Scope.READ, Scope.ACT}))
    with night.store.begin() as work:
        work.audit("ben", "correct_event", "s261122a", {}, night.clock.now())
    client, _ = door(night)
    asked = "/api/v1/events/s261122a/timeline"
    for headers, is_told in (
        (bearer("tocsin_ada"), True),
        ({}, False),
        (bearer(), False),
        (bearer("tocsin_ada"), True),
    ):
        assert ("correct_event" in client.get(asked, headers=headers).text) is is_told
