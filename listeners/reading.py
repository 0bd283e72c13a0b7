"""What a decoder has read so far, and the rules that hold for every stream: tests, staleness, labels.

A decoder fills a `Reading`; `finish` makes the `Notice` of it. Whether a notice is a test is decided here, once, by the
notice's content and topic; nothing here looks at the wall clock.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import DetailValue, Messenger, Notice, Phase, Role, SkyMapReference

#: A notice whose event is older than this, counted from the notice's own issue, is stale.
STALE_AFTER = timedelta(days=30)
#: A T0 further after the issue than this is corrupt; up to here it is legal, as of early warnings. Tests keep theirs.
LATEST_AFTER_ISSUE = timedelta(hours=1)

#: Superevent names of mock and test events.
MOCK_SUPEREVENT = re.compile(r"^(MS|TS|M|T)[0-9]")
_TEST_TENSES = frozenset({"test", "injection", "injections", "commanded", "archival", "planned"})
_TEST_TOPICS = frozenset({"gcn.classic.voevent.UNKNOWN", "gcn.classic.text.UNKNOWN", "gcn.classic.binary.UNKNOWN"})
_TEST_BROKERS = ("test.gcn.nasa.gov", "dev.gcn.nasa.gov")
_PUBLIC_TOPICS = ("gcn.classic.", "gcn.notices.", "gcn.circulars", "gcn.heartbeat", "igwn.gwalert")


@dataclass(slots=True, kw_only=True)
class Reading:
    """What a decoder has read so far; the fields are those of `Notice`.

    Parameters
    ----------
    is_public_source
        The source is one whose every notice is public; notices of other sources are labelled ``private``.
    test_reasons
        Why it is a test; empty: it is none.
    trusts_issue_time
        The time of issue is a machine's: a T0 that lies well after it is corrupt.
    """

    stream: str = "unknown"
    notice_type: str = "unknown"
    notice_id: str = ""
    event_ids: list[str] = field(default_factory=list)
    role: Role = Role.OBSERVATION
    phase: Phase | None = None
    messenger: Messenger | None = None
    is_retraction: bool = False
    t0_utc: datetime | None = None
    issued_utc: datetime | None = None
    ra_deg: float | None = None
    dec_deg: float | None = None
    error_radius_deg: float | None = None
    error_containment: float | None = None
    far_hz: float | None = None
    signal_to_noise: float | None = None
    classification: dict[str, float] = field(default_factory=dict)
    skymap: SkyMapReference | None = None
    references: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    dropped: list[str] = field(default_factory=list)
    details: dict[str, DetailValue] = field(default_factory=dict)
    is_public_source: bool = False
    test_reasons: list[str] = field(default_factory=list)
    trusts_issue_time: bool = False

    def detail(self, name: str, value: DetailValue | None) -> None:
        """Keep a further value, unless there is none."""
        if value is not None:
            self.details[name] = value

    def identify(self, *names: str | None) -> None:
        """Add identifiers of the event, each once, in order."""
        for name in names:
            if name and name not in self.event_ids:
                self.event_ids.append(name)

    def place(self, ra_deg: float | None, dec_deg: float | None) -> bool:
        """Take a source position; False (and no position) for placeholders and values off the sphere.

        0, 0 and -1, -1 are placeholders as a pair only: a declination of exactly 0 is a real one.
        """
        if ra_deg is None or dec_deg is None or (ra_deg, dec_deg) in {(0.0, 0.0), (-1.0, -1.0)}:
            return False
        if not (-360.0 <= ra_deg <= 360.0 and -90.0 <= dec_deg <= 90.0):
            return False
        self.ra_deg, self.dec_deg = ra_deg % 360.0 % 360.0, dec_deg  # twice: -1e-17 % 360 is 360
        return True

    def classify(self, name: str, probability: float | None) -> None:
        """Keep the probability of a class, if it is one."""
        if probability is not None and 0.0 <= probability <= 1.0:
            self.classification[name] = probability

    def test(self, reason: str) -> None:
        """Note a reason why this is a test."""
        self.test_reasons.append(reason)

    def judge_tense(self, tense: str | None) -> None:
        """Take the unified schema's ``alert_tense``."""
        if tense is None:
            return
        self.details["alert_tense"] = tense
        if tense.lower() in _TEST_TENSES:
            self.test(f"alert_tense is {tense}")


def finish(reading: Reading, *, topic: str | None, origin: str | None) -> Notice:
    """Notice made from a reading, by the rules that hold for every stream.

    Raises
    ------
    NoticeError
        A notice of a known type has neither identifier nor time.
    """
    is_known = reading.notice_type != "unknown"
    if is_known and not reading.event_ids and reading.t0_utc is None and reading.issued_utc is None:
        raise NoticeError(f"a {reading.notice_type} with neither identifier nor time")
    if reading.far_hz is not None and reading.far_hz < 0.0:
        reading.far_hz = None
        reading.dropped.append("FAR")
    _judge_time(reading)
    _judge_place_of_origin(reading, topic, origin)
    if reading.is_retraction:
        reading.phase = Phase.RETRACTION
    if reading.test_reasons:
        reading.details["test_reason"] = "; ".join(dict.fromkeys(reading.test_reasons))
    return Notice(
        stream=reading.stream,
        notice_type=reading.notice_type,
        notice_id=reading.notice_id,
        event_ids=tuple(reading.event_ids),
        role=reading.role,
        phase=reading.phase,
        messenger=reading.messenger,
        is_test=bool(reading.test_reasons),
        is_retraction=reading.is_retraction,
        is_stale=_is_stale(reading),
        t0_utc=reading.t0_utc,
        issued_utc=reading.issued_utc,
        ra_deg=reading.ra_deg,
        dec_deg=reading.dec_deg,
        error_radius_deg=reading.error_radius_deg,
        error_containment=reading.error_containment,
        far_hz=reading.far_hz,
        signal_to_noise=reading.signal_to_noise,
        classification=reading.classification,
        skymap=reading.skymap,
        references=tuple(reading.references),
        labels=frozenset(reading.labels),
        dropped_fields=tuple(dict.fromkeys(reading.dropped)),
        details=reading.details,
    )


def _judge_time(reading: Reading) -> None:
    t0, issued = reading.t0_utc, reading.issued_utc
    if t0 is None or issued is None or t0 - issued <= LATEST_AFTER_ISSUE:
        return
    if reading.trusts_issue_time and not reading.test_reasons:
        reading.t0_utc = None
        reading.dropped.append("ISOTime")
        reading.details.pop("t0_from", None)
    else:
        reading.details["is_t0_after_issue"] = True


def _is_stale(reading: Reading) -> bool:
    t0, issued = reading.t0_utc, reading.issued_utc
    return t0 is not None and issued is not None and issued - t0 > STALE_AFTER


def _judge_place_of_origin(reading: Reading, topic: str | None, origin: str | None) -> None:
    """Tests and labels that follow from where a notice came from; an unknown source is private."""
    if topic is not None:
        if topic in _TEST_TOPICS or ".test." in topic or topic.endswith(".test"):
            reading.test(f"topic {topic}")
        if topic.endswith("_INTERNAL"):
            reading.labels.add("fermi_internal")
        if "antares" in topic.lower():
            reading.labels.add("antares")
    if origin is not None and any(broker in origin for broker in _TEST_BROKERS):
        reading.test(f"broker {origin}")
    if reading.labels:
        return
    is_public = reading.is_public_source if topic is None else topic.startswith(_PUBLIC_TOPICS)
    if not is_public:
        reading.labels.add("icecube" if reading.stream.startswith("icecube") else "private")
