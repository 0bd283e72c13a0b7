"""The table of VOEvent types: from where a document comes and its Packet_Type to the decoder for it."""

from collections.abc import Iterable, Mapping

from listeners.classic import VoEventType, read_envelope, read_position, read_typed
from listeners.notices import (
    amon,
    antares,
    fermi_gbm,
    fermi_lat,
    gcn_misc,
    gecam_calet,
    icecube_voevent,
    integral,
    km3net_voevent,
    konus_ipn,
    lvk_voevent,
    maxi_voevent,
    supernovae,
    svom,
    swift,
)
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Role

#: Packet types that are tests, whatever else they say (imalives and test coordinates).
TEST_NUMBERS = frozenset({2, 3, 4, 44, 82, 109, 119, 124, 136, 142, 143, 153, 159})
#: Packet types by which brokers keep connections alive or end them: no observations.
CONTROL_NUMBERS = frozenset({3, 4, 142, 143})


def _by_number(*families: Iterable[VoEventType]) -> dict[int | None, VoEventType]:
    return {kind.number: kind for family in families for kind in family}


_GCN = _by_number(
    amon.TYPES,
    fermi_gbm.TYPES,
    fermi_lat.TYPES,
    gcn_misc.TYPES,
    gecam_calet.TYPES,
    icecube_voevent.TYPES,
    integral.TYPES,
    konus_ipn.TYPES,
    lvk_voevent.TYPES,
    maxi_voevent.TYPES,
    supernovae.TYPES,
    swift.TYPES,
)
_SVOM = _by_number(svom.TYPES)
_GCN_BY_NAME = {kind.name: kind for kind in _GCN.values()}

#: Start of the ivorn, the types of that source by number (None: the source has one type), and whether its notices are
#: public. The first that fits counts.
_SOURCES: tuple[tuple[str, Mapping[int | None, VoEventType], bool], ...] = (
    ("ivo://nasa.gsfc.gcn/Antares", {None: antares.ALERT}, False),
    ("ivo://nasa.gsfc.gcn/", _GCN, True),
    ("ivo://gwnet/", _GCN, True),
    ("ivo://org.svom/", _SVOM, True),
    ("ivo://KM3NeT", {None: km3net_voevent.ALERT}, False),
)
#: Every type of every source.
TYPES = tuple({kind.name: kind for _, types, _ in _SOURCES for kind in types.values()}.values())
_CLASSIC_TOPIC = "gcn.classic.voevent."


def read_voevent(document: VoEvent, reading: Reading, *, topic: str | None) -> None:
    """Read a VOEvent by the decoder for its type; of an unknown type what any VOEvent has is read."""
    number = document.params.integer("Packet_Type")
    kind = _find_type(document, reading, number, topic)
    if number is not None:
        reading.details["packet_type"] = number
        if number in TEST_NUMBERS:
            reading.test(f"packet type {number}")
    if kind is not None:
        read_typed(document, kind, reading)
    else:
        _read_unknown(document, reading)
    if number in CONTROL_NUMBERS and reading.role is Role.OBSERVATION:
        reading.role = Role.UTILITY
    if "antares" in document.author.lower():
        reading.labels.add(antares.LABEL)


def find_gcn_type(number: int) -> VoEventType | None:
    """Type of GCN's with a packet number; None for unknown ones."""
    return _GCN.get(number)


def find_gcn_type_by_name(name: str) -> VoEventType | None:
    """Type of GCN's by its name, as in topics; None for unknown ones."""
    return _GCN_BY_NAME.get(name)


def _find_type(document: VoEvent, reading: Reading, number: int | None, topic: str | None) -> VoEventType | None:
    for start, types, is_public in _SOURCES:
        if document.ivorn.startswith(start):
            reading.is_public_source = is_public
            return types.get(None if None in types else number)
    if topic is not None and topic.startswith(_CLASSIC_TOPIC):
        return _GCN_BY_NAME.get(topic.removeprefix(_CLASSIC_TOPIC))
    return None


def _read_unknown(document: VoEvent, reading: Reading) -> None:
    params = document.params
    read_envelope(document, reading)
    read_position(document, reading, containment=None)
    trigger = params.text("TrigID") or params.text("Trigger_Number") or params.text("event_id")
    if trigger is not None and trigger != "-1":
        reading.identify(trigger)
    reading.dropped.extend(params.dropped())
