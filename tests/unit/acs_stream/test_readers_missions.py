"""Native FITS forms of SVOM GRM, GECAM, Insight-HXMT and STIX: specimens of our own, in the form the docs state."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from acs_stream.readers import guess_format, read_channels, read_light_curve
from acs_stream.readers.missions import GECAM, _since, _utc
from tocsin.domain.errors import ScienceError

#: TT - UTC since 2017, days.
TT_D = 69.184 / 86_400
BURST_S = 20.0


def photons(seed: int, seconds: float = 60.0, rate: float = 800.0) -> Any:
    """Times since the start of the file: a steady rate, and a burst of a second at `BURST_S`."""
    rng = np.random.default_rng(seed)
    steady = rng.uniform(0.0, seconds, rng.poisson(rate * seconds))
    return np.sort(np.concatenate([steady, BURST_S + rng.uniform(0.0, 1.0, 3000)]))


def written(*tables: fits.BinTableHDU, primary: dict[str, Any] | None = None) -> bytes:
    first = fits.PrimaryHDU()
    first.header.update(primary or {})
    buffer = io.BytesIO()
    fits.HDUList([first, *tables]).writeto(buffer)
    return buffer.getvalue()


def table(name: str, header: dict[str, Any] | None = None, **columns: tuple[str, Any]) -> fits.BinTableHDU:
    made = fits.BinTableHDU.from_columns(
        [fits.Column(name=key, format=form, array=values) for key, (form, values) in columns.items()], name=name
    )
    made.header.update(header or {})
    return made


def bounds(channels: int = 448) -> fits.BinTableHDU:
    edges = np.geomspace(8.0, 6000.0, channels + 1)
    return table("EBOUNDS", CHANNEL=("I", np.arange(channels)), E_MIN=("E", edges[:-1]), E_MAX=("E", edges[1:]))


def event_file(
    start_met_s: float, *, detectors: int, craft: str, mjdref: tuple[int, float] | None, flags: dict[str, Any]
) -> bytes:
    header: dict[str, Any] = {"TELESCOP": craft, "TIMESYS": "TT"}
    header |= {} if mjdref is None else {"MJDREFI": mjdref[0], "MJDREFF": mjdref[1]}
    lists = []
    for k in range(1, detectors + 1):
        times = photons(k)
        n = times.size
        kept = {name: ("B", np.where(np.arange(n) % 4 == 0, bad, good)) for name, (good, bad) in flags.items()}
        pi = np.random.default_rng(k).integers(60, 300, n)
        lists.append(table(f"EVENTS{k:02d}", header, TIME=("D", start_met_s + times), PI=("I", pi), **kept))
    return written(bounds(), *lists, primary={"TELESCOP": craft})


def onset_utc(curve: Any) -> datetime:
    """Start of the second that holds the most counts."""
    wide = curve.counts.reshape(-1, 100).sum(axis=1)
    start: float = float(curve.start_s[100 * int(np.argmax(wide))])
    return curve.t0_utc + timedelta(seconds=start)  # type: ignore[no-any-return]


def test_gecam_counts_from_2019_as_its_published_time_of_grb_230307a_says() -> None:
    assert _utc(131_903_046.67, GECAM) == datetime(2023, 3, 7, 15, 44, 6, 670_000, tzinfo=UTC)
    start = datetime(2023, 3, 7, 15, 44, 6, tzinfo=UTC)
    assert _since(np.array([131_903_046.67]), start, GECAM)[0] == pytest.approx(0.67, abs=1e-6)


def test_photons_of_gecam_are_binned_with_the_high_gain_alone() -> None:
    start_met = 131_903_046.0 - BURST_S
    content = event_file(
        start_met, detectors=12, craft="GECAM-C", mjdref=(58484, TT_D), flags={"GAIN_TYPE": (0, 1), "EVT_TYPE": (1, 1)}
    )
    assert guess_format(content) == "gecam-evt"
    curve = read_light_curve(content, format="gecam-evt")
    assert curve.instrument == "GECAM"
    assert onset_utc(curve) == datetime(2023, 3, 7, 15, 44, 6, tzinfo=UTC)
    every = sum(photons(k).size for k in range(1, 13))
    assert curve.counts.sum() == pytest.approx(0.75 * every, rel=0.01)
    bands = read_channels(content, format="gecam-evt")
    assert [band.energy_kev for band in bands] == [(15, 50), (50, 100), (100, 300), (300, 6000)]
    assert read_light_curve(content, format="gecam-evt", bin_s=1.0).width_s[0] == pytest.approx(1.0)


def test_photons_of_grm_leave_out_what_the_anticoincidence_saw() -> None:
    content = event_file(
        240_000_000.0,
        detectors=3,
        craft="SVOM",
        mjdref=(57754, TT_D),
        flags={"ANTI_COIN": (0, 1), "EVT_TYPE": (0, 0)},
    )
    assert guess_format(content) == "svom-grm-evt"
    curve = read_light_curve(content, format="svom-grm-evt")
    assert onset_utc(curve) == datetime(2017, 1, 1, tzinfo=UTC) + timedelta(seconds=240_000_020)
    assert curve.timing is not None
    assert curve.timing.product == "evt"
    assert curve.energy_kev == (15, 6000)


@pytest.mark.parametrize("mjdref", [(58484, 0.0), (57754, TT_D), (51910, 7.428703703703703e-4)])
def test_times_that_count_from_elsewhere_are_refused_69_s_included(mjdref: tuple[int, float]) -> None:
    content = event_file(131_903_000.0, detectors=12, craft="GECAM", mjdref=mjdref, flags={})
    with pytest.raises(ScienceError, match=r"times count from .* off 2019-01-01") as caught:
        read_light_curve(content, format="gecam-evt")
    assert "TT taken for UTC" in caught.value.remedy
    silent = event_file(131_903_000.0, detectors=12, craft="GECAM", mjdref=None, flags={})
    assert len(read_light_curve(silent, format="gecam-evt")) == 6000


def test_a_second_without_a_photon_is_a_gap_and_a_file_of_weeks_is_none() -> None:
    times = photons(1)
    times = times[(times < 40) | (times >= 43)]
    events = table("EVENTS01", TIME=("D", 1e8 + times), PI=("I", np.full(times.size, 100)))
    curve = read_light_curve(written(bounds(), events), format="svom-grm-evt")
    assert len(curve) == 5700
    far = table("EVENTS01", TIME=("D", np.array([1e8, 1.01e8])), PI=("I", np.array([100, 100])))
    with pytest.raises(ScienceError, match="not one file of this mission"):
        read_light_curve(written(bounds(), far), format="svom-grm-evt")
    with pytest.raises(ScienceError, match="photon list is empty"):
        read_light_curve(
            written(bounds(), table("EVENTS01", TIME=("D", np.zeros(0)), PI=("I", np.zeros(0)))), format="svom-grm-evt"
        )


def test_photons_of_hxmt_are_those_of_the_csi() -> None:
    times = photons(3)
    width = np.where(np.arange(times.size) % 3 == 0, 60, 90)
    events = table(
        "Events",
        {"TELESCOP": "HXMT"},
        Time=("D", 300_000_000.0 + times),
        Det_ID=("B", np.zeros(times.size)),
        Channel=("I", np.full(times.size, 80)),
        Pulse_Width=("I", width),
    )
    content = written(events)
    assert guess_format(content) == "hxmt-he-evt"
    curve = read_light_curve(content, format="hxmt-he-evt")
    assert curve.counts.sum() == (width == 90).sum()
    # 2012-06-30, 2015-06-30 and 2016-12-31 had a leap second: elapsed seconds, not those of the calendar.
    assert onset_utc(curve) == datetime(2012, 1, 1, tzinfo=UTC) + timedelta(seconds=300_000_020 - 3)


@pytest.mark.parametrize(("stated", "shift_s"), [(None, 0.5), (0.0, 0.0), (0.5, 0.5)])
def test_a_light_curve_of_hxmt_has_exposure_and_says_where_in_the_bin_its_times_are(
    stated: float | None, shift_s: float
) -> None:
    header = {"TELESCOP": "HXMT", "TIMEDEL": 1.0, "MJDREFI": 55927, "MJDREFF": 66.184 / 86_400, "TIMESYS": "TT"}
    header |= {} if stated is None else {"TIMEPIXR": stated}
    share = np.where(np.arange(100) < 2, 0.0, 0.5)
    curve = table(
        "RATE",
        header,
        TIME=("D", 3e8 + np.arange(100.0)),
        COUNTS=("E", np.full(100, 250.0)),
        FRACEXP=("E", share),
    )
    content = written(curve)
    assert guess_format(content) == "hxmt-lc"
    found = read_light_curve(content, format="hxmt-lc")
    assert len(found) == 98
    assert found.live_s[0] == pytest.approx(0.5)
    assert found.start_s[0] == pytest.approx(-shift_s)
    assert found.timing is not None
    assert found.timing.clock_error_s == (0.5 if stated is None else 1e-3)


@pytest.mark.parametrize("unit", ["cs", ""])
def test_the_quick_look_of_stix_is_read_in_centiseconds_with_middles_of_bins(unit: str) -> None:
    n, bands = 50, np.array([[4, 10], [10, 15], [15, 25], [25, 50], [50, 150]], dtype=float)
    counts = np.tile([100.0, 50.0, 20.0, 10.0, 5.0], (n, 1))
    data = fits.BinTableHDU.from_columns(
        [
            fits.Column("time", "D", unit=unit or None, array=200.0 + 400.0 * np.arange(n)),
            fits.Column("timedel", "D", unit=unit or None, array=np.full(n, 400.0)),
            fits.Column("triggers", "D", array=np.full(n, 1000.0)),
            fits.Column("counts", "5D", array=counts),
            fits.Column("counts_comp_err", "5D", array=np.full((n, 5), 2.0)),
        ],
        name="DATA",
    )
    energies = table("ENERGIES", e_low=("E", bands[:, 0]), e_high=("E", bands[:, 1]))
    control = table("CONTROL", index=("J", np.zeros(1)))
    content = written(control, data, energies, primary={"TELESCOP": "SOLO/STIX", "DATE-BEG": "2020-05-06T00:00:01.531"})
    assert guess_format(content) == "stix-ql-lc"
    curve = read_light_curve(content, format="stix-ql-lc", energy_kev=(15.0, 150.0))
    assert curve.instrument == "SolarOrbiter-STIX"
    assert curve.t0_utc == datetime(2020, 5, 6, 0, 0, 1, 531_000, tzinfo=UTC)
    assert curve.start_s[:2] == pytest.approx([0.0, 4.0])
    assert curve.counts[0] == 35.0
    assert curve.energy_kev == (15.0, 150.0)
    assert curve.variance_counts is not None
    assert curve.variance_counts[0] == pytest.approx(35.0 + 3 * 4.0)


def test_tables_without_the_columns_are_refused_in_words() -> None:
    other = written(table("DATA", TIME=("D", np.zeros(3))))
    for form in ("stix-ql-lc", "hxmt-lc", "hxmt-he-evt"):
        with pytest.raises(ScienceError, match="no table has the columns"):
            read_light_curve(other, format=form)
    with pytest.raises(ScienceError, match="no extension EVENTS01"):
        read_light_curve(other, format="gecam-evt")
