"""Rates without their background are searched as the counts they came from."""

from typing import Any

import numpy as np
import pytest

from acs_stream.answer import answer
from acs_stream.pedestal import on_pedestal
from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import LightCurve

BIN_S = 0.05
T0 = to_utc("2020-01-01T00:00:00")


def counts() -> Any:
    rng = np.random.default_rng(31)
    made = rng.poisson(4100.0, 14_000).astype(float)
    made[7246:7260] += 450.0
    return made


def curve(values: Any, variance: Any = None) -> LightCurve:
    start = BIN_S * np.arange(values.size) - 350.0
    return LightCurve("SPI-ACS", T0, start, np.full(values.size, BIN_S), values, variance_counts=variance)


def test_the_same_excess_and_limits_come_of_rates_with_errors() -> None:
    made = counts()
    gross, net = answer(curve(made)), answer(curve(made - 4100.0, made))
    best, same = gross.result.excesses[0], net.result.excesses[0]
    assert (same.t_s, same.scale_s) == (best.t_s, best.scale_s)
    assert same.snr == pytest.approx(best.snr, rel=0.01)
    assert same.far_hz == pytest.approx(best.far_hz, rel=0.05)
    assert net.limits is not None
    assert gross.limits is not None
    assert net.limits.counts_1s == pytest.approx(gross.limits.counts_1s, rel=0.01)


def test_the_background_told_is_that_of_the_rates() -> None:
    made = counts()
    told = answer(curve(made - 4100.0, made)).result
    assert abs(told.background.rate_cts_s) < 200.0
    assert told.excess_std_ratio == pytest.approx(1.0, abs=0.05)


def test_counts_that_account_for_their_variance_stay_as_they_are() -> None:
    made = counts()
    for kept in (curve(made), curve(made, 1.4 * made)):
        assert on_pedestal(kept) == (kept, 0.0)
