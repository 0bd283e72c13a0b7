"""The stream of changes: who is told what, once, and how one goes on after being away."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from api_night import ANTARES, BURST, GW, SECRET, T0, Night, fill_gw
from served_app import served

from tocsin.api import build_app, streaming
from tocsin.api.streaming import Hub, Told
from tocsin.domain.drafts import Draft, DraftKind, Fact
from tocsin.domain.products import ProductKind
from tocsin.domain.tokens import Scope, Token, digest
from tocsin.workflow.access import Gate

PUBLIC: frozenset[str] = frozenset()
Change = Callable[[Night], object]


async def collected(reading: AsyncIterator[Told], wanted: int) -> list[Told]:
    """Messages of a stream up to that many about events."""
    found: list[Told] = []
    async for told in reading:
        found.append(told)
        if sum(one.event == "event" for one in found) == wanted:
            break
    return found


def events(found: list[Told]) -> list[str]:
    return [json.loads(one.data)["id"] for one in found if one.event == "event"]


def read(night: Night, changes: list[Change], wanted: int, clearance: frozenset[str] = PUBLIC) -> list[Told]:
    """What a reader is told while changes happen one after the other."""
    hub = Hub(night.services())

    async def run() -> list[Told]:
        async with asyncio.timeout(20):
            stream = hub.read(clearance, None)
            found = [await anext(stream)]
            for change in changes:
                await asyncio.to_thread(change, night)
            return found + await collected(stream, wanted)

    return asyncio.run(run())


def caught_up(night: Night, last_id: int, clearance: frozenset[str] = PUBLIC) -> list[Told]:
    """What one who was away is told at once: up to an event that is made now."""
    hub = Hub(night.services())

    async def run() -> list[Told]:
        async with asyncio.timeout(20):
            stream = hub.read(clearance, last_id)
            found = [await anext(stream)]
            await asyncio.to_thread(night.notice, "grb-last", replace(BURST, notice_id="ivo://gbm/last"))
            async for told in stream:
                found.append(told)
                if told.event == "event" and json.loads(told.data)["id"] == "grb-last":
                    return found
        return found

    return asyncio.run(run())


def test_a_reader_is_told_of_an_event_as_the_list_shows_it(night: Night) -> None:
    first, told = read(night, [lambda it: it.notice("s261122a", GW)], 1)
    assert (first.event, first.id) == ("tick", 0)
    assert json.loads(told.data)["name"] == "S261122a"
    with night.store.read() as work:
        assert told.id == work.last_change_id()


def test_one_who_was_away_is_told_what_changed_once_as_it_is_now(night: Night) -> None:
    night.notice("s261122a", GW)
    with night.store.read() as work:
        last = work.last_change_id()
    night.notice("grb-1", BURST)
    night.acknowledge("grb-1", "ada", "page")
    fill = replace(GW, notice_id="S261122a-2", issued_utc=T0 + timedelta(minutes=5))
    night.notice("s261122a", fill)
    assert events(caught_up(night, last)) == ["grb-1", "s261122a", "grb-last"]
    with night.store.read() as work:
        newest = work.last_change_id()
    found = caught_up(night, newest)
    assert events(found)[-1] == "grb-last"
    assert "grb-1" not in events(found)


def test_the_public_is_told_nothing_of_restricted_notices_and_their_number_is_not_to_be_seen(night: Night) -> None:
    changes: list[Change] = [
        lambda it: it.notice("hush-1", SECRET),
        lambda it: it.notice("grb-1", BURST),
        lambda it: it.notice("grb-1", replace(SECRET, notice_id="ANTARES 2 secret")),
        lambda it: it.notice("s261122a", GW),
    ]
    public = read(night, changes, 2)
    assert events(public) == ["grb-1", "s261122a"]
    assert "secret" not in "".join(one.data for one in public)
    assert all(one.id is None or one.id > 10**15 for one in public[1:]), "numbers are times"
    replayed = caught_up(night, 0)
    assert events(replayed) == ["grb-1", "s261122a", "grb-last"]
    assert "hush-1" in events(caught_up(night, 0, ANTARES))


def test_those_cleared_are_told_of_restricted_notices(night: Night) -> None:
    assert events(read(night, [lambda it: it.notice("hush-1", SECRET)], 1, ANTARES)) == ["hush-1"]


def test_an_event_that_looks_as_before_is_not_sent_again(night: Night) -> None:
    def nothing_new(it: Night) -> None:
        with it.store.begin() as work:
            row = work.event_row("s261122a")
            assert row is not None
            work.set_event_state("s261122a", row.state)

    found = read(night, [lambda it: it.notice("s261122a", GW), nothing_new, lambda it: it.notice("g", BURST)], 2)
    assert events(found) == ["s261122a", "g"]


def test_a_new_draft_is_news_and_one_that_may_not_be_seen_is_not(night: Night) -> None:
    def write(it: Night, body: str, **facts: Fact) -> None:
        draft = Draft(
            event_id="s261122a", kind=DraftKind.DETECTION, subject="s", body=body, facts=facts, made_utc=it.clock.now()
        )
        with it.store.begin() as work:
            work.add_draft(draft)

    night.notice("s261122a", GW)
    hidden = night.product("s261122a", ProductKind.LIMIT, "X", {"a": 1}, labels=ANTARES)
    changes: list[Change] = [
        lambda it: write(it, "one"),
        lambda it: write(it, "two", a=Fact(name="a", value=1, product_id=hidden)),
        lambda it: it.notice("g", BURST),
    ]
    assert events(read(night, changes, 2)) == ["s261122a", "g"]


def test_who_was_away_for_long_is_told_that_something_is_missing(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MOST_REPLAYED", 2)
    for n in range(4):
        night.notice(f"grb-{n}", replace(BURST, notice_id=f"ivo://{n}"))
    assert "gap" in [told.event for told in caught_up(night, 0)]


def test_a_reader_who_does_not_read_is_sent_away_and_holds_nobody_up() -> None:
    reader = streaming.Reader(PUBLIC)
    told = Told(id=1, event="event", data="{}")
    assert all(reader.tell(told) for _ in range(streaming.MOST_WAITING))
    assert not reader.tell(told)
    reader.end()
    assert asyncio.run(reader.take()) == []
    assert reader.is_ended


def test_of_many_readers_who_come_at_once_each_is_told_once(night: Night) -> None:
    hub = Hub(night.services())

    async def run() -> list[list[Told]]:
        async with asyncio.timeout(20):
            streams = [hub.read(PUBLIC, None) for _ in range(30)]
            await asyncio.gather(*(anext(stream) for stream in streams))
            await asyncio.to_thread(night.notice, "s261122a", GW)
            await asyncio.to_thread(night.notice, "g", BURST)
            return [await collected(stream, 2) for stream in streams]

    for found in asyncio.run(run()):
        assert events(found) == ["s261122a", "g"]


def test_one_whose_token_is_revoked_is_told_nothing_more(night: Night) -> None:
    now = night.clock.now()
    secret = "tocsin_partner1"
    with night.store.begin() as work:
        work.add_token(
            Token(
                id="p", name="p", secret_sha256=digest(secret), scopes=frozenset(Scope), clearance=ANTARES,
                person_id=None, per_minute=0, created_utc=now, expires_utc=now + timedelta(days=1),
            )
        )  # fmt: skip
    gate = Gate(night.store, night.clock, tuple)
    services = night.services(gate=gate)

    with served(build_app(services)) as url:
        headers = {"Authorization": f"Bearer {secret}"}
        with httpx.stream("GET", f"{url}/api/v1/stream", headers=headers, timeout=20) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: tick"
            with night.store.begin() as work:
                work.revoke_token("p", now)
            night.clock.advance(2.0)
            night.notice("hush", SECRET)
            assert not any("hush" in line for line in lines), "the stream ends"


def test_the_stream_goes_over_the_wire_with_numbers_and_goes_on_from_one(night: Night) -> None:
    event_id = fill_gw(night)
    with served(build_app(night.services())) as url, httpx.Client(timeout=20) as client:
        with client.stream("GET", f"{url}/api/v1/stream", headers={"last-event-id": "0"}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-cache"
            assert answer.headers["x-content-type-options"] == "nosniff"
            lines = answer.iter_lines()
            found = [next(lines) for _ in range(8)]
        assert found[0] == "event: tick"
        assert found[4] == "event: event"
        assert json.loads(found[5].removeprefix("data: "))["id"] == event_id
        assert found[6].removeprefix("id: ").isdigit()
        for wrong in ("x", "1 OR 1=1", "9" * 20):
            assert client.get(f"{url}/api/v1/stream", headers={"last-event-id": wrong}).status_code == 422
