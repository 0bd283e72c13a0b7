"""Times in real files, against the vectors that are known of them; tolerance 0.1 ms unless said."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acs_stream.positions import read_eph, read_orbi_scp, read_trigdat_positions
from acs_stream.readers import guess_format, read_channels, read_event_list, read_light_curve
from acs_stream.time_systems import fermi_met_to_utc, utc_to_fermi_met
from tocsin.domain.clock import to_utc


def seconds(moment: datetime, utc: str) -> Any:
    return (moment - to_utc(utc)).total_seconds()


def test_all_gbm_trigger_times_agree_with_their_utc(samples: Path) -> None:
    with (samples / "data/gbm/gbm_trigger_times.csv").open() as file:
        rows = list(csv.reader(file))
    assert len(rows) == 8271
    for met, _, utc in rows:
        expected = datetime.fromisoformat(f"{utc}+00:00")
        assert abs((fermi_met_to_utc(float(met)) - expected).total_seconds()) <= 1e-6
        assert abs(utc_to_fermi_met(expected) - float(met)) <= 1e-6


def test_genlc_first_bin_lies_where_the_service_says(samples: Path) -> None:
    curve = read_light_curve(samples / "data/spiacs/genlc_acs_20080319.txt", format="genlc")
    assert curve.t0_utc == to_utc("2008-03-19T05:35:00")
    centre = curve.start_s + curve.width_s / 2
    assert centre[0] == pytest.approx(0.03693378239, abs=1e-6)
    assert centre[-1] == pytest.approx(1.9869357, abs=1e-6)
    assert len(curve) == 40
    assert curve.counts.mean() == pytest.approx(5781.95)
    assert (curve.counts % 2 == 0).all()


def test_mmoda_file_of_grb_230307a(samples: Path) -> None:
    curve = read_light_curve(samples / "data/spiacs/spiacs_lc_query-3.1.fits", format="mmoda-fits")
    rate = curve.counts / curve.width_s
    centre = curve.start_s + curve.width_s / 2
    assert len(curve) == 5400
    assert np.median(rate) == pytest.approx(91000.0, abs=0.5)
    peak = int(rate.argmax())
    assert rate[peak] == pytest.approx(1743640.0, abs=0.5)
    assert seconds(curve.t0_utc + timedelta(seconds=float(centre[peak])), "2023-03-07T15:44:10.4287") == pytest.approx(
        0, abs=1e-4
    )
    first = curve.t0_utc + timedelta(seconds=float(curve.start_s[0]))
    last = curve.t0_utc + timedelta(seconds=float(centre[-1]))
    assert seconds(first, "2023-03-07T15:41:06.0") == pytest.approx(0.0, abs=0.05)
    assert seconds(last, "2023-03-07T15:50:05.93") == pytest.approx(0.0, abs=0.005)
    assert sorted(set(np.round(curve.width_s, 6))) == [0.05, 0.1, 0.15]
    assert np.abs(curve.start_s[1:] - curve.stop_s[:-1]).max() < 1e-4
    assert np.abs(curve.counts - 2 * np.round(curve.counts / 2)).max() < 1e-3


def test_onset_and_variance_of_grb_230307a(samples: Path) -> None:
    curve = read_light_curve(samples / "data/spiacs/spiacs_lc_query-3.1.fits", format="mmoda-fits")
    centre = curve.start_s + curve.width_s / 2
    before = centre < centre[0] + 150
    regular = before & (np.abs(curve.width_s - 0.1) < 1e-6)
    counts = curve.counts[regular]
    assert counts.var(ddof=1) / counts.mean() == pytest.approx(1.41, abs=0.01)
    rate = curve.counts / curve.width_s
    level = rate[before].mean() + 6 * rate[before].std()
    onset = curve.t0_utc + timedelta(seconds=float(centre[np.argmax(rate > level)]))
    assert seconds(onset, "2023-03-07T15:44:07.13") == pytest.approx(0.0, abs=0.1)


def test_trigdat_dates_are_utc_although_the_header_says_tt(samples: Path) -> None:
    curve = read_light_curve(samples / "data/gbm/glg_trigdat_all_bn080916009_v02.fit", format="gbm-trigdat")
    assert seconds(curve.t0_utc, "2008-09-16T00:12:45.613542") == pytest.approx(0.0, abs=2e-6)
    assert curve.start_s[0] == pytest.approx(-133.6336, abs=1e-4)
    first = curve.t0_utc + timedelta(seconds=float(curve.start_s[0]))
    assert 0 <= seconds(first, "2008-09-16T00:10:31.5") < 1.0  # DATE-OBS 2008-09-16T00:10:32, rounded


@pytest.mark.parametrize("name", ["bn080916009_v02", "bn110721200_v01", "bn200325620"])
def test_merged_trigger_data_touch_and_are_short_near_the_trigger(samples: Path, name: str) -> None:
    curve = read_light_curve(samples / f"data/gbm/glg_trigdat_all_{name}.fit", format="gbm-trigdat")
    assert np.abs(curve.start_s[1:] - curve.stop_s[:-1]).max() < 2e-3
    near = (curve.start_s > -0.2) & (curve.stop_s < 0.44)
    assert np.round(curve.width_s[near], 3) == pytest.approx(0.064)
    rate = curve.counts / curve.width_s
    assert rate.min() > 0.5 * np.median(rate)


def test_trigger_data_hold_fourteen_detectors_of_eight_channels(samples: Path) -> None:
    path = samples / "data/gbm/glg_trigdat_all_bn080916009_v02.fit"
    shapes = np.array(
        [
            [c.counts[0] / c.width_s[0] for c in read_channels(path, format="gbm-trigdat", columns=[f"n{d}"])]
            for d in range(10)
        ]
    )
    # Every sodium-iodide detector has the typical shape: the fourth channel below the fifth, the sixth far below both.
    assert (shapes[:, 4] > shapes[:, 5]).all()
    assert (shapes[:, 3] > shapes[:, 5]).all()
    assert np.ptp(shapes.sum(axis=1)) < 0.6 * shapes.sum(axis=1).mean()


def test_position_of_fermi_at_the_trigger(samples: Path) -> None:
    places = read_trigdat_positions(samples / "data/gbm/glg_trigdat_all_bn080916009_v02.fit")
    nearest = min(places, key=lambda p: abs(seconds(p.epoch_utc, "2008-09-16T00:12:45.6")))
    assert nearest.vector_km == pytest.approx([3184.8, 5985.5, 1456.8], abs=nearest.error_km)
    assert nearest.distance_km == pytest.approx(6934.76, abs=0.2)


@pytest.mark.parametrize(
    ("name", "n", "span"),
    [
        ("glg_tte_n3_bn080916009_v01.fit.gz", 451128, (-25.943198, 300.658514)),
        ("glg_tte_n6_bn110721200_v00.fit", 284600, None),
    ],
)
def test_photon_lists_count_from_the_trigger(samples: Path, name: str, n: int, span: Any) -> None:
    events = read_event_list(samples / "data/gbm" / name)
    assert events.times_s.size == n
    if span:
        assert (events.times_s[0], events.times_s[-1]) == pytest.approx(span, abs=1e-4)


def test_photon_list_and_spectra_of_one_detector_agree(samples: Path) -> None:
    """The same photons in two files: counts of ten CSPEC bins after the trigger, to 1 %."""
    folder = samples / "data/gbm"
    binned = read_light_curve(folder / "glg_cspec_n3_bn080916009_v01.pha", format="gbm-cspec")
    events = read_event_list(folder / "glg_tte_n3_bn080916009_v01.fit.gz")
    inside = (binned.start_s > 1.0) & (binned.stop_s < 20.0)
    edges = np.append(binned.start_s[inside], binned.stop_s[inside][-1])
    counted = np.histogram(events.times_s, edges)[0]
    assert counted == pytest.approx(binned.counts[inside], rel=0.01)


def test_real_spectra_lose_only_their_bins_of_no_length(samples: Path) -> None:
    n3 = read_light_curve(samples / "data/gbm/glg_cspec_n3_bn080916009_v01.pha", format="gbm-cspec")
    assert 1859 - 2 <= len(n3) <= 1858
    assert (n3.width_s > 0).all()


def test_konus_and_gbm_files_of_grb_200415a(samples: Path) -> None:
    folder = samples / "data/ipn/GRB20200415_T31685"
    wind = read_eph(folder / "20200415_Wind.eph")[0]
    fermi = read_eph(folder / "GBM/20200415_Fermi.eph")[0]
    assert seconds(wind.epoch_utc, "2020-04-15T08:48:01.403392") == pytest.approx(0, abs=1e-6)
    assert (wind.spacecraft, fermi.spacecraft) == ("Wind", "Fermi")
    konus = read_light_curve(folder / "kw20200415_31681_rc2.thr", format="ipn-thr", t0_utc=wind.epoch_utc)
    assert (konus.start_s[0], konus.stop_s[-1]) == pytest.approx((-0.512, 0.512))
    peak = int(konus.counts.argmax())
    assert konus.start_s[peak] == pytest.approx(-0.002)
    assert konus.variance_counts[peak] > konus.counts[peak]
    gbm = read_light_curve(folder / "GBM/GRB200415_GBM_1ms.thr", format="ipn-thr", energy_kev=(50, 300))
    assert seconds(gbm.t0_utc, "2020-04-15T08:48:05.564") == pytest.approx(0, abs=1e-6)
    assert gbm.energy_kev == (85.0, 360.4)


def test_hend_file_gives_its_own_epoch(samples: Path) -> None:
    curve = read_light_curve(
        samples / "data/ipn/GRB20200415_T31685/20200415_30325_HEND.first60rows.thr", format="ipn-thr"
    )
    assert curve.instrument == "Mars-Odyssey-HEND"
    assert seconds(curve.t0_utc, "2020-04-15T08:25:25.011") == pytest.approx(0, abs=1e-6)
    assert curve.counts.mean() == pytest.approx(48.6, abs=2.0)


def test_picsit_times_are_utc(samples: Path) -> None:
    curve = read_light_curve(samples / "data/spiacs/grb221009a_picsit_lc_1s.txt", format="picsit")
    rate = curve.counts / curve.width_s
    peak = curve.t0_utc + timedelta(seconds=float((curve.start_s + curve.width_s / 2)[rate.argmax()]))
    assert rate.max() == pytest.approx(27004, abs=1)
    assert seconds(peak, "2022-10-09T13:20:39.8") == pytest.approx(0.0, abs=0.1)


def test_orbit_file_rows_are_eight_seconds_apart(samples: Path) -> None:
    places = read_orbi_scp(samples / "data/spiacs/sc_orbit_param.fits.gz", first_row_utc="2009-04-01T02:11:00")
    assert len(places) == 244
    assert places[0].vector_km == pytest.approx([-9869.017, 7480.682, 152371.094], abs=1e-3)
    assert seconds(places[-1].epoch_utc, "2009-04-01T02:11:00") == pytest.approx(243 * 8, abs=8.1)


def test_every_sample_is_told_by_its_content(samples: Path) -> None:
    expected = {
        "spiacs/genlc_acs_20080319.txt": "genlc",
        "spiacs/spiacs_lc_query-3.1.fits": "mmoda-fits",
        "spiacs/grb221009a_picsit_lc_1s.txt": "picsit",
        "spiacs/sc_orbit_param.fits.gz": "orbi-scp",
        "gbm/glg_trigdat_all_bn200325620.fit": "gbm-trigdat",
        "gbm/glg_tte_n6_bn110721200_v00.fit": "gbm-tte",
        "gbm/glg_cspec_n6_bn110721200_v00.pha": "gbm-cspec",
        "ipn/GRB20200415_T31685/kw20200415_31681_rc2.thr": "ipn-thr",
        "ipn/GRB20200415_T31685/20200415_Wind.eph": "eph",
    }
    assert {name: guess_format(samples / "data" / name) for name in expected} == expected
