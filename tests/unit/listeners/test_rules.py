"""What is a test, and who may see a notice: every rule of the field, one by one."""

import json

import pytest

from listeners.decode import decode
from tocsin.domain.notices import Notice


def voevent(number: int, *params: tuple[str, str], source: str = "nasa.gsfc.gcn/X", role: str = "observation") -> bytes:
    lines = "".join(
        f'<Group name="{name.partition("/")[0]}"><Param name="{name.partition("/")[2]}" value="{value}"/></Group>'
        if "/" in name
        else f'<Param name="{name}" value="{value}"/>'
        for name, value in params
    )
    return (
        f'<VOEvent ivorn="ivo://{source}#1" role="{role}"><Who><Date>2025-03-01T10:01:00</Date></Who>'
        f'<What><Param name="Packet_Type" value="{number}"/>{lines}</What><WhereWhen><ObservationLocation>'
        "<ISOTime>2025-03-01T10:00:00</ISOTime></ObservationLocation></WhereWhen></VOEvent>"
    ).encode()


def message(**fields: object) -> Notice:
    return decode(json.dumps(fields).encode(), topic="gcn.notices.maxi.gsc.unknown")


def alert(superevent: str, search: str = "AllSky") -> Notice:
    event = {"time": "2025-03-01T10:00:00Z", "search": search}
    text = json.dumps({"superevent_id": superevent, "alert_type": "INITIAL", "event": event})
    return decode(text.encode(), topic="igwn.gwalert")


@pytest.mark.parametrize("name", ["MS250301x", "TS250301x", "M250301x", "T250301x"])
def test_mock_superevents_are_tests_in_either_format(name: str) -> None:
    assert alert(name).is_test
    assert decode(voevent(150, ("GraceID", name), source="gwnet/LVC")).is_test


@pytest.mark.parametrize("name", ["S250301x", "GW250301", "SM250301x", "MASTER1", "TOO1"])
def test_names_that_only_look_like_mocks_are_none(name: str) -> None:
    assert not alert(name).is_test


def test_the_mock_data_search_is_a_test_whatever_the_name() -> None:
    assert alert("S250301x", search="MDC").is_test
    assert decode(voevent(150, ("GraceID", "S250301x"), ("Search", "MDC"), source="gwnet/LVC")).is_test


def test_a_hardware_injection_is_a_test() -> None:
    assert decode(voevent(150, ("GraceID", "S250301x"), ("HardwareInj", "1"), source="gwnet/LVC")).is_test


@pytest.mark.parametrize("tense", ["test", "injection", "commanded", "archival", "planned", "TEST"])
def test_every_tense_but_the_current_is_a_test(tense: str) -> None:
    assert message(id="1", trigger_time="2025-03-01T10:00:00Z", alert_tense=tense).is_test


def test_a_current_alert_or_one_without_tense_is_none() -> None:
    assert not message(id="1", alert_tense="current").is_test
    assert not message(id="1").is_test


@pytest.mark.parametrize("word", ["True", True, "true", 1])
def test_is_test_counts_as_text_too(word: object) -> None:
    text = json.dumps({"id": "1", "is_test": word}).encode()
    assert decode(text, topic="gcn.notices.snews2.coincidence").is_test


@pytest.mark.parametrize("flag", ["Test", "Test_Submission", "Test_Notice", "InternalTest"])
def test_a_flag_is_enough_wherever_it_stands(flag: str) -> None:
    assert decode(voevent(110, ("TrigID", "1"), (f"Trigger_ID/{flag}", "true"))).is_test
    assert decode(voevent(999, ("TrigID", "1"), (flag, "true"))).is_test
    assert not decode(voevent(110, ("TrigID", "1"), (f"Trigger_ID/{flag}", "false"))).is_test


@pytest.mark.parametrize("number", [2, 3, 4, 44, 82, 109, 119, 124, 136, 142, 143, 153, 159])
def test_types_that_are_tests_by_nature(number: int) -> None:
    assert decode(voevent(number, ("TrigID", "1"), ("GraceID", "S250301x"))).is_test


@pytest.mark.parametrize("number", [110, 111, 112, 115, 120, 121, 122, 128, 105])
def test_trigger_99999_of_fermi_and_agile_is_a_test(number: int) -> None:
    assert decode(voevent(number, ("TrigID", "99999"))).is_test
    assert not decode(voevent(number, ("TrigID", "99998"))).is_test


@pytest.mark.parametrize("number", [52, 53, 54, 55, 56])
@pytest.mark.parametrize(("trigger", "is_test"), [("0", True), ("234", True), ("65770", True), ("235", False)])
def test_triggers_0_and_234_of_integral_are_tests(number: int, trigger: str, is_test: bool) -> None:
    assert decode(voevent(number, ("TrigID", trigger))).is_test is is_test


def test_triggers_0_and_234_of_others_are_none() -> None:
    assert not decode(voevent(51, ("TrigID", "0"), role="utility")).is_test
    assert not decode(voevent(61, ("TrigID", "234"))).is_test


def test_gecams_numbers_from_1e8_are_tests() -> None:
    assert decode(voevent(188, ("Trigger_Number", "100000000"))).is_test
    assert not decode(voevent(188, ("Trigger_Number", "99999999"))).is_test


def test_the_role_is_enough_and_its_doubt_is_noted_for_subthreshold_triggers() -> None:
    notice = decode(voevent(131, ("Trans_Num", "700000000"), role="test"))
    assert notice.is_test
    assert notice.details["is_test_in_doubt"] is True
    flagged = decode(voevent(131, ("Trans_Num", "700000000"), ("Trigger_ID/Test_Submission", "true"), role="test"))
    assert "is_test_in_doubt" not in flagged.details


def test_an_alert_that_is_not_real_is_a_test_of_antares() -> None:
    source = "nasa.gsfc.gcn/Antares_Alert"
    assert decode(voevent(0, ("TrigID", "1"), ("isRealAlert", "false"), source=source)).is_test
    assert not decode(voevent(0, ("TrigID", "1"), ("isRealAlert", "true"), source=source)).is_test


def test_a_test_says_why() -> None:
    assert alert("MS250301x", search="MDC").details["test_reason"] == "superevent MS250301x; search MDC"


@pytest.mark.parametrize(
    ("payload", "topic", "labels"),
    [
        (voevent(172, ("Event_Date", "250301A"), ("private", "1")), None, {"amon"}),
        (voevent(172, ("Event_Date", "250301A"), ("Trigger_ID/PrivateFlag", "true")), None, {"amon"}),
        (voevent(172, ("Event_Date", "250301A"), ("private", "0")), None, set()),
        (voevent(150, ("GraceID", "S250301x"), ("internal", "1"), source="gwnet/LVC"), None, {"lvk"}),
        (voevent(150, ("GraceID", "S250301x"), ("OpenAlert", "0"), source="gwnet/LVC"), None, {"lvk"}),
        (voevent(150, ("GraceID", "S250301x"), ("OpenAlert", "1"), source="gwnet/LVC"), None, set()),
        (voevent(114, ("TrigID", "1")), None, {"fermi_internal"}),
        (voevent(110, ("TrigID", "1")), "gcn.classic.voevent.FERMI_GBM_ALERT_INTERNAL", {"fermi_internal"}),
        (voevent(173, ("run_id", "1"), ("event_id", "2")), None, set()),
        (voevent(173, ("run_id", "1"), ("event_id", "2")), "icecube.private.tracks", {"icecube"}),
        (voevent(110, ("TrigID", "1")), "our.own.topic", {"private"}),
        (voevent(0, ("TrigID", "1"), source="nasa.gsfc.gcn/Antares_Alert"), "gcn.classic.voevent.X", {"antares"}),
        (voevent(0, ("Event_Name", "KM3-1A"), source="KM3NeT_Neutrino"), "gcn.notices.km3net.voevent", {"km3net"}),
        (b'{"event_name": "KM3-1A"}', "gcn.notices.km3net.alert", {"km3net"}),
        (b'{"id": "1"}', "gcn.notices.chime.frb", set()),
        (b'{"id": "1"}', None, {"private"}),
    ],
)
def test_labels_follow_from_content_and_topic(payload: bytes, topic: str | None, labels: set[str]) -> None:
    assert decode(payload, topic=topic).labels == labels
