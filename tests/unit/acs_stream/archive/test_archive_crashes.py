"""A writer may be killed at any moment: what it said was stored is there, and nothing is there twice."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.acs_stream.archive.archive_values import T0, after, curve
from unit.acs_stream.archive.archive_writer import START, stream

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.storage import LocalStorage
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import RemoteError

WRITER = Path(__file__).with_name("archive_writer.py")
ROOT = WRITER.parents[4]


def kill_after(folder: Path, lines: int) -> int:
    """Run the writer until it has said something so often, kill it in the midst of the next; the last it said."""
    command = [sys.executable, str(WRITER), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        said += writer.stdout.readlines()
    return int([line for line in said if line.endswith("\n")][-1])


def kill_repeatedly(folder: Path, times: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(times):
        said = kill_after(folder, int(random.integers(1, 40)))
        found = RateArchive(folder).read("SPI-ACS", START, to_utc("2023-05-26T12:00:00"))
        assert len(found) >= said
        expected = stream(0, len(found))
        np.testing.assert_array_equal(found.counts, expected.counts)
        np.testing.assert_allclose(found.start_s, expected.start_s, atol=1e-6)


def test_killed_writers_leave_neither_hole_nor_double(tmp_path: Path) -> None:
    kill_repeatedly(tmp_path, times=4, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
def test_writers_killed_many_times_leave_neither_hole_nor_double(tmp_path: Path, seed: int) -> None:
    kill_repeatedly(tmp_path, times=25, seed=seed)


class DeathError(BaseException):
    """The process ends here; nothing catches it."""


class DyingStorage(LocalStorage):
    """Storage that dies at its nth deed: before, half way through, or right after it."""

    def __init__(self, root: Path, deaths_in: int) -> None:
        super().__init__(root)
        self.left = deaths_in

    def _deed(self, half: Callable[[], None] | None = None) -> None:
        self.left -= 1
        if self.left == 0:
            if half is not None:
                half()
            raise DeathError

    def _put(self, waiting: Path, content: bytes) -> None:
        self._deed(lambda: waiting.write_bytes(content[: len(content) // 2]) and None)
        super()._put(waiting, content)
        self._deed()

    def _show(self, waiting: Path, target: Path) -> None:
        super()._show(waiting, target)
        self._deed()

    def remove(self, path: str) -> None:
        self._deed()
        super().remove(path)
        self._deed()


PACKETS = 12


def feed(archive: RateArchive) -> None:
    """Packets over midnight, all of them twice, compacted on the way."""
    whole = midnight()
    place = np.arange(len(whole)) // (len(whole) // PACKETS)
    for k in range(PACKETS):
        archive.add(whole.select((place == k) | (place == k - 1)))
    for day in archive.days("SPI-ACS"):
        archive.compact("SPI-ACS", day)


def midnight() -> Any:
    return curve(12.0, t0=to_utc("2023-05-25T23:59:54"))


def survives(folder: Path, deed: int) -> bool:
    """Whether it died at a deed; what is read after going on is whole in either case."""
    has_died = False
    try:
        feed(RateArchive(DyingStorage(folder, deed)))
    except DeathError:
        has_died = True
        feed(RateArchive(folder))
    found = RateArchive(folder).read("SPI-ACS", midnight().t0_utc, midnight().t0_utc + timedelta(seconds=12))
    np.testing.assert_array_equal(found.counts, midnight().counts)
    return has_died


def test_death_at_some_deeds_of_the_disk_is_survived(tmp_path: Path) -> None:
    assert sum(survives(tmp_path / str(deed), deed) for deed in range(1, 60, 7)) >= 7


@pytest.mark.long
def test_death_at_every_single_deed_of_the_disk_is_survived(tmp_path: Path) -> None:
    deed = 1
    while survives(tmp_path / str(deed), deed):
        deed += 1
    assert deed > 3 * PACKETS + 10


def test_a_full_disk_is_a_failure_with_words_and_leaves_nothing(tmp_path: Path) -> None:
    class Full(LocalStorage):
        def _put(self, waiting: Path, content: bytes) -> None:
            super()._put(waiting, content[:100])
            raise OSError(28, "No space left on device")

    with pytest.raises(RemoteError, match=r"cannot be written.*No space left"):
        RateArchive(Full(tmp_path)).add(curve())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    archive = RateArchive(tmp_path)
    assert archive.add(curve()).new == 1200
    assert len(archive.read("SPI-ACS", T0, after(60))) == 1200


def test_files_that_vanish_under_a_reader_are_looked_for_again(tmp_path: Path) -> None:
    archive = RateArchive(tmp_path)
    for k in range(4):
        archive.add(curve().select(np.arange(1200) // 300 == k))

    class Compacting(LocalStorage):
        is_done = False

        def open(self, path: str) -> Any:
            if not self.is_done:
                self.is_done = True
                archive.compact("SPI-ACS", T0.date())
            return super().open(path)

    reader = RateArchive(Compacting(tmp_path))
    assert len(reader.read("SPI-ACS", T0, after(60))) == 1200
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    whole, theirs = curve(), RateArchive(tmp_path)

    class Interrupted(LocalStorage):
        def write(self, path: str, content: bytes) -> None:
            theirs.add(whole.select(np.arange(1200) >= 500))
            super().write(path, content)

    RateArchive(Interrupted(tmp_path)).add(whole.select(np.arange(1200) < 700))
    found = RateArchive(tmp_path).read("SPI-ACS", T0, after(60))
    np.testing.assert_array_equal(found.counts, whole.counts)
