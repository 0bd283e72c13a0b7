"""The Slack channel against a stand-in server on loopback."""

import socket
from collections.abc import Iterator

import pytest
from notifier_values import Fault, SlackServer, card, message, slack_server

from notifier.channel import send_once
from notifier.slack import SlackChannel
from tocsin.domain.errors import RemoteError
from tocsin.domain.people import MessagePurpose


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server() as running:
        yield running


@pytest.fixture
def channel(server: SlackServer) -> SlackChannel:
    return SlackChannel("xoxb-made-up", "C1", base_url=server.url, timeout_s=2.0)


def test_a_page_is_posted_with_text_blocks_and_its_key(server: SlackServer, channel: SlackChannel) -> None:
    assert channel.send(message()) == "C1/1700000000.000001"
    (posted,) = server.called("chat.postMessage")
    assert posted["text"].startswith("T1 S230518h GW 12:59:08 UT")
    assert posted["metadata"]["event_payload"]["key"] == "k1"
    buttons = posted["blocks"][-1]["elements"]
    assert [(b["action_id"], b["value"]) for b in buttons] == [("acknowledge", "s230518h"), ("open_page", "s230518h")]


def test_an_update_changes_the_message_and_leaves_a_line_in_its_thread(
    server: SlackServer, channel: SlackChannel
) -> None:
    reference = channel.send(message())
    grown = message(key="k2", purpose=MessagePurpose.UPDATE, replaces=reference, card=card(verdict="limit 3.8e-07"))
    assert channel.send(grown) == reference
    assert len(server.messages) == 2
    first, reply = server.messages
    assert first["text"].startswith("limit 3.8e-07")
    assert (reply["thread_ts"], reply["reply_broadcast"]) == (first["ts"], False)


def test_an_escalation_and_a_second_page_are_broadcast_since_an_update_wakes_nobody(
    server: SlackServer, channel: SlackChannel
) -> None:
    reference = channel.send(message())
    for purpose in (MessagePurpose.ESCALATION, MessagePurpose.RETRACTION, MessagePurpose.PAGE):
        channel.send(message(key=purpose.value, purpose=purpose, replaces=reference))
    assert [reply["reply_broadcast"] for reply in server.messages[1:]] == [True, False, True]


def test_a_message_that_was_deleted_is_posted_anew(server: SlackServer, channel: SlackChannel) -> None:
    gone = message(key="k2", purpose=MessagePurpose.UPDATE, replaces="C1/1600000000.000009")
    assert channel.send(gone) == "C1/1700000000.000001"
    assert len(server.messages) == 1


def test_a_wait_asked_for_is_handed_on(server: SlackServer, channel: SlackChannel) -> None:
    server.faults["chat.postMessage"] = [Fault(status=429, error="ratelimited", headers={"Retry-After": "17"})]
    with pytest.raises(RemoteError) as caught:
        channel.send(message())
    assert (caught.value.retry_after_s, caught.value.ambiguous) == (17.0, False)
    assert len(server.calls) == 1


@pytest.mark.parametrize("wait", ["soon", "", "-3", "1e9"])
def test_a_wait_that_cannot_be_read_becomes_a_short_one(server: SlackServer, channel: SlackChannel, wait: str) -> None:
    server.faults["chat.postMessage"] = [Fault(status=429, error="ratelimited", headers={"Retry-After": wait})]
    with pytest.raises(RemoteError) as caught:
        channel.send(message())
    assert caught.value.retry_after_s == 30.0


@pytest.mark.parametrize("error", ["token_revoked", "invalid_auth", "account_inactive"])
def test_a_revoked_token_is_said_to_be_one(server: SlackServer, channel: SlackChannel, error: str) -> None:
    server.faults["chat.postMessage"] = [Fault(error=error)]
    with pytest.raises(RemoteError, match=f"token: {error}") as caught:
        channel.send(message())
    assert not caught.value.ambiguous
    assert "xoxb" not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(error="internal_error"), Fault(is_hung_up=True)],
    ids=["status 500", "internal error", "no answer"],
)
@pytest.mark.parametrize("is_done", [True, False])
def test_after_an_ambiguous_failure_the_channel_is_read_before_sending_again(
    server: SlackServer, channel: SlackChannel, fault: Fault, *, is_done: bool
) -> None:
    fault.is_done = is_done
    server.faults["chat.postMessage"] = [fault]
    with pytest.raises(RemoteError) as caught:
        channel.send(message())
    assert caught.value.ambiguous
    assert send_once(channel, message(), is_repeat=True) == "C1/1700000000.000001"
    assert len(server.messages) == 1


def test_an_answer_later_than_the_timeout_is_ambiguous() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api/"
        with pytest.raises(RemoteError) as caught:
            SlackChannel("xoxb-made-up", "C1", base_url=url, timeout_s=0.05).send(message())
    assert caught.value.ambiguous


def test_a_refused_connection_is_not_ambiguous() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(RemoteError) as caught:
        SlackChannel("xoxb-made-up", "C1", base_url=f"http://127.0.0.1:{port}/api/").send(message())
    assert not caught.value.ambiguous


def test_a_thread_line_that_arrived_is_not_doubled(server: SlackServer, channel: SlackChannel) -> None:
    reference = channel.send(message())
    escalation = message(key="k2", purpose=MessagePurpose.ESCALATION, replaces=reference)
    server.faults["chat.postMessage"] = [Fault(status=500, is_done=True)]
    with pytest.raises(RemoteError):
        channel.send(escalation)
    assert send_once(channel, escalation, is_repeat=True) == reference
    assert len(server.messages) == 2


def test_a_thread_line_that_did_not_arrive_is_sent(server: SlackServer, channel: SlackChannel) -> None:
    reference = channel.send(message())
    escalation = message(key="k2", purpose=MessagePurpose.ESCALATION, replaces=reference)
    server.faults["chat.postMessage"] = [Fault(status=500)]
    with pytest.raises(RemoteError):
        channel.send(escalation)
    assert send_once(channel, escalation, is_repeat=True) == reference
    assert len(server.messages) == 2


def test_where_history_may_never_be_read_a_double_is_better_than_silence(
    server: SlackServer, channel: SlackChannel
) -> None:
    server.faults["conversations.history"] = [Fault(error="missing_scope")]
    assert channel.find_sent(message()) is None


def test_where_history_cannot_be_read_just_now_nothing_is_claimed(server: SlackServer, channel: SlackChannel) -> None:
    server.faults["conversations.history"] = [Fault(status=429, error="ratelimited", headers={"Retry-After": "2"})]
    with pytest.raises(RemoteError) as caught:
        channel.find_sent(message())
    assert caught.value.retry_after_s == 2.0


def test_a_person_gets_a_direct_message_and_it_can_be_found_again(server: SlackServer) -> None:
    channel = SlackChannel("xoxb-made-up", "C1", base_url=server.url, conversations={"vance": "U7"})
    page = message(recipient="vance")
    assert channel.send(page) == "D7/1700000000.000001"
    assert channel.find_sent(page) == "D7/1700000000.000001"
    assert channel.find_sent(message(key="other", recipient="vance")) is None


def test_a_person_paged_in_the_shared_channel_is_mentioned_but_never_for_a_test(server: SlackServer) -> None:
    channel = SlackChannel("xoxb-made-up", "C1", base_url=server.url, mentions={"vance": "U7"})
    channel.send(message(recipient="vance"))
    channel.send(message(recipient="vance", card=card(is_test=True)))
    real, test = server.messages
    assert "<@U7>" in real["text"]
    assert "<@U7>" in real["blocks"][0]["text"]["text"]
    assert "<@" not in test["text"]


def test_a_known_token_passes_the_check_and_a_revoked_one_does_not(server: SlackServer, channel: SlackChannel) -> None:
    channel.check()
    server.faults["auth.test"] = [Fault(error="token_revoked")]
    with pytest.raises(RemoteError):
        channel.check()
