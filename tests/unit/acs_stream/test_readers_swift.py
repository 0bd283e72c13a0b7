"""Swift BAT rates: UTCFINIT is added, or the file refused."""

from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from unit.acs_stream.test_readers_fits import content, table

from acs_stream.readers import guess_format, read_channels, read_light_curve
from acs_stream.time_systems import utc_to_fermi_met
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError

T0 = to_utc("2024-05-01T00:00:10")


def rates(*, drop: str = "", **changes: Any) -> bytes:
    """Ten seconds of 64 ms bins at 100, 200, 300 and 400 counts/s in the four bands; one row twice, one missing."""
    header: dict[str, Any] = {"TELESCOP": "SWIFT", "MJDREFI": 51910, "MJDREFF": 7.428703703703703e-4}
    header |= {"TIMESYS": "TT", "TIMEDEL": 0.064, "UTCFINIT": -20.5, **changes}
    middle = utc_to_fermi_met(T0) + 20.5 + 0.064 * (np.arange(156) + 0.5)
    middle = np.concatenate([middle[:50], middle[49:100], middle[101:]])
    rate = np.tile([100.0, 200.0, 300.0, 400.0], (middle.size, 1))
    kept = {name: value for name, value in header.items() if name != drop}
    return content(fits.PrimaryHDU(), table("RATE", kept, TIME=("D", middle), RATE=("4D", rate)))


def test_times_are_those_of_utc_and_rows_come_once() -> None:
    curve = read_light_curve(rates(), format="swift-bat-rate", t0_utc=T0)
    assert guess_format(rates()) == "swift-bat-rate"
    assert curve.instrument == "Swift-BAT"
    assert len(curve) == 155
    assert curve.start_s[0] == pytest.approx(0.0, abs=1e-5)
    assert curve.counts[0] == pytest.approx(64.0)
    assert curve.timing.product == "rate"
    assert [one.energy_kev for one in read_channels(rates(), format="swift-bat-rate")][2] == (50.0, 100.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"drop": "UTCFINIT"}, "UTCFINIT is missing"),
        ({"MJDREFI": 50000}, "not a Swift file"),
        ({"TIMEDEL": 0.0}, "TIMEDEL"),
    ],
)
def test_a_file_whose_clock_or_bins_are_not_known_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScienceError, match=words):
        read_light_curve(rates(**changes), format="swift-bat-rate")
