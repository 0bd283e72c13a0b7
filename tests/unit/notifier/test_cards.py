"""Cards as text and as Slack blocks."""

import io
import json

import pytest
from notifier_values import card, message
from rich.console import Console

from notifier.blocks import blocks
from notifier.cards import headline, history_line, lock_screen, plain_text
from notifier.console import ConsoleChannel
from notifier.recorder import RecorderChannel
from tocsin.domain.events import EventState
from tocsin.domain.people import CardAction, MessagePurpose


def test_the_first_hundred_characters_are_the_verdict() -> None:
    shown = plain_text(card(verdict="T1 S230518h " + "x" * 300))
    assert shown.startswith("T1 S230518h xxx")
    assert len(lock_screen(card(verdict="y" * 300))) == 100


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"is_test": True}, "TEST"), ({"is_replay": True}, "REPLAY"), ({"is_retracted": True}, "RETRACTED")],
)
def test_what_is_not_real_is_said_first_and_loudly(changes: dict[str, bool], word: str) -> None:
    assert headline(card(**changes)).startswith(f"{word} | ")
    assert f"{word}:" in plain_text(card(**changes)).split("\n")[1]
    assert f"*{word}:" in json.dumps(blocks(card(**changes)))


def test_a_replayed_test_says_both() -> None:
    assert headline(card(is_test=True, is_replay=True)).startswith("TEST | REPLAY | ")


def test_blocks_keep_within_the_limits_of_slack() -> None:
    huge = card(
        verdict="v" * 500,
        fields={f"label {i} " + "l" * 200: "w" * 5000 for i in range(600)},
        reasons=tuple("r" * 900 for _ in range(40)),
        next_step="n" * 9000,
        actions=tuple(CardAction(action_id=f"a{i}", label="b" * 200) for i in range(60)),
    )
    made = blocks(huge)
    assert len(made) == 50
    assert len(made[0]["text"]["text"]) <= 150
    assert made[-1]["type"] == "actions"
    assert len(made[-1]["elements"]) == 25
    for block in made:
        assert len(block.get("text", {}).get("text", "")) <= 3000
        assert len(block.get("fields", [])) <= 10
        assert all(len(field["text"]) <= 2000 for field in block.get("fields", []))
    assert all(len(button["text"]["text"]) <= 75 for button in made[-1]["elements"])


def test_no_text_of_a_notice_can_call_the_channel() -> None:
    nasty = card(fields={"Comment": "<!channel> & <https://evil.example|click>"}, reasons=("<@U1> <!here>",))
    shown = json.dumps(blocks(nasty))
    assert "<!" not in shown
    assert "<@" not in shown
    assert "<https" not in shown
    assert "&lt;!channel&gt; &amp;" in shown


@pytest.mark.parametrize("state", [EventState.CLOSED, EventState.RETRACTED, EventState.NOT_ASTROPHYSICAL])
def test_buttons_go_when_the_event_is_closed(state: EventState) -> None:
    assert "acknowledge" not in json.dumps(blocks(card(state=state)))


def test_line_breaks_of_a_notice_cannot_forge_lines() -> None:
    shown = plain_text(card(fields={"Comment": "a\nAcknowledged by nobody"}))
    assert "\nAcknowledged by nobody" not in shown


def test_the_console_prints_brackets_as_they_are() -> None:
    out = io.StringIO()
    channel = ConsoleChannel(Console(file=out, width=100))
    assert channel.send(message(card=card(verdict="area [bold]x[/bold] deg2"))) == "console/1"
    assert "[bold]x[/bold]" in out.getvalue()
    assert "escalates to C. Okafor" in out.getvalue()
    assert channel.send(message(replaces="console/1")) == "console/1"
    assert channel.find_sent(message()) is None


def test_the_recorder_finds_what_it_was_given() -> None:
    channel = RecorderChannel()
    assert channel.send(message()) == "recorder/1"
    assert channel.send(message(key="k2", purpose=MessagePurpose.UPDATE, replaces="recorder/1")) == "recorder/1"
    assert channel.find_sent(message()) == "recorder/1"
    assert channel.find_sent(message(key="k3")) is None


def test_a_button_with_a_link_opens_it_and_names_its_event() -> None:
    link = CardAction(action_id="open_draft", label="Open draft", url="https://tocsin.example.org/events/x/drafts/y")
    (row,) = [block for block in blocks(card(actions=(link,))) if block["type"] == "actions"]
    first, page = row["elements"]
    assert (first["action_id"], first["url"], first["value"]) == ("open_draft", link.url, "s230518h")
    assert page["action_id"] == "open_page"
    (row,) = [block for block in blocks(card(event_id="", actions=())) if block["type"] == "actions"]
    assert "value" not in row["elements"][-1], "Slack takes no empty one"


@pytest.mark.parametrize("purpose", list(MessagePurpose))
def test_every_purpose_has_a_line_in_the_history(purpose: MessagePurpose) -> None:
    assert history_line(message(purpose=purpose)).endswith(headline(card()))
