"""Signed button presses."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from notifier.slack_interaction import parse_interaction, sign
from tocsin.domain.errors import NotAllowedError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "made-up-secret"
PAYLOAD = {
    "type": "block_actions",
    "user": {"id": "U7", "username": "vance"},
    "channel": {"id": "C1"},
    "message": {"ts": "1700000000.000001"},
    "response_url": "https://hooks.example/1",
    "actions": [{"action_id": "acknowledge", "value": "s230518h"}],
}


def request(payload: object = PAYLOAD, *, when: datetime = NOW, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(when.timestamp()))
    return body, {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(body, stamp, secret)}


def test_a_signed_press_is_read() -> None:
    body, headers = request()
    read = parse_interaction(body, {k.lower(): v for k, v in headers.items()}, signing_secret=SECRET, now=NOW)
    assert (read.action_id, read.event_id, read.slack_user_id) == ("acknowledge", "s230518h", "U7")
    assert (read.user_name, read.message_reference) == ("vance", "C1/1700000000.000001")
    assert read.request_id == parse_interaction(body, headers, signing_secret=SECRET, now=NOW).request_id


def test_the_opening_of_a_link_that_is_about_no_event_is_read() -> None:
    body, headers = request(PAYLOAD | {"actions": [{"action_id": "open_page", "type": "button"}]})
    read = parse_interaction(body, headers, signing_secret=SECRET, now=NOW)
    assert (read.action_id, read.event_id) == ("open_page", "")


def test_the_signature_is_that_of_slacks_own_documentation() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert sign(body, "1531420618", "8f742231b10e8888abcd99yyyzzz85a5") == expected


@pytest.mark.parametrize("age_s", [-301, 301, 86_400])
def test_a_stale_or_future_request_is_refused(age_s: int) -> None:
    body, headers = request(when=NOW - timedelta(seconds=age_s))
    with pytest.raises(NotAllowedError, match="old, or from the future"):
        parse_interaction(body, headers, signing_secret=SECRET, now=NOW)


@pytest.mark.parametrize("age_s", [-300, 0, 300])
def test_a_request_within_five_minutes_is_accepted(age_s: int) -> None:
    body, headers = request(when=NOW - timedelta(seconds=age_s))
    assert parse_interaction(body, headers, signing_secret=SECRET, now=NOW).event_id == "s230518h"


def test_a_forged_request_is_refused() -> None:
    body, headers = request(secret="another")
    with pytest.raises(NotAllowedError, match="signature"):
        parse_interaction(body, headers, signing_secret=SECRET, now=NOW)
    body, headers = request()
    with pytest.raises(NotAllowedError, match="signature"):
        parse_interaction(body + b"&x=1", headers, signing_secret=SECRET, now=NOW)


@pytest.mark.parametrize("stamp", ["", "soon", "12.5", "-5", "\u0663", "9" * 40])
def test_a_time_stamp_that_is_no_number_is_refused(stamp: str) -> None:
    body, headers = request()
    with pytest.raises(NotAllowedError):
        parse_interaction(body, headers | {"X-Slack-Request-Timestamp": stamp}, signing_secret=SECRET, now=NOW)


def test_without_a_secret_or_headers_everything_is_refused() -> None:
    body, headers = request(secret="")
    with pytest.raises(NotAllowedError, match="secret"):
        parse_interaction(body, headers, signing_secret="", now=NOW)
    with pytest.raises(NotAllowedError, match="not signed"):
        parse_interaction(body, {}, signing_secret=SECRET, now=NOW)


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {"type": "view_submission"},
        {"type": "block_actions"},
        {**PAYLOAD, "actions": [{}]},
        {**PAYLOAD, "user": "U7"},
        {**PAYLOAD, "actions": "acknowledge"},
    ],
)
def test_a_signed_request_that_is_no_press_is_refused(payload: object) -> None:
    body, headers = request(payload)
    with pytest.raises(NotAllowedError):
        parse_interaction(body, headers, signing_secret=SECRET, now=NOW)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"payload", b"payload=%7B", b"other=1"])
def test_a_signed_body_of_nonsense_is_refused(body: bytes) -> None:
    stamp = str(int(NOW.timestamp()))
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(body, stamp, SECRET)}
    with pytest.raises(NotAllowedError):
        parse_interaction(body, headers, signing_secret=SECRET, now=NOW)
