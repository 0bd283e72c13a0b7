"""What else GCN sends by VOEvent: counterparts, coincidences, microlensing, test coordinates, pointings.

Of a counterpart of a superevent (154) no packet is to be had: envelope, position and identifiers are read, the rest is
named as dropped.
"""

from listeners.classic import Reader, VoEventType, is_mission_id
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase


def read_trigger(document: VoEvent, reading: Reading) -> None:
    """Read the trigger number, and who saw it where that is said."""
    params = document.params
    trigger = params.integer("TrigID")
    if is_mission_id(trigger):
        reading.identify(str(trigger))
    reading.detail("telescope", params.text("Telescope"))
    reading.detail("submitter", params.text("Submitter"))
    reading.detail("superevent_id", params.text("GraceID"))


def _type(
    number: int, name: str, stream: str, *, read: Reader = read_trigger, messenger: Messenger | None = None
) -> VoEventType:
    return VoEventType(
        number=number,
        name=name,
        stream=stream,
        read=read,
        messenger=messenger,
        phase=Phase.UPDATE if name.endswith(("_CNTRPART", "_COUNTERPART")) else None,
        is_test=name.startswith(("TEST_", "HETE_TEST")),
    )


TYPES = (
    _type(2, "TEST_COORDS", "gcn_test"),
    _type(44, "HETE_TEST", "hete"),
    _type(45, "GRB_CNTRPART", "counterpart", messenger=Messenger.OPTICAL),
    _type(129, "FERMI_POINTDIR", "fermi"),
    _type(139, "MOA", "moa", messenger=Messenger.OPTICAL),
    _type(145, "COINCIDENCE", "coincidence"),
    _type(154, "LVC_COUNTERPART", "counterpart"),
)
