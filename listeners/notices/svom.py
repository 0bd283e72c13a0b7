"""SVOM by VOEvent over Kafka: GRM, ECLAIRs and MXT, slews and retractions.

Numbers are SVOM's own, not GCN's. Times of MXT notices are those of its exposure, up to an hour after the burst. A
retraction may carry another time and position than what it retracts. A GRM trigger has no position, or one with
radius -1: no radius.

References
----------
https://gcn.nasa.gov/missions/svom .
"""

from listeners.classic import Reader, VoEventType, read_pointing
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

_TEXTS = (
    ("Instrument", "instruments"),
    ("Svom_Identifiers/Notice_Level", "notice_level"),
    ("Detection_Info/Trigger_Type", "trigger_type"),
    ("Detection_Info/Triggered_GRDs", "detectors"),
    ("Detection_Info/Time_Window_Start", "window_start_utc"),
    ("Detection_Info/Time_Window_End", "window_stop_utc"),
    ("Svom_Identifiers/Alert_Seq_T0", "sequence_t0_utc"),
    ("Target_Info/Source_Name", "source_name"),
    ("Satellite_Info/Slew_Status", "slew_status"),
)
_NUMBERS = (
    ("Detection_Info/Timescale", "time_scale_s"),
    ("Detection_Info/Lower_Energy_Bound", "energy_low_kev"),
    ("Detection_Info/Upper_Energy_Bound", "energy_high_kev"),
)


def read_notice(document: VoEvent, reading: Reading) -> None:
    """Read any of SVOM's notices; fluxes are left out, their unit is not what is printed."""
    params = document.params
    reading.identify(params.text("Svom_Identifiers/Burst_Id"))
    params.expect("Svom_Identifiers/Burst_Id")
    reading.signal_to_noise = params.number("Detection_Info/SNR")
    for name, detail in _TEXTS:
        reading.detail(detail, params.text(name))
    for name, detail in _NUMBERS:
        reading.detail(detail, params.number(name))
    read_pointing(params, reading, "Satellite_Info/Attitude_Ra", "Satellite_Info/Attitude_Dec")


def read_follow_up(document: VoEvent, reading: Reading) -> None:
    """Read a notice of the X-ray telescope, whose time is its exposure's."""
    read_notice(document, reading)
    reading.details["t0_is"] = "exposure"


def read_retraction(document: VoEvent, reading: Reading) -> None:
    """Read a retraction."""
    read_notice(document, reading)
    reading.is_retraction = True


def _svom(number: int, name: str, read: Reader, phase: Phase, messenger: Messenger) -> VoEventType:
    return VoEventType(
        number=number,
        name=name,
        stream="svom",
        read=read,
        messenger=messenger,
        phase=phase,
        error_containment=0.9,
        time_is_at="svom",
    )


TYPES = (
    _svom(201, "grm-trigger", read_notice, Phase.INITIAL, Messenger.GAMMA_RAY),
    _svom(202, "eclairs-wakeup", read_notice, Phase.INITIAL, Messenger.GAMMA_RAY),
    _svom(203, "eclairs-catalog", read_notice, Phase.INITIAL, Messenger.GAMMA_RAY),
    _svom(204, "slewing", read_notice, Phase.UPDATE, Messenger.GAMMA_RAY),
    _svom(205, "not-slewing", read_notice, Phase.UPDATE, Messenger.GAMMA_RAY),
    _svom(209, "mxt-initial", read_follow_up, Phase.UPDATE, Messenger.X_RAY),
    _svom(210, "mxt-update", read_follow_up, Phase.UPDATE, Messenger.X_RAY),
    _svom(219, "retraction", read_retraction, Phase.RETRACTION, Messenger.GAMMA_RAY),
)
