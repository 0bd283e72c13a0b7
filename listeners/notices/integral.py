"""INTEGRAL IBAS (2002-2025, replay only): SPI-ACS, wake-up, refined, offline and weak positions, pointing.

TrigID is the trigger number plus 65536 times a sub-number; the numbers are re-used within minutes by IBIS and by
SPI-ACS for different events, so type and time belong to the key. T0 moves along a sequence. An offline packet that
says "definitely not a GRB" is a human's retraction; its radius is negative.

References
----------
Mereghetti et al. 2003, A&A 411, L291; GCN: INTEGRAL notices, https://gcn.nasa.gov/missions/integral .
"""

from listeners.classic import Reader, VoEventType, is_mission_id, read_pointing
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

_SUB_NUMBER = 65536
#: Trigger numbers of the test packets of types 52 to 56.
_TEST_TRIGGERS = frozenset({0, 234})
_CONTAINMENT = 0.9


def read_trigger(document: VoEvent, reading: Reading) -> None:
    """Read what all IBAS triggers have."""
    params = document.params
    read_number(document, reading)
    if reading.event_ids and int(reading.event_ids[0]) in _TEST_TRIGGERS:
        reading.test(f"TrigID {reading.event_ids[0]}")
    reading.signal_to_noise = params.number("Inten_Sigma")
    reading.detail("time_scale_s", params.number("Time_Scale"))
    reading.detail("time_error_s", params.number("Time_Error"))
    reading.detail("detector_flags", params.text("Det_flags"))
    reading.detail("is_not_grb", params.flag("Test_mpos/Def_NOT_a_GRB"))
    reading.detail("is_near_known_source", params.flag("Test_mpos/Spatial_Prox_Match"))
    reading.detail("is_near_other_trigger", params.flag("Test_mpos/Temporal_Prox_Match"))
    read_pointing(params, reading, "SC_Pnt_Ra", "SC_Pnt_Dec")
    params.expect("TrigID", "Inten_Sigma", "Time_Scale")


def read_number(document: VoEvent, reading: Reading) -> None:
    """Read the trigger number and its sub-number."""
    trigger = document.params.integer("TrigID")
    if trigger is None or not is_mission_id(trigger) or trigger < 0:
        document.params.drop("TrigID")
        return
    reading.identify(str(trigger % _SUB_NUMBER))
    reading.details["trigger_sub_number"] = trigger // _SUB_NUMBER


def read_offline(document: VoEvent, reading: Reading) -> None:
    """Read an offline position, or the retraction it may be."""
    read_trigger(document, reading)
    reading.is_retraction = reading.details.get("is_not_grb") is True


def read_slew(document: VoEvent, reading: Reading) -> None:
    """Read a planned pointing: no trigger at all."""
    read_number(document, reading)
    read_pointing(document.params, reading, "Next_RA", "Next_Dec")


def _ibas(number: int, name: str, read: Reader, phase: Phase | None) -> VoEventType:
    return VoEventType(
        number=number,
        name=f"INTEGRAL_{name}",
        stream="integral",
        read=read,
        messenger=Messenger.GAMMA_RAY,
        phase=phase,
        error_containment=_CONTAINMENT,
        time_is_at="integral",
    )


TYPES = (
    _ibas(51, "POINTDIR", read_slew, None),
    _ibas(52, "SPIACS", read_trigger, Phase.INITIAL),
    _ibas(53, "WAKEUP", read_trigger, Phase.INITIAL),
    _ibas(54, "REFINED", read_trigger, Phase.UPDATE),
    _ibas(55, "OFFLINE", read_offline, Phase.UPDATE),
    _ibas(56, "WEAK", read_trigger, Phase.INITIAL),
)
