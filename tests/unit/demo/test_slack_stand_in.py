"""The stand-in Slack speaks the protocol that slack-sdk and the service speak."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from notifier.slack_interaction import parse_interaction
from tocsin.demo.stand_ins import Fault, SlackStandIn
from tocsin.demo.stand_ins.server import LoopbackServer, Reply, Request
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import NotAllowedError

START = datetime(2024, 10, 17, 2, 0, tzinfo=UTC)
BUTTON = {
    "type": "button",
    "action_id": "acknowledge",
    "value": "s241017ab",
    "text": {"type": "plain_text", "text": "I"},
}
ROW = {"type": "actions", "block_id": "b", "elements": [BUTTON]}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def slack(clock: ManualClock) -> Iterator[SlackStandIn]:
    with SlackStandIn(clock=clock) as server:
        yield server


def client(slack: SlackStandIn, *, timeout: int = 5) -> WebClient:
    return WebClient(token=slack.token, base_url=slack.base_url, timeout=timeout, retry_handlers=[])


def test_a_message_is_posted_updated_and_found_in_the_history(slack: SlackStandIn, clock: ManualClock) -> None:
    web = client(slack)
    assert web.auth_test()["ok"]
    posted = web.chat_postMessage(channel="C1", text="first", blocks=[ROW])
    clock.advance(5.0)
    web.chat_postMessage(channel="C1", text="in the thread", thread_ts=posted["ts"])
    web.chat_update(channel="C1", ts=posted["ts"], text="second", blocks=[])
    first, reply = slack.messages
    assert (first.text, first.revisions, first.buttons) == ("second", ("first",), ())
    assert reply.thread_ts == posted["ts"]
    history = web.conversations_history(channel="C1")["messages"]
    assert [message["text"] for message in history] == ["second"]
    thread = web.conversations_replies(channel="C1", ts=posted["ts"])["messages"]
    assert [message["text"] for message in thread] == ["second", "in the thread"]


def test_blocks_stay_when_an_update_does_not_speak_of_them(slack: SlackStandIn) -> None:
    web = client(slack)
    posted = web.chat_postMessage(channel="C1", text="first", blocks=[ROW])
    web.chat_update(channel="C1", ts=posted["ts"], text="second")
    assert slack.messages[0].buttons == (BUTTON,)


def test_the_time_of_the_reply_is_kept_for_each_message(slack: SlackStandIn, clock: ManualClock) -> None:
    clock.advance(12.0)
    client(slack).chat_postMessage(channel="C1", text="first")
    message = slack.wait_for(lambda one: one.replied_monotonic_s is not None, timeout_s=5.0)
    assert message is not None
    assert (message.posted_monotonic_s, message.replied_monotonic_s) == (12.0, 12.0)
    clock.advance(30.0)
    client(slack).chat_update(channel="C1", ts=message.ts, text="second")
    assert slack.messages[0].replied_monotonic_s == 12.0


def test_ephemeral_messages_are_kept_apart_from_the_history(slack: SlackStandIn) -> None:
    client(slack).chat_postEphemeral(channel="C1", user="U7", text="already acknowledged")
    assert slack.messages[0].ephemeral_user == "U7"
    assert client(slack).conversations_history(channel="C1")["messages"] == []


def test_long_histories_come_in_pages(slack: SlackStandIn) -> None:
    web = client(slack)
    for number in range(5):
        web.chat_postMessage(
            channel="C1", text=str(number), metadata={"event_type": "t", "event_payload": {"n": number}}
        )
    first = web.conversations_history(channel="C1", limit=3, include_all_metadata=True)
    rest = web.conversations_history(channel="C1", limit=3, cursor=first["response_metadata"]["next_cursor"])
    assert [message["text"] for page in (first, rest) for message in page["messages"]] == ["4", "3", "2", "1", "0"]
    assert first["messages"][0]["metadata"]["event_payload"] == {"n": 4}


def test_wrong_tokens_and_unknown_methods_are_refused(slack: SlackStandIn) -> None:
    stranger = WebClient(token="xoxb-else", base_url=slack.base_url, retry_handlers=[])
    with pytest.raises(SlackApiError, match="invalid_auth"):
        stranger.chat_postMessage(channel="C1", text="hello")
    with pytest.raises(SlackApiError, match="unknown_method"):
        client(slack).api_call("chat.juggle")
    with pytest.raises(SlackApiError, match="message_not_found"):
        client(slack).chat_update(channel="C1", ts="1.2", text="hello")
    with pytest.raises(SlackApiError, match="no_text"):
        client(slack).api_call("chat.postMessage", json={"channel": "C1"})
    assert slack.messages == ()


def test_it_can_ask_for_patience_and_break(slack: SlackStandIn) -> None:
    slack.fail_next(Fault.RATE_LIMITED)
    slack.fail_next(Fault.SERVER_ERROR, method="chat.postMessage")
    with pytest.raises(SlackApiError) as limited:
        client(slack).chat_postMessage(channel="C1", text="hello")
    assert limited.value.response.headers["Retry-After"] == "1"
    assert client(slack).auth_test()["ok"]
    broken = httpx.post(f"{slack.base_url}chat.postMessage", data={"token": slack.token}, trust_env=False)
    assert broken.status_code == 500
    client(slack).chat_postMessage(channel="C1", text="hello")
    assert [message.text for message in slack.messages] == ["hello"]


def test_a_silent_success_posts_the_message_and_says_nothing(slack: SlackStandIn) -> None:
    slack.fail_next(Fault.SILENT_SUCCESS)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{slack.base_url}chat.postMessage",
            json={"channel": "C1", "text": "hello"},
            headers={"Authorization": f"Bearer {slack.token}"},
            timeout=0.1,
            trust_env=False,
        )
    assert slack.messages[0].text == "hello"
    assert slack.messages[0].replied_monotonic_s is None


class App(LoopbackServer):
    """An app that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Request] = []

    def handle(self, request: Request) -> Reply:
        self.received.append(request)
        return Reply(body=b"thanks")


def test_a_click_is_signed_as_slack_signs(slack: SlackStandIn, clock: ManualClock) -> None:
    posted = client(slack).chat_postMessage(channel="C1", text="first", blocks=[ROW])
    with App() as app:
        answer = slack.click(f"{app.url}/slack", action_id="acknowledge", event_id="s241017ab", user_id="U7")
        forged = slack.click(f"{app.url}/slack", action_id="acknowledge", event_id="x", user_id="U7", secret="else")
        right, wrong = app.received
    assert (answer.status, answer.body, forged.status) == (200, "thanks", 200)
    pressed = parse_interaction(right.body, right.headers, signing_secret=slack.signing_secret, now=clock.now())
    assert (pressed.action_id, pressed.event_id, pressed.slack_user_id) == ("acknowledge", "s241017ab", "U7")
    assert pressed.message_reference == f"C1/{posted['ts']}"
    with pytest.raises(NotAllowedError):
        parse_interaction(wrong.body, wrong.headers, signing_secret=slack.signing_secret, now=clock.now())
    assert pressed.response_url is not None
    httpx.post(pressed.response_url, content=json.dumps({"text": "done"}), trust_env=False)
    assert slack.responses == [{"text": "done"}]


def test_nothing_is_left_after_it_stops(clock: ManualClock) -> None:
    slack = SlackStandIn(clock=clock)
    with pytest.raises(RuntimeError, match="not running"):
        _ = slack.url
    with slack:
        address = slack.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)
    with slack:
        assert client(slack).auth_test()["ok"]
