"""Dump files that grow: whole lines are stored as they come, whatever the writer does to the file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.acs_stream.archive.archive_values import after, curve
from unit.acs_stream.archive.test_archive_forms import dump

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.follower.dumps import DumpFollower
from acs_stream.follower.health import FollowerState
from acs_stream.sources.prophecy import Prophecy
from tocsin.domain.clock import ManualClock

FILE = "lcdump-revol-2644.csv"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(after(80))


@pytest.fixture
def archive(tmp_path: Path) -> RateArchive:
    return RateArchive(tmp_path / "rates")


def follower(folder: Path, archive: RateArchive, clock: ManualClock, **changes: Any) -> DumpFollower:
    return DumpFollower(folder, store=archive, clock=clock, **changes)


def stored(archive: RateArchive) -> Any:
    return archive.read("SPI-ACS", after(-1), after(100))


def test_a_file_is_followed_at_any_cut_and_over_restarts(
    tmp_path: Path, archive: RateArchive, clock: ManualClock
) -> None:
    content = dump(curve(60.0)).encode()
    cuts = np.sort(np.random.default_rng(4).integers(0, len(content), 25)).tolist()
    acs = follower(tmp_path, archive, clock)
    for k, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(content)], strict=True)):
        with (tmp_path / FILE).open("ab") as file:
            file.write(content[start:stop])
        acs = acs if k % 5 else follower(tmp_path, archive, clock)
        assert acs.step().state is not FollowerState.FAULT
    assert acs.refused_lines == 0
    np.testing.assert_array_equal(stored(archive).counts, curve(60.0).counts)
    assert acs.step().words == "data until 2023-05-25 12:01:00 UTC, 20 s ago"


def test_a_file_written_anew_and_the_next_revolution_are_read_too(
    tmp_path: Path, archive: RateArchive, clock: ManualClock
) -> None:
    lines = dump(curve(60.0)).splitlines(keepends=True)
    acs = follower(tmp_path, archive, clock)
    (tmp_path / FILE).write_text("".join(lines[:500]), encoding="utf-8")
    acs.step()
    (tmp_path / FILE).write_text("".join(lines[200:600]), encoding="utf-8")
    acs.step()
    (tmp_path / "lcdump-revol-2645.1.csv").write_text("".join(lines[600:]), encoding="utf-8")
    acs.step()
    np.testing.assert_array_equal(stored(archive).counts, curve(60.0).counts)


def test_garbage_lines_cost_only_themselves(tmp_path: Path, archive: RateArchive, clock: ManualClock) -> None:
    lines = dump(curve(60.0)).splitlines(keepends=True)
    garbage = ["\0\0\0\0\0\n", "2023-05-25T12:00:00.0 1234 50\n", "a b c d\n", "x y 4000 nan\n", "x y 4000 99999.5\n"]
    (tmp_path / FILE).write_text("".join([*lines[:700], *garbage, *lines[700:]]), encoding="utf-8")
    acs = follower(tmp_path, archive, clock)
    acs.step()
    assert acs.refused_lines == 5
    np.testing.assert_array_equal(stored(archive).counts, curve(60.0).counts)


def test_a_silent_file_is_a_fault_unless_a_gap_is_foretold(
    tmp_path: Path, archive: RateArchive, clock: ManualClock
) -> None:
    (tmp_path / FILE).write_text(dump(curve(60.0)), encoding="utf-8")
    foretold = Prophecy(is_online=False, last_data_utc=after(60), next_data_utc=after(36_000))
    silent, patient = (follower(tmp_path, archive, clock, prophecy=lambda word=word: word) for word in (None, foretold))
    for acs in (silent, patient):
        acs.step()
    clock.advance(1000.0)
    assert silent.step().state is FollowerState.FAULT
    gap = patient.step()
    assert (gap.state, gap.until_utc) == (FollowerState.EXPECTED_GAP, after(36_000))


def test_an_archive_that_cannot_be_read_or_written_is_a_fault_and_nothing_is_lost(
    tmp_path: Path, clock: ManualClock
) -> None:
    (tmp_path / FILE).write_text(dump(curve(60.0)), encoding="utf-8")
    (tmp_path / "rates").write_text("a file stands in the way", encoding="utf-8")
    archive = RateArchive(tmp_path / "rates")
    acs = follower(tmp_path, archive, clock)
    for _ in range(3):
        health = acs.step()
    assert health.state is FollowerState.FAULT
    assert "the archive cannot be written" in health.words
    (tmp_path / "rates").unlink()
    assert acs.step().state is FollowerState.FOLLOWING
    np.testing.assert_array_equal(stored(archive).counts, curve(60.0).counts)
