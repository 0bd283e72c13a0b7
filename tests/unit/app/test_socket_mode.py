"""Socket Mode: the same desk as signed HTTP, over a real websocket; nothing is acknowledged that was not done."""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from workflow_desk import Desk, merger, retraction

from notifier.slack_answer import SlackAnswerer
from notifier.socket_mode import SocketModeListener
from tocsin.app.slack_desk import SlackDesk
from tocsin.demo.stand_ins import SlackStandIn, SocketStandIn
from tocsin.demo.stand_ins.slack_click import click_body
from tocsin.domain.errors import UnprovenError
from tocsin.domain.events import EventState

S = "s241017ab"
PATIENCE_S = 10.0


@dataclass(kw_only=True)
class Office:
    """A desk that listens on a websocket, and Slack at its other end."""

    desk: Desk
    slack: SlackStandIn
    socket: SocketStandIn
    clicks: SlackDesk

    def payload(self, user_id: str, action: str = "acknowledge") -> Mapping[str, Any]:
        body = click_body(
            None, action_id=action, event_id=S, user_id=user_id, at_s=0.0, response_url=f"{self.slack.url}/response/1"
        )
        return json.loads(parse_qs(body)["payload"][0])

    def press(self, user_id: str, envelope_id: str, action: str = "acknowledge") -> bool:
        assert self.socket.wait_connected(timeout_s=PATIENCE_S)
        return self.socket.deliver(self.payload(user_id, action), envelope_id, timeout_s=PATIENCE_S)

    def taken(self) -> list[tuple[str, str]]:
        return [(one.person_id, one.via) for one in self.desk.read(lambda work: work.acknowledgements(S))]


class Answers:
    """Posts answers and waits for each, so that a test sees them."""

    def __init__(self, base_url: str) -> None:
        self._post = SlackAnswerer(base_url)

    def __call__(self, url: str | None, words: str) -> None:
        if (thread := self._post(url, words)) is not None:
            thread.join(PATIENCE_S)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Desk(tmp_path) as desk, SocketStandIn() as far_end, SlackStandIn(clock=desk.clock) as slack:
        slack.socket_url = far_end.url
        desk.take(merger())
        desk.work()
        clicks = SlackDesk(desk.context, signing_secret="s", answer=Answers(slack.base_url))
        listener = SocketModeListener(
            slack.app_token,
            lambda payload, envelope: clicks.enveloped(payload, envelope),  # noqa: PLW0108 - replaced in a test
            base_url=slack.base_url,
            ping_interval_s=0.2,
        )
        stop = threading.Event()
        thread = threading.Thread(target=listener.run, args=(stop,), daemon=True)
        thread.start()
        yield Office(desk=desk, slack=slack, socket=far_end, clicks=clicks)
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_click_takes_the_event_and_a_later_one_is_told_in_private(office: Office) -> None:
    assert office.press("U0OKAFOR1", "e-1")
    assert office.press("U0VANCE01", "e-2")
    assert office.taken() == [("okafor", "slack"), ("vance", "slack")]
    said = [answer["text"] for answer in office.slack.responses]
    assert said == ["Acknowledged by C. Okafor.", "Already acknowledged by C. Okafor at 03:00:30 UTC."]
    assert all(answer["response_type"] == "ephemeral" for answer in office.slack.responses)


def test_an_envelope_delivered_twice_is_done_once(office: Office) -> None:
    assert office.press("U0OKAFOR1", "e-1", "snooze")
    assert office.press("U0OKAFOR1", "e-1", "snooze")
    lines = office.desk.read(lambda work: [row for row in work.audit_rows(S) if row.action == "snooze"])
    assert len(lines) == 1


def test_it_comes_back_after_the_connection_is_cut_or_refreshed(office: Office) -> None:
    assert office.press("U0OKAFOR1", "e-1")
    office.socket.drop()
    assert office.socket.wait_connected(timeout_s=PATIENCE_S, count=2)
    office.socket.ask_to_reconnect()
    assert office.socket.wait_connected(timeout_s=PATIENCE_S, count=3)
    assert office.press("U0VANCE01", "e-2")
    assert len(office.taken()) == 2


def test_what_cannot_be_obeyed_is_answered_in_words_and_done_with(office: Office) -> None:
    assert office.press("U0NOBODY", "e-1")
    office.desk.take(retraction())
    assert office.press("U0OKAFOR1", "e-2")
    assert office.taken() == []
    said = [answer["text"] for answer in office.slack.responses]
    assert "not in the registry" in said[0]
    assert "was retracted" in said[1]


def test_an_envelope_that_fails_for_a_fault_of_ours_is_not_acknowledged_and_done_when_it_comes_again(
    office: Office,
) -> None:
    act, calls = office.clicks.enveloped, []

    def broken(payload: Mapping[str, Any], envelope_id: str) -> str:
        calls.append(envelope_id)
        if len(calls) == 1:
            raise RuntimeError("the database is away")
        return act(payload, envelope_id)

    office.clicks.enveloped = broken  # type: ignore[method-assign]
    assert office.socket.wait_connected(timeout_s=PATIENCE_S)
    assert not office.socket.deliver(office.payload("U0OKAFOR1"), "e-1", timeout_s=0.3)
    assert office.press("U0OKAFOR1", "e-1")
    assert office.taken() == [("okafor", "slack")]


def test_an_answer_never_goes_elsewhere_than_to_slack(office: Office) -> None:
    answer = SlackAnswerer(office.slack.base_url)
    assert answer("https://evil.example/response/1", "words") is None
    assert answer(f"{office.slack.url.replace('http', 'https')}/response/1", "words") is None
    assert answer(None, "words") is None


def test_a_signed_request_made_twice_is_a_replay(office: Office) -> None:
    from tocsin.demo.stand_ins.slack_click import sign

    at_s = office.desk.clock.now().timestamp()
    body = click_body(
        None, action_id="acknowledge", event_id=S, user_id="U0OKAFOR1", at_s=at_s, response_url="https://x.example/"
    )
    headers = {"x-slack-request-timestamp": str(int(at_s)), "x-slack-signature": sign("s", str(int(at_s)), body)}
    assert office.clicks.signed(body.encode(), headers) == "Acknowledged by C. Okafor."
    with pytest.raises(UnprovenError, match="replay"):
        office.clicks.signed(body.encode(), headers)
    assert len(office.taken()) == 1
    assert office.desk.read(lambda work: work.event_row(S)).state is EventState.ACKNOWLEDGED
    (refused,) = office.desk.read(lambda work: work.audit_rows("interaction"))
    assert "replay" in refused.detail["reason"]
