"""MMODA, listed folders, the archive's odd answers, and the places at hand that come before them."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from unit.acs_stream.isdc_server import IsdcState, genlc, isdc_server
from unit.acs_stream.test_sources import PROPHECY, T0, curve, source
from unit.acs_stream.web_server import Site, web_server

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.source import ArchiveSource
from acs_stream.instruments import Instrument
from acs_stream.readers.spi_acs import CONSOLIDATED
from acs_stream.sources import AvailabilityState, FolderSource, Places, PreferredSource
from acs_stream.sources.building import source_of
from acs_stream.sources.http_folder import HttpFolderSource
from acs_stream.sources.mmoda import MmodaSource
from acs_stream.time_systems import utc_to_integral_met
from tocsin.domain.clock import ManualClock, to_utc
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError

NOW = T0 + timedelta(days=30)


# MMODA


def unit(*, shift_s: float = 0.0, half_s: float = 50.0, **changes: Any) -> dict[str, Any]:
    """A table as the dispatcher sends it: header, dtype and rows as JSON in texts."""
    zero = utc_to_integral_met(T0)
    times = np.arange(-half_s - 5.0, half_s - 5.0, 0.05) + 0.025 + shift_s
    rate = np.full(times.size, 84_000.0)
    error = np.sqrt(rate / 0.05)
    header = {"TIMESYS": "TT", "MJDREF": 51544.0, "TIMEZERO": zero, "TIMEDEL": 0.05, "INSTRUME": "SPI-ACS"}
    header |= {"EPHS": "198.394 71.787 143490.5 0.012 0.012 30.0"}
    found: dict[str, Any] = {
        "name": "RATE",
        "header": header,
        "dt": json.dumps([["TIME", ">f8"], ["RATE", ">f8"], ["ERROR", ">f8"]]),
        "data": json.dumps(np.stack([times, rate, error], axis=1).tolist()),
        "binarys": None,
    }
    return found | changes


def reply(status: str = "done", *, units: Any = None, message: str = "") -> bytes:
    listed = [unit()] if units is None else units
    primary = {"name": "PRIMARY", "header": {}, "dt": None, "data": None, "binarys": None}
    product = {"name": "lc", "data_unit_list": [json.dumps(primary), *(json.dumps(one) for one in listed)]}
    content = {
        "query_status": status,
        "job_monitor": {"session_id": "S", "job_id": "J"},
        "exit_status": {"status": int(status == "failed"), "message": message, "error_message": ""},
        "products": {"numpy_data_product_list": [json.dumps(product)]} if status == "done" else {},
    }
    return json.dumps(content).encode()


def mmoda(url: str, **changes: Any) -> MmodaSource:
    given: Mapping[str, Any] = {"token": "", **changes}
    item = Instrument(
        name="SPI-ACS-MMODA", spacecraft="INTEGRAL", kind="mmoda", base_url=url, stored_as="SPI-ACS", bin_s=0.05
    )
    return MmodaSource(item, clock=ManualClock(NOW), **given)


def telling(*answers: bytes) -> Site:
    waiting = list(answers)
    return Site(says=lambda _path: (200, waiting.pop(0) if len(waiting) > 1 else waiting[0], "application/json"))


def test_mmoda_is_asked_in_its_own_words_and_its_table_read() -> None:
    site = telling(reply())
    with web_server(site) as url:
        found = mmoda(url, token="secret-token").fetch(T0, 50.0)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(site.requests[0]).query).items()}
    assert urlsplit(site.requests[0]).path == "/run_analysis"
    assert (asked["instrument"], asked["product_type"], asked["time_bin"]) == ("spi_acs", "spi_acs_lc", "0.05")
    assert (asked["T1"], asked["T2"]) == ("2023-05-25T19:59:10.000", "2023-05-25T20:00:50.000")
    assert asked["token"] == "secret-token"
    assert "secret-token" not in found.origin
    assert found.total.instrument == "SPI-ACS"
    assert len(found.total) == pytest.approx(1900, abs=2)
    assert found.total.counts[0] == pytest.approx(4200.0)
    assert found.position.distance_km == pytest.approx(143490.5)


def test_a_query_that_is_worked_on_is_asked_for_again() -> None:
    site = telling(reply("submitted"), reply("progress"), reply())
    with web_server(site) as url:
        acs = mmoda(url)
        verdict = acs.availability(T0, 50.0, NOW)
        with pytest.raises(DataNotYetError, match="working on it"):
            acs.fetch(T0, 50.0)
        assert len(acs.fetch(T0, 50.0).total) > 0
    assert verdict.state is AvailabilityState.EXPECTED
    assert verdict.expected_utc > NOW


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (reply("failed", message="NoDataProducts: no data found"), ScienceError, "no data for this time"),
        (reply("failed", message="backend exploded"), RemoteError, "MMODA failed: backend exploded"),
        (reply(units=[]), ScienceError, "no table of rates"),
        (reply(units=[unit(data=None, binarys="gASV")]), ScienceError, "pickled"),
        (reply(units=[unit(data="[[1, 2]]")]), ScienceError, "cannot be read"),
        (reply(units=[unit(shift_s=-69.184)]), ScienceError, "UTC"),
        (b"<html>gateway</html>", RemoteError, "no JSON"),
        (b"[1, 2]", RemoteError, "another kind"),
    ],
)
def test_what_mmoda_sends_instead_of_data_is_named(answer: bytes, kind: Any, words: str) -> None:
    with web_server(telling(answer)) as url:
        verdict = mmoda(url).availability(T0, 50.0, NOW)
        with pytest.raises(kind, match=words):
            mmoda(url).fetch(T0, 50.0)
    assert verdict.state is (AvailabilityState.NEVER if kind is ScienceError else AvailabilityState.UNKNOWN)


# Listed folders

KONUS = "\n".join(f"{-0.4 + 0.002 * k:.3f}\t1.00\t2.01\t1.00\t4.02" for k in range(400)).encode()
EPH = b"20200415 31681.403392 08:48:01.403392 2.14708 1.94712 1428868.0\n"
BURST = to_utc("2020-04-15T08:48:05.56")


def ipn(url: str, folder: Path, **changes: Any) -> HttpFolderSource:
    item = Instrument(
        name="Konus-Wind",
        spacecraft="Wind",
        kind="http-folder",
        base_url=f"{url}/ipn/%Y%m%d",
        files=("kw*.thr",),
        light_travel_s=6.0,
        **changes,
    )
    return HttpFolderSource(item, folder=folder, clock=ManualClock(BURST + timedelta(hours=1)))


def test_new_files_of_a_listed_folder_are_taken_once_and_others_left(tmp_path: Path) -> None:
    day = "/ipn/20200415"
    files = {f"{day}/kw20200415_31681_rc2.thr": KONUS, f"{day}/20200415_Wind.eph": EPH, f"{day}/big.iso": b"no"}
    site = Site(files=files)
    with web_server(site) as url:
        kw = ipn(url, tmp_path / "kw")
        assert kw.availability(BURST, 300.0, BURST).state is AvailabilityState.AVAILABLE
        found = kw.fetch(BURST, 300.0)
    assert found.total.t0_utc == to_utc("2020-04-15T08:48:01.403392")
    assert found.position.distance_km == pytest.approx(1428868.0)
    assert [path for path in site.requests if "big" in path] == []
    assert len([path for path in site.requests if path.endswith(".thr")]) == 1


def test_a_folder_that_is_not_there_yet_is_waited_for_and_a_server_in_trouble_is_unknown(tmp_path: Path) -> None:
    with web_server(Site()) as url:
        assert ipn(url, tmp_path / "a").availability(BURST, 300.0, BURST).state is AvailabilityState.EXPECTED
    with web_server(Site(says=lambda _path: (502, b"", "text/plain"))) as url:
        verdict = ipn(url, tmp_path / "b").availability(BURST, 300.0, BURST)
    assert verdict.state is AvailabilityState.UNKNOWN
    assert "502" in verdict.reason


# ISDC's archive


class Revolutions(IsdcState):
    """An archive that serves one revolution only per request, with a perigee gap between two."""

    GAP = (T0 + timedelta(seconds=20), T0 + timedelta(seconds=60))


def over_the_gap(request: str) -> Any:
    parts = request.split("/")
    t0, half = to_utc(parts[-2].replace("%3A", ":")), timedelta(seconds=float(parts[-1]))
    begin, end = Revolutions.GAP
    if t0 - half < begin and t0 + half > end:
        return 200, b'"Over revolution"', "text/plain"
    left = curve()
    offset = (left.start_s >= 20.0) & (left.start_s < 60.0)
    text = genlc(IsdcState(curve=left.select(~offset)), t0, half.total_seconds())
    return 200, text.encode(), "text/plain"


def test_a_request_over_a_revolution_boundary_is_asked_in_parts_and_says_so() -> None:
    site = Site(says=lambda path: over_the_gap(path) if "genlc" in path else (404, b"", "text/plain"))
    with web_server(site) as url:
        acs = source(url, kind="isdc-genlc")
        verdict = acs.availability(T0, 100.0, NOW)
        found = acs.fetch(T0, 100.0)
    assert verdict.state is AvailabilityState.AVAILABLE
    assert "over a revolution boundary" in verdict.reason
    assert "over a revolution boundary" in found.total.timing.note
    kept = (curve().start_s > -100.0) & (curve().start_s < 99.95)
    kept &= (curve().start_s < 20.0) | (curve().start_s >= 60.0)
    assert len(found.total) == pytest.approx(int(kept.sum()), abs=3)
    assert np.all(np.diff(found.total.start_s) > 0.049)


@pytest.mark.parametrize("shift_s", [-69.0, 69.0])
def test_an_archive_in_the_wrong_time_system_is_refused(shift_s: float) -> None:
    wrong = curve(seconds=200.0, t0=T0 + timedelta(seconds=shift_s))
    text = genlc(IsdcState(curve=wrong), T0 + timedelta(seconds=shift_s), 100.0)
    with (
        isdc_server(IsdcState(curve=wrong, override=(200, text, {}))) as url,
        pytest.raises(ScienceError, match="UTC"),
    ):
        source(url, kind="isdc-genlc").fetch(T0, 100.0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("NoData", "no data for this time"),
        ('"ZeroData"', "only zeros"),
        ("<html>proxy</html>", "page came instead"),
        ("", "is empty"),
    ],
)
def test_words_and_pages_of_the_archive_are_reasons(answer: str, words: str) -> None:
    with isdc_server(IsdcState(curve=curve(), override=(200, answer, {}))) as url:
        verdict = source(url, kind="isdc-genlc").availability(T0, 100.0, NOW)
    assert words in verdict.reason


def test_ibis_veto_comes_by_its_own_name_in_eight_second_bins() -> None:
    wide = curve(seconds=2000.0)
    keep = np.arange(len(wide)) % 160 == 0
    eight = wide.select(keep).replace(width_s=np.full(int(keep.sum()), 8.0))
    text = genlc(IsdcState(curve=eight), T0, 1000.0)
    site = Site(says=lambda path: (200, text.encode(), "text/plain") if "IBIS_VETO" in path else None)
    with web_server(site) as url:
        item = Instrument(name="IBIS-Veto", spacecraft="INTEGRAL", kind="isdc-genlc", base_url=url, target="IBIS_VETO")
        made = source_of(item, places=Places(), clock=ManualClock(NOW))
        assert made is not None
        found = made.fetch(T0, 1000.0)
    assert found.total.instrument == "IBIS-Veto"
    assert found.total.width_s[0] == pytest.approx(8.0, abs=1e-3)
    assert "/genlc/IBIS_VETO/" in site.requests[0]


# Places at hand


def test_the_archive_comes_before_the_service_and_the_service_before_a_part_of_the_archive(tmp_path: Path) -> None:
    kept = RateArchive(tmp_path)
    kept.add(curve(seconds=50.0).replace(timing=CONSOLIDATED))
    state = IsdcState(curve=curve(), prophecy=PROPHECY)
    with isdc_server(state) as url:
        service = source(url, kind="isdc-genlc")
        stored = ArchiveSource(service.table, archive=kept, clock=ManualClock(NOW), craft=service)
        both = PreferredSource((stored,), service, clock=ManualClock(NOW))
        whole = both.fetch(T0, 40.0)
        assert not [path for path in state.requests if "genlc" in path]
        wider = both.fetch(T0, 100.0)
        state.override = (200, "NoData", {})
        part = both.fetch(T0, 100.0)
        verdict = both.availability(T0, 100.0, NOW)
    assert "instrument=SPI-ACS" in whole.origin
    assert whole.position is not None
    assert (len(wider.total), len(part.total)) == (pytest.approx(4000, abs=2), pytest.approx(2000, abs=2))
    assert "/genlc/" in wider.origin
    assert verdict.state is AvailabilityState.AVAILABLE


def test_no_service_beyond_this_machine_is_asked_unless_the_network_is_on(tmp_path: Path) -> None:
    far = Instrument(name="X", spacecraft="Y", kind="isdc-genlc", base_url="https://example.org/x", files=("x*",))
    off = source_of(far, places=Places(folder=tmp_path), clock=ManualClock(NOW))
    assert isinstance(off, FolderSource)
    assert "not asked" in off.availability(NOW, 10.0, NOW).reason
    on = source_of(far, places=Places(folder=tmp_path, network=True), clock=ManualClock(NOW))
    assert isinstance(on, PreferredSource)


@pytest.mark.parametrize("kind", ["files", "isdc-genlc"])
def test_without_a_service_the_inbox_says_when_data_will_come_whatever_the_archive_lacks(
    kind: str, tmp_path: Path
) -> None:
    item = Instrument(name="X", spacecraft="Y", kind=kind, files=("x*",), latency_s=600.0, give_up_after_s=86_400.0)
    archive = RateArchive(str(tmp_path / "rates"))
    made = source_of(
        item,
        places=Places(
            folder=tmp_path,
            archived=lambda one, craft, followed: ArchiveSource(
                one, archive=archive, clock=ManualClock(NOW), craft=craft, is_followed=followed
            ),
        ),
        clock=ManualClock(NOW),
    )
    assert made is not None
    assert made.availability(NOW, 10.0, NOW).state is AvailabilityState.EXPECTED
