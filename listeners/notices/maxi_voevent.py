"""MAXI by VOEvent: unknown and known X-ray sources; fluxes in mCrab, trigger numbers beyond 32 bits."""

from listeners.classic import VoEventType
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

_TEXTS = (
    ("Source_Name", "source_name"),
    ("Event_Class", "source_class"),
    ("Event_TimeScale", "time_scale"),
    ("Source_TimeScale", "time_scale"),
    ("Event_EBand", "energy_band"),
    ("Source_EBand", "energy_band"),
)


def read_source(document: VoEvent, reading: Reading) -> None:
    """Read a source, known or not; the trigger number is a text, since it may begin with zeros."""
    params = document.params
    reading.identify(params.text("TrigID"))
    params.expect("TrigID")
    for name, detail in _TEXTS:
        reading.detail(detail, params.text(name))
    flux_mcrab = params.number("Event_Flux")
    reading.detail("flux_mcrab", params.number("Source_Flux") if flux_mcrab is None else flux_mcrab)


def _maxi(number: int, name: str, phase: Phase | None, *, is_test: bool = False) -> VoEventType:
    return VoEventType(
        number=number,
        name=f"MAXI_{name}",
        stream="maxi",
        read=read_source,
        messenger=Messenger.X_RAY,
        phase=phase,
        time_is_at="maxi",
        is_test=is_test,
    )


TYPES = (
    _maxi(134, "UNKNOWN", Phase.INITIAL),
    _maxi(135, "KNOWN", Phase.INITIAL),
    _maxi(136, "TEST", None, is_test=True),
)
