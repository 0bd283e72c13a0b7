"""Values that stand where they should not, or say something else than they seem to."""

import json
from typing import Any

import pytest

from listeners.decode import decode
from tocsin.domain.clock import to_utc
from tocsin.domain.notices import Notice


def voevent(*, params: str = "", packet: int = 61, system: str = "UTC-FK5-GEO", ra: str = "10.5") -> Notice:
    text = (
        f'<VOEvent ivorn="ivo://nasa.gsfc.gcn/X#1" role="observation"><Who><Date>2025-03-01T10:01:00</Date></Who>'
        f'<What><Param name="Packet_Type" value="{packet}"/><Param name="TrigID" value="7"/>{params}</What><WhereWhen>'
        f'<ObservationLocation><AstroCoordSystem id="{system}"/><ISOTime>2025-03-01T10:00:00</ISOTime>'
        f"<C1>{ra}</C1><C2>-20.25</C2><Error2Radius>0.2</Error2Radius></ObservationLocation></WhereWhen></VOEvent>"
    )
    return decode(text.encode())


def message(topic: str = "gcn.notices.maxi.gsc.unknown", **fields: Any) -> Notice:
    return decode(json.dumps({"id": "1", "trigger_time": "2025-03-01T10:00:00Z", **fields}).encode(), topic=topic)


def test_the_radius_of_a_neutrino_coincidence_without_a_90_percent_one_is_a_50_percent_one() -> None:
    notice = voevent(packet=172, params='<Param name="Event_Date" value="2025-03-01"/>')
    assert (notice.error_radius_deg, notice.error_containment) == (0.2, 0.5)
    stated = voevent(packet=172, params='<Param name="src_err_90" value="30"/>')
    assert (stated.error_radius_deg, stated.error_containment) == (0.5, 0.9)


def test_a_right_ascension_just_below_zero_is_zero_and_not_360() -> None:
    assert voevent(ra="-1e-17").ra_deg == 0.0


@pytest.mark.parametrize("system", ["TT-ICRS-TOPO", "TDB-ICRS-BARY"])
def test_times_in_a_dynamical_scale_become_utc(system: str) -> None:
    assert voevent(system=system).t0_utc == to_utc("2025-03-01T09:58:50.816")


@pytest.mark.parametrize("stated", [90, 0, -0.5, "many"])
def test_a_containment_that_is_no_probability_is_dropped_by_name(stated: Any) -> None:
    notice = message(ra=1, dec=2, ra_dec_error=0.5, containment_probability=stated)
    assert (notice.error_radius_deg, notice.error_containment) == (0.5, None)
    assert "containment_probability" in notice.dropped_fields


def test_a_negative_false_alarm_rate_is_dropped_by_name() -> None:
    notice = message(far=-1)
    assert notice.far_hz is None
    assert "FAR" in notice.dropped_fields


def test_a_modified_julian_day_may_be_a_text() -> None:
    assert message(trigger_time="60462.5").t0_utc == to_utc("2024-06-01T12:00:00")


def test_a_topic_that_ends_in_test_is_a_tests() -> None:
    assert message(topic="gcn.notices.burstcube.test").is_test


def test_a_gravitational_wave_retraction_needs_no_event_field() -> None:
    text = json.dumps({"superevent_id": "S250301x", "alert_type": "RETRACTION", "time_created": "2025-03-01T10:00:00Z"})
    assert decode(text.encode()).is_retraction


def test_of_an_unknown_mission_in_the_known_schema_the_position_is_read() -> None:
    schema = "https://gcn.nasa.gov/schema/v9.0.0/gcn/notices/cosi/trigger.schema.json"
    notice = message("gcn.notices.cosi.trigger", **{"$schema": schema}, ra=5, dec=6, ra_dec_error=1)
    assert notice.is_unknown
    assert (notice.ra_deg, notice.dec_deg, notice.error_radius_deg) == (5.0, 6.0, 1.0)
