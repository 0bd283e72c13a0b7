"""Positions of craft, and the table of instruments."""

import io
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from acs_stream.instruments import read_instruments
from acs_stream.positions import parse_ephs, parse_planetary, read_eph, read_orbi_scp, read_positions
from acs_stream.sources import Places, build_sources
from acs_stream.spacecraft import spacecraft_of
from tocsin.domain.clock import ManualClock, to_utc
from tocsin.domain.errors import ConfigurationError, ScienceError
from triangulation.geometry import radec_deg

WIND = "20200415 31681.403392 08:48:01.403392 2.14708 1.94712 1428868.0\n"
CONFIG = Path(__file__).resolve().parents[3] / "config" / "instruments.toml"


def test_eph_line_is_date_second_time_direction_distance(tmp_path: Path) -> None:
    path = tmp_path / "20200415_Wind.eph"
    path.write_text(WIND)
    (place,) = read_eph(path)
    assert place.spacecraft == "Wind"
    assert place.epoch_utc == to_utc("2020-04-15T08:48:01.403392")
    assert place.distance_km == pytest.approx(1428868.0)
    assert [float(v) for v in radec_deg(place.vector_km)] == pytest.approx([2.14708, 1.94712])


def test_eph_line_may_have_a_further_number() -> None:
    line = b"20200415 31685.5640 08:48:05.5640 58.14031 -23.94317 6913.6 -0.1\n"
    assert read_eph(line, spacecraft="Fermi")[0].distance_km == pytest.approx(6913.6)


@pytest.mark.parametrize(
    "line",
    [
        WIND.replace("08:48:01", "08:48:02"),
        WIND.replace("20200415", "20201515"),
        WIND.replace("2.14708", "x"),
        "1 2 3\n",
    ],
)
def test_eph_lines_that_contradict_themselves_are_refused(line: str) -> None:
    with pytest.raises(ScienceError):
        read_eph(line.encode())


def test_ephs_errors_may_stand_in_either_line() -> None:
    for text in (b"166.134 81.107 109932.3 0.016 0.016 30.0", b"166.134 81.107 109932.3\n0.016 0.016 30.0\n"):
        place = parse_ephs(text, epoch_utc="2023-03-25T20:30:00")
        assert place.distance_km == pytest.approx(109932.3)
        assert place.error_km == pytest.approx(30.7, abs=0.1)
    with pytest.raises(ScienceError):
        parse_ephs(b"166.134 81.107", epoch_utc="2023-03-25T20:30:00")
    with pytest.raises(ScienceError, match="NoAuxData"):
        parse_ephs(b"NoAuxData", epoch_utc="2023-03-25T20:30:00")


def test_a_planetary_position_adds_planet_and_craft() -> None:
    text = b"313.335 -18.822 201629728.0\n236.258 39.663 3782.2\n0.001 0.001 50.000\n"
    place = parse_planetary(text, epoch_utc="2020-04-15T08:25:25.011", spacecraft="Odyssey")
    assert place.distance_km == pytest.approx(201629728.0, abs=4000)
    assert place.error_km == 50.0
    assert read_positions(text, spacecraft="Odyssey", epoch_utc="2020-04-15T08:25:25.011")[0].distance_km > 2e8


def test_orbit_files_need_the_time_of_their_first_row() -> None:
    ticks = (np.arange(3) * 8 * 2**20 + 5_000_000_000).astype(np.int64)
    words = np.stack([(ticks >> shift) & 0xFFFF for shift in (48, 32, 16, 0)], axis=1).astype(np.uint16)
    columns = [fits.Column(name="OB_TIME", format="4I", bzero=32768, array=words)]
    columns += [fits.Column(name=f"{axis}POS", format="D", array=np.full(3, 80000.0)) for axis in "XYZ"]
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns, name="INTL-ORBI-SCP")]).writeto(buffer)
    places = read_orbi_scp(buffer.getvalue(), first_row_utc="2009-04-01T02:11:00")
    assert places[2].epoch_utc == to_utc("2009-04-01T02:11:16")
    with pytest.raises(ScienceError, match="no epoch"):
        read_positions(buffer.getvalue(), spacecraft="INTEGRAL")


def test_a_light_curve_holds_no_positions() -> None:
    with pytest.raises(ScienceError, match="no positions"):
        read_positions(b"start_s,counts\n1,2\n2,3\n", spacecraft="x")


def test_instruments_find_their_craft() -> None:
    names = ("SPI-ACS", "Fermi-GBM", "Konus-Wind", "Mars-Odyssey-HEND", "Other")
    assert [spacecraft_of(n) for n in names] == ["INTEGRAL", "Fermi", "Wind", "Odyssey", "Other"]


def test_the_table_in_the_repository_is_right() -> None:
    table = read_instruments(tomllib.loads(CONFIG.read_text()), file=CONFIG.name)
    acs = table["SPI-ACS"]
    assert acs.end_utc == to_utc("2025-02-28")
    assert acs.last_data_utc == to_utc("2025-03-04T12:08:04")
    assert acs.never_reason(to_utc("2025-03-04T12:08:00")) is None
    assert "2025-02-28" in acs.never_reason(to_utc("2025-03-05"))
    assert "2002" in acs.never_reason(to_utc("2001-01-01"))
    assert table["Konus-Wind"].is_called("konus-wind")
    assert {"Fermi-GBM", "Konus-Wind", "Mars-Odyssey-HEND"} <= set(table)


GOOD = {"name": "X", "spacecraft": "Y"}


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"name": "X"}, "instrument[1].spacecraft"),
        (GOOD | {"kind": "telepathy"}, "instrument[1].kind"),
        (GOOD | {"nonsense": 1}, "instrument[1].nonsense"),
        (GOOD | {"timeout_s": -1}, "instrument[1].timeout_s"),
        (GOOD | {"timeout_s": True}, "instrument[1].timeout_s"),
        (GOOD | {"start_utc": "soon"}, "instrument[1].start_utc"),
        (GOOD | {"aliases": "X"}, "instrument[1].aliases"),
        (GOOD | {"clock_error_s": 1}, "instrument[1].clock_error_s"),
        (GOOD | {"base_url": 3}, "instrument[1].base_url"),
    ],
)
def test_a_wrong_setting_names_file_and_key(row: Any, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_instruments({"instrument": [row]}, file="instruments.toml")
    assert (caught.value.file, caught.value.key) == ("instruments.toml", key)


def test_two_instruments_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        read_instruments({"instrument": [GOOD, GOOD]}, file="instruments.toml")
    with pytest.raises(ConfigurationError, match="unknown"):
        read_instruments({"instruments": []}, file="instruments.toml")


def test_without_folder_and_url_there_is_no_source() -> None:
    config = {"instrument": [GOOD, GOOD | {"name": "Z", "kind": "isdc-rtlc", "base_url": "http://127.0.0.1:9"}]}
    clock = ManualClock(to_utc("2026-01-01"))
    assert set(build_sources(config, file="f", places=Places(), clock=clock)) == {"Z"}
