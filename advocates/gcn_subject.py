"""What GCN makes of a subject: refused or not, and which event it is filed under. Pure.

The rules are those of gcn.nasa.gov (``app/routes/circulars/circulars.lib.ts`` and the public changes of 2026): the
subject is refused where it contains a phrase of automatic replies anywhere, in any case ("before: " contains
"re: "), and accepted where it contains a known word or names an event.
"""

import re

#: Phrases of automatic replies; "draft" is among them since 2026.
AUTO_REPLY = (
    "this is an automatic reply", "automatic reply: ", "auto reply", "autoreply", "vacation", "out of the office",
    "out of office", "out of town", "away from my mail", "away from his e-mail", "away from her e-mail",
    "away from the office", "away from his office", "away from her office", "traveling until",
    "no longer receiving mail", "delivery failure notif", "mail delivery failure", "returned mail",
    "saxzlcnkgzmfpbhvyzsbub", "ponse_automatique", "off-line re:", "re: ", "fwd: ", " r: ", " ris: ", "subject:",
    "draft",
)  # fmt: skip

#: Words of which a subject must contain one, in any case, anywhere.
KEYWORDS = (
    "AGILE", "ALMA", "AMON", "ANTARES", "AXP", "Baksan Neutrino Observatory Alert", "CALET", "Chandra", "COLIBRI", "EP",
    "Fermi", "FRB", "FXT", "GOTO", "GRANDMA", "GRB", "GW", "HAWC", "HST", "IBAS", "IceCube", "INTEGRAL", "IPN", "JCMT",
    "KAGRA", "KamLAND", "KONUS", "LIGO", "LOFAR", "LVC", "LVK", "LXT", "MAGIC", "MASTER", "MAXI", "Nova", "NuEM",
    "Pan-STARRS", "POLAR", "RATIR", "SDSS", "SFXT", "SGR", "SN", "Super-Kamiokande", "Suzaku", "SVOM", "Swift",
    "transient", "Virgo", "VLA", "VLBI", "XRB", "XRF", "XRT", "XTR", "ZTF",
)  # fmt: skip

#: Names of events, and how GCN writes them.
_EVENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), form)
    for pattern, form in (
        (r"GRB[.\s_-]*(\d{6}(?:[a-z](?![a-z])|\.\d+|(?!\d)))", "GRB {0:u}"),
        (r"SGR[.\s_-]*(J?\d{4}\.?\d*[+-]\d{4})", "SGR {0:u}"),
        (r"IceCube-Cascade[.\s_-]*(\d{6}[a-z])", "IceCube-Cascade {0:u}"),
        (r"IceCube[.\s_-]*(\d{6}[a-z])", "IceCube-{0:u}"),
        (r"((?:LIGO|Virgo|KAGRA)(?:[/-](?:LIGO|Virgo|KAGRA))*)[-_ \s]?(S|GW|G)(\d{5,}[a-z]*)", "{0} {1:u}{2:l}"),
        (r"ANTARES[.\s_-]*(\d{6}[a-z])", "ANTARES {0:u}"),
        (r"\bEP[.\s_-]*(\d{6}[a-z])", "EP{0:l}"),
        (r"\bSN[.\s_-]*(\d{4}[a-z]+)", "SN {0:l}"),
        (r"\bGW[.\s_-]*(\d{6}(?:_\d{6})?)", "GW{0:u}"),
        (r"FRB[.\s_-]*(\d{8}[a-z])", "FRB {0:u}"),
        (r"\bsb(\d{8})", "sb{0:l}"),
        (r"XRF[.\s_-]*(\d{6}[a-z]?)", "XRF {0:u}"),
        (r"\bAT[.\s_-]*(20\d{2}[a-z]+)", "AT{0:l}"),
        (r"ZTF[.\s_-]*(\d{2}[a-z]+)", "ZTF{0:l}"),
        (r"HAWC[.\s_-]*(\d{6}[a-z])", "HAWC-{0:u}"),
        (r"Baksan\sNeutrino\sObservatory\sAlert[.\s_-]*(\d{6}\.\d{2})", "Baksan Neutrino Observatory Alert {0}"),
    )
)

#: Words by which GCN files a circular under Retraction.
RETRACTION_WORDS = re.compile(
    r"\b(retractions?|retracted|is not|are not|not real|erroneous|incorrect|invalid|duplicate|mistaken|disregard|"
    r"ignore|false trigger)\b",
    re.IGNORECASE,
)


class _Cased(str):
    __slots__ = ()

    def __format__(self, how: str) -> str:
        return self.upper() if how == "u" else self.lower() if how == "l" else str(self)


def predicted_event(subject: str) -> str | None:
    """Event GCN files a circular under, by its subject: a name at its start first; None where it sees none."""
    for find in (re.Pattern.match, re.Pattern.search):
        for pattern, form in _EVENTS:
            if found := find(pattern, subject):
                return form.format(*(_Cased(group) for group in found.groups()))
    return None


def auto_reply_phrases(subject: str) -> tuple[str, ...]:
    """Phrases for which GCN would refuse the subject as an automatic reply."""
    lowered = subject.lower()
    return tuple(phrase for phrase in AUTO_REPLY if phrase in lowered)


def is_known(subject: str) -> bool:
    """Whether the subject contains a word GCN knows, or names an event."""
    lowered = subject.lower()
    return any(word.lower() in lowered for word in KEYWORDS) or predicted_event(subject) is not None


#: Types under which GCN files a circular by its subject, in the order in which it shows them.
_TYPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("Retraction", RETRACTION_WORDS.pattern),
        ("GRB", r"\bGRB\b|gamma[- ]ray burst"),
        ("Gamma-ray Transient", r"\bSPI ACS\b|INTEGRAL|gamma[- ]ray (?:transient|excess|counterpart)"),
        ("GW", r"\b(?:LIGO|Virgo|KAGRA|LVK|LVC)\b|\bGW\d{6}|\bS\d{6}[a-z]+"),
        ("SGR", r"\bSGR\b|\bmagnetar\b"),
        ("FRB", r"\bFRB\b|fast radio burst"),
        ("SN", r"\bSN\b|supernova"),
        ("Nova", r"\bnova\b"),
        ("Neutrino", r"IceCube|ANTARES|KM3NeT|neutrino|Baksan|Super-Kamiokande"),
        ("X-ray Transient", r"\bEP\d{6}|\bXRF\b|X-ray transient|\bMAXI\b"),
        ("Afterglow", r"afterglow"),
        ("Optical", r"\boptical\b|\bZTF\b|\bGOTO\b"),
        ("Radio", r"\bradio\b|\bVLA\b|\bALMA\b"),
        ("Kilonova", r"kilonova"),
    )
)


def predicted_types(subject: str) -> tuple[str, ...]:
    """Types under which GCN would file a subject; ``Misc`` where it sees none."""
    return tuple(name for name, pattern in _TYPES if pattern.search(subject)) or ("Misc",)
