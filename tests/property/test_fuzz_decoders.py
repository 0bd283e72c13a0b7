"""Twenty thousand inputs for each decoder, a million in all: a notice, or a reason to refuse it, within a second.

Inputs are made from the specimens under tests/golden and from messages of the other formats. With TOCSIN_LONG=short,
one in twenty of them. A failure names seed, number and bytes of the input.
"""

import json
import resource
import signal
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random
from time import process_time
from types import FrameType

import pytest
from fuzz_mutations import AVRO, BYTES, JSON, PACKET, XML, Mutation, avro_block, avro_container, mutate

from listeners import json_types, voevent_types
from listeners.decode import decode
from listeners.record import from_record, to_record
from listeners.render import notice_to_json
from tocsin.domain.errors import NoticeError

pytestmark = pytest.mark.long

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
INPUTS = 20_000
SHORT = 0.05
SLOWEST_S = 1.0
HANGS_S = 5.0
MOST_GROWTH_KIB = 64 * 1024
#: Every so many inputs what was decoded is also written, stored and read back.
EVERY = 4


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A notice to be mutated, and the topic it comes on."""

    payload: bytes
    topic: str | None = None


@dataclass(frozen=True, kw_only=True)
class Family:
    """One decoder, with what it is fed."""

    name: str
    specimens: tuple[Specimen, ...]
    mutations: tuple[Mutation, ...]


def read_case(case: Path) -> Specimen:
    topic = case / "topic.txt"
    payload = next(case.glob("notice.*")).read_bytes()
    return Specimen(payload=payload, topic=topic.read_text().strip() if topic.exists() else None)


def golden_families() -> Iterator[Family]:
    """A family for each function that reads a type of notice, with all specimens of the types it reads."""
    cases: dict[str, list[Path]] = {}
    for path in sorted(GOLDEN.glob("*/*/notice.*")):
        cases.setdefault(path.parent.parent.name, []).append(path.parent)
    for kinds, mutations in ((voevent_types.TYPES, XML), (json_types.TYPES, JSON)):
        readers = {kind.read: f"{kind.read.__module__.rpartition('.')[2]}.{kind.read.__name__}" for kind in kinds}
        for read, name in readers.items():
            types = {kind.name.replace("/", "_") for kind in kinds if kind.read is read}
            found = tuple(read_case(case) for folder in sorted(types & cases.keys()) for case in cases[folder])
            yield Family(name=name, specimens=found, mutations=mutations)


# Formats of which tests/golden has no specimen

TEXT_NOTICE = """TITLE:            GCN/SPECIMEN NOTICE
NOTICE_DATE:      Tue 06 May 31 07:08:09 UT
NOTICE_TYPE:      Made-up Position
TRIGGER_NUM:      957423970,   Seg_Num: 0
GRB_RA:           201.500d {+13h 26m 00s} (J2000),
                  201.902d {+13h 27m 36s} (current)
GRB_DEC:          -12.250d {-12d 15' 00"} (J2000)
GRB_ERROR:        8.40 [deg radius, statistical only]
GRB_DATE:         22992 TJD;   126 DOY;   31/05/06
GRB_TIME:         25565.25 SOD {07:06:05.25} UT
COMMENTS:         The time: 10:00.
"""
STRANGER = (
    b'<?xml version="1.0"?><VOEvent ivorn="ivo://made.up/stream#1" role="observation" version="2.0"><Who><AuthorIVORN>'
    b'ivo://made.up</AuthorIVORN><Date>2031-05-06T07:06:05</Date></Who><What><Param name="Packet_Type" value="999"/>'
    b'<Group name="a b"><Param name="Test" value="false"/></Group></What><WhereWhen><ObservationLocation><ISOTime>'
    b"2031-05-06T07:06:05Z</ISOTime><C1>10.0</C1><C2>-5.0</C2><Error2Radius>1</Error2Radius></ObservationLocation>"
    b'</WhereWhen><Citations><EventIVORN cite="retraction">ivo://made.up/stream#0</EventIVORN></Citations></VOEvent>'
)
ALERT = avro_block(b"PRELIMINARY", b"2031-05-06T07:06:35Z", b"MS310506a")


def packets() -> Iterator[Specimen]:
    for number in range(1, 240):
        words = [number, 1, 0, 2556525, 957423970, 22992, 2556525, 2015000, -122500, 117] + [0] * 29 + [10]
        yield Specimen(payload=struct.pack(">40i", *words))


def other_families() -> Iterator[Family]:
    topics = (
        None,
        "gcn.classic.text.FERMI_GBM_FLT_POS",
        "gcn.classic.text.SWIFT_BAT_GRB_POS_ACK",
        "gcn.classic.text.UNKNOWN",
    )
    texts = tuple(Specimen(payload=TEXT_NOTICE.encode(), topic=topic) for topic in topics)
    yield Family(name="gcn_text", specimens=texts, mutations=BYTES)
    yield Family(name="gcn_binary", specimens=tuple(packets()), mutations=PACKET)
    codecs = (b"null", b"deflate")
    alerts = tuple(Specimen(payload=avro_container(ALERT, codec=codec), topic="igwn.gwalert") for codec in codecs)
    yield Family(name="avro", specimens=alerts, mutations=AVRO)
    strangers = tuple(Specimen(payload=STRANGER, topic=topic) for topic in (None, "gcn.classic.voevent.UNKNOWN"))
    yield Family(name="unknown_voevent", specimens=strangers, mutations=XML)
    json_topics = (None, "gcn.notices.nobody.alert", "gcn.notices.swift.bat.guano", "gcn.circulars", "sysadmin.avro")
    messages = (
        b'{"id": ["1"], "ra": 1.0, "dec": 2.0, "trigger_time": "2031-05-06T07:06:05Z", "data": {"far": 1e-9}}',
        b"[{}]",
    )
    both = tuple(Specimen(payload=payload, topic=topic) for payload, topic in product(messages, json_topics))
    yield Family(name="unknown_json", specimens=both, mutations=JSON)


FAMILIES = (*golden_families(), *other_families())
#: Inputs that came back from each decoder, by its name: counted one by one, for the last test.
FED: Counter[str] = Counter()


@pytest.fixture(scope="session")
def inputs(effort: float) -> int:
    return INPUTS if effort == 1.0 else round(INPUTS * SHORT)


def say_it_hangs(_number: int, _frame: FrameType | None) -> None:
    pytest.fail(f"no answer within {HANGS_S:g} s of work")


@pytest.fixture
def _watchdog() -> Iterator[None]:
    """Ends a decoder that does not come back; it counts work, not waiting for a busy machine."""
    before = signal.signal(signal.SIGPROF, say_it_hangs)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0.0)
    signal.signal(signal.SIGPROF, before)


def check(specimen: Specimen, *, is_thorough: bool) -> bool:
    """Whether a notice came of it; anything but a notice or a `NoticeError` is a fault."""
    try:
        notice = decode(specimen.payload, topic=specimen.topic)
    except NoticeError:
        return False
    if is_thorough:
        json.dumps(notice_to_json(notice), allow_nan=False).encode()
        record = json.loads(json.dumps(to_record(notice), allow_nan=False))
        assert to_record(from_record(record)) == record
    return True


@pytest.mark.usefixtures("_watchdog")
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_mutation_crashes_hangs_or_fills_the_memory(
    family: Family, inputs: int, record_property: Callable[[str, object], None]
) -> None:
    random, decoded, slowest_s = Random(family.name), 0, 0.0
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(inputs):
        specimen = random.choice(family.specimens)
        payload = mutate(specimen.payload, family.mutations, random)
        signal.setitimer(signal.ITIMER_PROF, HANGS_S)
        begun_s = process_time()
        try:
            decoded += check(Specimen(payload=payload, topic=specimen.topic), is_thorough=number % EVERY == 0)
        except Exception as error:  # noqa: BLE001 - whatever it is, the input is to be shown
            pytest.fail(f"{family.name}, input {number}: {error!r} of {payload[:2000]!r}, topic {specimen.topic}")
        FED[family.name] += 1
        slowest_s = max(slowest_s, process_time() - begun_s)
        assert slowest_s < SLOWEST_S, f"input {number} took {slowest_s:.2f} s: {payload[:2000]!r}"
    growth_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    for name, value in (
        ("inputs", inputs),
        ("decoded", decoded),
        ("slowest_s", slowest_s),
        ("growth_kib", growth_kib),
        ("peak_kib", before_kib + growth_kib),
    ):
        record_property(name, value)
    assert growth_kib < MOST_GROWTH_KIB
    assert decoded > inputs / 10, "mutations that nothing survives test the door, not the decoder"


def test_a_million_inputs_were_decoded_and_every_decoder_was_fed(inputs: int) -> None:
    assert [family.name for family in FAMILIES if not family.specimens] == []
    missing = [family.name for family in FAMILIES if family.name not in FED]
    if missing:
        pytest.skip(f"not run here: {', '.join(missing)}")
    assert min(FED.values()) >= inputs
    if inputs == INPUTS:
        assert min(FED.values()) >= 20_000
        assert sum(FED.values()) >= 1_000_000
