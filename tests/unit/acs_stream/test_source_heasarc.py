"""GBM from a server with HEASARC's layout: newest versions, the detectors that see the burst, when data come."""

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from unit.acs_stream.test_readers_fits import MET, T0, content, primary, table
from unit.acs_stream.web_server import Site, web_server

from acs_stream.gbm_detectors import DETECTOR_NAMES, NAI_AZIMUTH_ZENITH_DEG, detectors_towards
from acs_stream.instruments import Instrument
from acs_stream.sources import AvailabilityState
from acs_stream.sources.heasarc import HeasarcGbmSource
from acs_stream.sources.model import towards_or_not
from tocsin.domain.clock import ManualClock, to_utc
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.light_curves import EventList
from tocsin.simulate.files.gbm import tte_fits
from tocsin.simulate.instruments import GBM_EDGES_KEV

BURST = to_utc(T0)
UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])
SINCE_S = (BURST - BURST.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
NAME = f"bn{BURST:%y%m%d}{int(SINCE_S / 86.4):03d}"
FOLDER = f"/gbm/triggers/{BURST:%Y}/{NAME}"


def photons(detector: str, n: int = 2000) -> bytes:
    rng = np.random.default_rng(int(detector[1], 16))
    edges = np.stack([GBM_EDGES_KEV[:-1], GBM_EDGES_KEV[1:]], axis=1)
    events = EventList(
        "Fermi-GBM",
        BURST,
        np.sort(rng.uniform(-20.0, 20.0, n)),
        channel=rng.integers(0, 128, n),
        channel_edges_kev=edges,
        good_s=np.array([[-20.0, 20.0]]),
        dead_time_s=2.6e-6,
    )
    return tte_fits(events, detector=detector, made_utc=BURST)


def trigdat(bright: str = "n7") -> bytes:
    """Rates of 100/s in each detector and channel, one detector five times as bright for a second after the trigger."""
    spans = [(k * 1.024, (k + 1) * 1.024) for k in range(-10, 10)]
    rates = np.full((len(spans), 14, 8), 100.0)
    rates[10, DETECTOR_NAMES.index(bright)] = 500.0
    start, stop = (MET + np.array(edge) for edge in zip(*spans, strict=True))
    hdu = table(
        "EVNTRATE",
        TIME=("D", start),
        ENDTIME=("D", stop),
        SCATTITD=("4E", np.tile(UPRIGHT, (len(spans), 1))),
        EIC=("3E", np.tile([3184.8, 5985.5, 1456.8], (len(spans), 1))),
        RATE=("112E", rates.reshape(len(spans), 112)),
    )
    hdu.header["TDIM5"] = "(14,8)"
    return content(primary(), hdu)


def site(*, products: tuple[str, ...] = ("tte", "trigdat"), kind: str = "current") -> Site:
    files = {f"{FOLDER}/quicklook/readme.txt": b"hello", "/gbm/triggers/2001/bn010203001/current/x": b""}
    if "tte" in products:
        for name in DETECTOR_NAMES:
            files[f"{FOLDER}/{kind}/glg_tte_{name}_{NAME}_v00.fit"] = b"an old version"
            files[f"{FOLDER}/{kind}/glg_tte_{name}_{NAME}_v02.fit.gz"] = photons(name)
    if "trigdat" in products:
        files[f"{FOLDER}/{kind}/glg_trigdat_all_{NAME}_v01.fit"] = trigdat()
    return Site(files=files)


def source(url: str, now: Any = BURST + timedelta(days=3), **changes: Any) -> HeasarcGbmSource:
    table_ = Instrument(
        name="Fermi-GBM",
        spacecraft="Fermi",
        kind="heasarc-gbm",
        base_url=f"{url}/gbm",
        start_utc=to_utc("2008-07-11"),
        typical_delay_s=1800,
        **changes,
    )
    return HeasarcGbmSource(table_, clock=ManualClock(now))


def test_the_newest_photon_lists_of_the_brightest_detectors_are_summed() -> None:
    with web_server(site()) as url:
        gbm = source(url)
        assert gbm.availability(BURST, 10.0, BURST + timedelta(days=3)).state is AvailabilityState.AVAILABLE
        found = gbm.fetch(BURST, 10.0)
    assert "glg_tte_n7" in found.origin
    assert found.origin.count("_v02.fit.gz") == 3
    assert found.total.timing.product == "tte"
    assert "n7" in found.total.timing.note
    assert found.total.width_s[0] == pytest.approx(0.004)
    assert found.total.start_s[0] == pytest.approx(-10.0, abs=0.005)
    assert found.position.distance_km == pytest.approx(6934.76, abs=0.1)
    assert len(found.channels) == 5
    assert found.total.counts.sum() == pytest.approx(sum(c.counts.sum() for c in found.channels))
    # three detectors, half of each list's span, and the share of channels between 10 and 900 keV
    assert 2000 < found.total.counts.sum() < 3000


def test_for_a_known_direction_the_detectors_that_see_it_are_taken() -> None:
    azimuth, zenith = NAI_AZIMUTH_ZENITH_DEG["n1"]
    with web_server(site()) as url:
        found = towards_or_not(source(url), BURST, 10.0, (azimuth, 90.0 - zenith))
    assert found.origin.split()[0].endswith(f"glg_tte_n1_{NAME}_v02.fit.gz")
    assert "n7" not in found.total.timing.note


def test_the_nearest_detectors_come_first_and_those_behind_never() -> None:
    azimuth, zenith = NAI_AZIMUTH_ZENITH_DEG["n3"]
    found = detectors_towards(UPRIGHT, azimuth, 90.0 - zenith)
    assert found[0] == ("n3", pytest.approx(0.0, abs=1e-4))
    assert all(angle <= 60.0 for _, angle in found)
    (below,) = detectors_towards(UPRIGHT, 0.0, -90.0)
    assert below[1] > 80.0
    with pytest.raises(ScienceError, match="quaternion"):
        detectors_towards(np.zeros(4), 0.0, 0.0)


def test_photon_lists_are_waited_for_and_then_trigger_data_serve() -> None:
    soon, late = BURST + timedelta(hours=1), BURST + timedelta(hours=3)
    with web_server(site(products=("trigdat",), kind="quicklook")) as url:
        verdict = source(url, soon).availability(BURST, 10.0, soon)
        with pytest.raises(DataNotYetError, match="photon lists are waited for"):
            source(url, soon).fetch(BURST, 10.0)
        found = source(url, late).fetch(BURST, 10.0)
    assert verdict.state is AvailabilityState.EXPECTED
    assert verdict.expected_utc > soon
    assert found.total.timing.product == "trigdat"


def test_without_a_trigger_the_days_continuous_data_are_taken_once_they_are_there() -> None:
    t0 = BURST + timedelta(hours=5)
    folder = f"/gbm/daily/{t0:%Y/%m/%d}/current"
    edges = MET + 5 * 3600.0 + np.arange(-100, 101) * 0.256
    spectrum = table(
        "SPECTRUM",
        COUNTS=("8I", np.full((200, 8), 7)),
        EXPOSURE=("E", np.full(200, 0.25)),
        QUALITY=("I", np.zeros(200, dtype=int)),
        TIME=("D", edges[:-1]),
        ENDTIME=("D", edges[1:]),
    )
    bounds = table(
        "EBOUNDS",
        CHANNEL=("I", np.arange(8)),
        E_MIN=("E", np.array([4.0, 12, 27, 50, 100, 290, 540, 980])),
        E_MAX=("E", np.array([12.0, 27, 50, 100, 290, 540, 980, 2000])),
    )
    head = fits.PrimaryHDU()
    head.header.update({"MJDREFI": 51910, "TSTART": float(edges[0])})
    buffer = io.BytesIO()
    fits.HDUList([head, bounds, spectrum]).writeto(buffer)
    history = table(
        "GLAST POS HIST",
        SCLK_UTC=("D", edges[::4]),
        **{f"QSJ_{k}": ("D", np.full(51, float(k == 4))) for k in (1, 2, 3, 4)},
        **{f"POS_{axis}": ("E", np.full(51, 4.0e6)) for axis in "XYZ"},
    )
    where = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), history]).writeto(where)
    day = f"{t0:%y%m%d}"
    files = {f"{folder}/glg_ctime_{name}_{day}_v00.pha": buffer.getvalue() for name in DETECTOR_NAMES}
    files[f"{folder}/glg_poshist_all_{day}_v01.fit"] = where.getvalue()
    early = t0 + timedelta(minutes=5)
    with web_server(Site(files=dict(site().files))) as url:
        assert source(url, early).availability(t0, 10.0, early).expected_utc == t0 + timedelta(seconds=1800)
        later = t0 + timedelta(hours=20)
        assert source(url, later).availability(t0, 10.0, later).state is AvailabilityState.EXPECTED
        never = t0 + timedelta(days=60)
        assert source(url, never).availability(t0, 10.0, never).state is AvailabilityState.NEVER
    with web_server(Site(files={**site().files, **files})) as url:
        found = towards_or_not(source(url, later), t0, 10.0, (45.0, 45.0))
    assert "glg_ctime_n1" in found.origin
    assert found.position.distance_km == pytest.approx(6928.2, abs=0.1)
    assert abs(float(found.total.start_s[0]) + 10.0) < 0.3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((503, b"busy", "text/plain"), "HTTP 503"),
        ((200, b"<html>scheduled maintenance</html>", "text/html"), "no listing"),
        ((200, b"\0\1\2", "application/octet-stream"), "no listing"),
    ],
)
def test_a_server_in_trouble_leaves_it_unknown_with_a_reason(answer: Any, words: str) -> None:
    now = BURST + timedelta(days=3)
    with web_server(Site(says=lambda _path: answer)) as url:
        verdict = source(url).availability(BURST, 10.0, now)
        with pytest.raises(RemoteError, match=words):
            source(url).fetch(BURST, 10.0)
    assert verdict.state is AvailabilityState.UNKNOWN
    assert verdict.expected_utc is not None


def test_nothing_is_asked_about_a_time_before_fermi() -> None:
    asked = Site()
    with web_server(asked) as url:
        assert source(url).availability(to_utc("2005-01-01"), 10.0, BURST).state is AvailabilityState.NEVER
    assert asked.requests == []
