"""Swift by VOEvent: BAT triggers and positions, slews, XRT and UVOT data, sub-threshold noise.

Times of XRT and UVOT notices are the start of their image, not the burst. Scaled maps and other data products give
the pointing as their position. A trigger number may be negative (sub-sub-threshold noise). Radii are 90 %.

References
----------
Barthelmy et al. 2005, Space Sci. Rev. 120, 143; https://gcn.nasa.gov/missions/swift .
"""

from listeners.classic import Reader, VoEventType, is_mission_id, read_pointing
from listeners.reading import Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase

_FLAGS = (
    ("Solution_Status/GRB_Identified", "is_grb_identified"),
    ("Solution_Status/Def_NOT_a_GRB", "is_not_grb"),
    ("Solution_Status/StarTrack_Lost_Lock", "is_star_tracker_lost"),
    ("Solution_Status/Target_in_Flt_Catalog", "is_in_flight_catalogue"),
    ("Solution_Status/Target_in_Gnd_Catalog", "is_in_ground_catalogue"),
    ("Solution_Status/VERY_Lo_Image_Signif", "is_noise_likely"),
    ("Misc_Flags/TOO_Generated", "is_target_of_opportunity"),
)
_LINKS = (
    ("Lightcurve_Link", "lightcurve_url"),
    ("Light_Curve", "lightcurve_url"),
    ("Image_URL", "image_url"),
    ("FindChart_URL", "image_url"),
    ("Image", "image_url"),
    ("Scaled_Map", "image_url"),
    ("Spectrum", "spectrum_url"),
)
_SIGNIFICANCES = ("Image_Signif", "Rate_Signif", "Det_Signif")


def read_trigger(document: VoEvent, reading: Reading) -> None:
    """Read what all Swift notices have."""
    params = document.params
    trigger = params.integer("TrigID")
    if is_mission_id(trigger):
        reading.identify(str(trigger))
    else:
        params.drop("TrigID")
    reading.detail("segment", params.integer("Segment_Num"))
    values = [params.number(name) for name in _SIGNIFICANCES]
    reading.signal_to_noise = next((value for value in values if value), None)
    reading.detail("time_scale_s", params.number("Integ_Time") or None)
    for name, detail in _FLAGS:
        reading.detail(detail, params.flag(name))
    for name, detail in _LINKS:
        reading.detail(detail, params.text(name))
    read_pointing(params, reading, "Point_RA", "Point_Dec")


def read_image(document: VoEvent, reading: Reading) -> None:
    """Read a product of the narrow-field telescopes, whose time is the start of its data."""
    read_trigger(document, reading)
    reading.details["t0_is"] = "exposure"


def _swift(
    number: int,
    name: str,
    read: Reader,
    phase: Phase | None = None,
    *,
    containment: float | None = None,
    is_test: bool = False,
) -> VoEventType:
    return VoEventType(
        number=number,
        name=f"SWIFT_{name}",
        stream="swift",
        read=read,
        messenger=Messenger.X_RAY if "XRT" in name else Messenger.OPTICAL if "UVOT" in name else Messenger.GAMMA_RAY,
        phase=phase,
        error_containment=containment,
        time_is_at="swift",
        is_test=is_test,
    )


TYPES = (
    _swift(46, "TOO_FOM", read_trigger),
    _swift(47, "TOO_SC_SLEW", read_trigger),
    _swift(61, "BAT_GRB_POS_ACK", read_trigger, Phase.INITIAL, containment=0.9),
    _swift(62, "BAT_GRB_POS_NACK", read_trigger, Phase.INITIAL),
    _swift(63, "BAT_GRB_LC", read_trigger, Phase.UPDATE),
    _swift(64, "BAT_SCALEDMAP", read_trigger),
    _swift(65, "FOM_OBS", read_trigger),
    _swift(66, "SC_SLEW", read_trigger),
    _swift(67, "XRT_POSITION", read_image, Phase.UPDATE, containment=0.9),
    _swift(68, "XRT_SPECTRUM", read_image),
    _swift(69, "XRT_IMAGE", read_image),
    _swift(70, "XRT_LC", read_image),
    _swift(71, "XRT_CENTROID", read_image),
    _swift(72, "UVOT_DBURST", read_image),
    _swift(73, "UVOT_FCHART", read_image),
    _swift(77, "XRT_SPECTRUM_PROC", read_image),
    _swift(78, "XRT_IMAGE_PROC", read_image),
    _swift(79, "UVOT_DBURST_PROC", read_image),
    _swift(80, "UVOT_FCHART_PROC", read_image),
    _swift(81, "UVOT_POS", read_image, Phase.UPDATE, containment=0.9),
    _swift(82, "BAT_GRB_POS_TEST", read_trigger, containment=0.9, is_test=True),
    _swift(83, "POINTDIR", read_trigger),
    _swift(84, "BAT_TRANS", read_trigger, Phase.INITIAL, containment=0.9),
    _swift(85, "XRT_THRESHPIX", read_image),
    _swift(86, "XRT_THRESHPIX_PROC", read_image),
    _swift(87, "XRT_SPER", read_image),
    _swift(88, "XRT_SPER_PROC", read_image),
    _swift(89, "UVOT_POS_NACK", read_image),
    _swift(97, "BAT_QL_POS", read_trigger, Phase.PRELIMINARY, containment=0.9),
    _swift(103, "ACTUAL_POINTDIR", read_trigger),
    _swift(140, "BAT_SUBSUB", read_trigger, containment=0.9),
    _swift(141, "BAT_KNOWN_SRC", read_trigger, containment=0.9),
)
