"""Simulated files are read back by the service's own readers."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from acs_stream.readers import guess_format, read_channels, read_event_list, read_light_curve
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import EventList
from tocsin.simulate.bursts import BurstClass, draw_burst
from tocsin.simulate.files import (
    ephemeris_line,
    ephs_text,
    genlc_text,
    hend_position,
    hend_thr,
    konus_info,
    konus_thr,
    tte_file_name,
    tte_fits,
)
from tocsin.simulate.instruments import (
    GBM_NAI,
    HEND,
    KONUS_DEAD_TIME_S,
    KONUS_WIND,
    SPI_ACS,
    draw_gbm_events,
    draw_konus_bands,
)
from triangulation.geometry import SpacecraftPosition

T0 = datetime(2024, 10, 17, 2, 15, 8, 304_567, tzinfo=UTC)
BURST = draw_burst(BurstClass.BRIGHT_SHORT, np.random.default_rng(2))


def events() -> EventList:
    arrival = GBM_NAI.arrival(BURST, T0)
    return draw_gbm_events(arrival, BURST, np.random.default_rng(1), t0_utc=T0, span_s=(-10.0, 10.0))


def test_a_tte_file_keeps_every_photon_to_the_microsecond(tmp_path: Path) -> None:
    made = events()
    path = tmp_path / tte_file_name(T0, detector="n3")
    path.write_bytes(tte_fits(made, detector="n3", made_utc=T0))
    assert path.name == "glg_tte_n3_bn241017094_v00.fit"
    assert guess_format(path) == "gbm-tte"
    read = read_event_list(path)
    shift_s = (read.t0_utc - made.t0_utc).total_seconds()
    assert abs(shift_s) < 2e-6
    assert read.times_s + shift_s == pytest.approx(made.times_s, abs=2e-6)
    assert (read.channel == made.channel).all()
    assert read.channel_edges_kev == pytest.approx(made.channel_edges_kev, rel=1e-6)
    assert read.good_s == pytest.approx(np.array([[-10.0, 10.0]]), abs=2e-6)


def test_tte_headers_state_the_systems_of_time_as_the_real_ones_do() -> None:
    with fits.open(io.BytesIO(tte_fits(events(), detector="n3", made_utc=T0))) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "EBOUNDS", "EVENTS", "GTI"]
        header = hdus["EVENTS"].header
        assert (header["MJDREFI"], header["TIMESYS"], header["DETNAM"]) == (51910, "TT", "NAI_03")
        assert header["TZERO1"] == header["TRIGTIME"] == pytest.approx(750_824_113.304567, abs=1e-6)
        assert header["DATE-OBS"] == "2024-10-17T02:14:58"
        assert len(hdus["EBOUNDS"].data) == 128


def test_a_tte_file_without_channels_is_refused() -> None:
    bare = EventList("Fermi-GBM", T0, times_s=np.array([0.0]))
    with pytest.raises(ScienceError, match="channels"):
        tte_fits(bare, detector="n3", made_utc=T0)


def test_a_konus_file_has_three_bands_and_their_sum_corrected_for_dead_time() -> None:
    bands = draw_konus_bands(KONUS_WIND.arrival(BURST, T0), BURST, np.random.default_rng(1), t0_utc=T0)
    content = konus_thr(bands)
    assert content.splitlines()[0].split(b"\t")[0] == b"-0.512"
    assert len(content.splitlines()[0].split(b"\t")) == 5
    read = read_light_curve(content, format=guess_format(content), t0_utc=T0)
    recorded = np.sum([band.counts for band in bands], axis=0)
    assert len(read) == 512
    assert read.counts == pytest.approx(recorded / (1.0 - recorded * KONUS_DEAD_TIME_S / 0.002), abs=0.04)
    channels = read_channels(content, format="ipn-thr", t0_utc=T0)
    assert channels[1].counts.sum() >= bands[1].counts.sum()


def test_konus_trigger_files_name_the_second_of_day() -> None:
    assert b"triggertime=8108.305\n" in konus_info(T0)


def test_a_hend_file_keeps_date_second_energies_and_counts() -> None:
    curve = HEND.stream((), seed=1).light_curve(T0, T0 + timedelta(seconds=100.0))
    curve = curve.with_t0(T0.replace(microsecond=304_000))
    content = hend_thr(curve)
    assert content.startswith(b"'MS01 HEND '  '17/10/24'  8108.304\n50.00  3000.00\n0.0 0.25\n")
    read = read_light_curve(content, format=guess_format(content))
    assert read.instrument == curve.instrument
    assert (read.counts == curve.counts).all()
    shift_s = (read.t0_utc - curve.t0_utc).total_seconds()
    assert read.start_s + shift_s == pytest.approx(curve.start_s, abs=6e-4)


def test_ephemerides_are_printed_as_the_network_prints_them() -> None:
    wind = SpacecraftPosition.from_radec("Wind", T0, ra_deg=2.14708, dec_deg=1.94712, distance_km=1428868.0)
    assert ephemeris_line(wind) == b"20241017 8108.304567 02:15:08.304567 2.14708 1.94712 1428868.0\n"
    assert ephemeris_line(wind, sod_decimals=4) == b"20241017 8108.3046 02:15:08.3045 2.14708 1.94712 1428868.0\n"
    mars = SpacecraftPosition.from_radec("Mars", T0, ra_deg=313.335, dec_deg=-18.822, distance_km=201629728.0)
    lines = hend_position(mars, np.array([0.0, 3782.2, 0.0])).decode().splitlines()
    assert lines == ["313.335 -18.822 201629728.0", "90.000 0.000 3782.2", "0.001 0.001 50.000"]
    assert ephs_text(wind).splitlines()[0] == "2.147 1.947 1428868.0"


def test_genlc_text_reads_back_with_times_right_to_10_microseconds() -> None:
    curve = SPI_ACS.stream((), seed=1).light_curve(T0, T0 + timedelta(seconds=30.0))
    text = genlc_text(curve, reference_utc=T0.replace(microsecond=0))
    assert guess_format(text.encode()) == "genlc"
    read = read_light_curve(text.encode(), format="genlc")
    shift_s = (read.t0_utc - curve.t0_utc).total_seconds()
    assert read.start_s + shift_s == pytest.approx(curve.start_s, abs=1e-5)
    assert (read.counts == curve.counts).all()
    assert read.instrument == "SPI-ACS"
