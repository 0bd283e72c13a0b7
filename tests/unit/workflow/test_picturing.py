"""Pictures in the thread: after the message, never instead of it; each once, however the upload ends."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from workflow_desk import SECRET, SECRET_TOPIC, Desk, PaperSource, counts, merger, retraction, sources, track

from notifier.slack import SlackChannel
from tocsin.demo.stand_ins import Fault, SlackStandIn, StoredMessage
from tocsin.domain.clock import ManualClock
from tocsin.workflow.context import Door

S = "s241017ab"


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    from workflow_desk import at

    with SlackStandIn(clock=ManualClock(at(30.0))) as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, slack: SlackStandIn) -> Iterator[Desk]:
    channel = SlackChannel(slack.token, "C1", base_url=slack.base_url, timeout_s=5)
    source = PaperSource("SPI-ACS", counts(peak=900.0))
    with Desk(tmp_path, doors=(Door(channel=channel),), sources=sources(source)) as made:
        yield made


def pictures(slack: SlackStandIn) -> list[StoredMessage]:
    return [message for message in slack.messages if message.files]


def test_the_light_curve_is_shown_in_the_thread_of_the_message(desk: Desk, slack: SlackStandIn) -> None:
    desk.take(merger())
    desk.wait(60.0)
    root = slack.messages[0]
    (shown,) = pictures(slack)
    assert shown.thread_ts == root.ts
    (file,) = shown.files
    assert file["title"] == "S241017ab: light curves"
    assert "SPI-ACS" in file["alt_txt"]
    image = Image.open(io.BytesIO(slack.file(file["id"]) or b""))
    assert image.format == "PNG"
    assert image.width >= 900
    colours = image.convert("RGB").getcolors(maxcolors=2**24)
    assert colours is not None
    assert len(colours) > 20


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR])
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_an_upload_that_fails_is_tried_again_and_shown_once(
    desk: Desk, slack: SlackStandIn, fault: Fault, method: str
) -> None:
    slack.fail_next(fault, method=method)
    desk.take(merger())
    desk.wait(120.0)
    assert len(pictures(slack)) == 1


def test_an_upload_that_worked_although_nobody_said_so_is_not_shown_again(tmp_path: Path, slack: SlackStandIn) -> None:
    channel = SlackChannel(slack.token, "C1", base_url=slack.base_url, timeout_s=0.3)
    source = PaperSource("SPI-ACS", counts(peak=900.0))
    with Desk(tmp_path, doors=(Door(channel=channel),), sources=sources(source)) as desk:
        slack.fail_next(Fault.SILENT_SUCCESS, method="files.completeUploadExternal")
        desk.take(merger())
        desk.wait(120.0)
        assert slack.calls.count("files.completeUploadExternal") == 1
    assert len(pictures(slack)) == 1


def test_a_page_never_waits_for_a_picture(desk: Desk, slack: SlackStandIn) -> None:
    slack.fail_next(Fault.SERVER_ERROR, count=50, method="files.getUploadURLExternal")
    desk.take(merger())
    desk.wait(60.0)
    assert slack.messages[0].text.startswith("S241017ab")
    assert pictures(slack) == []


def test_what_was_retracted_meanwhile_gets_no_picture(desk: Desk, slack: SlackStandIn) -> None:
    desk.take(merger())
    desk.wait(1.0)
    desk.take(retraction())
    desk.wait(60.0)
    assert pictures(slack) == []


def test_an_event_that_a_channel_may_not_know_of_is_not_drawn_there(desk: Desk, slack: SlackStandIn) -> None:
    assert SECRET
    desk.take(track(), topic=SECRET_TOPIC)
    desk.wait(60.0)
    assert slack.messages == ()
