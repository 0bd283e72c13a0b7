"""What GBM and Konus-Wind record of a simulated burst."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tocsin.simulate.bursts import BurstClass, draw_burst
from tocsin.simulate.instruments import (
    GBM_NAI,
    KONUS_DEAD_TIME_S,
    KONUS_SPAN_S,
    KONUS_WIND,
    acs_response,
    draw_gbm_events,
    draw_konus_bands,
)

T0 = datetime(2024, 10, 17, 2, 0, tzinfo=UTC)
BURST = draw_burst(BurstClass.BRIGHT_SHORT, np.random.default_rng(2))


def test_gbm_photons_are_background_plus_the_burst_at_its_time() -> None:
    arrival = GBM_NAI.arrival(BURST, T0 - timedelta(seconds=0.05))
    events = draw_gbm_events(arrival, BURST, np.random.default_rng(1), t0_utc=T0, span_s=(-20.0, 20.0))
    before = ((events.times_s > -20.0) & (events.times_s < -1.0)).sum()
    during = ((events.times_s > -0.05) & (events.times_s < 0.6)).sum()
    assert before == pytest.approx(1100 * 19, rel=0.03)
    assert during == pytest.approx(arrival.counts + 1100 * 0.65, rel=0.08)
    assert events.channel is not None
    assert 0 <= events.channel.min() <= events.channel.max() <= 127


def test_most_burst_photons_lie_in_the_band_of_the_trigger() -> None:
    arrival = GBM_NAI.arrival(BURST, T0)
    events = draw_gbm_events(arrival, BURST, np.random.default_rng(1), t0_utc=T0, span_s=(-5.0, 5.0))
    band = events.in_band((50.0, 300.0))
    burst = ((band > 0.0) & (band < 0.6)).sum() - ((band > -1.6) & (band < -1.0)).sum()
    assert burst > 0.5 * arrival.counts


def test_konus_bands_hold_the_whole_burst_in_2_ms_bins() -> None:
    arrival = KONUS_WIND.arrival(BURST, T0 - timedelta(seconds=0.02))
    bands = draw_konus_bands(arrival, BURST, np.random.default_rng(1), t0_utc=T0)
    recorded = np.sum([band.counts for band in bands], axis=0)
    total = (recorded / (1.0 - recorded * KONUS_DEAD_TIME_S / 0.002)).sum()
    assert [len(band) for band in bands] == [512, 512, 512]
    assert bands[0].start_s[0] == KONUS_SPAN_S[0]
    assert total == pytest.approx(arrival.counts + 1500 * 1.024, rel=0.06)


def test_the_response_of_spi_acs_follows_the_published_angles() -> None:
    assert acs_response(94.0) == pytest.approx(0.81)
    assert acs_response(75.0) > acs_response(120.0) > acs_response(150.0) > 0.3
