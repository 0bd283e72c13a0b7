"""Fetching a calendar: from nowhere inside our network, never endlessly, and the last good copy is kept."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from advocate_values import ANNA, PEOPLE

from advocates.calendar_copy import CalendarCopy
from advocates.calendar_fetching import CalendarSource, fetch_calendar
from advocates.calendar_reading import MAX_BYTES
from advocates.rota import Rota, calendar_sources
from tocsin.domain.addresses import is_public
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError, RemoteError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GOOD = b"\r\n".join(
    [
        b"BEGIN:VCALENDAR",
        b"BEGIN:VEVENT",
        b"UID:1",
        b"SUMMARY:A. Anna",
        b"DTSTART:20261121T090000Z",
        b"DTEND:20261128T090000Z",
        b"RRULE:FREQ=WEEKLY",
        b"END:VEVENT",
        b"BEGIN:VEVENT",
        b"UID:2",
        b"SUMMARY:Nobody",
        b"DTSTART:20261121T090000Z",
        b"DTEND:20261128T090000Z",
        b"END:VEVENT",
        b"END:VCALENDAR",
        b"",
    ]
)


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        hosts.append(self.headers["Host"])
        self.send_response({"/gone": 404, "/moved": 302}.get(self.path, 200))
        self.send_header("Location", "http://169.254.169.254/latest/meta-data")
        self.end_headers()
        if self.path == "/huge":
            chunk = b"x" * 1_000_000
            for _ in range(50):
                try:
                    self.wfile.write(chunk)
                except OSError:
                    return
        else:
            self.wfile.write(GOOD)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


hosts: list[str] = []


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def fetch(place: str, *, addresses: tuple[str, ...] = ("127.0.0.1",), allow_private: bool = False) -> bytes:
    source = CalendarSource(place=place, allow_private=allow_private)
    return fetch_calendar(source, clock=ManualClock(NOW), resolve=lambda _host, _port: addresses)


def test_a_calendar_of_our_own_network_is_fetched_where_that_is_allowed(port: int) -> None:
    assert fetch(f"http://calendar.example.org:{port}/rota.ics", allow_private=True) == GOOD
    assert hosts[-1] == f"calendar.example.org:{port}"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.7",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "not an address",
    ],
)
def test_an_address_inside_a_network_is_refused_whatever_the_name(address: str) -> None:
    assert not is_public(address)
    for addresses in ((address,), ("93.184.216.34", address)):
        with pytest.raises(RemoteError, match="inside a private network"):
            fetch("https://calendar.example.org/rota.ics", addresses=addresses)


def test_addresses_of_the_open_internet_are_public() -> None:
    for address in ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"):
        assert is_public(address)


@pytest.mark.parametrize(
    "place",
    ["http://calendar.example.org/x", "ftp://calendar.example.org/x", "https:///x", "https://a:b@example.org/x"],
)
def test_only_https_without_a_password_is_fetched(place: str) -> None:
    with pytest.raises(RemoteError, match="https://"):
        fetch(place, addresses=("93.184.216.34",))


@pytest.mark.parametrize(("path", "words"), [("moved", "answered 302"), ("gone", "answered 404"), ("huge", "larger")])
def test_redirects_errors_and_huge_answers_are_refused(port: int, path: str, words: str) -> None:
    with pytest.raises(RemoteError, match=words):
        fetch(f"http://calendar.example.org:{port}/{path}", allow_private=True)


def test_an_answer_that_drips_is_given_up(port: int) -> None:
    class Racing(ManualClock):
        def monotonic_s(self) -> float:
            self.advance(25.0)
            return super().monotonic_s()

    source = CalendarSource(place=f"http://127.0.0.1:{port}/x", allow_private=True)
    with pytest.raises(RemoteError, match="took longer than 20 s"):
        fetch_calendar(source, clock=Racing(NOW))


def test_files_are_read_up_to_the_same_size(tmp_path: Path) -> None:
    (tmp_path / "good.ics").write_bytes(GOOD)
    (tmp_path / "huge.ics").write_bytes(b"x" * (MAX_BYTES + 1))
    assert fetch(str(tmp_path / "good.ics")) == GOOD
    for name in ("huge.ics", "absent.ics"):
        with pytest.raises(RemoteError):
            fetch(str(tmp_path / name))


class Kept:
    """A copy of a calendar that answers what a test says."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.answer: bytes | RemoteError = GOOD
        self.copy = CalendarCopy(
            "visitors/1", folder=folder, people=PEOPLE, zone=ZoneInfo("UTC"), fetch=self._fetch, clock=clock
        )

    def _fetch(self) -> bytes:
        if isinstance(self.answer, RemoteError):
            raise self.answer
        return self.answer


def test_the_last_good_copy_stands_while_the_calendar_fails_and_says_how_old_it_is(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    kept = Kept(tmp_path, clock)
    assert kept.copy.crew(NOW) == ()
    assert "not fetched yet" in kept.copy.state.words(NOW)[0]
    assert kept.copy.refresh().problem == ""
    assert kept.copy.crew(NOW) == (ANNA,)
    for answer in (RemoteError("the host is not known"), b"<html>Sign in</html>"):
        kept.answer = answer
        clock.advance(3600.0)
        kept.copy.refresh()
        assert kept.copy.crew(NOW) == (ANNA,)
    words = kept.copy.state.words(clock.now())
    assert words[0].endswith("the copy of 2026-11-22 12:00 UTC is used, 2.0 h old")
    assert "'Nobody' is nobody in the registry of people" in words[1]


def test_a_restart_without_network_has_the_copy_of_before(tmp_path: Path) -> None:
    Kept(tmp_path, ManualClock(NOW)).copy.refresh()
    again = Kept(tmp_path, ManualClock(NOW + timedelta(days=1)))
    assert again.copy.crew(NOW) == (ANNA,)
    assert again.copy.state.fetched_utc == NOW
    assert [path.name for path in tmp_path.iterdir()] == ["visitors-1.ics"]


def test_a_layer_kept_in_a_calendar_lies_on_the_others(tmp_path: Path) -> None:
    config = {
        "name": "r",
        "time_zone": "UTC",
        "fallback": ["cleo"],
        "layer": [
            {"rotation": [{"people": ["bert"], "handover": "09:00", "first_day": "2026-01-05"}]},
            {"name": "visitors/1", "calendar": {"url": "https://calendar.example.org/x.ics"}},
        ],
    }
    copy = Kept(tmp_path, ManualClock(NOW)).copy
    rota = Rota.from_config(config, PEOPLE, calendars={"visitors/1": copy})
    assert [person.id for person in rota.on_call(NOW)] == ["bert"]
    copy.refresh()
    assert rota.on_call(NOW) == (ANNA,)
    assert [shift.people[0].id for shift in rota.shifts(NOW - timedelta(days=3), NOW)] == ["bert", "anna"]
    assert calendar_sources(config) == {"visitors/1": CalendarSource(place="https://calendar.example.org/x.ics")}


@pytest.mark.parametrize(
    ("calendar", "key"),
    [
        ({}, "url"),
        ({"file": "a", "url": "https://b"}, "url"),
        ({"url": "calendar.ics"}, "url"),
        ({"url": "https://b", "allow_private": "yes"}, "allow_private"),
        ({"url": "https://b", "timeout_s": 0}, "timeout_s"),
        ({"url": "https://b", "size": 1}, "size"),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_key(calendar: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        calendar_sources({"layer": [{"name": "x", "calendar": calendar}]})
    assert caught.value.key == f"layer[1].calendar.{key}"
