"""A program that asks for everything, with each kind of token: no restricted byte reaches who may not see it.

What is there to be asked is read from the application itself, so that a route added tomorrow is asked too. Two nights
are held against each other: one with restricted notices, one in which they never were. To the public they must be the
same, byte for byte.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_night import ANTARES, BURST, PEOPLE, SECRET, T0, Night, decision, fill_gw, light_curve
from asgi_browser import Browser
from fastapi import FastAPI
from fastapi.routing import APIRoute

from listeners.record import from_record
from tocsin.api import build_app
from tocsin.domain import light_curve_codec
from tocsin.domain.events import StoredNotice, Tier
from tocsin.domain.products import ProductKind
from tocsin.domain.tokens import Scope, Token, digest
from tocsin.workflow.access import Gate
from triggers.event import summarise, to_record

#: Everything that stands in restricted notices alone, and what is made from them.
MARKS = ("hush", "ANTARES", "antares", "123.456", "-7.654", "secret", "Restricted-Instrument", "7.77e-07", "7.77e-7")
ACCEPTS = (
    "text/html", "application/json", "text/csv", "*/*", "application/vnd.apache.arrow.stream", "application/fits",
    "application/vnd.msgpack", "text/plain",
)  # fmt: skip
QUERIES = (
    "", "text=hush", "stream=antares", "kind=neutrino", "region=123.456,-7.654,1", "messenger=neutrino", "tier=1",
    "instrument=Restricted-Instrument", "form=fits", "form=csv",
)  # fmt: skip
#: Streams never end; calendars and mail links carry keys of their own.
NOT_CRAWLED = {"/api/v1/stream", "/metrics"}
EVENTS = ("s261122a", "grb-1", "hush-1", "never-was")
VALUES = {
    "instrument": ("SPI-ACS", "Restricted-Instrument"),
    "kind": ("ipn_annulus", "spiacs_upper_limit"),
    "action": ("snooze",),
    "way": ("correct",),
    "token": ("abc.def",),
    "triangulation_id": ("0" * 32,),
    "overlap_id": ("0" * 32,),
}


def fill(night: Night, *, with_restricted: bool) -> None:
    """A GW event, a burst that a restricted neutrino joins, and an event of a restricted neutrino alone."""
    fill_gw(night)
    night.notice("grb-1", BURST, decision=decision())
    if not with_restricted:
        return
    joined = replace(SECRET, notice_id="ANTARES 2 secret", t0_utc=T0 - timedelta(hours=2))
    for event_id, notice in (
        ("hush-1", SECRET),
        ("grb-1", joined),
        ("s261122a", replace(SECRET, notice_id="A 3 secret")),
    ):
        sha256 = night.notice(event_id, notice, decision=decision(reasons=("a secret neutrino",)))
        curve = light_curve("Restricted-Instrument", half_s=20.0)
        blob = light_curve_codec.to_bytes(curve)
        made: dict[str, Any] = {"inputs": [f"notice:{sha256}"], "labels": ANTARES}
        night.product(event_id, ProductKind.LIGHT_CURVE, "Restricted-Instrument", {"bins": 1}, blob=blob, **made)
        night.product(event_id, ProductKind.LIMIT, "Restricted-Instrument", {"hard_1s_erg_cm2": 7.77e-7}, **made)
        night.product(event_id, ProductKind.ASSOCIATION, "secret", {"words": "hush hush"}, **made)
        night.product(
            event_id, ProductKind.ANNULUS, "secret", {"ra_deg": 123.456, "dec_deg": -7.654, "radius_deg": 1.0}, **made
        )
        save_public_view(night, event_id)
    night.acknowledge("hush-1", "ben", "slack")


def save_public_view(night: Night, event_id: str) -> None:
    """Keep how the public sees a mixed event, as the workflow does with every notice."""
    with night.store.begin() as work:
        public = [
            StoredNotice(
                key=row.key,
                notice=from_record(row.record),
                event_id=event_id,
                received_utc=row.received_utc,
                raw_sha256=row.raw_sha256,
            )
            for row in work.notice_rows(event_id, clearance=frozenset())
        ]
        if public:
            event = summarise(event_id, public)
            work.save_view(event, audience=frozenset(), tier=Tier.WAKE, summary_record=to_record(event))


def token(night: Night, secret: str, *, clearance: frozenset[str] = frozenset(), **changes: Any) -> None:
    now = night.clock.now()
    given: dict[str, Any] = {
        "id": secret[-8:], "name": "n", "secret_sha256": digest(secret), "scopes": frozenset(Scope),
        "clearance": clearance, "person_id": "ada", "per_minute": 0, "created_utc": now,
        "expires_utc": now + timedelta(days=9),
    }  # fmt: skip
    with night.store.begin() as work:
        work.add_token(Token(**(given | changes)))


@contextmanager
def service(folder: Path, *, with_restricted: bool) -> Iterator[tuple[Night, FastAPI]]:
    folder.mkdir()
    night = Night(folder)
    try:
        fill(night, with_restricted=with_restricted)
        people = (PEOPLE[0], replace(PEOPLE[1], name="Ben"), PEOPLE[2])
        gate = Gate(night.store, night.clock, lambda: people, anonymous_scopes=frozenset(Scope))
        token(night, "tocsin_public1", clearance=frozenset())
        token(night, "tocsin_icecube", clearance=frozenset({"icecube"}))
        token(night, "tocsin_asada00", clearance=ANTARES)  # its person may not see it
        token(night, "tocsin_bencan1", clearance=ANTARES, person_id="ben")
        token(night, "tocsin_expired", clearance=ANTARES, person_id=None, expires_utc=night.clock.now())
        token(night, "tocsin_revoked", clearance=ANTARES, person_id=None, revoked_utc=night.clock.now())
        yield night, build_app(night.services(gate=gate, people=people))
    finally:
        night.store.close()


#: Callers whose answers are held against those of a night without restricted notices.
COMPARED = ("anonymous", "person not cleared")
CALLERS: dict[str, dict[str, str]] = {
    "anonymous": {},
    "public": {"authorization": "Bearer tocsin_public1"},
    "other label": {"authorization": "Bearer tocsin_icecube"},
    "person not cleared": {"authorization": "Bearer tocsin_asada00"},
    "expired": {"authorization": "Bearer tocsin_expired"},
    "revoked": {"authorization": "Bearer tocsin_revoked"},
    "forged": {"authorization": "Bearer tocsin_forged0", "x-clearance": "antares"},
}


def routes(app: FastAPI, method: str = "GET") -> list[str]:
    """Every path that can be asked, found in the application; included routers too."""
    found: list[str] = []

    def walk(items: Any) -> None:
        for one in items:
            if isinstance(one, APIRoute):
                if method in one.methods:
                    found.append(one.path)
            elif hasattr(one, "original_router"):
                walk(one.original_router.routes)

    walk(app.routes)
    return sorted(set(found) - NOT_CRAWLED)


def addresses(app: FastAPI) -> list[str]:
    """Every path with every value that may stand in it."""
    made: list[str] = []
    for path in routes(app):
        filled = [path]
        for name in re.findall(r"{(\w+)(?::\w+)?}", path):
            values = EVENTS if name == "event_id" else VALUES.get(name, ("abc",))
            filled = [re.sub(rf"{{{name}(?::\w+)?}}", value, one) for one in filled for value in values]
        made += filled
    return made


def test_the_crawler_finds_the_routes(tmp_path: Path) -> None:
    with service(tmp_path / "n", with_restricted=True) as (_, app):
        found = routes(app)
    assert len(found) > 45
    for path in ("/", "/transients", "/events/{event_id}", "/api/v1/events/{event_id}/lightcurves/{instrument}"):
        assert path in found


def queries_of(address: str) -> tuple[str, ...]:
    """Queries that an address is asked with, the plain one first."""
    if address in {"/transients", "/api/v1/events", "/api/v1/limits"}:
        return QUERIES
    if re.search(r"/lightcurves/[^/]+$|/archive/[^/]+$", address):
        return ("", *(f"form={one}" for one in ("json", "csv", "arrow", "msgpack", "fits", "ipn", "none")))
    if address.endswith("/moc"):
        return ("", "form=fits", "level=0.5")
    if address.endswith("/text"):
        return ("", *(f"form={one}" for one in ("md", "atel", "eml")), "audience=antares")
    return ("", "audience=antares") if "/drafts/" in address else ("",)


def plain_queries_of(address: str) -> tuple[str, ...]:
    """Of these, what lists are asked with."""
    return queries_of(address) if queries_of(address) == QUERIES else ("",)


def crawl(
    folder: Path,
    headers: dict[str, str],
    accepts: Iterable[str],
    *,
    is_compared: bool,
    queries: Callable[[str], tuple[str, ...]],
) -> int:
    """Ask for everything in these forms; how many questions that were."""
    asked = 0
    with (
        service(folder / "with", with_restricted=True) as (_, mixed),
        service(folder / "without", with_restricted=False) as (_, public),
    ):
        there, nowhere = Browser(mixed), Browser(public)
        for address in addresses(mixed):
            for accept, query in product(accepts, queries(address)):
                url = f"{address}?{query}" if query else address
                given = {"accept": accept, **headers}
                found = there.get(url, headers=given)
                asked += 1
                check_marks(found, url, query)
                if is_compared:
                    expected = nowhere.get(url, headers=given)
                    assert (found.status_code, found.content) == (expected.status_code, expected.content), url
    return asked


def check_marks(found: httpx.Response, url: str, query: str) -> None:
    """Fail where anything of an answer, in whatever form, is a restricted notice's."""
    said = found.content.decode("latin-1") + " ".join(f"{name}: {value}" for name, value in found.headers.items())
    said = said.replace(url, "").replace(url.partition("?")[0], "")  # an error page leads back to where one was
    hidden = [mark for mark in MARKS if mark in said and mark not in query]
    assert hidden == [], f"{url} tells {hidden}"


@pytest.mark.parametrize("caller", CALLERS)
def test_nothing_restricted_reaches_who_may_not_see_it(tmp_path: Path, caller: str) -> None:
    # What pages and programs use; `test_..._in_any_form` asks for the rest.
    asked = crawl(tmp_path, CALLERS[caller], ACCEPTS[:2], is_compared=caller in COMPARED, queries=plain_queries_of)
    assert asked > 250


@pytest.mark.long
@pytest.mark.parametrize("caller", CALLERS)
def test_nothing_restricted_reaches_who_may_not_see_it_in_any_form(tmp_path: Path, caller: str, effort: float) -> None:
    # Where there is little time each caller asks in one of the forms that the shorter crawl leaves out.
    is_whole = effort >= 1.0
    others = ACCEPTS[2:]
    accepts = ACCEPTS if is_whole else (others[list(CALLERS).index(caller) % len(others)],)
    is_compared = is_whole or caller in COMPARED
    asked = crawl(tmp_path, CALLERS[caller], accepts, is_compared=is_compared, queries=queries_of)
    assert asked > 250


@pytest.mark.parametrize("caller", CALLERS)
def test_what_is_posted_to_a_hidden_event_is_answered_as_if_there_were_none(tmp_path: Path, caller: str) -> None:
    with service(tmp_path / "with", with_restricted=True) as (night, mixed):
        browser = Browser(mixed)
        before = night.store.generation()
        posted = [path for path in routes(mixed, "POST") if "{event_id}" in path]
        for path in posted:
            answers = []
            for event_id in ("hush-1", "never-was"):
                url = re.sub(
                    r"{(\w+)(?::\w+)?}", lambda m, of=event_id: of if m[1] == "event_id" else VALUES[m[1]][0], path
                )
                form = {
                    "person": "ada",
                    "reason": "for the test",
                    "revision": "1",
                    "subject": "s",
                    "body": "b",
                    "text": "t",
                }
                found = browser.post(url, data=form, headers=CALLERS[caller])
                check_marks(found, url, "hush")
                assert found.status_code >= 400, url
                answers.append((found.status_code, found.text.replace(event_id, "EVENT")))
            assert answers[0] == answers[1], path
        assert len(posted) >= 9
        assert night.store.generation() == before, "nothing was written"


def test_one_who_is_cleared_sees_what_the_crawl_looked_for(tmp_path: Path) -> None:
    with service(tmp_path / "with", with_restricted=True) as (_, mixed):
        browser = Browser(mixed, headers={"accept": "application/json", "authorization": "Bearer tocsin_bencan1"})
        said = "".join(browser.get(path).text for path in ("/api/v1/events", "/api/v1/events/hush-1", "/api/v1/limits"))
        said += browser.get("/api/v1/events/grb-1/annuli").text
    for mark in ("hush-1", "ANTARES", "123.456", "Restricted-Instrument", "7.77e-7"):
        assert mark in said, "else the crawl would look for nothing"


@pytest.mark.usefixtures("fresh_metrics")
def test_metrics_and_readiness_name_no_event(tmp_path: Path) -> None:
    with service(tmp_path / "with", with_restricted=True) as (_, mixed):
        browser = Browser(mixed)
        for path in ("/metrics", "/healthz", "/readyz"):
            assert not any(mark in browser.get(path).text for mark in MARKS)
