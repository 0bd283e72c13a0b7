"""LIGO/Virgo/KAGRA by VOEvent (O3 and O4; the format ended on 2026-07-08).

References
----------
LIGO/Virgo/KAGRA public alerts user guide, https://emfollow.docs.ligo.org/userguide/ .
"""

from listeners.classic import Reader, VoEventType
from listeners.fields import Fields
from listeners.reading import MOCK_SUPEREVENT, Reading
from listeners.voevent import VoEvent
from tocsin.domain.notices import Messenger, Phase, SkyMapReference

#: Names that are probabilities of source classes; all others of the groups are properties.
CLASSES = frozenset({"BNS", "NSBH", "BBH", "MassGap", "Terrestrial"})
#: Search whose events are mock data.
MOCK_SEARCH = "MDC"
#: Not for people outside the collaboration.
LABEL = "lvk"
_PROPERTIES = {
    "HasNS": "has_ns",
    "HasRemnant": "has_remnant",
    "HasMassGap": "has_mass_gap",
    "HasSSM": "has_ssm",
}
_EXTERNAL = (
    ("External_GCN_Notice_Id", "external_notice_id"),
    ("External_Observatory", "external_observatory"),
    ("External_Search", "external_search"),
)
_EXTERNAL_NUMBERS = (
    ("Time_Difference", "external_time_difference_s"),
    ("Time_Coincidence_FAR", "external_time_far_hz"),
    ("Time_Sky_Position_Coincidence_FAR", "external_time_sky_far_hz"),
)


def read_alert(document: VoEvent, reading: Reading) -> None:
    """Read an alert of any phase but a retraction."""
    params = document.params
    read_superevent(document, reading)
    reading.far_hz = params.number("FAR")
    reading.detail("significant", params.flag("Significant"))
    for name in ("Group", "Pipeline", "Search"):
        reading.detail(name.lower(), params.text(name))
    reading.detail("instruments", params.text("Instruments"))
    reading.detail("central_frequency_hz", params.number("CentralFreq"))
    reading.detail("duration_s", params.number("Duration"))
    if reading.details.get("search") == MOCK_SEARCH:
        reading.test("search MDC")
    params.expect("FAR", "Group", "Pipeline", "Instruments")
    _read_groups(params, reading)
    _read_external(params, reading)


def read_superevent(document: VoEvent, reading: Reading) -> None:
    """Read what all alerts have, retractions among them: the superevent and who may know of it."""
    params = document.params
    superevent = params.text("GraceID")
    reading.identify(superevent)
    params.expect("GraceID")
    if superevent is not None and MOCK_SUPEREVENT.match(superevent):
        reading.test(f"superevent {superevent}")
    if params.flag("internal"):
        reading.labels.add(LABEL)
    if params.flag("OpenAlert") is False:
        reading.labels.add(LABEL)
    if params.flag("HardwareInj"):
        reading.test("hardware injection")
    params.use("AlertType")
    reading.detail("event_page_url", params.text("EventPage"))


def read_retraction(document: VoEvent, reading: Reading) -> None:
    """Read a retraction: a name and its time, nothing else."""
    read_superevent(document, reading)
    reading.is_retraction = True


def _read_groups(params: Fields, reading: Reading) -> None:
    """Read classes, properties and the sky map; their groups were unnamed, or named after the pipeline, in O3."""
    for key in params:
        group, _, name = key.rpartition("/")
        if name in CLASSES:
            reading.classify(name, params.number(key))
        elif name in _PROPERTIES:
            reading.detail(_PROPERTIES[name], params.number(key))
        elif name == "skymap_fits" and group and reading.skymap is None:
            url = params.text(key)
            if url is not None:
                reading.skymap = SkyMapReference(url=url)
    if reading.skymap is None:
        reading.dropped.append("skymap_fits")


def _read_external(params: Fields, reading: Reading) -> None:
    group = "External Coincidence/"
    for name, detail in _EXTERNAL:
        reading.detail(detail, params.text(group + name))
    for name, detail in _EXTERNAL_NUMBERS:
        reading.detail(detail, params.number(group + name))
    ivorn = params.text(group + "External_Ivorn")
    if ivorn is not None:
        reading.references.append(ivorn)
    reading.detail("combined_skymap_url", params.text(group + "joint_skymap_fits"))


def _type(number: int, name: str, read: Reader, phase: Phase | None, *, is_test: bool = False) -> VoEventType:
    return VoEventType(
        number=number,
        name=f"LVC_{name}",
        stream="lvc_voevent",
        read=read,
        messenger=Messenger.GRAVITATIONAL_WAVE,
        phase=phase,
        time_is_at="geocentre",
        is_test=is_test,
    )


TYPES = (
    _type(150, "PRELIMINARY", read_alert, Phase.PRELIMINARY),
    _type(151, "INITIAL", read_alert, Phase.INITIAL),
    _type(152, "UPDATE", read_alert, Phase.UPDATE),
    _type(153, "TEST", read_alert, None, is_test=True),
    _type(163, "EARLY_WARNING", read_alert, Phase.EARLY_WARNING),
    _type(164, "RETRACTION", read_retraction, Phase.RETRACTION),
)
