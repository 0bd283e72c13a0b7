"""Followed data are replaced by consolidated ones, once those exist, and never otherwise."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.acs_stream.isdc_server import IsdcState, isdc_server
from unit.acs_stream.test_sources import T0, curve, source

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.follower.consolidating import Consolidator
from acs_stream.readers.spi_acs import REALTIME
from tocsin.domain.clock import ManualClock
from tocsin.domain.light_curves import LightCurve

DAY = timedelta(days=1)


def followed(folder: Path, *, late_s: float = 0.008) -> RateArchive:
    """What was followed: the same counts with times that are a little off, and one bin missing."""
    true = curve()
    kept = np.arange(len(true)) != 5000
    archive = RateArchive(folder)
    archive.add(true.select(kept).replace(start_s=true.start_s[kept] + late_s, timing=REALTIME))
    return archive


def consolidator(archive: Any, url: str, clock: ManualClock, said: list[str] | None = None) -> Consolidator:
    return Consolidator(
        "SPI-ACS",
        archive=archive,
        service=source(url, kind="isdc-genlc", now=clock.now()),
        clock=clock,
        on_words=None if said is None else said.append,
    )


def read(archive: RateArchive) -> LightCurve:
    return archive.read("SPI-ACS", T0 - timedelta(seconds=390), T0 + timedelta(seconds=390), t0_utc=T0)


def test_approximate_times_are_replaced_and_what_was_missing_is_filled_in(tmp_path: Path) -> None:
    archive, said = followed(tmp_path), []
    assert read(archive).timing.is_approximate
    clock = ManualClock(T0 + 2 * DAY)
    with isdc_server(IsdcState(curve=curve())) as url:
        replaced = consolidator(archive, url, clock, said).step()
    after = read(archive)
    true = curve().between(-390.0, 390.0)
    assert replaced == pytest.approx(16000, abs=4)
    assert (after.timing.product, after.timing.is_approximate) == ("consolidated", False)
    assert len(after) == pytest.approx(len(true), abs=2)
    nearest = np.abs(after.start_s[:, None] - true.start_s[None, :200]).min(axis=1)[:100]
    assert nearest.max() < 1e-3
    assert said == [f"{replaced} bins consolidated at 2023-05-27 20:00 UTC"]


def test_young_data_are_left_and_a_day_is_not_asked_for_again_at_once(tmp_path: Path) -> None:
    archive = followed(tmp_path)
    state = IsdcState(curve=curve(), override=(200, "NoAuxData", {}))
    with isdc_server(state) as url:
        clock = ManualClock(T0 + timedelta(hours=20))
        made = consolidator(archive, url, clock)
        assert made.step() == 0
        assert state.requests == []
        clock.advance(5 * 3600.0)
        assert made.step() == 0
        asked = len(state.requests)
        assert asked >= 1
        assert made.step() == 0
        assert len(state.requests) == asked
        clock.advance(7 * 3600.0)
        state.override = None
        assert made.step() > 15_000
    assert not read(archive).timing.is_approximate


def test_a_service_that_fails_or_has_nothing_changes_nothing(tmp_path: Path) -> None:
    archive = followed(tmp_path)
    before = read(archive)
    clock = ManualClock(T0 + 2 * DAY)
    for answer in ((503, "", {}), (200, "NoData", {}), (200, "Over revolution", {}), (200, "<html>x</html>", {})):
        with isdc_server(IsdcState(curve=curve(), override=answer)) as url:
            assert consolidator(archive, url, clock).step() == 0
    np.testing.assert_array_equal(read(archive).counts, before.counts)
    assert archive.days("SPI-ACS") == (date(2023, 5, 25),)
