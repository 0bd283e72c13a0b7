"""Days of a followed stream are searched as they end, once, and again if their data have changed."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from unit.acs_stream.archive.simulated_days import write_days

from acs_stream.far_history import FarHistory
from tocsin.app.archive_search import ArchiveSearch, search_finished_days

FIRST = date(2023, 3, 6)


def moment(day: int, hour: int) -> datetime:
    return datetime(2023, 3, day, hour, 30, tzinfo=UTC)


def test_a_day_is_searched_an_hour_after_it_has_ended_and_once(tmp_path: Path) -> None:
    archive = write_days(tmp_path / "rates", FIRST, 2, hours=0.5)
    job = ArchiveSearch(url=archive.url, instrument="SPI-ACS", out=tmp_path / "found")
    go_on = threading.Event()
    assert search_finished_days(job, moment(7, 0), go_on) == 0
    assert search_finished_days(job, moment(7, 1), go_on) == 1
    assert search_finished_days(job, moment(8, 2), go_on) == 1
    assert search_finished_days(job, moment(8, 3), go_on) == 0
    record = job.result(FIRST)
    assert record is not None
    assert FarHistory.from_record(record["history"]).live_s > 1700.0
    later = archive.rows("SPI-ACS", moment(6, 0).replace(minute=0), moment(6, 0).replace(minute=10))
    archive.append("SPI-ACS", replace(later, start_tt_us=later.start_tt_us + 3_600_000_000))
    assert search_finished_days(job, moment(8, 3), go_on) == 1


def test_a_stop_is_obeyed_between_days_and_years_old_days_are_left(tmp_path: Path) -> None:
    archive = write_days(tmp_path / "rates", FIRST, 1, hours=0.5)
    job = ArchiveSearch(url=archive.url, instrument="SPI-ACS", out=tmp_path / "found")
    stopped = threading.Event()
    stopped.set()
    assert search_finished_days(job, moment(9, 0), stopped) == 0
    assert search_finished_days(job, datetime(2026, 1, 1, tzinfo=UTC), threading.Event()) == 0
