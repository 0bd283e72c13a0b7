"""Into the archive from files, out of it in the IPN's text form and as a source."""

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.acs_stream.archive.archive_values import CONSOLIDATED, REALTIME, T0, after, curve
from unit.acs_stream.isdc_server import IsdcState, genlc, ipnlc, rtlc

from acs_stream.archive.importing import import_files
from acs_stream.archive.ipn_text import ipnlc_text
from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.source import ArchiveSource
from acs_stream.instruments import Instrument
from acs_stream.readers import guess_format, read_light_curve
from acs_stream.sources import AvailabilityState
from acs_stream.time_systems import utc_to_ijd
from tocsin.domain.clock import ManualClock, to_utc
from tocsin.domain.errors import DataNotYetError, ScienceError


def dump(whole: Any, *, heading: str = "", before: str = "2023-05-25T12:00:00.0 1234") -> str:
    """Text of a dump file: whatever, counts, IJD of the centre."""
    ijd = utc_to_ijd(whole.t0_utc) + (whole.start_s + whole.width_s / 2) / 86400.0
    return heading + "".join(f"{before} {n:g} {t:.16g}\n" for n, t in zip(whole.counts, ijd, strict=True))


def test_a_dump_file_is_known_by_its_content_and_read() -> None:
    whole = curve(20.0)
    for text in (dump(whole), dump(whole, before=""), dump(whole, heading="utc block counts ijd\n")):
        content = text.encode()
        assert guess_format(content) == "lcdump"
        found = read_light_curve(content, format="lcdump").with_t0(T0)
        np.testing.assert_allclose(found.start_s, whole.start_s, atol=1e-6)
        np.testing.assert_array_equal(found.counts, whole.counts)
        assert found.timing is not None
        assert found.timing.product == "realtime"
        assert found.timing.is_approximate


def test_a_dump_file_may_be_growing_and_hold_packets_late_and_twice() -> None:
    whole = curve(20.0)
    lines = dump(whole).splitlines(keepends=True)
    mixed = lines[100:] + lines[:100] + lines[50:70] + [lines[0][:-9]]
    found = read_light_curve("".join(mixed).encode(), format="lcdump").with_t0(T0)
    np.testing.assert_array_equal(found.counts, whole.counts)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2\n3\n", "line 2: 1 columns instead of 2"),
        ("5\n6\n", "columns"),
        ("a b 5 x\n1 2 3 4\n", "is no number"),
        ("5000 8545.1", "no row"),
        ("<html><body>no</body></html>\n", "page came instead"),
    ],
)
def test_a_broken_dump_file_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ScienceError, match=words):
        read_light_curve(text.encode(), format="lcdump")


def test_every_form_is_imported_once_and_the_better_product_stays(tmp_path: Path) -> None:
    whole = curve(60.0)
    state = IsdcState(curve=whole)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.json").write_text(rtlc(state, T0, 61.0), encoding="utf-8")
    (inbox / "b.txt.gz").write_bytes(gzip.compress(genlc(state, T0, 61.0).encode()))
    (inbox / "c.ipn").write_text(ipnlc(state, T0, 61.0), encoding="utf-8")
    (inbox / "lcdump-revol-2644.csv").write_text(dump(whole.replace(counts=whole.counts + 2)), encoding="utf-8")
    (inbox / "notes.txt").write_text("not a light curve at all", encoding="utf-8")
    archive = RateArchive(tmp_path / "rates")
    found = {one.path.name: one for one in import_files(archive, [inbox])}
    assert [found[name].format for name in ("a.json", "b.txt.gz", "c.ipn", "lcdump-revol-2644.csv")] == [
        "rtlc-json",
        "genlc",
        "ipnlc",
        "lcdump",
    ]
    assert "the format is not known" in found["notes.txt"].refused
    assert found["a.json"].appended.new == 1200
    assert found["b.txt.gz"].appended.new == 1200
    assert found["c.ipn"].appended.new == 0
    assert found["lcdump-revol-2644.csv"].appended.new == 0
    stored = archive.read("SPI-ACS", after(-1), after(61))
    np.testing.assert_array_equal(stored.counts, whole.counts)
    assert stored.timing is not None
    assert stored.timing.product == "consolidated"
    again = list(import_files(archive, [inbox / "b.txt.gz"]))
    assert again[0].appended.new == 0
    assert len(archive.read("SPI-ACS", after(-1), after(61))) == 1200


def test_the_real_files_are_imported_with_their_odd_bins(samples: Path, tmp_path: Path) -> None:
    archive = RateArchive(tmp_path)
    names = ["genlc_acs_20080319.txt", "spiacs_lc_query-3.1.fits"]
    for one in import_files(archive, [samples / "data" / "spiacs" / name for name in names]):
        assert not one.refused
        assert one.instrument == "SPI-ACS"
        original = read_light_curve(one.path, format=one.format)
        span = original.start_s[0] - 1, original.stop_s[-1] + 1
        first, last = (original.t0_utc + timedelta(seconds=float(s)) for s in span)
        stored = archive.read("SPI-ACS", first, last, t0_utc=original.t0_utc)
        np.testing.assert_allclose(stored.start_s, original.start_s, atol=1e-6)
        np.testing.assert_allclose(stored.width_s, original.width_s, atol=1e-6)
        np.testing.assert_array_equal(stored.counts, original.counts)
    assert [day.isoformat() for day in archive.days("SPI-ACS")] == ["2008-03-19", "2023-03-07"]


def test_rates_of_an_unnamed_instrument_are_not_mixed_with_others(tmp_path: Path) -> None:
    veto = curve(800.0, width_s=8.0)
    path = tmp_path / "veto.txt"
    path.write_text(genlc(IsdcState(curve=veto), T0, 900.0), encoding="utf-8")
    archive = RateArchive(tmp_path / "rates")
    assert "which instrument" in next(import_files(archive, [path])).refused
    assert next(import_files(archive, [path], instrument="IBIS-Veto")).appended.new == 100


@pytest.mark.parametrize("with_breaks", [True, False])
@pytest.mark.parametrize("t0", ["2023-05-25T12:00:00", "2016-12-31T23:59:59.123457"])
def test_the_ipn_text_is_read_back_as_it_was(t0: str, with_breaks: bool) -> None:
    whole = curve(60.0, t0=t0)
    mask = np.zeros(1200, dtype=bool)
    mask[7] = True
    gappy = whole.replace(mask=mask).select((whole.start_s < 30) | (whole.start_s > 33))
    text = ipnlc_text(gappy, with_breaks=with_breaks)
    found = read_light_curve(text.encode(), format="ipnlc").with_t0(t0)
    kept = gappy.select(gappy.usable)
    np.testing.assert_allclose(found.start_s, kept.start_s, atol=6e-4)
    np.testing.assert_array_equal(found.counts, kept.counts)
    assert found.energy_kev == (100.0, 10_000.0)


def test_the_ipn_text_is_printed_as_the_page_printed_it(tmp_path: Path) -> None:
    archive = RateArchive(tmp_path)
    archive.add(curve(0.15, t0="2020-04-15T08:48:05.563740"))
    lines = ipnlc_text(archive.read("SPI-ACS", "2020-04-15T08:48:05.563740", "2020-04-15T08:49:00")).splitlines()
    counts = curve(0.15).counts
    assert lines == [
        "'INTEGRAL  ' '15/04/20' 31685.56374 100.000  10000.000",
        f"{np.median(counts):.3f} 0.05000000",
        f"     0.000 {counts[0]:10.5f}",
        f"     0.050 {counts[1]:10.5f}",
        f"     0.100 {counts[2]:10.5f}",
    ]


def test_bins_of_several_widths_or_none_are_not_given_in_ipn_form() -> None:
    whole = curve(60.0)
    with pytest.raises(ScienceError, match="one width"):
        ipnlc_text(whole.select(whole.start_s < 59).replace(width_s=np.where(whole.start_s < 59, 0.05, 0.0)[:1180] / 2
                                                            + np.linspace(0, 0.02, 1180)))  # fmt: skip
    with pytest.raises(ScienceError, match="no SPI-ACS data"):
        ipnlc_text(whole.select(np.zeros(1200, dtype=bool)))


def source(archive: RateArchive, now: Any, **changes: Any) -> ArchiveSource:
    table = Instrument(
        name="SPI-ACS", spacecraft="INTEGRAL", clock_error_s={"consolidated": 0.002}, end_utc=changes.pop("end", None)
    )
    return ArchiveSource(table, archive=archive, clock=ManualClock(now), **changes)


def test_the_archive_is_a_source_that_says_what_it_covers(tmp_path: Path) -> None:
    archive = RateArchive(tmp_path)
    archive.add(curve(400.0, t0=after(-200), timing=CONSOLIDATED).select(np.arange(8000) // 200 != 3))
    acs = source(archive, after(1000))
    verdict = acs.availability(T0, 100.0, after(1000))
    assert verdict.state is AvailabilityState.AVAILABLE
    assert verdict.reason == "200.0 of 200.0 s archived"
    assert acs.availability(T0, 190.0, after(1000)).reason == "370.0 of 380.0 s archived, 1 gaps between"
    found = acs.fetch(T0, 100.0)
    assert len(found.total) == 4000
    assert found.total.t0_utc == T0
    assert found.total.timing is not None
    assert found.total.timing.clock_error_s == 0.002
    assert found.raw.startswith(b"PAR1")
    assert "instrument=SPI-ACS from 2023-05-25T11:58:20" in found.origin


def test_what_the_archive_lacks_is_unknown_or_expected_where_it_is_being_followed(tmp_path: Path) -> None:
    archive = RateArchive(tmp_path)
    archive.add(curve(250.0, t0=after(-200), timing=REALTIME))
    still = source(archive, after(60))
    assert still.availability(to_utc("2020-01-01"), 300.0, after(60)).state is AvailabilityState.UNKNOWN
    assert still.availability(T0, 100.0, after(60)).state is AvailabilityState.AVAILABLE
    followed = source(archive, after(60), is_followed=True)
    verdict = followed.availability(T0, 100.0, after(60))
    assert verdict.state is AvailabilityState.EXPECTED
    assert verdict.expected_utc == after(120)
    assert verdict.reason == "data reach 12:00:50 UTC so far"
    with pytest.raises(DataNotYetError):
        followed.fetch(T0, 100.0)
    with pytest.raises(ScienceError, match="holds no SPI-ACS data"):
        still.fetch(after(9000), 100.0)
    ended = source(archive, after(1e6), is_followed=True, end=after(100))
    assert ended.availability(after(500), 100.0, after(1e6)).state is AvailabilityState.NEVER
    assert ended.availability(T0, 100.0, after(1e6)).state is AvailabilityState.AVAILABLE
