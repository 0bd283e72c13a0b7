"""Fermi LAT by VOEvent: on-board positions and the ground's.

In 2026 the on-board notices carry a TJD and SOD that mean nothing and an ISOTime without seconds. TrigID is the
mission elapsed time of the trigger, so T0 is taken from it where it lies within the minute of the ISOTime.
"""

from datetime import timedelta

from listeners.classic import Reader, VoEventType, is_mission_id
from listeners.notices.fermi_gbm import TEST_TRIGGER
from listeners.reading import Reading
from listeners.times import from_fermi_met
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

_MINUTE = timedelta(minutes=1)
_COUNTS = ("Cnts_E1", "Cnts_E2", "Cnts_E3", "Cnts_E4")


def read_position(document: VoEvent, reading: Reading) -> None:
    """Read a position, on board or from the ground."""
    params = document.params
    trigger = params.integer("TrigID")
    if trigger is not None and is_mission_id(trigger):
        reading.identify(str(trigger))
    params.expect("TrigID")
    if trigger == TEST_TRIGGER:
        reading.test(f"TrigID {TEST_TRIGGER}")
    integration_s = params.number("Integ_Time")
    reading.detail("time_scale_s", integration_s or None)
    reading.detail("record_number", params.integer("Record_Num"))
    reading.detail("intensity_counts", params.integer("Burst_Inten") or None)
    reading.detail("temporal_test_statistic", params.number("Temp_Test_Stat"))
    reading.detail("image_test_statistic", params.number("Image_Test_Stat"))
    reading.detail("is_not_grb", params.flag("Trigger_ID/Def_NOT_a_GRB"))
    reading.detail("is_near_other_trigger", params.flag("Trigger_ID/Temporal_Prox_Match"))
    for band, name in enumerate(_COUNTS, start=1):
        reading.detail(f"counts_band_{band}", params.integer(name))


def read_onboard(document: VoEvent, reading: Reading) -> None:
    """Read an on-board position, whose time may be good to a minute only."""
    read_position(document, reading)
    _refine_time(reading)


def _refine_time(reading: Reading) -> None:
    t0 = reading.t0_utc
    if t0 is None or not reading.event_ids or t0.second or t0.microsecond:
        return
    trigger_utc = from_fermi_met(int(reading.event_ids[0]))
    if trigger_utc is not None and t0 <= trigger_utc < t0 + _MINUTE:
        reading.t0_utc = trigger_utc
        reading.details["t0_from"] = "trigger_met"
        reading.details["t0_error_s"] = 1.0


def _lat(number: int, name: str, read: Reader, phase: Phase | None, *, is_test: bool = False) -> VoEventType:
    return VoEventType(
        number=number,
        name=f"FERMI_LAT_{name}",
        stream="fermi_lat",
        read=read,
        messenger=Messenger.GAMMA_RAY,
        phase=phase,
        time_is_at="fermi",
        is_test=is_test,
    )


TYPES = (
    _lat(120, "POS_INI", read_onboard, Phase.INITIAL),
    _lat(121, "POS_UPD", read_onboard, Phase.UPDATE),
    _lat(122, "POS_DIAG", read_onboard, Phase.UPDATE),
    _lat(124, "POS_TEST", read_position, None, is_test=True),
    _lat(125, "MONITOR", read_position, None),
    _lat(127, "GND", read_position, Phase.UPDATE),
    _lat(128, "OFFLINE", read_position, Phase.FINAL),
)
