"""Clocks of the world, and the watch over the inbox."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tocsin.app.clocks import FastClock, RehearsedClock, SystemClock
from tocsin.app.inbox import InboxWatch

START = datetime(2024, 10, 17, 2, 0, tzinfo=UTC)


def test_a_fast_clock_stands_until_it_is_begun_and_then_runs_ahead() -> None:
    clock = FastClock(START, speed=1e6)
    assert clock.now() == START
    assert clock.now() == START
    clock.begin()
    before = clock.monotonic_s()
    while clock.monotonic_s() - before < 0.002:
        pass
    assert clock.now() - START >= timedelta(seconds=1500.0)
    assert clock.now() > START


def test_a_fast_clock_says_how_long_to_wait_in_real_time() -> None:
    assert FastClock(START, speed=90.0).wall_s(45.0) == pytest.approx(0.5)


def test_the_wall_s_clock_is_aware_and_waits_as_long_as_it_says() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.wall_s(3.0) == 3.0
    assert clock.monotonic_s() <= clock.monotonic_s()


def test_a_rehearsed_clock_steps_and_runs_as_its_file_says(tmp_path: Path) -> None:
    file, wall = tmp_path / "clock", SystemClock()
    clock = RehearsedClock(file)
    assert abs(clock.now() - wall.now()) < timedelta(seconds=10)
    file.write_text("-30", encoding="ascii")
    assert abs(clock.now() - wall.now() + timedelta(seconds=30)) < timedelta(seconds=10)
    assert clock.wall_s(6.0) == 6.0
    since = wall.now() - timedelta(minutes=10)
    file.write_text(f"30 6 {since.timestamp()}", encoding="ascii")
    assert abs(clock.now() - since - timedelta(minutes=60, seconds=30)) < timedelta(seconds=60)
    assert clock.wall_s(6.0) == 1.0


@pytest.mark.parametrize("garbage", ["", "soon", "1 2", "1 2 3 4"])
def test_a_rehearsed_clock_without_a_readable_file_is_the_wall_s(tmp_path: Path, garbage: str) -> None:
    (tmp_path / "clock").write_text(garbage, encoding="ascii")
    clock = RehearsedClock(tmp_path / "clock")
    assert abs(clock.now() - SystemClock().now()) < timedelta(seconds=10)


class Watched:
    """An inbox, a watch over it, and how often it spoke."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = 0
        self.watch = InboxWatch(folder, self._tell)

    def look(self, times: int = 1) -> int:
        for _ in range(times):
            self.watch.look()
        return self.told

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _tell(self) -> None:
        self.told += 1


def test_a_file_is_told_of_once_when_it_no_longer_grows(tmp_path: Path) -> None:
    inbox = Watched(tmp_path)
    inbox.put("a/b.thr", b"1")
    assert inbox.look() == 0
    inbox.put("a/b.thr", b"12")
    assert inbox.look() == 0
    assert inbox.look() == 1
    assert inbox.look(3) == 1


def test_an_inbox_that_comes_into_being_later_is_watched(tmp_path: Path) -> None:
    inbox = Watched(tmp_path / "later")
    assert inbox.look(2) == 0
    inbox.put("b.thr", b"1")
    assert inbox.look(2) == 1


def test_files_there_at_the_start_hidden_ones_and_links_to_nowhere_are_no_news(tmp_path: Path) -> None:
    (tmp_path / "old.thr").write_bytes(b"1")
    inbox = Watched(tmp_path)
    inbox.put(".b.thr.part", b"1")
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    assert inbox.look(3) == 0


def test_a_file_that_is_written_again_is_told_of_again(tmp_path: Path) -> None:
    inbox = Watched(tmp_path)
    inbox.put("b.thr", b"1")
    inbox.look(2)
    inbox.put("b.thr", b"123")
    assert inbox.look(2) == 2
