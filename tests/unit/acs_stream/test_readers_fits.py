"""Readers of FITS files, on files made here with the traps of the real ones."""

import io
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from acs_stream.positions import read_mmoda_position, read_poshist, read_trigdat_positions
from acs_stream.readers import guess_format, read_channels, read_event_list, read_light_curve
from acs_stream.readers.gbm import merge_rows
from acs_stream.time_systems import utc_to_fermi_met, utc_to_integral_met
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError

T0 = "2020-04-15T08:48:05.563746"
MET = utc_to_fermi_met(T0)
FERMI = {"TIMESYS": "TT", "MJDREFI": 51910, "TRIGTIME": MET, "TSTART": MET - 10, "DATE-OBS": "2020-04-15T08:00:00"}


def content(*hdus: Any) -> Any:
    buffer = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(buffer)
    return buffer.getvalue()


def table(name: str, header: Any = None, **columns: Any) -> Any:
    hdu = fits.BinTableHDU.from_columns(
        [fits.Column(name=k, format=f, array=a) for k, (f, a) in columns.items()], name=name
    )
    hdu.header.update(header or {})
    return hdu


def primary() -> Any:
    hdu = fits.PrimaryHDU()
    hdu.header.update(FERMI)
    return hdu


def ebounds() -> Any:
    edges = np.geomspace(8, 900, 9)
    return table("EBOUNDS", CHANNEL=("I", np.arange(8)), E_MIN=("E", edges[:-1]), E_MAX=("E", edges[1:]))


def mmoda(*, system: Any = "TT", shift_s: Any = 0.0, rates: Any = None, times: Any = None) -> Any:
    zero = utc_to_integral_met("2023-03-07T15:45:35")
    samples = np.array([1, 2, 2, 3, 2, 2])
    edges = np.concatenate([[0], np.cumsum(samples)]) * 0.05 - 0.3
    times = (edges[:-1] + edges[1:]) / 2 if times is None else times
    counts = np.array([4500, 9000, 9002, 13500, 9004, 9006], dtype=float)
    rate = counts / (samples * 0.05) if rates is None else rates
    error = np.sqrt(rate / (samples * 0.05))
    header = {"TIMESYS": system, "MJDREF": 51544.0, "TIMEZERO": zero, "TSTART": zero - 0.3 + shift_s, "TIMEDEL": 0.1}
    header |= {
        "INSTRUME": "SPI-ACS",
        "DATE-OBS": "2023-03-07T00:00:00",
        "EPHS": "198.394 71.787 143490.5 0.012 0.012 30.0",
    }
    return content(fits.PrimaryHDU(), table("RATE", header, TIME=("D", times), RATE=("D", rate), ERROR=("D", error)))


def test_mmoda_bins_of_one_and_three_samples_keep_their_width() -> None:
    curve = read_light_curve(mmoda(), format="mmoda-fits")
    assert curve.width_s == pytest.approx([0.05, 0.1, 0.1, 0.15, 0.1, 0.1])
    assert curve.start_s == pytest.approx([-0.3, -0.25, -0.15, -0.05, 0.1, 0.2], abs=1e-6)
    assert curve.counts.tolist() == [4500, 9000, 9002, 13500, 9004, 9006]
    assert guess_format(mmoda()) == "mmoda-fits"


def test_mmoda_rows_of_nothing_are_dropped_and_rows_of_zero_masked() -> None:
    rates = np.array([np.nan, 90000.0, 0.0, 90000.0, 1.9e6, 90000.0])
    curve = read_light_curve(mmoda(rates=rates), format="mmoda-fits")
    assert len(curve) == 5
    assert curve.mask.tolist() == [False, True, False, True, False]


@pytest.mark.parametrize("bad", [{"system": "UTC"}, {"shift_s": 69.184}, {"shift_s": -30.0}])
def test_mmoda_times_in_utc_are_refused(bad: Any) -> None:
    with pytest.raises(ScienceError, match=r"TT|UTC|TSTART"):
        read_light_curve(mmoda(**bad), format="mmoda-fits")


def test_mmoda_holds_the_position_of_integral() -> None:
    place = read_mmoda_position(mmoda())
    assert place.distance_km == pytest.approx(143490.5)
    assert place.error_km == pytest.approx(30.05, abs=0.1)


def tte(times: Any = (-0.5, -0.1, 0.0, 0.00031, 0.4), channel: Any = (0, 3, 3, 5, 7)) -> Any:
    events = table("EVENTS", TIME=("D", MET + np.array(times)), PHA=("I", np.array(channel)))
    gti = table("GTI", START=("D", np.array([MET - 1.0])), STOP=("D", np.array([MET + 1.0])))
    return content(primary(), ebounds(), events, gti)


def test_photon_lists_count_from_the_trigger() -> None:
    events = read_event_list(tte())
    assert events.t0_utc == to_utc(T0)
    assert events.times_s == pytest.approx([-0.5, -0.1, 0.0, 0.00031, 0.4], abs=5e-7)
    assert events.dead_time_s > 0
    assert guess_format(tte()) == "gbm-tte"


def test_photon_lists_are_binned_from_the_trigger_on() -> None:
    curve = read_light_curve(tte(), format="gbm-tte", bin_s=0.1)
    assert curve.counts.sum() == 5
    assert np.abs(curve.start_s / 0.1 - np.round(curve.start_s / 0.1)).max() < 1e-6
    assert read_light_curve(tte(), format="gbm-tte", bin_s=0.1, energy_kev=(30, 300)).counts.sum() == 3
    with pytest.raises(ScienceError, match="no photon of 50000 to 60000 keV"):
        read_light_curve(tte(), format="gbm-tte", bin_s=0.1, energy_kev=(50_000, 60_000))
    assert read_light_curve(tte(), format="gbm-tte", bin_s=0.1, columns=[3]).counts.sum() == 2


def test_a_stated_t0_moves_a_photon_list_too() -> None:
    curve = read_light_curve(tte(), format="gbm-tte", t0_utc="2020-04-15T08:48:06")
    assert curve.t0_utc == to_utc("2020-04-15T08:48:06")
    assert "stated T0" in curve.timing.note


def test_channels_that_ebounds_does_not_know_are_refused() -> None:
    with pytest.raises(ScienceError, match="EBOUNDS"):
        read_event_list(tte(channel=(0, 1, 2, 3, 99)))


def cspec() -> Any:
    start = MET + np.array([0.0, 1.024, 2.048, 2.048, 3.1])
    stop = MET + np.array([1.024, 2.048, 2.048, 3.072, 4.1])
    spectrum = table(
        "SPECTRUM",
        COUNTS=("8I", np.arange(40).reshape(5, 8)),
        EXPOSURE=("E", stop - start),
        QUALITY=("I", np.array([0, 0, 0, 1, 0])),
        TIME=("D", start),
        ENDTIME=("D", stop),
    )
    return content(primary(), ebounds(), spectrum)


def test_cspec_bins_of_no_length_are_dropped_and_bad_ones_masked() -> None:
    curve = read_light_curve(cspec(), format="gbm-cspec")
    assert len(curve) == 4
    assert curve.mask.tolist() == [False, False, True, False]
    assert curve.start_s == pytest.approx([0.0, 1.024, 2.048, 3.1], abs=1e-6)
    assert curve.exposure_s is not None
    assert len(read_channels(cspec(), format="gbm-cspec")) == 8


def trigdat() -> Any:
    """Rows out of order: 0.256 s inside 1.024 s; detector d, channel c counts (d + 1) * (c + 1) per second."""
    rates = ((np.arange(14)[:, None] + 1.0) * (np.arange(8)[None, :] + 1.0)).reshape(112)
    spans = [(0.0, 1.024), (-1.024, 0.0), (0.0, 0.256), (0.256, 0.512), (1.024, 9.216)]
    start, stop = (MET + np.array(edge) for edge in zip(*spans, strict=True))
    hdu = table(
        "EVNTRATE",
        TIME=("D", start),
        ENDTIME=("D", stop),
        EIC=("3E", np.tile([3184.8, 5985.5, 1456.8], (5, 1))),
        RATE=("112E", np.tile(rates, (5, 1))),
    )
    hdu.header["TDIM4"] = "(14,8)"
    return content(primary(), hdu)


def test_trigdat_rates_are_fourteen_detectors_of_eight_channels() -> None:
    curves = read_channels(trigdat(), format="gbm-trigdat", columns=["n2"])
    assert len(curves) == 8
    assert [c.counts[0] / c.width_s[0] for c in curves] == pytest.approx([3.0 * (k + 1) for k in range(8)])
    assert curves[4].energy_kev == (95.0, 300.0)


def test_trigdat_rows_are_merged_shortest_first() -> None:
    curve = read_light_curve(trigdat(), format="gbm-trigdat", columns=["b1"])
    assert curve.width_s == pytest.approx([1.024, 0.256, 0.256, 0.512, 8.192], abs=1e-4)
    assert curve.counts / curve.width_s == pytest.approx([14 * 36.0] * 5, rel=1e-4)


def test_trigdat_takes_the_sodium_iodide_detectors_by_default() -> None:
    rate = read_light_curve(trigdat(), format="gbm-trigdat").counts[0] / 1.024
    assert rate == pytest.approx(36.0 * sum(range(1, 13)), rel=1e-4)


def test_merged_rows_leave_out_what_does_not_fit() -> None:
    edges, _ = merge_rows(np.array([0.0, 0.5]), np.array([1.0, 2.5]), np.ones((2, 1)))
    assert edges.tolist() == [[0.0, 1.0]]


def test_positions_in_trigger_data_are_kilometres() -> None:
    places = read_trigdat_positions(trigdat())
    assert places[0].distance_km == pytest.approx(6934.8, abs=0.5)


def test_position_history_is_in_metres() -> None:
    hdu = table(
        "GLAST POS HIST",
        SCLK_UTC=("D", MET + np.arange(3.0)),
        POS_X=("E", np.full(3, 3184.8e3)),
        POS_Y=("E", np.full(3, 5985.5e3)),
        POS_Z=("E", np.full(3, 1456.8e3)),
    )
    places = read_poshist(content(primary(), hdu), start_utc=to_utc("2020-04-15T08:48:06"))
    assert len(places) == 2
    assert places[0].distance_km == pytest.approx(6934.8, abs=0.5)


@pytest.mark.parametrize("form", ["mmoda-fits", "gbm-tte", "gbm-cspec", "gbm-trigdat"])
def test_fits_of_another_kind_or_cut_off_is_refused(form: str) -> None:
    whole = {"mmoda-fits": mmoda, "gbm-tte": tte, "gbm-cspec": cspec, "gbm-trigdat": trigdat}[form]()
    other = mmoda() if form != "mmoda-fits" else tte()
    for bad in (other, whole[: len(whole) // 2], whole[:3000], b"SIMPLE  ="):
        with pytest.raises(ScienceError):
            read_light_curve(bad, format=form)
