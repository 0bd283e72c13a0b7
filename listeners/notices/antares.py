"""ANTARES neutrino alerts (TAToO): sent to partners under a memorandum, so each carries the label ``antares``."""

from listeners.classic import VoEventType
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

LABEL = "antares"


def read_alert(document: VoEvent, reading: Reading) -> None:
    """Read a TAToO alert; what probability its error circle holds is not stated."""
    params = document.params
    reading.labels.add(LABEL)
    reading.identify(params.text("TrigID"))
    reading.detail("hits", params.integer("N_Hits"))
    reading.detail("reconstruction_difference_deg", params.number("Diff_AA_BB"))
    reading.detail("p_value", params.number("pvalue"))
    reading.detail("ranking", params.integer("ranking"))
    if params.flag("isRealAlert") is False:
        reading.test("isRealAlert is false")
    params.expect("TrigID", "isRealAlert")


ALERT = VoEventType(
    number=None,
    name="ANTARES_ALERT",
    stream="antares",
    read=read_alert,
    messenger=Messenger.NEUTRINO,
    phase=Phase.INITIAL,
    time_is_at="antares",
)
