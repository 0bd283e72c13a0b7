"""Simulated notices are read by the service's own decoders as what they are."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from listeners.decode import decode
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import Notice, Phase
from tocsin.simulate.notices import (
    ExternalCoincidence,
    GbmLocation,
    GbmTrigger,
    Message,
    Superevent,
    Track,
    TrackPosition,
    garbage,
    gbm_alert,
    gbm_final,
    gbm_flight,
    gbm_ground,
    gbm_test,
    heartbeat,
    icecube_gold_json,
    icecube_gold_voevent,
    ipn_raw,
    konus_light_curve,
    lvk_alert,
    lvk_retraction,
    spiacs,
    spiacs_test,
    unknown_type,
)
from tocsin.simulate.notices.gbm import burst_number, fermi_met_s
from tocsin.simulate.notices.voevent import iso_seconds, truncated_julian
from tocsin.simulate.skies import draw_gravitational_wave_map

T0 = datetime(2024, 10, 17, 2, 15, 8, 304_567, tzinfo=UTC)
ISSUED = T0 + timedelta(seconds=43)
TRIGGER = GbmTrigger(trigger_utc=T0, significance=9.3, timescale_s=0.064, longitude_deg=113.1, latitude_deg=-20.0)
LOCATION = GbmLocation(ra_deg=68.76, dec_deg=-62.61, error_deg=4.13, significance=9.3)
CENTISECOND = timedelta(milliseconds=10)


def read(message: Message) -> Notice:
    return decode(message.payload, topic=message.topic)


def test_the_gbm_sequence_keeps_one_number_and_one_time() -> None:
    cites = TRIGGER.ivorn("Alert_", 1, 112)
    notices = [
        read(gbm_alert(TRIGGER, ISSUED, serial=112)),
        read(gbm_flight(TRIGGER, LOCATION, ISSUED, serial=113, cites=cites)),
        read(gbm_ground(TRIGGER, LOCATION, ISSUED, serial=114, cites=cites)),
        read(gbm_final(TRIGGER, LOCATION, ISSUED, serial=151, cites=cites)),
    ]
    kinds = [notice.notice_type for notice in notices]
    assert kinds == [f"FERMI_GBM_{kind}" for kind in ("ALERT", "FLT_POS", "GND_POS", "FIN_POS")]
    assert {notice.event_ids[0] for notice in notices} == {str(TRIGGER.id)}
    assert all(notice.t0_utc is not None and abs(notice.t0_utc - T0) <= CENTISECOND for notice in notices)
    assert notices[0].notice_id == cites
    assert notices[0].ra_deg is None
    assert [notice.references for notice in notices[1:]] == [(cites,)] * 3
    assert [(n.ra_deg, n.dec_deg, n.error_radius_deg) for n in notices[1:]] == [(68.76, -62.61, 4.13)] * 3
    assert not any(notice.is_test for notice in notices)


def test_fermi_times_and_names_agree_with_real_triggers() -> None:
    real = datetime(2020, 4, 15, 8, 48, 5, 563_746, tzinfo=UTC)
    assert fermi_met_s(real) == pytest.approx(608_633_290.563746, abs=1e-6)
    assert burst_number(real) == "200415367"


def test_test_notices_are_tests() -> None:
    assert read(gbm_test(ISSUED, serial=1)).is_test
    assert read(spiacs_test(ISSUED, serial=1)).is_test


def test_a_spi_acs_notice_has_a_time_and_a_significance_and_no_place() -> None:
    notice = read(spiacs(T0, ISSUED, trigger_id=10325, sigma=9.19, timescale_s=0.1, serial=969))
    assert notice.notice_type == "INTEGRAL_SPIACS"
    assert notice.event_ids == ("10325",)
    assert notice.signal_to_noise == 9.19
    assert not notice.has_position
    assert notice.t0_utc is not None
    assert abs(notice.t0_utc - T0) <= CENTISECOND


def test_konus_and_ipn_twins_share_their_time() -> None:
    konus = read(konus_light_curve(T0, ISSUED, sequence=2, serial=577))
    raw = read(ipn_raw(T0, ISSUED, sequence=2, serial=578))
    assert (konus.notice_type, raw.notice_type) == ("KONUS_LC", "IPN_RAW")
    assert konus.event_ids == ("2060008108",)
    assert konus.t0_utc == raw.t0_utc
    assert not konus.has_position
    assert not raw.has_position


def test_lvk_alerts_carry_their_map_and_a_retraction_carries_nothing() -> None:
    skymap = draw_gravitational_wave_map(np.random.default_rng(1))
    content = skymap.to_fits(superevent_id="S241017ab", t0_utc=T0, made_utc=T0, detectors="H1,L1")
    superevent = Superevent(id="S241017ab", t0_utc=T0, far_hz=3.2e-12)
    preliminary = read(lvk_alert(superevent, "PRELIMINARY", ISSUED, skymap=content))
    assert preliminary.event_ids == ("S241017ab",)
    assert preliminary.phase is Phase.PRELIMINARY
    assert preliminary.far_hz == 3.2e-12
    assert preliminary.skymap is not None
    assert preliminary.skymap.content == content
    assert preliminary.classification["BNS"] == 0.97
    retraction = read(lvk_retraction(superevent, ISSUED))
    assert retraction.is_retraction
    assert not retraction.is_test


def test_an_external_coincidence_names_the_gbm_trigger() -> None:
    other = ExternalCoincidence(
        trigger_id=TRIGGER.id,
        ivorn=TRIGGER.ivorn("Alert_", 1, 112),
        observatory="Fermi",
        time_difference_s=1.72,
        far_hz=1e-9,
    )
    superevent = Superevent(id="S241017ab", t0_utc=T0, far_hz=3.2e-12)
    notice = read(lvk_alert(superevent, "INITIAL", ISSUED, skymap=None, external=other))
    assert str(TRIGGER.id) in map(str, notice.details.values())


def test_mock_superevents_are_tests() -> None:
    mock = Superevent(id="MS241017c", t0_utc=T0, far_hz=1e-15, search="MDC")
    assert read(lvk_alert(mock, "PRELIMINARY", ISSUED, skymap=None)).is_test
    assert read(lvk_retraction(mock, ISSUED)).is_test


def test_a_neutrino_is_the_same_by_both_roads() -> None:
    track = Track(
        name="IceCube-241017A", run=139_657, event=71_381_751, t0_utc=T0, signalness=0.67, energy_tev=157.4,
        far_per_year=0.36,
    )  # fmt: skip
    where = TrackPosition(ra_deg=289.8533, dec_deg=36.0981, radius_90_deg=1.2, radius_50_deg=0.6)
    for revision in (0, 1):
        classic = read(icecube_gold_voevent(track, where, ISSUED, revision=revision))
        modern = read(icecube_gold_json(track, where, ISSUED, revision=revision))
        assert "139657_71381751" in classic.event_ids
        assert "139657_71381751" in modern.event_ids
        assert classic.far_hz == pytest.approx(0.36 / 31_557_600.0)
        assert modern.far_hz == pytest.approx(classic.far_hz)
        assert (classic.ra_deg, classic.dec_deg) == (modern.ra_deg, modern.dec_deg) == (289.8533, 36.0981)
        assert (classic.error_radius_deg, classic.error_containment) == (1.2, 0.9)
        assert classic.t0_utc is not None
        assert abs(classic.t0_utc - T0) <= CENTISECOND
        assert modern.t0_utc == T0


def test_what_nobody_decodes_is_unknown_and_garbage_is_refused() -> None:
    rng = np.random.default_rng(1)
    assert read(unknown_type(ISSUED, rng=rng)).is_unknown
    for _ in range(50):
        with pytest.raises(NoticeError):
            read(garbage(rng))


def test_heartbeats_are_json_with_a_time() -> None:
    beat = heartbeat(ISSUED)
    assert beat.topic == "gcn.heartbeat"
    assert b'"alert_datetime": "2024-10-17T02:15:51.305Z"' in beat.payload


def test_times_are_rounded_into_the_next_day_and_never_to_60_seconds() -> None:
    late = datetime(2024, 10, 17, 23, 59, 59, 996_000, tzinfo=UTC)
    assert iso_seconds(late, 2) == "2024-10-18T00:00:00.00"
    assert truncated_julian(late) == (60_601 - 40_000, 0.0)
