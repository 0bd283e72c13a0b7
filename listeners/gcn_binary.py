"""GCN Classic binary packets: 160 bytes, 40 big-endian 32-bit integers. Type, time and identifier are read.

The poorest of GCN's three forms; positions and errors are scaled differently from type to type and are left to the
VOEvent of the same notice. Word 0 is the type, 4 the trigger number, 5 the truncated Julian day, 6 the second of the
day in 1/100 s.

References
----------
https://gcn.gsfc.nasa.gov/sock_pkt_def_doc.html
"""

import struct

from listeners.notices.fermi_gbm import TEST_TRIGGER
from listeners.notices.gecam_calet import GECAM_FIRST_TEST
from listeners.reading import Reading
from listeners.times import from_tjd
from listeners.voevent_types import TEST_NUMBERS, find_gcn_type

PACKET_BYTES = 160
_WORDS = struct.Struct(">40i")
_HIGHEST_TYPE = 1000
#: INTEGRAL and Swift pack two numbers into the trigger word: the low bits are the trigger.
_TRIGGER_BITS = {"integral": 0xFFFF, "swift": 0xFFFFFF}
#: Words of these types have no trigger number where the others do.
_WITHOUT_TRIGGER = frozenset({"lvc_voevent"})
#: GECAM counts the second of the day in 1/10000 s, the others in 1/100 s.
_TICKS_PER_S = {"gecam": 10000.0}
_INTEGRAL_TESTS = frozenset({0, 234})


def is_gcn_packet(payload: bytes) -> bool:
    """Whether the bytes are a GCN binary packet: their length, and a small number in the first word."""
    return len(payload) == PACKET_BYTES and payload[:2] == b"\0\0"


def read_binary(payload: bytes, reading: Reading) -> None:
    """Read a binary packet."""
    words = _WORDS.unpack(payload)
    number, trigger = words[0], words[4]
    reading.is_public_source = True
    reading.details["format"] = "binary"
    reading.details["packet_type"] = number
    reading.details["packet_serial"] = words[1]
    kind = find_gcn_type(number) if 0 < number < _HIGHEST_TYPE else None
    if kind is not None:
        reading.stream, reading.notice_type, reading.messenger = kind.stream, kind.name, kind.messenger
        reading.phase = kind.phase
        reading.detail("time_is_at", kind.time_is_at)
        if kind.name.endswith("_INTERNAL"):
            reading.labels.add("fermi_internal")
    reading.t0_utc = from_tjd(words[5], words[6] / _TICKS_PER_S.get(reading.stream, 100.0))
    if trigger != -1 and reading.stream not in _WITHOUT_TRIGGER:
        trigger &= _TRIGGER_BITS.get(reading.stream, -1)
        reading.identify(str(trigger))
    _judge(number, trigger, reading)
    reading.dropped.extend(f"word_{index}" for index in range(7, 39) if words[index] != 0)


def _judge(number: int, trigger: int, reading: Reading) -> None:
    if number in TEST_NUMBERS:
        reading.test(f"packet type {number}")
    if trigger == TEST_TRIGGER:
        reading.test(f"trigger number {TEST_TRIGGER}")
    if reading.stream == "gecam" and trigger >= GECAM_FIRST_TEST:
        reading.test(f"trigger number {trigger} is a test's")
    if reading.stream == "integral" and number != 51 and trigger in _INTEGRAL_TESTS:
        reading.test(f"trigger number {trigger}")
