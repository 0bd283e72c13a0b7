"""The card grows: first what, how old, what is awaited and who is told; then what was found, and the draft."""

from datetime import timedelta
from pathlib import Path

from workflow_desk import SECRET, SECRET_TOPIC, Desk, PaperSource, at, counts, merger, sources, track

from acs_stream.sources import Availability, AvailabilityState
from notifier.recorder import RecorderChannel
from tocsin.workflow.cards import card_for
from tocsin.workflow.context import Door

LATER = Availability(state=AvailabilityState.EXPECTED, expected_utc=at(630.0), reason="not yet")


def test_the_first_message_says_how_old_it_is_what_is_awaited_and_who_is_told(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", LATER, counts()))) as desk:
        desk.take(merger())
        desk.runner().run_once()
        first = desk.recorder.sent[0].card
        assert first.fields["First notice"] == "30 s after T0, at 03:00:30 UTC"
        assert first.fields["Awaited"] == "SPI-ACS"
        assert first.fields["Told"] == "B. Vance, R. Tanaka"
        assert "Drafts" not in first.fields
        desk.wait(5.0)
        now = desk.read(lambda work: card_for(desk.context, work, "s241017ab", frozenset()))
        assert now.fields["Awaited"] == "SPI-ACS (asked at 03:10:30 UTC)"
        desk.wait(timedelta(minutes=12).total_seconds())
        last = desk.recorder.sent[-1].card
        assert "Awaited" not in last.fields
        assert last.fields["Drafts"].startswith("spiacs upper limit r1 ")
        assert "no excess in SPI-ACS" in last.verdict


def test_a_card_does_not_name_those_who_were_told_of_what_its_readers_may_not_know(tmp_path: Path) -> None:
    public, secret = RecorderChannel("public"), RecorderChannel("secret")
    with Desk(tmp_path, doors=(Door(channel=public), Door(channel=secret, clearance=SECRET))) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.take(merger())
        desk.wait(5.0)
        assert all("IceCube" not in str(one.card) for one in public.sent)
        assert {one.event_id for one in public.sent} == {"s241017ab"}
