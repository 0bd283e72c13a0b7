"""The watchdog's alarms: owed like pages, once, by every door, and over when all is well."""

from datetime import timedelta
from pathlib import Path

import pytest
from workflow_desk import Desk, at, settings

from notifier.recorder import RecorderChannel
from tocsin.app.feeds import FeedBoard
from tocsin.app.machine import clock_sign_of, disk_sign
from tocsin.app.watchdog import Watchdog
from tocsin.domain.health import Sign
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose, PersonRole
from tocsin.workflow.context import Door
from tocsin.workflow.watching import signs_of_store, silence, standing_alarms, watch

FULL = Sign(name="disk", is_ok=False, words="0.1 GB free", remedy="make room")
ROOM = Sign(name="disk", is_ok=True, words="80 GB free")


def test_a_bad_sign_alarms_once_by_every_door_and_says_when_it_is_over(tmp_path: Path) -> None:
    chat, mail = RecorderChannel(), RecorderChannel(name="mail")
    doors = (Door(channel=chat), Door(channel=mail, is_shared=False))
    with Desk(tmp_path, doors=doors) as desk:
        for sign in (FULL, FULL, ROOM, ROOM):
            watch(desk.context, [sign])
            desk.work()
            desk.clock.advance(30.0)
    said = [message.card.verdict for message in chat.sent]
    assert said == ["TOCSIN ITSELF: disk: 0.1 GB free", "Tocsin is well again: disk"]
    admins = [person.id for person in desk.context.people.with_role(PersonRole.ADMIN)]
    assert admins
    assert [message.recipient for message in mail.sent] == [*admins, *admins]
    assert {message.purpose for message in mail.sent} == {MessagePurpose.OPERATOR}


def test_what_stands_is_kept_for_the_pages_with_its_newest_words(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        watch(desk.context, [FULL])
        assert watch(desk.context, [Sign(name="disk", is_ok=False, words="0.0 GB free")]) == ("disk",)
        with desk.store.read() as work:
            (line,) = standing_alarms(work)
    assert line.startswith("disk since 2024-10-17T03:00:30")
    assert line.endswith("0.0 GB free")


def test_an_alarm_that_comes_back_is_told_again(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        for sign in (FULL, ROOM, FULL):
            watch(desk.context, [sign])
            desk.work()
            desk.clock.advance(30.0)
        assert len(desk.recorder.sent) == 3


def test_pages_that_are_late_are_a_bad_sign(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        with desk.store.begin() as work:
            work.enqueue(JobKind.SEND, key="late", due_utc=at(0.0))
        with desk.store.read() as work:
            well = {sign.name: sign.is_ok for sign in signs_of_store(work, at(29.0), {})}
            late = {sign.name: sign for sign in signs_of_store(work, at(75.0), {})}
    assert all(well.values())
    assert not late["queue of pages"].is_ok
    assert "75 s" in late["queue of pages"].words


@pytest.mark.parametrize(
    ("per_day", "hours", "is_ok"),
    [(90.0, 2.0, True), (90.0, 6.0, False), (1.0, 120.0, True), (1.0, 240.0, False), (0.1, 24.0 * 60, True)],
)
def test_a_silence_is_judged_by_what_chance_gives(per_day: float, hours: float, is_ok: bool) -> None:
    assert silence("t", at(0.0), per_day, at(0.0) + timedelta(hours=hours)).is_ok is is_ok


@pytest.mark.parametrize(
    ("state", "error_s", "is_ok"), [(0, 0.01, True), (0, 2.0, False), (5, 16.0, False), (-1, 0.0, True)]
)
def test_a_clock_is_judged_by_what_its_kernel_says(state: int, error_s: float, is_ok: bool) -> None:
    assert clock_sign_of(state, error_s, 0.5).is_ok is is_ok


def test_a_full_disk_is_a_bad_sign(tmp_path: Path) -> None:
    assert disk_sign(tmp_path, 0.0).is_ok
    assert not disk_sign(tmp_path, 1e9).is_ok


def test_the_watchdog_looks_at_everything_and_takes_further_signs(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        own = settings().model_copy(
            update={"service": settings().service.model_copy(update={"data_dir": str(tmp_path)})}
        )
        dog = Watchdog(desk.context, own, FeedBoard(), more=(lambda: (FULL,),))
        names = {sign.name for sign in dog.signs()}
        dog.look(desk.context)
        desk.work()
    assert {"queue of pages", "queue of reactions", "work given up", "disk", "clock"} <= names
    assert "TOCSIN ITSELF: disk: 0.1 GB free" in [message.card.verdict for message in desk.recorder.sent]
