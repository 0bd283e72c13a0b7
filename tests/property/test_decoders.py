"""No input crashes or hangs the decoder, and what is decoded survives its record."""

import json
import struct
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listeners.decode import decode
from listeners.record import from_record, to_record
from listeners.render import notice_to_json
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import Messenger, Notice, Phase, Role, SkyMapReference

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TOPICS = st.sampled_from(
    [
        None,
        "igwn.gwalert",
        "gcn.circulars",
        "gcn.heartbeat",
        "gcn.notices.icecube.gold_bronze_track_alerts",
        "gcn.notices.icecube.lvk_nu_track_search",
        "gcn.notices.maxi.gsc.known",
        "gcn.notices.boom.alert",
        "gcn.notices.km3net.alert",
        "gcn.classic.text.FERMI_GBM_ALERT",
        "gcn.classic.voevent.UNKNOWN",
    ]
)
NUMBERS = (2, 31, 32, 45, 52, 53, 55, 59, 61, 64, 67, 105, 110, 111, 112, 115, 120, 131, 134, 149, 150, 151, 158)
MORE_NUMBERS = (159, 160, 164, 171, 172, 173, 175, 176, 188, 201, 209, 219, 4, 999)
SOURCES = ("nasa.gsfc.gcn/Fermi", "nasa.gsfc.gcn/Antares_Alert", "gwnet/LVC", "org.svom/fsc", "KM3NeT_Neutrino", "x")
NAMES = [
    "TrigID",
    "Trans_Num",
    "Trigger_Number",
    "GraceID",
    "run_id",
    "event_id",
    "Rev",
    "Event_Date",
    "Burst_TJD",
    "Burst_SOD",
    "Event_TJD",
    "Event_SOD",
    "Coords_Type",
    "FAR",
    "Significant",
    "Most_Likely_Index",
    "Most_Likely_Prob",
    "Inten_Sigma",
    "Time_Scale",
    "src_error_90",
    "src_err_90",
    "private",
    "Test_mpos",
    "Pkt_Ser_Num",
    "LocationMap_URL",
    "HealPix_URL",
    "energy",
    "signalness",
    "Duration",
]
VALUES = st.one_of(
    st.sampled_from(["0", "-1", "99999", "1e999", "nan", "true", "0x10", "S230518h", "20735", "36000.5", "", " "]),
    st.integers().map(str),
    st.floats().map(str),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12),
)
TIMES = st.one_of(
    st.sampled_from(
        ["2025-03-01T10:00:00", "2022-01--9130T00:00:00", "0001-01-01T00:00:00+14:00", "2016-12-31T23:59:60Z"]
    ),
    st.datetimes().map(datetime.isoformat),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | TIMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "superevent_id",
        "alert_type",
        "event",
        "external_coinc",
        "time_created",
        "urls",
        "id",
        "event_name",
        "trigger_time",
        "ra",
        "dec",
        "ra_dec_error",
        "alert_datetime",
        "alert_tense",
        "classification",
        "healpix_file",
        "far",
        "circularId",
        "subject",
        "createdOn",
        "data",
        "ref_ID",
        "reference",
        "event_details",
        "rate_energy_range",
        "$schema",
        "time",
        "significant",
        "instruments",
        "skymap",
        "mchirp_source",
        "properties",
    ]
)


def decode_or_refuse(payload: bytes, topic: str | None) -> Notice | None:
    try:
        return decode(payload, topic=topic)
    except NoticeError:
        return None


def assert_sound(notice: Notice | None) -> None:
    """Whatever was in it, what came out can be stored, shown and read back, and is in range."""
    if notice is None:
        return
    assert notice.notice_id or notice.is_unknown or notice.event_ids or notice.t0_utc or notice.issued_utc
    assert (notice.ra_deg is None) == (notice.dec_deg is None)
    if notice.ra_deg is not None and notice.dec_deg is not None:
        assert 0.0 <= notice.ra_deg <= 360.0
        assert -90.0 <= notice.dec_deg <= 90.0
    assert all(0.0 <= probability <= 1.0 for probability in notice.classification.values())
    json.dumps(notice_to_json(notice), allow_nan=False)
    assert_round_trip(notice)


def assert_round_trip(notice: Notice) -> None:
    record = json.loads(json.dumps(to_record(notice), allow_nan=False))
    back = from_record(record)
    assert to_record(back) == record
    if notice.skymap is None or notice.skymap.content is None:
        assert back == notice


@QUICK
@given(st.binary(max_size=400), TOPICS)
def test_no_bytes_crash_the_decoder(payload: bytes, topic: str | None) -> None:
    assert_sound(decode_or_refuse(payload, topic))


@QUICK
@given(st.binary(min_size=158, max_size=158), st.integers(0, 300), TOPICS)
def test_no_packet_crashes_the_decoder(rest: bytes, number: int, topic: str | None) -> None:
    assert_sound(decode_or_refuse(struct.pack(">i", number) + rest[:156], topic))


@QUICK
@given(st.text(max_size=300), TOPICS)
def test_no_text_notice_crashes_the_decoder(text: str, topic: str | None) -> None:
    assert_sound(decode_or_refuse(f"TITLE: GCN NOTICE\n{text}".encode(), topic))


def voevent(source: str, number: int, params: dict[str, str], iso: str, place: tuple[str, str, str]) -> bytes:
    from xml.sax.saxutils import escape, quoteattr

    lines = "".join(f"<Param name={quoteattr(name)} value={quoteattr(value)}/>" for name, value in params.items())
    ra, dec, radius = map(escape, place)
    return (
        f'<VOEvent ivorn="ivo://{source}#made-up" role="observation"><Who><Date>2025-03-01T11:00:00</Date></Who>'
        f'<What><Param name="Packet_Type" value="{number}"/>{lines}<Group name="Trigger_ID">{lines}</Group></What>'
        f"<WhereWhen><ObservationLocation><ISOTime>{escape(iso)}</ISOTime><Position2D><C1>{ra}</C1><C2>{dec}</C2>"
        f"<Error2Radius>{radius}</Error2Radius></Position2D></ObservationLocation></WhereWhen></VOEvent>"
    ).encode()


@QUICK
@given(
    st.sampled_from(SOURCES),
    st.sampled_from(NUMBERS + MORE_NUMBERS),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12),
    TIMES,
    st.tuples(VALUES, VALUES, VALUES),
    TOPICS,
)
def test_no_values_crash_any_voevent_decoder(
    source: str, number: int, params: dict[str, str], iso: str, place: tuple[str, str, str], topic: str | None
) -> None:
    assert_sound(decode_or_refuse(voevent(source, number, params, iso, place), topic))


@QUICK
@given(st.dictionaries(KEYS, JSON, max_size=10), TOPICS)
def test_no_values_crash_any_json_decoder(message: dict[str, object], topic: str | None) -> None:
    assert_sound(decode_or_refuse(json.dumps(message).encode(), topic))


@QUICK
@given(st.dictionaries(KEYS, JSON, max_size=10))
def test_no_event_crashes_the_gravitational_wave_decoder(event: dict[str, object]) -> None:
    message = {"superevent_id": "S250301x", "alert_type": "UPDATE", "event": event, "external_coinc": event}
    notice = decode(json.dumps(message).encode())
    assert notice.event_ids == ("S250301x",)
    assert_sound(notice)


WORDS = st.text(min_size=1, max_size=20)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
NOTICES = st.builds(
    Notice,
    stream=WORDS,
    notice_type=WORDS,
    notice_id=WORDS,
    event_ids=st.lists(WORDS, max_size=3).map(tuple),
    role=st.sampled_from(Role),
    phase=st.none() | st.sampled_from(Phase),
    messenger=st.none() | st.sampled_from(Messenger),
    is_test=st.booleans(),
    is_retraction=st.booleans(),
    is_stale=st.booleans(),
    t0_utc=MOMENTS,
    issued_utc=MOMENTS,
    ra_deg=st.none() | FINITE,
    far_hz=st.none() | FINITE,
    classification=st.dictionaries(WORDS, FINITE, max_size=3),
    skymap=st.none() | st.builds(SkyMapReference, url=st.none() | WORDS, content_sha256=st.none() | WORDS),
    references=st.lists(WORDS, max_size=3).map(tuple),
    labels=st.frozensets(WORDS, max_size=3),
    dropped_fields=st.lists(WORDS, max_size=3).map(tuple),
    details=st.dictionaries(WORDS, st.booleans() | st.integers() | FINITE | WORDS, max_size=4),
)


@QUICK
@given(NOTICES)
def test_a_notice_survives_its_record(notice: Notice) -> None:
    assert_round_trip(notice)


@QUICK
@given(st.binary(min_size=1, max_size=50))
def test_a_sky_maps_digest_survives_without_its_bytes(content: bytes) -> None:
    skymap = SkyMapReference(content=content)
    notice = Notice(stream="s", notice_type="t", notice_id="n", skymap=skymap)
    back = from_record(json.loads(json.dumps(to_record(notice)))).skymap
    assert back is not None
    assert back.sha256 == skymap.sha256
    assert back.content is None
