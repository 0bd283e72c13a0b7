"""Every real notice of the sample index, against what an independent extractor read in it.

Where the two differ and the notice itself is right, the file stands in `THE_NOTICE_IS_RIGHT` with field and reason.
"""

import base64
import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from listeners.decode import decode
from listeners.notices.fermi_gbm import CLASSES
from listeners.times import parse_time
from tocsin.domain.notices import Notice, Phase

_LAT_2026 = "ISOTime is good to a minute; the trigger's mission time, within that minute, is good to a second"
_CALLED_TEST = "alert_tense archival is no observation to wake anybody for"
#: File (or folder) to the fields in which the index is wrong, and why.
THE_NOTICE_IS_RIGHT: Mapping[str, Mapping[str, str]] = {
    "fermi_gbm_subthresh/Fermi_GBM_SubThresh_2018-06-19T03_57_20.00_551073445_0-725.xml": {
        "event_time": "the fraction .999999 was printed as .100; Trans_SOD and the map's name say 14240.999999",
    },
    **{
        f"fermi_lat/LAT_{name}_Pos_2026-01--9130T00_00_00.00_793795104_0-{serial}.xml": {"event_time": _LAT_2026}
        for name, serial in (
            ("Initial", "086"),
            ("Updated", "094"),
            ("Updated", "095"),
            ("Updated", "096"),
            ("Updated", "100"),
            ("Updated", "101"),
            ("Updated", "102"),
            ("Final", "134"),
        )
    },
    "other/GRO_Test_Pos_2019-05-17T04_38_25.00_000017-694.xml": {"event_id": "TrigID -1 means none, as in IPN_RAW"},
    "other/HESS_test_event.xml": {"role": "'observe' is no role of VOEvent: named as dropped, taken as observation"},
    "vtp/kill_socket.xml": {
        "is_test": "packet type 4 is a control packet, in the list of types that never are observations",
        "role": "a control packet is a utility, whatever it says",
        "notice": "it has neither identifier nor time and is no alert: kept as unknown",
    },
    "classic_binary/GECAM_FLT.bin": {"event_time": "GECAM counts 1/10000 s: 13:01:22.55, a minute before the packet"},
    "classic_binary/GECAM_GND.bin": {"event_time": "GECAM counts 1/10000 s"},
    "classic_binary/UNKNOWN.bin": {"notice": "type 159 is AMON's test; UNKNOWN is only its topic"},
    "schema_examples/boom_alert.example.json": {
        "event_id": "the one target is named, below the top level",
        "notice_time": "alert_datetime is there",
        "ra": "of the one target",
        "dec": "of the one target",
        "notice": "named by its schema",
    },
    "schema_examples/circulars.example.json": {"notice_time": "createdOn is milliseconds since 1970"},
    "schema_examples/maxi_gsc.unknown.rectangle.example.json": {
        "err_deg": "the corners reach 1.24 deg from the centre"
    },
    "schema_examples/heasarc_archive_alert.example.json": {
        "is_test": _CALLED_TEST,
        "notice_time": "alert_datetime is there",
        "notice": "named by its schema",
    },
}
#: Folders of samples that are no streams.
MIXED_FOLDERS = frozenset({"schema_examples", "classic_binary", "vtp", "duplicate_ivorn", "other"})
#: Streams this service reacts to first: no difference but the ones named may be in them.
FIRST_STREAMS = frozenset(
    {
        "igwn_gwalert",
        "lvc_voevent",
        "icecube_classic",
        "fermi_gbm",
        "fermi_gbm_subthresh",
        "integral",
        "konus_ipn",
        "antares",
    }
)
Row = dict[str, str]


def rows_of(samples: Path) -> list[Row]:
    with (samples / "alerts" / "INDEX.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def decode_row(samples: Path, row: Row) -> Notice:
    topic = row["topic"] if row["topic"] and not set("( ") & set(row["topic"]) else None
    return decode((samples / "alerts" / row["file"]).read_bytes(), topic=topic)


def time_differs(expected: str, found: object, tolerance_s: float = 0.01) -> bool:
    moment = parse_time(expected)
    if moment is None or found is None:
        return (moment is None) != (found is None)
    return abs((moment - found).total_seconds()) > tolerance_s  # type: ignore[operator]


def number_differs(expected: str, found: float | None, tolerance: float) -> bool:
    if expected.startswith("["):  # axes of an ellipse: the larger is its radius
        axes = [float(axis) for axis in expected.strip("[]").split(",")]
        expected = str(max(axes[:2]))
    if not expected or found is None:
        return bool(expected) != (found is not None)
    return abs(float(expected) - found) > tolerance


def containment_differs(expected: str, notice: Notice) -> bool:
    """Whether the share within the error radius is another; ``68% stat`` and ``0.9`` are both in the index."""
    stated = re.match(r"([0-9.]+)(%?)", expected)
    if stated is None or notice.error_radius_deg is None:
        return False
    return abs(float(stated[1]) / (100.0 if stated[2] else 1.0) - (notice.error_containment or 0.0)) > 1e-6


def class_differs(expected: str, notice: Notice) -> bool:
    """Whether the most likely class is another: ``4:93%`` is GBM's number and probability, else GECAM's word."""
    stated = re.match(r"(\d+):(\d+)%$", expected)
    if stated is None:
        return bool(expected) and expected != notice.details.get("source_class")
    name, share = max(notice.classification.items(), key=lambda pair: pair[1])
    return CLASSES[int(stated[1])] != name or abs(share - int(stated[2]) / 100.0) > 1e-6


def phase_differs(expected: str, notice: Notice) -> bool:
    """Whether LVK's alert type is told otherwise; elsewhere the column holds words of many kinds."""
    word = re.sub(r"[^a-z]", "", expected.lower())
    known = {phase.value.replace("_", ""): phase for phase in Phase}
    is_lvk = notice.stream in {"igwn_gwalert", "lvc_voevent"}
    return is_lvk and word in known and notice.phase is not known[word]


def differences(row: Row, notice: Notice) -> set[str]:
    """Names of the fields in which notice and index differ."""
    event_id = row["event_id"].strip('[]"').split('"')[0]
    far_tolerance = 1e-6 * float(row["far_hz"] or 0.0)
    found = {
        "event_time": time_differs(row["event_time"], notice.t0_utc),
        "notice_time": time_differs(row["notice_time"], notice.issued_utc),
        "event_id": event_id != (notice.event_ids[0] if notice.event_ids else ""),
        "ra": number_differs(row["ra"], notice.ra_deg, 1e-4),
        "dec": number_differs(row["dec"], notice.dec_deg, 1e-4),
        "err_deg": number_differs(row["err_deg"], notice.error_radius_deg, 1e-4),
        "far_hz": number_differs(row["far_hz"], notice.far_hz, far_tolerance),
        "is_test": bool(row["is_test"]) and (row["is_test"] == "True") != notice.is_test,
        "is_retraction": bool(row["is_retraction"]) and (row["is_retraction"] == "True") != notice.is_retraction,
        "role": bool(row["role"]) and row["role"] != notice.role,
        "ivorn": bool(row["ivorn"]) and row["ivorn"] != notice.notice_id,
        "notice": bool(row["notice"]) and row["notice"] != notice.notice_type,
        "stream": row["stream"] not in MIXED_FOLDERS and row["stream"] != notice.stream,
        "significant": bool(row["significant"])
        and (row["significant"] in {"1", "True"}) != notice.details.get("significant"),
        "containment": containment_differs(row["containment"], notice),
        "class": class_differs(row["class"], notice),
        "alert_type": phase_differs(row["alert_type"], notice),
        "packet_type": bool(row["packet_type"]) and row["packet_type"] != str(notice.details.get("packet_type")),
        "rev": bool(row["rev"]) and int(row["rev"]) != notice.details.get("rev"),
    }
    if row["stream"] == "classic_binary":  # the index has types and times of these only
        found["event_id"] = False
    return {name for name, differs in found.items() if differs}


@pytest.mark.samples
def test_every_real_notice_agrees_with_the_index_or_is_right_against_it(samples: Path) -> None:
    wrong = {}
    for row in rows_of(samples):
        excused = set(THE_NOTICE_IS_RIGHT.get(row["file"], {}))
        found = differences(row, decode_row(samples, row))
        if found != excused:
            wrong[row["file"]] = sorted(found ^ excused)
    assert wrong == {}


@pytest.mark.samples
def test_containment_is_what_the_index_says_it_is(samples: Path) -> None:
    levels = {"90%": 0.9, "0.9": 0.9, "68% stat": 0.68, "68%": 0.68, "0.68": 0.68}
    for row in rows_of(samples):
        notice = decode_row(samples, row)
        if row["containment"] and notice.error_containment is not None:
            assert notice.error_containment == levels[row["containment"]], row["file"]


@pytest.mark.samples
def test_the_first_streams_lose_no_expected_field(samples: Path) -> None:
    """What a decoder expects of its type is there in every real notice, but for what is really missing."""
    missing = set()
    for row in rows_of(samples):
        if row["stream"] in FIRST_STREAMS:
            notice = decode_row(samples, row)
            lost = {"Date", "ISOTime", "role", "Position2D", "TrigID", "FAR", "event", "superevent_id", "run_id"}
            missing |= {(row["notice"], name) for name in lost.intersection(notice.dropped_fields)}
    # A TrigID of -1 is what the IPN's packets have.
    assert missing <= {("IPN_RAW", "TrigID")}


@pytest.mark.samples
def test_events_long_past_are_stale_by_the_notices_own_time(samples: Path) -> None:
    stale = {row["file"] for row in rows_of(samples) if decode_row(samples, row).is_stale}
    assert "swift/SWIFT_BAT_Scaledmap_-00001-044.xml" in stale
    assert "fermi_gbm/Fermi_GBM_Alert_2022-01--4918T11_09_20.47_237726561_1-609.xml" in stale
    assert "konus_ipn/IPN_Raw_2022-01-00T07_00_30.49_-00001-878.xml" not in stale


@pytest.mark.samples
def test_the_same_ivorn_with_other_content_is_another_notice(samples: Path) -> None:
    folder = samples / "alerts" / "duplicate_ivorn"
    first, second = (decode(path.read_bytes()) for path in sorted(folder.glob("INTEGRAL*")))
    assert first.notice_id == second.notice_id
    assert first.t0_utc != second.t0_utc


@pytest.mark.samples
def test_the_map_the_index_calls_cut_is_whole(samples: Path) -> None:
    """The index notes a cut map (132480 bytes); its 7917 pixels cover the sky and hold all the probability."""
    notice = decode((samples / "alerts" / "igwn_gwalert" / "S241004ap-preliminary.json").read_bytes())
    assert notice.skymap is not None
    assert notice.skymap.content is not None
    assert len(notice.skymap.content) == 132480
    assert "event.skymap" not in notice.dropped_fields


@pytest.mark.samples
def test_a_sky_map_cut_off_anywhere_costs_only_itself(samples: Path) -> None:
    message = json.loads((samples / "alerts" / "igwn_gwalert" / "S241102br-update.json").read_bytes())
    content = base64.b64decode(message["event"]["skymap"])
    for kept in (0, 100, 2880, 11520, len(content) // 2, len(content) - 2 * 2880):
        message["event"]["skymap"] = base64.b64encode(content[:kept]).decode()
        notice = decode(json.dumps(message).encode())
        assert notice.skymap is None, kept
        assert "event.skymap" in notice.dropped_fields, kept
        assert notice.event_ids == ("S241102br",)
        assert notice.far_hz == 1.14177774199959e-41


@pytest.mark.samples
def test_a_whole_sky_map_is_kept_with_its_bytes(samples: Path) -> None:
    notice = decode((samples / "alerts" / "igwn_gwalert" / "S241102br-update.json").read_bytes())
    assert notice.skymap is not None
    assert notice.skymap.content is not None
    assert notice.skymap.content.startswith(b"SIMPLE  =")
    assert notice.details["distance_mpc"] == pytest.approx(364.01, abs=0.01)  # DISTMEAN


@pytest.mark.samples
def test_antares_is_embargoed_by_its_content_alone(samples: Path) -> None:
    for path in (samples / "alerts" / "antares").glob("*.xml"):
        assert decode(path.read_bytes()).labels == {"antares"}
        assert "antares" in decode(path.read_bytes(), topic="gcn.classic.voevent.FERMI_GBM_ALERT").labels


@pytest.mark.samples
def test_public_streams_carry_no_label(samples: Path) -> None:
    for row in rows_of(samples):
        if row["stream"] in FIRST_STREAMS - {"antares"}:
            assert decode_row(samples, row).labels == frozenset(), row["file"]
            assert decode((samples / "alerts" / row["file"]).read_bytes()).labels == frozenset(), row["file"]
