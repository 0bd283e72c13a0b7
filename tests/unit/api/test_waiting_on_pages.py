"""The page counts down to the time at which a source says that data will exist; without scripts it says the time."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from asgi_browser import Browser
from lxml import html
from workflow_desk import Desk, PaperSource, merger, settings, sources

from acs_stream.sources import Availability, AvailabilityState
from tocsin.api import Health, build_app
from tocsin.app.web import api_services


def test_the_page_says_when_data_are_expected_and_how_long_that_is(tmp_path: Path) -> None:
    with Desk(tmp_path) as empty:
        expected = empty.clock.now() + timedelta(minutes=23, seconds=10)
    later = Availability(state=AvailabilityState.EXPECTED, expected_utc=expected, reason="perigee passage")
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", later))) as desk:
        desk.take(merger())
        desk.work()
        services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
        client = Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"}))))
        text = client.get("/events/s241017ab").text
        said = re.sub(r"\s+", " ", str(html.fromstring(text).xpath("string(//main)")))
        assert f"SPI-ACS: data expected at {expected:%H:%M:%S} UTC, in 23 minperigee passage" in said
        (count,) = html.fromstring(text).xpath("//b[@data-in-s]/@data-in-s")
        assert int(count) == round((expected - desk.clock.now()).total_seconds())
        assert "/static/countdown.js" in text
        assert "performance.now()" in client.get("/static/countdown.js").text
        awaited = client.get("/events/s241017ab.json").json()["awaited_data"]
        assert awaited[0]["is_expected"] is True
