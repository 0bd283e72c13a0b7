"""Sources against a real HTTP server on loopback, and against files in a folder."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.acs_stream.isdc_server import IsdcState, isdc_server

from acs_stream.instruments import Instrument
from acs_stream.sources import AvailabilityState, FolderSource, IsdcArchiveSource, IsdcRealtimeSource
from acs_stream.sources.prophecy import read_prophecy
from tocsin.domain.clock import ManualClock, to_utc
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.light_curves import LightCurve

T0 = to_utc("2023-05-25T20:00:00")
PROPHECY = [
    "all good",
    {
        "expected_data_status": "ONLINE",
        "last_data_utc": "2023-05-25T20:01:00",
        "prevrev": {"num": 2642, "start": "2023-05-20T09:39:55", "stop": "2023-05-22T16:13:43"},
        "thisrev": {"num": 2643, "start": "2023-05-23T01:45:39", "stop": "2023-05-25T06:57:03"},
        "nextrev": {"num": 2644, "start": "2023-05-25T17:20:32", "stop": "2023-05-27T23:55:21"},
    },
]


def curve(seconds: Any = 400.0, t0: Any = T0) -> Any:
    start = np.arange(-seconds, seconds, 0.05)
    counts = 2.0 * np.random.default_rng(5).poisson(2100, start.size)
    return LightCurve("SPI-ACS", t0, start, 0.05, counts)


def state(**changes: Any) -> Any:
    return IsdcState(curve=curve(), prophecy=PROPHECY, **changes)


def source(url: Any, kind: str = "isdc-rtlc", now: Any = T0 + timedelta(seconds=400), **changes: Any) -> Any:
    table = Instrument(
        name="SPI-ACS",
        spacecraft="INTEGRAL",
        kind=kind,
        base_url=url,
        timeout_s=5,
        clock_error_s={"consolidated": 0.002},
        **changes,
    )
    made = IsdcRealtimeSource if kind == "isdc-rtlc" else IsdcArchiveSource
    return made(table, clock=ManualClock(now))


def test_real_time_data_come_with_position_and_raw_bytes() -> None:
    with isdc_server(state()) as url:
        acs = source(url)
        found = acs.fetch(T0, 100.0)
        verdict = acs.availability(T0, 100.0, T0 + timedelta(seconds=400))
        acs.close()
    assert verdict.state is AvailabilityState.AVAILABLE
    assert found.total.t0_utc == T0
    assert len(found.total) == pytest.approx(4000, abs=2)
    assert found.total.start_s[0] == pytest.approx(-100.0, abs=0.06)
    assert found.position.distance_km == pytest.approx(109932.3)
    assert float(found.attitude.angles_deg(288.26429, 19.77308)[0]) == pytest.approx(65.81, abs=0.01)
    assert json.loads(found.raw)["lc"]["columns"] == ["counts", "ijd"]
    assert "/rtlc/2023-05-25T20:00:00.000/100?json&prophecy" in found.origin.replace("%3A", ":")


def test_times_survive_the_way_over_ijd() -> None:
    with isdc_server(state()) as url:
        found = source(url).fetch(T0, 100.0)
    original = curve().start_s
    nearest = original[np.searchsorted(original, found.total.start_s + 0.025) - 1]
    assert np.abs(found.total.start_s - nearest).max() < 1e-4


def test_data_that_do_not_reach_the_window_yet_are_asked_for_again_when_the_server_can_have_them() -> None:
    now = T0 + timedelta(seconds=70)
    with isdc_server(state(last_data_utc=T0 + timedelta(seconds=50))) as url:
        acs = source(url, now=now)
        verdict = acs.availability(T0, 100.0, now)
        with pytest.raises(DataNotYetError) as caught:
            acs.fetch(T0, 100.0)
    assert verdict.state is AvailabilityState.EXPECTED
    assert verdict.expected_utc == caught.value.expected_utc == T0 + timedelta(seconds=220)


def test_late_data_are_asked_for_again_after_the_retry_time_never_at_once() -> None:
    now = T0 + timedelta(seconds=5000)
    with isdc_server(state(last_data_utc=T0 + timedelta(seconds=50))) as url:
        verdict = source(url).availability(T0, 100.0, now)
    assert verdict.expected_utc == now + timedelta(seconds=30)


def test_a_perigee_passage_is_a_state_with_a_reason_not_a_fault() -> None:
    t0 = to_utc("2023-05-25T12:00:00")
    with isdc_server(state()) as url:
        acs = source(url, now=t0 + timedelta(seconds=30))
        verdict = acs.availability(t0, 100.0, t0 + timedelta(seconds=30))
        with pytest.raises(ScienceError, match="perigee"):
            acs.fetch(t0, 100.0)
    assert verdict.state is AvailabilityState.NEVER
    assert "2023-05-25T06:57 to 2023-05-25T17:20" in verdict.reason


def test_data_that_begin_late_say_so() -> None:
    late = curve().select(curve().start_s > 20.0)
    with isdc_server(IsdcState(curve=late, prophecy=PROPHECY)) as url:
        verdict = source(url).availability(T0, 100.0, T0 + timedelta(seconds=400))
    assert "begin only 20 s after T0" in verdict.reason


def test_a_break_of_contact_waits_for_the_next_data() -> None:
    offline = [
        "break since 5 hr next data in 5.3 hr",
        PROPHECY[1]
        | {
            "expected_data_status": "OFFLINE",
            "last_data_utc": "2023-05-25T19:00:00",
            "next_data_utc": "2023-05-25T23:00:00",
        },
    ]
    with isdc_server(IsdcState(curve=curve(t0=to_utc("2020-01-01")), prophecy=offline)) as url:
        verdict = source(url).availability(T0, 100.0, T0)
    assert verdict.expected_utc == to_utc("2023-05-25T23:00:20")
    assert "break since" in verdict.reason


def test_data_end_at_perigee_without_being_late() -> None:
    t0 = to_utc("2023-05-27T23:54:21")
    late = t0 + timedelta(seconds=3600)
    with isdc_server(IsdcState(curve=curve(seconds=60.0, t0=t0), prophecy=PROPHECY)) as url:
        verdict = source(url).availability(t0, 300.0, late)
    assert verdict.state is AvailabilityState.AVAILABLE
    assert "perigee" in verdict.reason


def test_data_that_end_just_before_t0_at_perigee_are_not_asked_for_again_and_again() -> None:
    t0 = to_utc("2023-05-25T06:58:30")
    late = t0 + timedelta(hours=11)
    before = curve(seconds=90.0, t0=to_utc("2023-05-25T06:55:10"))
    with isdc_server(IsdcState(curve=before, prophecy=PROPHECY)) as url:
        verdict = source(url).availability(t0, 300.0, late)
    assert verdict.state is AvailabilityState.NEVER
    assert "perigee" in verdict.reason


def test_nothing_is_expected_after_the_end_of_the_mission() -> None:
    end = to_utc("2025-03-04T12:08:04")
    now = to_utc("2026-11-22")
    with isdc_server(IsdcState(curve=curve(t0=to_utc("2020-01-01")), prophecy=["", {}])) as url:
        acs = source(url, end_utc=end, end_reason="INTEGRAL ended", now=now)
        after = acs.availability(to_utc("2026-01-01"), 300.0, now)
        before = acs.availability(T0, 300.0, now)
        with pytest.raises(ScienceError, match="INTEGRAL ended"):
            acs.fetch(to_utc("2026-01-01"), 300.0)
    assert after.state is before.state is AvailabilityState.NEVER


def test_an_answer_in_utc_instead_of_tt_is_refused() -> None:
    with isdc_server(state(ijd_shift_s=-69.184)) as url, pytest.raises(ScienceError, match="UTC instead of TT"):
        source(url).fetch(T0, 100.0)


@pytest.mark.parametrize(
    ("reply", "retry_after"),
    [
        ((503, "later", {"Retry-After": "17"}), 17.0),
        ((500, "oops", {}), None),
        ((404, "what", {}), None),
        ((200, "<html>proxy</html>", {}), None),
        ((200, "not json", {}), None),
    ],
)
def test_a_failing_server_is_a_remote_error_and_leaves_it_unknown(reply: Any, retry_after: Any) -> None:
    with isdc_server(state(override=reply)) as url:
        acs = source(url)
        verdict = acs.availability(T0, 100.0, T0)
        with pytest.raises(RemoteError) as caught:
            acs.fetch(T0, 100.0)
    assert caught.value.retry_after_s == retry_after
    assert verdict.state is AvailabilityState.UNKNOWN
    assert verdict.expected_utc == T0 + timedelta(seconds=retry_after or 30)


def test_no_server_at_all_is_a_remote_error() -> None:
    with pytest.raises(RemoteError, match="cannot reach"):
        source("http://127.0.0.1:9").fetch(T0, 100.0)


@pytest.mark.parametrize(("kind", "quoted"), [("isdc-genlc", False), ("isdc-genlc", True), ("isdc-spiacs", False)])
def test_the_archive_gives_the_same_bins(kind: str, quoted: Any) -> None:
    with isdc_server(state(quoted=quoted)) as url:
        acs = source(url, kind=kind)
        assert acs.availability(T0, 100.0, T0).state is AvailabilityState.AVAILABLE
        found = acs.fetch(T0, 100.0)
    original = curve().start_s
    nearest = original[np.argmin(np.abs(original[None, :] - found.total.start_s[:50, None]), axis=1)]
    assert np.abs(found.total.start_s[:50] - nearest).max() < (1e-4 if kind == "isdc-genlc" else 6e-4)
    assert found.total.timing.clock_error_s == 0.002
    assert found.position.spacecraft == "INTEGRAL"


def test_error_words_of_the_archive_mean_different_things() -> None:
    now = to_utc("2023-06-01")
    for word, expected in (("NoData", AvailabilityState.NEVER), ("NoAuxData", AvailabilityState.EXPECTED)):
        with isdc_server(state(override=(200, word, {}))) as url:
            assert source(url, kind="isdc-genlc").availability(T0, 100.0, now).state is expected


def test_prophecies_of_any_shape_are_read() -> None:
    assert read_prophecy(PROPHECY).revolution_at(T0).number == 2644
    for odd in (None, [], "text", ["x"], [{}], {"thisrev": 3}, ["x", {"thisrev": {"start": 1, "stop": 2}}]):
        assert read_prophecy(odd).revolutions == ()


KONUS = "\n".join(f"{-0.4 + 0.002 * k:.3f}\t1.00\t2.01\t1.00\t4.02" for k in range(400))


@pytest.fixture
def inbox(tmp_path: Path) -> Any:
    folder = tmp_path / "GRB"
    folder.mkdir()
    (folder / "kw20200415_31681_rc2.thr").write_text(KONUS)
    (folder / "20200415_Wind.eph").write_text("20200415 31681.403392 08:48:01.403392 2.14708 1.94712 1428868.0\n")
    (folder / "notes.txt").write_text("hello\n")
    (folder / "empty.thr").write_text("")
    return tmp_path


KW = Instrument(
    name="Konus-Wind",
    spacecraft="Wind",
    files=("kw*.thr",),
    light_travel_s=6.0,
    typical_delay_s=3600,
    clock_error_s={"ipn": 0.001},
)
BURST = to_utc("2020-04-15T08:48:05.56")


def folder_source(folder: Path, table: Instrument = KW, now: Any = BURST) -> Any:
    return FolderSource(table, folder=folder, clock=ManualClock(now))


def test_a_file_in_the_inbox_is_found_with_its_time_zero_and_position(inbox: Path) -> None:
    found = folder_source(inbox).fetch(BURST, 300.0)
    assert found.total.instrument == "Konus-Wind"
    assert found.total.t0_utc == to_utc("2020-04-15T08:48:01.403392")
    assert found.position.distance_km == pytest.approx(1428868.0)
    assert len(found.channels) == 3
    assert found.total.timing.clock_error_s == 0.001


def test_a_file_of_another_time_is_not_taken(inbox: Path) -> None:
    kw = folder_source(inbox, now=BURST + timedelta(hours=2))
    verdict = kw.availability(BURST + timedelta(seconds=60), 300.0, BURST + timedelta(hours=2))
    assert verdict.state is AvailabilityState.EXPECTED
    with pytest.raises(DataNotYetError):
        kw.fetch(BURST + timedelta(seconds=60), 300.0)


def test_a_file_of_another_instrument_is_not_taken(inbox: Path) -> None:
    gbm = Instrument(name="Fermi-GBM", spacecraft="Fermi", light_travel_s=6.0)
    assert folder_source(inbox, gbm).availability(BURST, 300.0, BURST).state is AvailabilityState.EXPECTED


def test_a_missing_eph_is_waited_for(inbox: Path) -> None:
    (inbox / "GRB" / "20200415_Wind.eph").rename(inbox / "later")
    kw = folder_source(inbox)
    assert kw.availability(BURST, 300.0, BURST).state is AvailabilityState.EXPECTED
    (inbox / "later").rename(inbox / "GRB" / "20200415_Wind.eph")
    assert kw.availability(BURST, 300.0, BURST).state is AvailabilityState.AVAILABLE


def test_files_are_waited_for_only_so_long(tmp_path: Path) -> None:
    kw = folder_source(tmp_path / "not there")
    assert kw.availability(BURST, 300.0, BURST).expected_utc == BURST + timedelta(hours=1)
    assert kw.availability(BURST, 300.0, BURST + timedelta(days=60)).state is AvailabilityState.NEVER
    ended = Instrument(name="K", spacecraft="W", end_utc=to_utc("2021-01-01"))
    assert (
        folder_source(tmp_path, ended).availability(BURST, 300.0, to_utc("2022-01-01")).state
        is AvailabilityState.UNKNOWN
    )


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("NoData", "the server answered NoData: the archive holds no data for this time"),
        ("ZeroData", "the server answered ZeroData: the archive holds only zeros for this time"),
        ("NoAuxData", "the server answered NoAuxData: there are no auxiliary data"),
        ("Over revolution", "the server answered Over revolution: the request reaches over a revolution boundary"),
    ],
)
def test_a_word_instead_of_data_is_what_is_said_while_it_is_waited_for(word: str, words: str) -> None:
    with isdc_server(state(override=(200, word, {}))) as url:
        verdict = source(url).availability(T0, 100.0, T0 + timedelta(seconds=300))
    assert verdict.state is AvailabilityState.EXPECTED
    assert verdict.reason.startswith(words)


def test_a_prophecy_that_says_nothing_is_not_repeated() -> None:
    with isdc_server(IsdcState(curve=curve(t0=to_utc("2020-01-01")), prophecy=["?", {}])) as url:
        assert source(url).availability(T0, 100.0, T0 + timedelta(seconds=300)).reason == "no data yet"


def test_an_archive_that_sends_garbage_is_asked_again_as_one_that_sends_a_page() -> None:
    for body in ("\0\1\2 nonsense", "<html>down</html>"):
        with (
            isdc_server(state(override=(200, body, {}))) as url,
            pytest.raises(RemoteError, match=r"binary data|page came instead"),
        ):
            source(url, "isdc-genlc").fetch(T0, 100.0)
