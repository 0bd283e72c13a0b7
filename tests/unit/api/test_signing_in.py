"""Signing in at a stand-in provider: who comes back is believed if the answer is signed, for us, now, and theirs."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from api_night import ANTARES, SECRET, Night, fill_gw
from asgi_browser import Browser
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tocsin.api import build_app
from tocsin.api.signing_in import SignIn
from tocsin.domain.people import Person
from tocsin.workflow.access import Gate

ISSUER = "https://login.example.org"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
PEOPLE = (
    Person(id="ada", name="Ada Brandt", sign_in="subject-ada", clearance=ANTARES),
    Person(id="ben", name="Ben", sign_in=None),
)


class Provider:
    """An OpenID Connect provider that behaves; tests make it misbehave."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.subject = "subject-ada"
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.sign: Callable[[Mapping[str, Any]], str] = self.signed
        self.asked: dict[str, str] = {}
        self.issuer = ISSUER

    def signed(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, dict(claims), KEY)

    def visit(self, url: str) -> dict[str, str]:
        """What a person who signs in there brings back."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return {"code": "the-code", "state": self.asked["state"]}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/.well-known/openid-configuration":
                names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
                known = {name: f"{ISSUER}/{path}" for name, path in names.items()}
                return httpx.Response(200, json={"issuer": self.issuer, **known})
            case "/keys":
                return httpx.Response(200, json={"keys": [KEY.as_dict(private=False)]})
            case "/token":
                return self._token(request)
        return httpx.Response(404)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        expected = "Basic " + base64.b64encode(b"tocsin:client-secret").decode()
        if request.headers["authorization"] != expected or challenge.decode() != self.asked["code_challenge"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(self.now())
        claims = {
            "iss": ISSUER,
            "aud": "tocsin",
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
        }
        return httpx.Response(200, json={"id_token": self.sign(self.change(claims))})


@pytest.fixture
def provider(night: Night) -> Provider:
    return Provider(lambda: night.clock.now().timestamp())


@pytest.fixture
def browser(night: Night, provider: Provider) -> Browser:
    desk = SignIn(
        issuer=ISSUER,
        client_id="tocsin",
        client_secret="client-secret",
        claim="sub",
        page_url="http://testserver",
        hours=2,
        store=night.store,
        clock=night.clock,
        people=lambda: PEOPLE,
        transport=httpx.MockTransport(provider),
    )
    gate = Gate(night.store, night.clock, lambda: PEOPLE)
    services = night.services(sign_in=desk, gate=gate, people=PEOPLE, may_choose_person=False)
    return Browser(build_app(services))


def sign_in(browser: Browser, provider: Provider, back: str = "/transients") -> httpx.Response:
    leaving = browser.get("/sign-in", params={"back": back})
    assert leaving.status_code == 303
    assert leaving.headers["location"].startswith(f"{ISSUER}/authorize?")
    return browser.get("/sign-in/done", params=provider.visit(leaving.headers["location"]))


def test_who_signs_in_comes_back_to_their_page_and_sees_what_they_may(
    night: Night, browser: Browser, provider: Provider
) -> None:
    night.notice("hush-1", SECRET)
    assert browser.get("/events/hush-1").status_code == 404
    back = sign_in(browser, provider)
    assert (back.status_code, back.headers["location"]) == (303, "/transients")
    cookie = next(value for value in back.headers.get_list("set-cookie") if value.startswith("tocsin_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    night.clock.advance(2)
    page = browser.get("/events/hush-1")
    assert page.status_code == 200
    assert "Signed in as Ada Brandt" in page.text


def test_who_is_signed_in_acts_as_themselves_and_nobody_else_acts(
    night: Night, browser: Browser, provider: Provider
) -> None:
    fill_gw(night)
    assert browser.post("/events/s261122a/acknowledge", data={"person": "ben"}).status_code == 403
    sign_in(browser, provider)
    night.clock.advance(2)
    assert browser.post("/events/s261122a/acknowledge", data={"person": "ben"}).status_code == 303
    assert night.acknowledged == [("s261122a", "ada", "page")]
    stolen = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert browser.post("/events/s261122a/acknowledge", data={}, headers=stolen).status_code == 403


def test_a_sign_in_ends_with_its_hours_or_by_signing_out(night: Night, browser: Browser, provider: Provider) -> None:
    night.notice("hush-1", SECRET)
    sign_in(browser, provider)
    night.clock.advance(2)
    assert browser.get("/events/hush-1").status_code == 200
    assert browser.post("/sign-out").status_code == 303
    night.clock.advance(2)
    assert browser.get("/events/hush-1").status_code == 404
    sign_in(browser, provider)
    night.clock.advance(7201)
    assert browser.get("/events/hush-1").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["tocsin", "another"], "azp": "another"},
        {"nonce": "of-another-sign-in"},
        {"exp": 1},
        {"exp": None},
        {"iat": 9e12},
        {"sub": "nobody-here"},
        {"sub": ""},
    ],
)
def test_an_answer_that_is_not_for_this_sign_in_opens_nothing(
    night: Night, browser: Browser, provider: Provider, change: dict[str, Any]
) -> None:
    provider.change = lambda claims: claims | change
    answer = sign_in(browser, provider)
    assert answer.status_code == 403
    assert "tocsin_session" not in answer.headers.get("set-cookie", "")
    with night.store.read() as work:
        assert work.signed_in(night.clock.now()) == {}


def unsigned(claims: Mapping[str, Any]) -> str:
    parts = (b'{"alg":"none"}', json.dumps(dict(claims)).encode())
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, dict(claims), OTHER_KEY),
        lambda claims: jwt.encode(
            {"alg": "HS256"}, dict(claims), OctKey.import_key("client-secret-client-secret-1234")
        ),
        unsigned,
        lambda _claims: "a.b.c",
        lambda _claims: "",
    ],
)
def test_an_answer_that_the_provider_did_not_sign_opens_nothing(
    browser: Browser, provider: Provider, sign: Callable[[Mapping[str, Any]], str]
) -> None:
    provider.sign = sign
    assert sign_in(browser, provider).status_code == 403


def test_coming_back_without_having_left_opens_nothing(browser: Browser, provider: Provider) -> None:
    assert browser.get("/sign-in/done", params={"code": "x", "state": "y"}).status_code == 403
    leaving = browser.get("/sign-in")
    brought = provider.visit(leaving.headers["location"])
    assert browser.get("/sign-in/done", params={**brought, "state": "forged"}).status_code == 403
    forged = {"cookie": "tocsin_leaving=eyJzdGF0ZSI6ICJ5In0=.00"}
    assert browser.get("/sign-in/done", params={"code": "x", "state": "y"}, headers=forged).status_code == 403


def test_who_stays_away_too_long_begins_again(night: Night, browser: Browser, provider: Provider) -> None:
    leaving = browser.get("/sign-in")
    night.clock.advance(timedelta(minutes=11).total_seconds())
    assert browser.get("/sign-in/done", params=provider.visit(leaving.headers["location"])).status_code == 403


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "\t//evil.example"])
def test_signing_in_never_leads_to_another_site(browser: Browser, provider: Provider, back: str) -> None:
    assert sign_in(browser, provider, back).headers["location"] == "/"


def test_a_provider_that_says_it_is_another_one_is_not_asked_further(browser: Browser, provider: Provider) -> None:
    provider.issuer = "https://evil.example"
    assert browser.get("/sign-in").status_code == 502


def test_where_nobody_signs_in_there_is_no_such_page(client: Browser) -> None:
    assert client.get("/sign-in").status_code == 404
