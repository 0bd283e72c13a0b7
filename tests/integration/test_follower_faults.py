"""Half an hour of the real-time stream with 20 and more faults: no bin lost, none doubled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from integration.follower_faults import KINDS, Fault, FaultyIsdc, SteppingClock

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import RateRows
from acs_stream.follower.health import FollowerHealth, FollowerState
from acs_stream.follower.plan import FollowerSettings
from acs_stream.follower.realtime import RealtimeFollower
from acs_stream.instruments import Instrument
from acs_stream.readers.spi_acs import REALTIME
from acs_stream.time_systems import utc_to_tt_us
from tocsin.domain.clock import ManualClock
from tocsin.simulate.instruments import SPI_ACS
from tocsin.simulate.integral import Integral
from tocsin.simulate.spacecraft import KeplerOrbit

T0 = datetime(2024, 10, 17, 2, 4, tzinfo=UTC)
ORBIT = KeplerOrbit(
    epoch_utc=T0,
    semi_major_km=80_700.0,
    eccentricity=0.86,
    inclination_deg=65.0,
    node_deg=40.0,
    argument_deg=280.0,
    mean_anomaly_deg=180.0,
)
INTEGRAL = Integral(orbit=ORBIT, acs=SPI_ACS.stream((), seed=1))
HALF_HOUR_S = 1800.0
SETTINGS = FollowerSettings(first_look_back_s=10.0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(T0)


@pytest.fixture
def isdc(clock: ManualClock) -> Iterator[FaultyIsdc]:
    server = FaultyIsdc(INTEGRAL, clock=clock).begin(clock, ())
    with server:
        yield server
        server.released.set()


def follower(url: str, store: Any, clock: Any, *, timeout_s: float = 20.0, **changes: Any) -> RealtimeFollower:
    table = Instrument(name="SPI-ACS", spacecraft="INTEGRAL", kind="isdc-rtlc", base_url=url, timeout_s=timeout_s)
    return RealtimeFollower(table, store=store, clock=clock, settings=changes.pop("settings", SETTINGS), **changes)


def truth(start: datetime, stop: datetime) -> tuple[Any, Any]:
    """Starts in TT and counts of every bin that was taken."""
    curves = INTEGRAL.light_curves(start, stop)
    starts = [utc_to_tt_us(c.t0_utc) + np.round(c.start_s * 1e6).astype(np.int64) for c in curves]
    return np.concatenate(starts), np.concatenate([c.counts for c in curves])


def assert_whole(archive: RateArchive, start: datetime, stop: datetime) -> None:
    starts, counts = truth(start, stop)
    rows = archive.rows("SPI-ACS", start - timedelta(seconds=1), stop + timedelta(seconds=1))
    near = np.searchsorted(rows.start_tt_us, starts - 2)
    assert near[-1] < len(rows), "the end is missing"
    lost = np.abs(rows.start_tt_us[near] - starts) > 2
    assert not lost.any(), f"{lost.sum()} bins lost, the first {starts[lost][0] - starts[0]} us after the start"
    inside = (rows.start_tt_us >= starts[0] - 2) & (rows.start_tt_us <= starts[-1] + 2)
    assert int(inside.sum()) == starts.size, "bins doubled"
    np.testing.assert_array_equal(rows.counts[inside], counts)


def plan(seed: int) -> list[Fault]:
    """Every kind once, at random times that do not touch; each lasts for a few requests."""
    random = np.random.default_rng(seed)
    kinds = [str(kind) for kind in random.permutation([*KINDS, "clock ahead", "clock behind", "restart", "killed"])]
    slot_s = HALF_HOUR_S / len(kinds)
    begins = [k * slot_s + float(random.uniform(0, 0.3 * slot_s)) for k in range(len(kinds))]
    long_s = [float(random.uniform(0.4, 0.65)) * slot_s for _ in kinds]
    return [Fault(kind=k, start_s=b, stop_s=b + d) for k, b, d in zip(kinds, begins, long_s, strict=True)]


class KilledError(BaseException):
    """The process ends here."""


class DyingStore:
    """Store of a process that is killed, once, just before or after a write."""

    def __init__(self, archive: RateArchive) -> None:
        self._archive = archive
        self.dies: str | None = None

    def append(self, instrument: str, rows: RateRows) -> object:
        if self.dies == "before":
            raise KilledError
        done = self._archive.append(instrument, rows)
        if self.dies == "after":
            raise KilledError
        return done

    def rows_between(self, instrument: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        return self._archive.rows_between(instrument, start_tt_us, stop_tt_us)

    def last_tt_us(self, instrument: str) -> int | None:
        return self._archive.last_tt_us(instrument)


class Night:
    """Drives one follower after the other through the planned faults."""

    def __init__(self, isdc: FaultyIsdc, archive: RateArchive, true: ManualClock, faults: list[Fault]) -> None:
        self.clock = SteppingClock(true)
        self.isdc, self.true, self.archive, self.faults = isdc, true, archive, faults
        self.store = DyingStore(archive)
        self.follower = self.started()
        self.done: set[Fault] = set()
        self.seen: list[FollowerHealth] = []

    def started(self) -> RealtimeFollower:
        return follower(self.isdc.url, self.store, self.clock, timeout_s=0.25)

    def run(self, seconds: float) -> None:
        start = self.true.monotonic_s()
        while self.true.monotonic_s() < start + seconds:
            at_s = (self.true.now() - T0).total_seconds()
            active = [fault for fault in self.faults if fault.start_s <= at_s < fault.stop_s]
            self.clock.error_s = sum({"clock ahead": 200.0, "clock behind": -150.0}.get(f.kind, 0.0) for f in active)
            for fault in active:
                if fault not in self.done and fault.kind in {"restart", "killed"}:
                    self.restart(fault)
            try:
                self.seen.append(self.follower.step())
            except KilledError:
                self.store.dies = None
                self.follower.close()
                self.follower = self.started()
            self.true.advance(1.0)

    def restart(self, fault: Fault) -> None:
        self.done.add(fault)
        if fault.kind == "killed":
            self.store.dies = ("before", "after")[len(self.done) % 2]
            return
        self.follower.close()
        self.follower = self.started()


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 13))])
def test_half_an_hour_with_every_fault_loses_no_bin_and_doubles_none(
    isdc: FaultyIsdc, clock: ManualClock, tmp_path: Path, seed: int
) -> None:
    faults = plan(seed)
    isdc.begin(clock, faults)
    archive = RateArchive(tmp_path)
    night = Night(isdc, archive, clock, faults)
    night.run(HALF_HOUR_S + 400.0)
    assert len([f for f in faults if f in isdc.happened or f.kind not in KINDS]) >= 20
    assert_whole(archive, T0 - timedelta(seconds=29), T0 + timedelta(seconds=HALF_HOUR_S))
    last = night.seen[-1]
    assert last.state is FollowerState.FOLLOWING, last
    assert last.missing_s < 0.06
    assert len(isdc.requests) < 450


def test_the_test_itself_notices_a_follower_that_never_asks_again(
    isdc: FaultyIsdc, clock: ManualClock, tmp_path: Path
) -> None:
    isdc.begin(clock, [Fault(kind="late packets", start_s=30.0, stop_s=90.0)])
    archive = RateArchive(tmp_path)
    night = Night(isdc, archive, clock, [])
    careless = FollowerSettings(first_look_back_s=10.0, gap_retry_s=1e6, gap_retry_cap_s=1e6)
    night.follower = follower(isdc.url, archive, clock, settings=careless)
    night.run(300.0)
    with pytest.raises(AssertionError, match="bins lost"):
        assert_whole(archive, T0 - timedelta(seconds=29), T0 + timedelta(seconds=200))


def test_a_perigee_passage_is_expected_and_an_outage_a_fault(
    isdc: FaultyIsdc, clock: ManualClock, tmp_path: Path
) -> None:
    revolution, later = INTEGRAL.revolution(T0), INTEGRAL.revolution(T0, later=1)
    clock.set_no_earlier(revolution.stop_utc - timedelta(seconds=300))
    archive = RateArchive(tmp_path)
    acs = follower(isdc.url, archive, clock)

    def until(moment: datetime, step_s: float = 5.0) -> FollowerHealth:
        health = acs.step()
        while clock.now() < moment:
            clock.advance(step_s)
            health = acs.step()
        return health

    assert until(revolution.stop_utc - timedelta(seconds=60)).state is FollowerState.FOLLOWING
    asked = len(isdc.requests)
    health = until(later.start_utc - timedelta(seconds=600), 20.0)
    assert health.state is FollowerState.EXPECTED_GAP
    assert health.until_utc is not None
    assert abs((health.until_utc - later.start_utc).total_seconds()) < 2
    assert health.words.startswith("perigee passage: data are expected again at 2024-10-1")
    assert len(isdc.requests) - asked < 200
    assert until(later.start_utc + timedelta(seconds=100)).state in {
        FollowerState.EXPECTED_GAP,
        FollowerState.FOLLOWING,
    }
    assert until(later.start_utc + timedelta(seconds=1500)).state is FollowerState.FOLLOWING
    assert_whole(archive, revolution.stop_utc - timedelta(seconds=320), revolution.stop_utc)
    assert_whole(archive, later.start_utc, later.start_utc + timedelta(seconds=1400))
    isdc.fail_next(10**6)
    health = until(clock.now() + timedelta(seconds=120))
    assert health.state is FollowerState.FAULT
    assert "answered HTTP 502" in health.words
    assert health.since_utc is not None
    asked = len(isdc.requests)
    until(clock.now() + timedelta(seconds=3000))
    assert len(isdc.requests) - asked < 20
    isdc.fail_next(0)
    assert until(clock.now() + timedelta(seconds=1500)).state is FollowerState.FOLLOWING
    assert_whole(archive, later.start_utc, clock.now() - timedelta(seconds=60))


def test_a_restart_after_hours_goes_on_where_the_archive_ends_and_fills_what_it_lacks(
    isdc: FaultyIsdc, clock: ManualClock, tmp_path: Path
) -> None:
    archive = RateArchive(tmp_path)
    start = T0 - timedelta(hours=5)
    whole = INTEGRAL.acs.light_curve(start, T0 - timedelta(hours=4), t0_utc=start)
    kept = (whole.start_s < 1000) | (whole.start_s > 1200)
    archive.add(whole.select(kept).replace(timing=REALTIME))
    night = Night(isdc, archive, clock, [])
    night.follower = follower(isdc.url, archive, clock)
    night.run(120.0)
    assert night.seen[3].state is FollowerState.CATCHING_UP
    assert night.seen[-1].state is FollowerState.FOLLOWING
    assert_whole(archive, start, T0 + timedelta(seconds=70))
