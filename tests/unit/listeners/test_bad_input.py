"""What cannot be decoded is refused with a reason; everything else is kept, with what was missing named."""

import json
import struct

import pytest

from listeners.decode import LARGEST_NOTICE_BYTES, decode
from listeners.render import error_to_json
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import Role

GOOD = b"""<?xml version='1.0' encoding='UTF-8'?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" version="2.0" role="observation"
    ivorn="ivo://nasa.gsfc.gcn/Fermi#GBM_Alert_made_up-001">
  <Who><AuthorIVORN>ivo://nasa.gsfc.tan/gcn</AuthorIVORN><Date>2025-03-01T10:00:05</Date></Who>
  <What>
    <Param name="Packet_Type" value="110"/><Param name="TrigID" value="762516000"/>
    <Param name="Burst_TJD" value="20735"/><Param name="Burst_SOD" value="36000.50"/>
    <Param name="Trig_Signif" value="6.1"/><Param name="Coords_Type" value="0"/>
  </What>
  <WhereWhen><ObsDataLocation><ObservationLocation><AstroCoords><Time><TimeInstant>
    <ISOTime>2025-03-01T10:00:00.50</ISOTime></TimeInstant></Time></AstroCoords></ObservationLocation></ObsDataLocation>
  </WhereWhen>
</voe:VOEvent>
"""
BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE VOEvent [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<VOEvent ivorn="ivo://x/y" role="test"><Who><Date>&b;</Date></Who></VOEvent>"""
OUTSIDE = b"""<!DOCTYPE VOEvent SYSTEM "http://127.0.0.1:9/evil.dtd"><VOEvent ivorn="ivo://x/y" role="test"/>"""
HIDDEN_DOCTYPE = b"<?xml version='1.0'?><!-- <a> --><!DOCTYPE VOEvent [<!ENTITY a 'b'>]><VOEvent ivorn='ivo://x/y'/>"


def test_the_good_specimen_is_good() -> None:
    notice = decode(GOOD)
    assert notice.notice_type == "FERMI_GBM_ALERT"
    assert notice.event_ids == ("762516000",)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\0" * 40, "neither"),
        (b"Subscribed topic not available: igwn.gwalert: Broker: Unknown topic or partition", "neither"),
        (b"\x89PNG\r\n\x1a\n", "neither"),
        (GOOD[:600], "no well-formed XML"),
        (GOOD[:-12], "no well-formed XML"),
        (GOOD.replace(b"observation", b"observ\xffation"), "no well-formed XML"),
        (GOOD.replace(b"UTF-8", b"no-such-code"), "no well-formed XML"),
        (GOOD.decode().encode("utf-16")[:-1], "no well-formed XML"),
        (b"<html><body>502 Bad Gateway</body></html>", "no VOEvent"),
        (BOMB, "DOCTYPE"),
        (BOMB.decode().encode("utf-16"), "DOCTYPE"),
        (OUTSIDE, "DOCTYPE"),
        (HIDDEN_DOCTYPE, "DOCTYPE"),
        (b"<" * 5000, "no well-formed XML"),
        (b"<a>" * 5000 + b"</a>" * 5000, "no well-formed XML"),
        (b'{"superevent_id": "S1', "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
        (b"[1, 2, 3]", "no object"),
        (b"[]", "no object"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a":' * 100_000, "no JSON"),
        (b"{" + b"x" * LARGEST_NOTICE_BYTES, "too many"),
    ],
)
def test_what_is_no_notice_is_refused_with_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(NoticeError, match=reason):
        decode(payload)


def test_utf_16_with_its_mark_is_read_like_any_other() -> None:
    text = GOOD.decode().replace("UTF-8", "UTF-16")
    assert decode(text.encode("utf-16")).event_ids == ("762516000",)


def test_a_mark_before_the_text_does_no_harm() -> None:
    assert decode(b"\xef\xbb\xbf" + GOOD).event_ids == ("762516000",)
    assert decode(b'\xef\xbb\xbf{"superevent_id": "S1a", "alert_type": "INITIAL", "event": null}').event_ids == ("S1a",)


def test_a_known_type_with_neither_identifier_nor_time_is_refused() -> None:
    with pytest.raises(NoticeError, match="neither identifier nor time"):
        decode(b'{"alert_type": "INITIAL"}', topic="igwn.gwalert")
    bare = (
        b'<VOEvent ivorn="ivo://nasa.gsfc.gcn/KONUS#x" role="observation"><What><Param name="Packet_Type" value="59"/>'
    )
    with pytest.raises(NoticeError, match="neither identifier nor time"):
        decode(bare + b"</What></VOEvent>")


@pytest.mark.parametrize(
    ("old", "new", "dropped"),
    [
        (b"2025-03-01T10:00:00.50", b"2025-01--9130T00:00", ""),
        (b'value="762516000"', b'value="-1"', "TrigID"),
        (b'value="762516000"', b'value="many"', "TrigID"),
        (b"2025-03-01T10:00:05", b"yesterday", "Date"),
        (b'value="6.1"', b'value="NaN"', "Trig_Signif"),
        (b'value="6.1"', b"", "Trig_Signif"),
        (b'role="observation"', b'role="observe"', "role"),
        (b'value="20735"', b'value="99999999999999999999"', "Burst_TJD"),
        (b'value="36000.50"', b'value="1e400"', "Burst_SOD"),
    ],
)
def test_a_broken_field_is_named_and_the_notice_kept(old: bytes, new: bytes, dropped: str) -> None:
    notice = decode(GOOD.replace(old, new))
    assert notice.notice_type == "FERMI_GBM_ALERT"
    assert dropped in ("", *notice.dropped_fields)
    assert notice.t0_utc is not None


def test_a_time_that_is_no_date_is_repaired_from_the_day_count() -> None:
    notice = decode(GOOD.replace(b"2025-03-01T10:00:00.50", b"2025-01--9130T00:00:00.00"))
    assert notice.t0_utc == decode(GOOD).t0_utc
    assert notice.details["t0_from"] == "tjd_sod"


def test_a_garbage_day_count_never_stands_against_a_date() -> None:
    notice = decode(GOOD.replace(b'value="20735"', b'value="11910"'))
    assert notice.t0_utc == decode(GOOD).t0_utc


def test_a_time_long_after_the_notice_is_no_time() -> None:
    notice = decode(GOOD.replace(b"2025-03-01T10:00:00.50", b"2025-03-01T11:30:00"))
    assert notice.t0_utc is None
    assert "ISOTime" in notice.dropped_fields


def test_a_time_shortly_after_the_notice_is_an_early_warnings() -> None:
    assert decode(GOOD.replace(b"2025-03-01T10:00:00.50", b"2025-03-01T10:59:00")).t0_utc is not None


def test_an_unknown_type_is_a_notice_not_an_error() -> None:
    notice = decode(GOOD.replace(b'value="110"', b'value="9876"'))
    assert (notice.stream, notice.notice_type, notice.is_unknown) == ("unknown", "unknown", True)
    assert notice.notice_id == "ivo://nasa.gsfc.gcn/Fermi#GBM_Alert_made_up-001"
    assert notice.t0_utc is not None
    assert notice.issued_utc is not None
    assert notice.labels == frozenset()  # a new type on the public broker is public


def test_an_unknown_source_is_private() -> None:
    strange = GOOD.replace(b"ivo://nasa.gsfc.gcn/Fermi#GBM_Alert_made_up-001", b"ivo://secret.example/1")
    assert decode(strange).labels == {"private"}
    assert decode(strange, topic="gcn.classic.voevent.NEW_TYPE").labels == frozenset()
    assert decode(b'{"hello": "world"}').labels == {"private"}
    assert decode(b'{"hello": "world"}', topic="hermes.secret").labels == {"private"}
    assert decode(b'{"hello": "world"}', topic="gcn.notices.new.mission").labels == frozenset()


def test_a_binary_packet_of_unknown_type_is_kept_with_its_time() -> None:
    words = [777, 1, 0, 0, 12345, 20735, 3600050, *[0] * 33]
    notice = decode(struct.pack(">40i", *words))
    assert notice.is_unknown
    assert notice.t0_utc == decode(GOOD).t0_utc
    assert notice.event_ids == ("12345",)


def test_a_packet_of_type_60_is_no_markup() -> None:
    """Its first word ends in the byte that begins XML."""
    assert decode(struct.pack(">40i", 60, 1, 0, 0, 12345, 20735, 3600050, *[0] * 33)).event_ids == ("12345",)


@pytest.mark.parametrize("schema", ["https://gcn.nasa.gov/schema/v3.0.0/gcn/notices/maxi/gsc.known.schema.json", "x"])
def test_an_old_or_strange_schema_is_named_and_the_notice_kept(schema: str) -> None:
    message = {"$schema": schema, "id": "1", "trigger_time": "2025-03-01T10:00:00Z", "ra": 10.0, "dec": -10.0}
    notice = decode(json.dumps(message).encode(), topic="gcn.notices.maxi.gsc.known")
    assert notice.notice_type == "maxi/gsc.known"
    assert "$schema" in notice.dropped_fields
    assert notice.has_position


@pytest.mark.parametrize("skymap", ["", "not base64 at all!", "QUJD", 17, ["a"], "é"])
def test_a_broken_sky_map_is_named_and_the_notice_kept(skymap: object) -> None:
    event = {"time": "2025-03-01T10:00:00Z", "far": 1e-9, "skymap": skymap}
    message = {
        "superevent_id": "S250301x",
        "alert_type": "PRELIMINARY",
        "time_created": "2025-03-01T10:00:30Z",
        "event": event,
    }
    notice = decode(json.dumps(message).encode())
    assert notice.skymap is None
    assert "event.skymap" in notice.dropped_fields
    assert notice.event_ids == ("S250301x",)
    assert notice.far_hz == 1e-9


def test_missing_fields_of_an_alert_are_named() -> None:
    message = {"superevent_id": "S250301x", "alert_type": "PRELIMINARY", "event": {}}
    dropped = decode(json.dumps(message).encode()).dropped_fields
    assert {"time_created", "event.time", "event.far", "event.significant", "event.skymap"} <= set(dropped)


def test_nan_in_json_is_taken_and_the_field_named() -> None:
    notice = decode(b'{"superevent_id": "S1a", "alert_type": "INITIAL", "event": {"far": NaN}}')
    assert notice.far_hz is None
    assert "event.far" in notice.dropped_fields


def test_what_comes_from_a_test_broker_is_a_test() -> None:
    assert decode(GOOD, origin="test.gcn.nasa.gov").is_test
    assert not decode(GOOD, origin="gcn.nasa.gov").is_test


def test_what_comes_on_a_test_topic_is_a_test() -> None:
    assert decode(GOOD, topic="gcn.classic.voevent.UNKNOWN").is_test
    assert decode(GOOD, topic="gcn.notices.some.test.topic").is_test
    assert not decode(GOOD, topic="gcn.classic.voevent.FERMI_GBM_ALERT").is_test


def test_a_formats_own_role_is_kept_and_others_follow_the_test() -> None:
    assert decode(GOOD, topic="gcn.classic.voevent.UNKNOWN").role is Role.OBSERVATION
    message = b'{"superevent_id": "MS250301x", "alert_type": "INITIAL", "event": {}}'
    assert decode(message).role is Role.TEST


def test_an_error_is_json_with_its_kind_message_and_remedy() -> None:
    assert error_to_json(NoticeError("no", remedy="yes")) == {
        "error": {"kind": "NoticeError", "message": "no", "remedy": "yes"}
    }
