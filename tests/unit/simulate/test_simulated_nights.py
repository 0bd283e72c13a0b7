"""Whole nights: the same for the same seed, sane for every seed, and silent about the truth."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from acs_stream.readers import guess_format, read_event_list, read_light_curve
from acs_stream.search import search
from listeners.decode import decode
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import Notice
from tocsin.simulate.integral import Integral
from tocsin.simulate.night import DEFAULT_START_UTC, Night
from tocsin.simulate.spacecraft import angle_deg, arrival_utc, direction, sees


@pytest.fixture(scope="module")
def night() -> Night:
    return Night(1)


def notices_of(night: Night) -> list[Notice]:
    decoded = []
    for item in night.notices:
        try:
            decoded.append(decode(item.payload, topic=item.topic))
        except NoticeError:
            assert item.what == "a broken packet"
    return decoded


def test_the_same_seed_gives_the_same_night_and_another_seed_another(night: Night) -> None:
    assert Night(1).timeline == night.timeline
    assert Night(2).timeline != night.timeline


def test_things_happen_in_order_within_forty_to_sixty_minutes(night: Night) -> None:
    times = [item.at_utc for item in night.timeline]
    assert times == sorted(times)
    assert times[0] >= night.start_utc
    assert timedelta(minutes=35) < night.stop_utc - night.start_utc < timedelta(minutes=60)


def test_every_notice_but_the_broken_one_decodes_and_was_issued_when_it_says(night: Night) -> None:
    decoded = notices_of(night)
    assert len(decoded) == len(night.notices) - 1
    assert sum(notice.is_unknown for notice in decoded) == 1
    sent = [item for item in night.notices if item.what != "a broken packet"]
    for item, notice in zip(sent, decoded, strict=True):
        assert notice.issued_utc is not None
        assert abs(notice.issued_utc - item.at_utc) < timedelta(seconds=1)


def test_the_night_has_the_events_that_the_demonstration_promises(night: Night) -> None:
    kinds = [truth.kind for truth in night.truth.events.values()]
    assert kinds == ["gravitational_wave", "gamma_ray_burst", "neutrino", "gravitational_wave", "gravitational_wave"]
    merger, burst, track, mock, retracted = night.truth.events.values()
    decoded = notices_of(night)

    def types_of(identifier: str) -> list[str]:
        return [notice.notice_type.rpartition(" ")[2] for notice in decoded if identifier in notice.event_ids]

    assert types_of(merger.hint) == ["PRELIMINARY", "INITIAL"]
    positions = ["FERMI_GBM_ALERT", "FERMI_GBM_FLT_POS", "FERMI_GBM_GND_POS", "FERMI_GBM_FIN_POS"]
    assert types_of(merger.identifiers[1]) == types_of(burst.hint) == positions
    assert len(types_of(track.identifiers[1])) == 4
    assert types_of(mock.hint) == ["PRELIMINARY", "INITIAL", "RETRACTION"]
    assert types_of(retracted.hint) == ["EARLYWARNING", "PRELIMINARY", "RETRACTION"]
    tests = {notice.event_ids for notice in decoded if notice.is_test}
    assert tests == {("99999",), ("0",), (mock.hint,)}
    assert {n.notice_type for n in decoded} >= {"INTEGRAL_SPIACS", "KONUS_LC", "IPN_RAW"}


def test_truth_is_found_by_any_identifier(night: Night) -> None:
    merger = next(iter(night.truth.events.values()))
    assert night.truth.of(f"lvk:{merger.hint.lower()}") is merger
    assert night.truth.of("nobody", f"gbm:{merger.identifiers[1]}") is merger
    assert night.truth.of("nobody") is None


def test_files_arrive_with_their_ephemerides_first_and_read_back(night: Night) -> None:
    names = [item.path.rpartition("/")[2] for item in night.deliveries]
    assert names[0] == "20241017_Fermi.eph"
    assert names[1].startswith("glg_tte_n3_bn241017")
    assert names[2] == "20241017_Wind.eph"
    assert names[4].endswith("_rc2.thr")
    assert names[5] == "20241017_Odyssey.eph"
    assert names[7].endswith("_HEND.thr")
    read = [item.content for item in night.deliveries if item.path.endswith((".eph", ".fit", ".thr"))]
    assert [guess_format(content) for content in read] == ["eph", "gbm-tte", "eph", "ipn-thr", "eph", "ipn-thr"]


def excess(times_s: np.ndarray, counts: np.ndarray, at_s: float, width_s: float) -> float:
    """Counts above the mean within a window, in sigma of the mean."""
    inside = (times_s >= at_s) & (times_s < at_s + width_s)
    quiet = counts[~inside].mean()
    return float((counts[inside] - quiet).sum() / np.sqrt(quiet * inside.sum()))


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_every_craft_sees_the_bright_burst_where_the_plane_wave_says(seed: int) -> None:
    night = Night(seed)
    burst = list(night.truth.events.values())[1]
    assert burst.ra_deg is not None
    assert burst.dec_deg is not None
    source = direction(burst.ra_deg, burst.dec_deg)
    files = {item.path.rpartition(".")[0].rpartition("/")[2]: item for item in night.deliveries}
    tte = next(item for name, item in files.items() if name.startswith("glg_tte"))
    photons = read_event_list(tte.content)
    fermi_s = (arrival_utc(night.network.fermi, source, burst.t0_utc) - photons.t0_utc).total_seconds()
    gbm = photons.binned(0.05, start_s=-20.0, stop_s=20.0)
    assert excess(gbm.start_s, gbm.counts, fermi_s - 0.05, 0.5) > 10.0
    hend = next(item for item in night.deliveries if item.path.endswith("_HEND.thr"))
    curve = read_light_curve(hend.content, format="ipn-thr")
    mars_s = (arrival_utc(night.network.odyssey, source, burst.t0_utc) - curve.t0_utc).total_seconds()
    assert excess(curve.start_s, curve.counts, mars_s - 0.25, 0.75) > 10.0
    acs_utc = arrival_utc(night.network.integral, source, burst.t0_utc)
    acs = night.integral.acs.light_curve(acs_utc - timedelta(seconds=30), acs_utc + timedelta(seconds=30))
    assert excess(acs.start_s, acs.counts, 29.95, 0.4) > 30.0


def test_no_burst_is_behind_the_earth_and_integral_is_taking_data_whatever_the_seed() -> None:
    for seed in range(25):
        night = Night(seed)
        for truth in night.truth.events.values():
            if truth.burst_utc is None or truth.ra_deg is None or truth.dec_deg is None:
                continue
            source = direction(truth.ra_deg, truth.dec_deg)
            assert sees(night.network.fermi, source, truth.burst_utc)
            assert night.network.acs_response(source) > 0.5
        assert night.integral.is_online(night.start_utc - timedelta(minutes=10))
        assert night.integral.is_online(night.stop_utc + timedelta(minutes=10))


def test_gbm_positions_are_near_the_truth(night: Night) -> None:
    merger, burst = list(night.truth.events.values())[:2]
    for notice in notices_of(night):
        for truth in (merger, burst):
            if notice.stream != "fermi_gbm" or not notice.has_position or truth.identifiers[-1] not in notice.event_ids:
                continue
            assert truth.ra_deg is not None
            assert truth.dec_deg is not None
            assert notice.ra_deg is not None
            assert notice.dec_deg is not None
            assert notice.error_radius_deg is not None
            off = angle_deg(direction(notice.ra_deg, notice.dec_deg), direction(truth.ra_deg, truth.dec_deg))
            assert off < 4.0 * float(np.hypot(notice.error_radius_deg, 3.7))


def test_integral_has_no_data_around_perigee_and_in_outages(night: Night) -> None:
    integral = night.integral
    revolution = integral.revolution(DEFAULT_START_UTC)
    assert 2830 < revolution.number < 2845
    gap = revolution.stop_utc + timedelta(hours=1)
    assert not integral.is_online(gap)
    assert integral.next_data_utc(gap) == integral.revolution(gap, later=1).start_utc or integral.is_online(
        integral.next_data_utc(gap)
    )
    cut = (DEFAULT_START_UTC, DEFAULT_START_UTC + timedelta(minutes=5))
    broken = Integral(orbit=integral.orbit, acs=integral.acs, outages=(cut,))
    around = broken.light_curves(cut[0] - timedelta(seconds=10), cut[1] + timedelta(seconds=10))
    assert [round(part.stop_s[-1] - part.start_s[0]) for part in around] == [10, 10]
    assert broken.next_data_utc(cut[0]) == cut[1]
    assert broken.last_data_utc(cut[1]) == cut[0]


def test_the_weak_burst_is_found_by_the_search_at_6_to_9_sigma_whatever_the_seed() -> None:
    ratios = []
    for seed in range(8):
        night = Night(seed)
        merger = next(iter(night.truth.events.values()))
        assert merger.burst_utc is not None
        around = timedelta(seconds=60)
        curve = night.integral.acs.light_curve(merger.t0_utc - around, merger.t0_utc + around, t0_utc=merger.t0_utc)
        found = search(curve, t0_s=0.0, window_s=60.0).excesses
        near = [excess.snr for excess in found if 0.0 < excess.t_s < 4.0]
        ratios.append(max(near))
    assert 6.0 < float(np.mean(ratios)) < 8.5
    assert 4.5 < min(ratios) < max(ratios) < 11.0


def test_the_simulator_needs_the_base_install_only() -> None:
    code = "import sys, tocsin.simulate.night; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"confluent_kafka", "fastapi", "lxml", "mocpy", "pydantic", "slack_sdk", "sqlalchemy"}


def test_a_night_may_begin_at_another_time() -> None:
    start = datetime(2024, 9, 3, 22, 30, tzinfo=UTC)
    other = Night(3, start)
    assert other.timeline[0].at_utc >= start
    assert next(iter(other.truth.events)).startswith("S240903")
