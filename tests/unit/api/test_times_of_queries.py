"""Times in queries: in every form in which people write them, and as far out as they come."""

import pytest
from api_night import Night, fill_night
from asgi_browser import Browser

from tocsin.domain.clock import to_utc


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22",
        "2026-11-22T00:00:00Z",
        "2026-11-22T00:00:00.000000000Z",
        "2026-11-22%2000:00:00",
        "20261122T000000Z",
        "2026-W47-7",
        "2026-11-22T02:00:00%2B02:00",
        "2026-11-22T02:00:00+02:00",
        "2026-11-22T02:00:00+0200",
        "2026-11-21T22:30:00-01:30",
        "2026-11-21T23:59:60Z",
        "1795305600",
    ],
)
def test_one_time_in_many_forms(night: Night, client: Browser, text: str) -> None:
    fill_night(night)
    answer = client.get(f"/api/v1/events?start_utc={text}")
    assert [event["id"] for event in answer.json()["events"]] == ["s261122a", "grb-1"]


@pytest.mark.parametrize("text", ["0001-01-01", "0001-01-01T00:00:00%2B12:00", "9999-12-31T23:59:59-12:00", "tomorrow"])
@pytest.mark.parametrize(
    "path", ["/api/v1/events?start_utc={}&stop_utc={}", "/api/v1/lightcurves?start_utc={}&stop_utc={}"]
)
def test_times_at_the_ends_of_the_calendar_are_no_fault(client: Browser, path: str, text: str) -> None:
    assert client.get(path.format(text, text)).status_code in {200, 422}
    assert client.get(path.format("0001-01-01", "0001-01-01T01:00:00")).status_code in {200, 422}
    assert client.get(path.format("9999-12-31T22:00:00", "9999-12-31T23:00:00")).status_code in {200, 422}


def test_times_beyond_the_calendar_are_no_times() -> None:
    with pytest.raises(ValueError, match="beyond"):
        to_utc("9999-12-31T23:59:59-12:00")


@pytest.mark.parametrize("asked", ["*", " * ", '"x", {}', "W/{}"])
def test_who_has_an_answer_in_any_form_gets_none(night: Night, client: Browser, asked: str) -> None:
    fill_night(night)
    tag = client.get("/api/v1/events").headers["etag"]
    answer = client.get("/api/v1/events", headers={"If-None-Match": asked.format(tag)})
    assert (answer.status_code, answer.content) == (304, b"")
