"""GRB 230307A in real SPI-ACS data: onset, noise before it, and the drop that is no burst."""

from pathlib import Path

import numpy as np
import pytest

from acs_stream.properties import burst_properties
from acs_stream.readers import read_light_curve
from acs_stream.search import search
from tocsin.domain.light_curves import LightCurve

pytestmark = pytest.mark.samples
ONSET_UTC = "2023-03-07T15:44:07.13"


@pytest.fixture
def curve(samples: Path) -> LightCurve:
    return read_light_curve(samples / "data/spiacs/spiacs_lc_query-3.1.fits", format="mmoda-fits").with_t0(ONSET_UTC)


def test_the_onset_is_found_within_a_tenth_of_a_second(curve: LightCurve) -> None:
    best = search(curve, t0_s=0.0, window_s=180.0).excesses[0]
    assert best.snr > 1000
    background = 9100.0
    bins = (curve.start_s > -2) & (curve.start_s < 2)
    six_sigma = curve.start_s[bins][(curve.counts[bins] - background) > 6 * 1.19 * np.sqrt(background)]
    assert six_sigma[0] == pytest.approx(0.0, abs=0.1)
    assert best.start_s == pytest.approx(0.0, abs=0.1)


def test_the_variance_before_the_burst_is_measured_and_is_not_poisson(curve: LightCurve) -> None:
    quiet = curve.between(-181.0, -3.0)
    result = search(quiet, t0_s=-92.0, window_s=85.0)
    assert result.variance_factor == pytest.approx(1.41, abs=0.12)
    assert result.excess_std_ratio == pytest.approx(1.19, abs=0.05)


def test_the_drop_of_telemetry_at_eighteen_seconds_is_no_burst_of_its_own(curve: LightCurve) -> None:
    excesses = search(curve, t0_s=0.0, window_s=180.0).excesses
    assert not [e for e in excesses if e.snr > 5 and 15 < e.t_s - 0.0 < 21 and e.stop_s - e.start_s < 10]
    assert sum(e.snr > 8 for e in excesses) == 1


def test_duration_and_peak_are_those_of_a_long_burst(curve: LightCurve) -> None:
    best = search(curve, t0_s=0.0, window_s=180.0).excesses[0]
    found = burst_properties(curve, best.start_s, best.stop_s)
    peak = max(value.value for value in found.peaks_cts_s.values())
    assert peak == pytest.approx(1_743_640 - 91_000, rel=0.03)
    assert 15 < found.t90_s.value < 60
