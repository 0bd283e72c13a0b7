"""One key for each trigger, whatever road its identifier came by."""

from datetime import UTC, datetime

import pytest
from trigger_notices import T0, gbm, icecube, integral, konus, lvk, svom

from tocsin.domain.notices import Notice, Role
from triggers.aliases import alias_keys, cited_keys, is_about_event, konus_number


def test_missions_have_their_own_keys() -> None:
    assert alias_keys(lvk()) == ("lvk:S230518h",)
    assert alias_keys(gbm(number=707488534)) == ("gbm:707488534",)
    assert alias_keys(svom("grm-trigger")) == ("svom:sb26022802",)
    assert alias_keys(
        Notice(stream="antares", notice_type="ANTARES_ALERT", notice_id="a", event_ids=("1438351269",))
    ) == ("antares:1438351269",)


def test_a_neutrino_has_one_key_by_json_and_by_the_classic_road() -> None:
    classic = alias_keys(icecube(run_event="137910_029871391"))
    json = alias_keys(icecube(is_json=True))
    assert classic == ("icecube:137910_29871391",)
    assert json == ("icecube:137910_29871391", "icecube:IceCube-230518A")


@pytest.mark.parametrize("number", ["7295", "72831", "0007295"])
def test_integral_sub_numbers_are_of_one_trigger(number: str) -> None:
    assert alias_keys(integral("REFINED", event_ids=(number,))) == ("integral-ibis:7295",)


def test_imager_and_shield_share_numbers_but_no_keys() -> None:
    assert alias_keys(integral("WEAK", number=8247)) != alias_keys(integral("SPIACS", number=8247))


def test_konus_and_its_ipn_twin_share_the_number_konus_makes_of_the_time() -> None:
    t0 = datetime(2023, 5, 2, 14, 3, 15, 450000, tzinfo=UTC)
    assert konus_number(t0) == 2006650595
    assert alias_keys(konus(t0_utc=t0)) == ("konus:2006650595",)
    assert alias_keys(konus(t0_utc=t0, is_ipn=True)) == ("konus:2006650595",)


def test_konus_numbers_outlive_32_bits() -> None:
    assert konus_number(datetime(2027, 3, 11, tzinfo=UTC)) > 2**31


def test_minus_one_is_no_identifier_and_time_stands_in() -> None:
    notice = Notice(stream="calet", notice_type="CALET_GBM_FLT_LC", notice_id="c", event_ids=("-1",), t0_utc=T0)
    assert alias_keys(notice) == ("calet:at-20230518T125908.000000",)


def test_a_notice_without_identifier_and_time_has_no_key() -> None:
    assert alias_keys(Notice(stream="maxi", notice_type="MAXI_UNKNOWN", notice_id="m")) == ()


def test_an_absurdly_long_number_is_kept_as_it_is() -> None:
    number = "9" * 5000
    assert alias_keys(gbm(event_ids=(number,))) == (f"gbm:{number}",)


def test_a_lat_trigger_also_has_the_number_of_its_gbm_trigger() -> None:
    notice = Notice(stream="fermi_lat", notice_type="FERMI_LAT_POS_INI", notice_id="l", event_ids=("707488534",))
    assert alias_keys(notice) == ("lat:707488534", "gbm:707488534")


def test_an_external_coincidence_cites_a_burst_and_claims_no_identity() -> None:
    notice = lvk(details={"external_notice_id": "707488534", "external_observatory": "Fermi"})
    assert cited_keys(notice) == ("gbm:707488534",)
    assert alias_keys(notice) == ("lvk:S230518h",)


def test_an_external_coincidence_may_cite_a_name_with_letters() -> None:
    notice = lvk(details={"external_notice_id": "sb26022802", "external_observatory": "SVOM"})
    assert cited_keys(notice) == ("svom:sb26022802",)


def test_unknown_types_pointings_and_follow_up_searches_tell_of_no_event() -> None:
    assert not is_about_event(Notice(stream="unknown", notice_type="unknown", notice_id="u", event_ids=("1",)))
    assert not is_about_event(gbm(role=Role.UTILITY))
    assert not is_about_event(integral("POINTDIR", number=0))
    assert not is_about_event(
        Notice(stream="icecube", notice_type="icecube.lvk_nu_track_search", notice_id="f", event_ids=("S230518h",))
    )
    assert is_about_event(gbm())


@pytest.mark.parametrize(
    ("stream", "notice_type"),
    [
        ("gcn_circulars", "gcn.circulars"),
        ("gcn_heartbeat", "gcn.heartbeat"),
        ("swift", "SWIFT_BAT_KNOWN_SRC"),
        ("swift", "SWIFT_TOO_SC_SLEW"),
        ("gcn_test", "TEST_COORDS"),
        ("fermi_gbm", "FERMI_GBM_POS_TEST"),
        ("burstcube", "burstcube/test"),
        ("fermi_lat", "fermi/lat/flare"),
    ],
)
def test_house_keeping_tells_of_no_event(stream: str, notice_type: str) -> None:
    assert not is_about_event(
        Notice(stream=stream, notice_type=notice_type, notice_id="i", event_ids=("7",), t0_utc=T0)
    )


def test_a_planned_pointing_of_swift_is_no_burst() -> None:
    notice = Notice(
        stream="swift",
        notice_type="SWIFT_FOM_OBS",
        notice_id="i",
        event_ids=("7",),
        details={"is_target_of_opportunity": True},
    )
    assert not is_about_event(notice)
