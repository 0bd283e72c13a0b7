"""Families of notices: whose trigger it is, what it is of, where its clock stands, how far its identifiers hold.

A stream may carry several families (INTEGRAL's imager and its shield share one numbering), and one family may come by
several streams (an IceCube track as VOEvent and as JSON). Everything that treats missions differently asks here.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from tocsin.domain.events import EventKind
from tocsin.domain.notices import Messenger, Notice


class Family(StrEnum):
    """Who triggered; the value is the head of its alias keys."""

    LVK = "lvk"
    ICECUBE = "icecube"
    ANTARES = "antares"
    KM3NET = "km3net"
    NU_EM = "nuem"
    SUPERNOVA = "supernova"
    GBM = "gbm"
    GBM_SUBTHRESHOLD = "gbm-subthreshold"
    LAT = "lat"
    SPI_ACS = "integral-spiacs"
    IBIS = "integral-ibis"
    KONUS = "konus"
    SWIFT = "swift"
    SWIFT_SUBTHRESHOLD = "swift-subthreshold"
    SVOM = "svom"
    GECAM = "gecam"
    CALET = "calet"
    AGILE = "agile"
    HAWC = "hawc"
    GLOWBUG = "glowbug"
    BURSTCUBE = "burstcube"
    EINSTEIN_PROBE = "ep"
    MAXI = "maxi"
    CHIME = "chime"
    DSA110 = "dsa110"
    BY_HAND = "by-hand"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What holds for every notice of a family.

    Parameters
    ----------
    label
        Name for people.
    kind, messenger
        What its triggers are of.
    light_travel_s
        Longest time light needs between the Earth and the place where its times are taken, s.
    identifier_span_s
        Triggers under one identifier lie within this many s of each other; None: identifiers are never used again.
    joins_by_time
        Its triggers join triggers of the same kind by time alone, whoever made them.
    """

    label: str
    kind: EventKind
    messenger: Messenger
    light_travel_s: float = 0.05
    identifier_span_s: float | None = 86400.0
    joins_by_time: bool = False


def _burst(label: str, **changes: float) -> Traits:
    return Traits(
        label=label,
        kind=EventKind.GAMMA_RAY_BURST,
        messenger=Messenger.GAMMA_RAY,
        joins_by_time=True,
        light_travel_s=changes.get("light_travel_s", 0.05),
        identifier_span_s=changes.get("identifier_span_s", 86400.0),
    )


def _neutrino(label: str, *, identifier_span_s: float | None = 86400.0) -> Traits:
    return Traits(
        label=label, kind=EventKind.NEUTRINO, messenger=Messenger.NEUTRINO, identifier_span_s=identifier_span_s
    )


#: INTEGRAL's orbit reaches 153 000 km, 0.51 s; Wind has been up to 2 million km away, 6.7 s. IBAS numbers return within
#: minutes on the other instrument, and test numbers return for ever, so an identifier holds for a limited time.
TRAITS = {
    Family.LVK: Traits(
        label="LIGO-Virgo-KAGRA",
        kind=EventKind.GRAVITATIONAL_WAVE,
        messenger=Messenger.GRAVITATIONAL_WAVE,
        identifier_span_s=None,
    ),
    Family.ICECUBE: _neutrino("IceCube", identifier_span_s=None),
    Family.ANTARES: _neutrino("ANTARES"),
    Family.KM3NET: _neutrino("KM3NeT"),
    Family.NU_EM: _neutrino("AMON neutrino-EM"),
    Family.SUPERNOVA: _neutrino("supernova neutrinos"),
    Family.GBM: _burst("Fermi-GBM"),
    Family.GBM_SUBTHRESHOLD: _burst("Fermi-GBM sub-threshold"),
    Family.LAT: _burst("Fermi-LAT"),
    Family.SPI_ACS: _burst("SPI-ACS", light_travel_s=0.55, identifier_span_s=60.0),
    Family.IBIS: _burst("INTEGRAL IBIS", light_travel_s=0.55, identifier_span_s=600.0),
    Family.KONUS: _burst("Konus-Wind", light_travel_s=7.0, identifier_span_s=2.0),
    Family.SWIFT: _burst("Swift"),
    Family.SWIFT_SUBTHRESHOLD: _burst("Swift-BAT sub-threshold"),
    Family.SVOM: _burst("SVOM"),
    Family.GECAM: _burst("GECAM", light_travel_s=0.3, identifier_span_s=600.0),
    Family.CALET: _burst("CALET", identifier_span_s=600.0),
    Family.AGILE: _burst("AGILE"),
    Family.HAWC: _burst("HAWC"),
    Family.GLOWBUG: _burst("Glowbug"),
    Family.BURSTCUBE: _burst("BurstCube"),
    Family.BY_HAND: _burst("by hand"),
    Family.EINSTEIN_PROBE: Traits(label="Einstein Probe", kind=EventKind.OTHER, messenger=Messenger.X_RAY),
    Family.MAXI: Traits(label="MAXI", kind=EventKind.OTHER, messenger=Messenger.X_RAY),
    Family.CHIME: Traits(label="CHIME/FRB", kind=EventKind.OTHER, messenger=Messenger.RADIO),
    Family.DSA110: Traits(label="DSA-110", kind=EventKind.OTHER, messenger=Messenger.RADIO),
    Family.OTHER: Traits(label="other", kind=EventKind.OTHER, messenger=Messenger.OPTICAL),
}

#: Heads of stream names, the longer before the shorter.
_STREAMS = (
    ("by_hand", Family.BY_HAND),
    ("igwn", Family.LVK),
    ("lvc", Family.LVK),
    ("lvk", Family.LVK),
    ("icecube", Family.ICECUBE),
    ("antares", Family.ANTARES),
    ("km3net", Family.KM3NET),
    ("amon", Family.NU_EM),
    ("hawc", Family.HAWC),
    ("snews", Family.SUPERNOVA),
    ("superk", Family.SUPERNOVA),
    ("sk_sn", Family.SUPERNOVA),
    ("fermi_gbm_sub", Family.GBM_SUBTHRESHOLD),
    ("fermi_gbm", Family.GBM),
    ("fermi_lat", Family.LAT),
    ("integral", Family.IBIS),
    ("konus", Family.KONUS),
    ("ipn", Family.KONUS),
    ("swift", Family.SWIFT),
    ("svom", Family.SVOM),
    ("gecam", Family.GECAM),
    ("calet", Family.CALET),
    ("agile", Family.AGILE),
    ("glowbug", Family.GLOWBUG),
    ("burstcube", Family.BURSTCUBE),
    ("einstein_probe", Family.EINSTEIN_PROBE),
    ("maxi", Family.MAXI),
    ("chime", Family.CHIME),
    ("dsa110", Family.DSA110),
)
#: Words of a notice type that say more than its stream does.
_TYPES = (
    ("SPIACS", Family.SPI_ACS),
    ("SUBTHRESH", Family.GBM_SUBTHRESHOLD),
    ("GUANO", Family.SWIFT_SUBTHRESHOLD),
    ("HAWC", Family.HAWC),
    ("ICECUBE", Family.ICECUBE),
    ("NU_EM", Family.NU_EM),
    ("SNEWS", Family.SUPERNOVA),
    ("SK_SN", Family.SUPERNOVA),
)

_CRAFT = {
    Family.GBM: "fermi",
    Family.GBM_SUBTHRESHOLD: "fermi",
    Family.LAT: "fermi",
    Family.SWIFT_SUBTHRESHOLD: "swift",
    Family.SPI_ACS: "integral",
    Family.IBIS: "integral",
}
#: Instruments near the Earth by how well their trigger time tells the burst's; the rest come between these and the
#: last.
_REFERENCE = (Family.GBM, Family.SWIFT, Family.SVOM)
_LAST_REFERENCE = (Family.CALET, Family.GBM_SUBTHRESHOLD, Family.LAT, Family.BY_HAND)
_BY_HEAD = {family.value: family for family in Family}


def family_of(notice: Notice) -> Family:
    """Family of a notice; `Family.OTHER` for streams this module has no traits for."""
    return _family_of(notice.notice_type, notice.stream)


@cache
def _family_of(notice_type: str, stream: str) -> Family:
    """Family by names: asked many times of few, when events are folded."""
    words = notice_type.upper()
    for word, family in _TYPES:
        if word in words:
            return family
    head_of = stream.lower()
    return next((family for head, family in _STREAMS if head_of.startswith(head)), Family.OTHER)


def family_of_alias(alias: str) -> Family | None:
    """Family whose trigger an alias key names; None for other keys."""
    return _BY_HEAD.get(alias.partition(":")[0])


def craft_of(family: Family) -> str:
    """Spacecraft or observatory a family's instrument is on: two instruments of one craft are no two witnesses."""
    return _CRAFT.get(family, family.value)


def reference_rank(family: Family) -> int:
    """Rank of a family's trigger times among instruments equally near the Earth; the lowest is taken for the event."""
    if family in _REFERENCE:
        return _REFERENCE.index(family)
    between = len(_REFERENCE)
    return between + 1 + _LAST_REFERENCE.index(family) if family in _LAST_REFERENCE else between


def kind_of(notice: Notice) -> EventKind:
    """Kind of the event a notice tells of; what a person makes is what the person says."""
    family = family_of(notice)
    if family is Family.BY_HAND:
        return EventKind(str(notice.details.get("event_kind", EventKind.GAMMA_RAY_BURST.value)))
    return TRAITS[family].kind


def messenger_of(notice: Notice) -> Messenger | None:
    """What carried the signal: the notice's word, else the family's; None where neither knows."""
    if notice.messenger is not None:
        return notice.messenger
    family = family_of(notice)
    return None if family is Family.OTHER else TRAITS[family].messenger
