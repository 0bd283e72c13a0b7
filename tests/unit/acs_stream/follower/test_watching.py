"""The continuous search judges by the stream's own days, says where its rates are from, and remembers."""

import json
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import RateRows, from_light_curve
from acs_stream.far_history import DAY_S, ExcessKind, FarHistory
from acs_stream.follower.triggers import StreamTrigger
from acs_stream.follower.watching import FileMemory, StreamWatch, WatchedStore, WatchState, no_days_before
from tocsin.domain.errors import RemoteError
from tocsin.domain.light_curves import LightCurve, Timing

T0 = "2024-10-17T02:00:00"
REALTIME = Timing(product="realtime", clock_error_s=0.010, is_approximate=True)
BURST_S = 1000.0


def stream(burst_snr: float, *, width_s: float = 1.0, length_s: float = 1500.0) -> LightCurve:
    """Counts with a burst of this S/N at `BURST_S`."""
    counts = 2.0 * np.random.default_rng(4).poisson(2250.0, round(length_s / 0.05))
    first, bins = round(BURST_S / 0.05), round(width_s / 0.05)
    counts[first : first + bins] += 2.0 * round(burst_snr * np.sqrt(2 * 90_000.0 * width_s) / bins / 2)
    return LightCurve(
        "SPI-ACS", T0, 0.05 * np.arange(counts.size), 0.05, counts, timing=REALTIME, energy_kev=(75.0, 10_000.0)
    )


def packets(curve: LightCurve, each_s: float = 100.0) -> list[RateRows]:
    whole = from_light_curve(curve)
    n = round(each_s / 0.05)
    return [whole.take(np.arange(k, min(k + n, len(curve)))) for k in range(0, len(curve), n)]


class Days:
    """Days before, with how often they were asked for."""

    def __init__(self, loud_per_day: float) -> None:
        rng = np.random.default_rng(6)
        noise = [-np.log(50.0 * (1 - share) / DAY_S) for share in rng.random(1500)]
        loud = list(400.0 + 50.0 * rng.random(round(30 * loud_per_day)))
        found = [(ExcessKind.OTHER, float(rank)) for rank in noise + loud]
        self._history = FarHistory.of("SPI-ACS", 30 * DAY_S, found)
        self.asked: list[datetime] = []

    def __call__(self, _instrument: str, t0_utc: datetime) -> FarHistory:
        self.asked.append(t0_utc)
        return self._history


def followed(tmp_path: Path, rows: Sequence[RateRows], **given: object) -> list[StreamTrigger]:
    told: list[StreamTrigger] = []
    watch = StreamWatch(
        "SPI-ACS",
        store=(archive := RateArchive(tmp_path / "rates")),
        memory=FileMemory(path=tmp_path / "watch.json"),
        tell=told.extend,
        **given,  # type: ignore[arg-type]
    )
    store = WatchedStore(archive, watch)
    for one in rows:
        store.append("SPI-ACS", one)
        watch.step()
    return told


def test_a_bright_burst_of_an_unknown_stream_is_told_with_the_law_that_was_assumed(tmp_path: Path) -> None:
    told = followed(tmp_path, packets(stream(40.0)))
    assert abs((told[0].start_tt_us - told[-1].start_tt_us) / 1e6) < 1.0
    assert told[0].far_source == "model"
    assert told[0].far_basis.startswith("law of ")
    assert told[0].far_basis.endswith(" spikes/day assumed: 0.3 h of this stream searched so far")
    assert told[0].far_hz * DAY_S <= 1.0
    assert told[0].is_approximate


def test_a_faint_one_is_not_while_spikes_might_make_it(tmp_path: Path) -> None:
    assert followed(tmp_path, packets(stream(8.0, width_s=0.2))) == []


def test_it_is_where_the_days_before_show_how_seldom_that_is(tmp_path: Path) -> None:
    (told,) = followed(tmp_path, packets(stream(8.0, width_s=0.2)), trailing=Days(loud_per_day=0.0))
    assert told.far_basis.startswith("counted on 30.0 days before, and 0.3 h of the last 24")
    assert told.far_hz * DAY_S < 0.1


def test_and_not_where_they_show_how_often_it_is(tmp_path: Path) -> None:
    assert followed(tmp_path, packets(stream(25.0)), trailing=Days(loud_per_day=12.0)) == []


def test_days_before_are_asked_for_only_where_noise_seldom_does_it(tmp_path: Path) -> None:
    days = Days(loud_per_day=0.0)
    rows = packets(stream(0.0, length_s=3000.0), each_s=20.0)
    followed(tmp_path, rows, trailing=days)
    assert len(days.asked) < len(rows) / 5


def test_a_restart_keeps_what_was_learnt_and_tells_nothing_again(tmp_path: Path) -> None:
    rows = packets(stream(40.0))
    told = followed(tmp_path, rows[:12])
    assert told
    before = FileMemory(path=tmp_path / "watch.json").load()
    assert before.ledger.live_s == pytest.approx(1200.0, abs=1.0)
    assert before.ledger.entries
    assert followed(tmp_path, rows[12:]) == []
    after = FileMemory(path=tmp_path / "watch.json").load()
    assert after.ledger.live_s == pytest.approx(1500.0, abs=1.0)


def test_a_memory_of_before_there_was_a_ledger_is_read_and_a_broken_ledger_costs_a_repetition_alone(
    tmp_path: Path,
) -> None:
    memory = FileMemory(path=tmp_path / "watch.json")
    (tmp_path / "watch.json").write_text(json.dumps({"searched_tt_us": 5, "triggers": []}))
    assert memory.load().searched_tt_us == 5
    assert memory.load().ledger.live_s == 0.0
    (tmp_path / "watch.json").write_text(json.dumps({"searched_tt_us": 5, "triggers": [], "ledger": {"entries": 1}}))
    assert memory.load().searched_tt_us is None


def test_what_could_not_be_made_known_is_told_later_and_is_still_not_its_own_background(tmp_path: Path) -> None:
    told: list[StreamTrigger] = []
    is_away = threading.Event()
    is_away.set()

    def tell(found: Sequence[StreamTrigger]) -> None:
        if is_away.is_set():
            raise RemoteError("the database is away")
        told.extend(found)

    archive = RateArchive(tmp_path / "rates")
    watch = StreamWatch(
        "SPI-ACS", store=archive, memory=FileMemory(path=tmp_path / "watch.json"), tell=tell, trailing=no_days_before
    )
    for one in packets(stream(40.0), each_s=1500.0):
        WatchedStore(archive, watch).append("SPI-ACS", one)
    with pytest.raises(RemoteError):
        watch.step()
    is_away.clear()
    watch.step()
    assert len(told) == 1
    assert isinstance(FileMemory(path=tmp_path / "watch.json").load(), WatchState)
