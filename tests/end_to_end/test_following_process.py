"""``tocsin serve`` as a process follows a stream in real time; killed with -9 it goes on without hole or double."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from integration.followed_service import settings_for
from service_process import ServiceProcess

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.time_systems import utc_to_tt_us
from tocsin.app.clocks import SystemClock
from tocsin.demo.stand_ins import IsdcStandIn
from tocsin.simulate.instruments import SPI_ACS
from tocsin.simulate.integral import Integral
from tocsin.simulate.spacecraft import KeplerOrbit

#: Data that must have come before the kill, and after it, s.
ENOUGH_S = 8.0
PATIENCE_S = 120.0


def craft(now: datetime) -> Integral:
    """INTEGRAL far from perigee."""
    orbit = KeplerOrbit(
        epoch_utc=now,
        semi_major_km=80_700.0,
        eccentricity=0.86,
        inclination_deg=65.0,
        node_deg=40.0,
        argument_deg=280.0,
        mean_anomaly_deg=180.0,
    )
    return Integral(orbit=orbit, acs=SPI_ACS.stream((), seed=3))


def wait_until(archive: RateArchive, moment: datetime) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.1)):
        last = archive.last_utc("SPI-ACS")
        if last is not None and last >= moment:
            return
        pause.wait(0.1)
    raise AssertionError(f"no data until {moment}")


def test_a_service_that_is_killed_while_it_follows_goes_on_without_hole_or_double(tmp_path: Path) -> None:
    begun = datetime.now(UTC)
    with IsdcStandIn(craft(begun), clock=SystemClock(), latency_s=2.0) as isdc:
        changes: dict[str, Any] = {
            "archive": {
                "follow": {"instruments": ["SPI-ACS-stream"], "first_look_back_s": 5, "poll_s": 1},
                "watch": {"enabled": False},
            }
        }
        settings = settings_for(tmp_path, isdc.url, latency_s=2.0, timeout_s=20.0, **changes)
        archive = RateArchive(settings.archive_url)
        with ServiceProcess(tmp_path).start() as service:
            service.wait_until_it_serves()
            wait_until(archive, begun + timedelta(seconds=ENOUGH_S))
            service.process.send_signal(signal.SIGKILL)
            service.process.wait(PATIENCE_S)
        with ServiceProcess(tmp_path).start() as service:
            url = service.wait_until_it_serves()
            wait_until(archive, datetime.now(UTC) + timedelta(seconds=ENOUGH_S))
            part = httpx.get(f"{url}/readyz", timeout=20.0, trust_env=False).json()["parts"]["rates SPI-ACS-stream"]
    assert part["is_ok"], part
    rows = archive.rows("SPI-ACS", begun - timedelta(hours=1), begun + timedelta(hours=1))
    first, last = int(rows.start_tt_us[0]), int(rows.stop_tt_us[-1])
    true = isdc.integral.acs.light_curve(begun - timedelta(seconds=60), datetime.now(UTC), t0_utc=begun)
    starts = utc_to_tt_us(begun) + np.round(true.start_s * 1e6).astype(np.int64)
    inside = (starts >= first - 2) & (starts < last - 2)
    assert np.abs(rows.start_tt_us - starts[inside]).max() <= 2
    np.testing.assert_array_equal(rows.counts, true.counts[inside])
