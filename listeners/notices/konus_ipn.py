"""Konus-Wind light curves and the Interplanetary Network: times, annuli and error boxes.

KONUS_LC and IPN_RAW are twins, sent seconds apart for the same burst. T0 is the arrival at the Wind spacecraft, up to
some seconds from the arrival at the Earth. TrigID of Konus is TJD x 100000 + second of the day, which leaves the
range of a 32-bit integer on 2027-03-10, so it is a text here; TrigID -1 of the IPN means "none".

References
----------
GCN: Konus and IPN notices, https://gcn.nasa.gov/missions/konus , https://gcn.nasa.gov/missions/ipn . IPN_Width is the
total width of the annulus (3 sigma), not half of it.
"""

from listeners.classic import Reader, VoEventType, is_mission_id
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

_CONTRIBUTED = "_contributed"
_GEOMETRY = (
    ("IPN_RA_Center", "annulus_ra_deg"),
    ("IPN_Dec_Center", "annulus_dec_deg"),
    ("IPN_Radius", "annulus_radius_deg"),
    ("IPN_Width", "annulus_total_width_deg"),
)
#: What the packets put where there is no value.
_ABSENT = -1.0


def read_konus(document: VoEvent, reading: Reading) -> None:
    """Read a Konus-Wind light-curve notice."""
    params = document.params
    trigger = params.integer("TrigID")
    if is_mission_id(trigger):
        reading.identify(str(trigger))
    else:
        params.drop("TrigID")
    reading.detail("lightcurve_url", params.text("Light_Curve"))
    reading.details["instruments"] = "KONUS_Wind"


def read_ipn(document: VoEvent, reading: Reading) -> None:
    """Read an IPN notice: which craft saw the burst, and the annulus where there is one."""
    params = document.params
    trigger = params.integer("TrigID")
    if is_mission_id(trigger):
        reading.identify(str(trigger))
    reading.detail("is_times_only", params.flag("Trigger_ID/Times_Only"))
    craft = []
    for name in params:
        group, _, member = name.partition("/")
        if group == "Misc" and member.endswith(_CONTRIBUTED) and params.flag(name):
            craft.append(member.removesuffix(_CONTRIBUTED))
    if craft:
        reading.details["instruments"] = ",".join(craft)
    reading.details["time_is_at"] = "wind" if "KONUS_Wind" in craft else "not stated"


def read_annulus(document: VoEvent, reading: Reading) -> None:
    """Read an IPN segment or box: the annulus' centre, radius and total width."""
    read_ipn(document, reading)
    values = [(detail, document.params.number(name)) for name, detail in _GEOMETRY]
    if values[0][1] == _ABSENT and values[1][1] == _ABSENT:
        return
    for detail, value in values:
        if value is not None and (value >= 0.0 or detail == "annulus_dec_deg"):
            reading.details[detail] = value


def _type(number: int, name: str, read: Reader) -> VoEventType:
    return VoEventType(
        number=number,
        name=name,
        stream="konus_ipn",
        read=read,
        messenger=Messenger.GAMMA_RAY,
        phase=Phase.INITIAL,
        time_is_at="wind",
    )


TYPES = (
    _type(31, "IPN_RAW", read_ipn),
    _type(32, "IPN_SEG", read_annulus),
    _type(39, "IPN_POS", read_annulus),
    _type(59, "KONUS_LC", read_konus),
)
