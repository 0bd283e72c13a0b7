"""REST of the archive of rates: the IPN's text and other forms, what is not given out, and the book of requests."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgi_browser import Browser
from fastapi import FastAPI
from unit.acs_stream.archive.simulated_days import write_days

from acs_stream.readers import read_light_curve
from tocsin.api import archive_routes, errors
from tocsin.api.archive_desk import ArchiveDesk, ArchiveHolding
from tocsin.domain.clock import ManualClock, to_utc
from tocsin.store.usage import UsageBook

T0 = to_utc("2023-03-06T00:30:00")


class Services:
    def __init__(self, desk: ArchiveDesk | None) -> None:
        self.archive = desk
        self.clock = ManualClock(to_utc("2026-11-22T10:00:00"))


@pytest.fixture
def book(tmp_path: Path) -> UsageBook:
    return UsageBook(tmp_path / "usage")


@pytest.fixture
def browser(tmp_path: Path, book: UsageBook) -> Browser:
    kept = write_days(tmp_path / "rates", date(2023, 3, 6), 1, hours=1.0)
    desk = ArchiveDesk(
        read=lambda name, start, stop, t0, bin_s: kept.read(name, start, stop, t0_utc=t0, bin_s=bin_s),
        holdings=lambda: [ArchiveHolding(instrument="SPI-ACS", days=1, first_day=date(2023, 3, 6))],
        served=frozenset({"SPI-ACS", "Other"}),
        book=book,
    )
    app = FastAPI()
    app.state.services = Services(desk)
    errors.install(app)
    app.include_router(archive_routes.router)
    return Browser(app, headers={})


def test_the_ipn_text_holds_the_same_bins_as_the_archive(browser: Browser) -> None:
    reply = browser.get("/api/v1/archive/SPI-ACS/ipn", params={"t0_utc": "2023-03-06T00:30:00Z", "window_s": 100})
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.text.startswith("'INTEGRAL  ' '06/03/23' 1800.00000 100.000  10000.000\n")
    curve = read_light_curve(reply.content, format="ipnlc")
    assert len(curve) == 4000
    rates = browser.get(
        "/api/v1/archive/SPI-ACS",
        params={
            "start_utc": "2023-03-06T00:28:20Z",
            "stop_utc": "2023-03-06T00:31:40Z",
            "t0_utc": "2023-03-06T00:30:00Z",
        },
    ).json()
    assert rates["counts"] == [int(n) for n in curve.counts]
    assert rates["timing"]["product"] == "consolidated"
    with_breaks = browser.get(
        "/api/v1/archive/SPI-ACS/ipn", params={"t0_utc": "2023-03-06T00:30:00Z", "window_s": 1, "breaks": True}
    )
    assert with_breaks.text.count("<br>\n") == 42


def test_requests_visitors_and_bytes_are_counted_and_survive_a_new_start(
    browser: Browser, book: UsageBook, tmp_path: Path
) -> None:
    good = {"t0_utc": "2023-03-06T00:30:00Z", "window_s": 10}
    sizes = [len(browser.get("/api/v1/archive/SPI-ACS/ipn", params=good).content) for _ in range(3)]
    gap = browser.get("/api/v1/archive/SPI-ACS/ipn", params={"t0_utc": "2023-03-07T12:00:00Z"})
    assert "holds no SPI-ACS data" in gap.json()["detail"]
    book.add(at_utc=T0 + timedelta(days=1), asker="10.0.0.7", what="SPI-ACS", form="csv", sent_bytes=5)
    usage = browser.get("/api/v1/archive").json()["usage"]
    assert {name: usage[name] for name in ("requests", "refused", "visitors", "bytes")} == {
        "requests": 4,
        "refused": 1,
        "visitors": 2,
        "bytes": sum(sizes) + 5,
    }
    again = UsageBook(tmp_path / "usage").totals()
    assert (again.requests, again.visitors, again.bytes) == (4, 2, sum(sizes) + 5)
    kept = "".join(path.read_text() for path in (tmp_path / "usage").glob("*.jsonl"))
    assert "127.0.0.1" not in kept
    assert "10.0.0.7" not in kept


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("SPI-ACS?start_utc=2023-03-06T00:00:00Z&stop_utc=2023-03-06T07:00:00Z", 422, "at most 6 h"),
        ("SPI-ACS?start_utc=2023-03-06T01:00:00Z&stop_utc=2023-03-06T00:00:00Z", 422, "must come after"),
        ("Secret?start_utc=2023-03-06T00:00:00Z&stop_utc=2023-03-06T01:00:00Z", 404, "nothing"),
        ("Other/ipn?t0_utc=2023-03-06T00:30:00Z", 422, "the IPN's form is that of SPI-ACS"),
        ("SPI-ACS/ipn?t0_utc=yesterday", 422, ""),
    ],
)
def test_what_cannot_be_given_says_why(browser: Browser, path: str, status: int, words: str) -> None:
    reply = browser.get(f"/api/v1/archive/{path}")
    assert reply.status_code == status
    assert words in reply.text


def test_wide_bins_of_a_long_interval_come_as_csv(browser: Browser) -> None:
    asked = {"start_utc": "2023-03-06T00:00:00Z", "stop_utc": "2023-04-06T00:00:00Z", "bin_s": 60}
    reply = browser.get("/api/v1/archive/SPI-ACS", params=asked, headers={"Accept": "text/csv"})
    lines = reply.text.splitlines()
    assert lines[0].startswith("instrument,t0_utc")
    assert 59 <= len(lines) - 1 <= 60


def test_without_an_archive_there_is_nothing() -> None:
    app = FastAPI()
    app.state.services = Services(None)
    errors.install(app)
    app.include_router(archive_routes.router)
    assert Browser(app).get("/api/v1/archive").status_code == 404


def test_lines_that_are_broken_or_half_written_are_passed_over(book: UsageBook, tmp_path: Path) -> None:
    book.add(at_utc=T0, asker="a", what="SPI-ACS", form="ipn", sent_bytes=10)
    path: Any = next((tmp_path / "usage").glob("*.jsonl"))
    with path.open("ab") as file:
        file.write(b'garbage\n{"utc":"2023-03-06T01:00:00Z","bytes":7,"visi')
    assert book.totals().requests == 1
    with path.open("ab") as file:
        file.write(b'tor":"x"}\n')
    assert (book.totals().requests, book.totals().bytes) == (2, 17)
