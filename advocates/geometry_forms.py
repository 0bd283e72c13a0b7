"""The forms in which circulars print positions, annuli, corners and areas: patterns alone. Pure.

Numbers are matched whole and once (possessively), white space within limits, so that no text makes a pattern crawl.
"""

import re

#: Longer texts are cut by GCN's own mails.
MAX_CHARACTERS = 200_000
#: No circular prints more positions than this.
MAX_POINTS = 300
#: White space that no circular prints; patterns would crawl through it.
LONG_RUN = re.compile(r"\s{41,}")
N = r"(?<![\d.])[+-]?\d++(?:\.\d++)?"
DEG = r"(?:\s*(?:degrees?|deg\.?|d\b))?"
RA = r"(?<![A-Za-z])(?:ANNULUS_)?(?:R\.?\s?A\.?|right\s+ascension)(?![A-Za-z])"
DEC = r"(?<![A-Za-z])(?:ANNULUS_)?(?:Decl(?:ination)?|Dec|DEC)\b\.?"
GAP = r"[^\d+-]{0,18}?"
#: Errors in brackets after a coordinate: "(+0.61, -0.58)", "(+/- 0.2)".
ERRORS = r"(?:\s*(?:degrees?|deg\.?))?(?:\s*[\[(]\s*\+\s?/?[^()\[\]]{1,40}[)\]])?"
PAIR = re.compile(
    rf"{RA}[^\w+-]{{0,20}}(?:and\s+)?{DEC}{GAP}({N}){DEG}\s*[,;/]?\s*({N})(?!\d|\s*[hms]\b)|"
    rf"{RA}{GAP}({N}){ERRORS}[^\d+-]{{0,40}}?{DEC}{GAP}({N})",
    re.IGNORECASE,
)
FURTHER = re.compile(rf"{DEG}\s*,?\s*(?:and|to)\s*\(?\s*({N}){DEG}\s*,\s*({N})")
BRACKETED = re.compile(rf"\(\s*(\d+(?:\.\d+)?){DEG}\s*,\s*({N}){DEG}\s*\)")
LISTED = re.compile(
    rf"[\s:|]*(?:[-=]{{3,}}\s*)?(?:corner\s+)?(?:\(?[1-9][.):]\s+|#[1-9]:?\s+)?\(?\s*(?:{RA}\s*[:=]?\s*)?({N}){DEG}\s*(?:,|;|\s)\s*"
    rf"(?:{DEC}\s*[:=]?\s*)?({N}){DEG}\s*\)?(?=[\s,;.]|$)[,;.]?",
    re.IGNORECASE,
)
CORNERS = re.compile(
    r"\bcorners?\b(?:\s+(?:are|at|of the (?:error )?box(?: are)?|coordinates|\([^)\d]*\)))*\s*[:=]?", re.IGNORECASE
)
CENTRE = re.compile(
    r"\bcent(?:er|re)(?:ed|d)?\b(?:\s+(?:is|at|of the (?:error )?box(?: is)?|\([^)\d]*\)))*\s*[:=]?", re.IGNORECASE
)
RADIUS = re.compile(rf"(?:\b(?:ANNULUS_)?radius\b|(?<![\w.])R(?=\s*[=:(]))[^\d+-]{{0,18}}?({N})", re.IGNORECASE)
ROW = re.compile(
    rf"^[ \t]*(?:(?P<label>[A-Za-z][^\n]*?)[ \t]{{1,}}|)(?P<ra>{N})[ \t,|]+(?P<dec>{N})[ \t,|]+(?P<r>\d+(?:\.\d+)?)"
    r"[ \t,|]+(?:\+/-[ \t]*)?(?P<plus>\+?\d+(?:\.\d+)?)(?:[ \t,/|]+(?P<minus>-?\d+(?:\.\d+)?))?[ \t|]*$",
    re.MULTILINE,
)
BOTH_WIDTHS = re.compile(r"\s*\(?\+\s?(\d+(?:\.\d+)?)\s*[/,]?\s*-\s?(\d+(?:\.\d+)?)\)?")
HALF_WIDTH = re.compile(
    r"\s*(?:\+/-|\+-)\s*(\d+(?:\.\d+)?)|"
    r"[^\d]{0,50}?(?:[13][- ]?sigma\s+)?half[- ]?width[^\d+-]{0,25}?(?:\+/-\s*)?(\d+(?:\.\d+)?)|"
    r"[^\d]{0,12}\bdR\b[^\d]{0,12}(\d+(?:\.\d+)?)"
)
SIGNED_HALF_WIDTH = re.compile(r"[^\d]{0,50}?(?:[13][- ]?sigma\s+)?half[- ]?width[^\d+-]{0,25}?(?=\+\s?\d)")
FULL_WIDTH = re.compile(
    r"[^\d]{0,50}?(?:\b[13][- ]sigma\s+)?(?:ANNULUS_|full |total )?width[^\d+-]{0,25}?(\d+(?:\.\d+)?)", re.IGNORECASE
)
AREA = re.compile(
    r"\barea\b[^\d]{0,40}?(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(sq\.?|square)?\s*-?(deg|arc-?\s?min|arc-?\s?sec)\w*\.?\s*"
    r"(?:\^?\s?2)?",
    re.IGNORECASE,
)
EPOCH = re.compile(r"\(\s*J?2000(?:\.0)?\s*\)|,?\s*\bJ2000(?:\.0)?\b|\bequinox 2000(?:\.0)?", re.IGNORECASE)
SEXAGESIMAL = re.compile(
    rf"({N}){DEG}\s*[=({{\s]\s*([+-]?\d{{1,3}})\s*([hdoHD])\s*(\d{{1,2}})\s*['mM]\s*(\d{{1,2}}(?:\.\d+)?)\s*(?:\"|''|[sS]\b)?\s*[)}}]?"
)
SEXAGESIMAL_FIRST = re.compile(
    rf"([+-]?\d{{1,3}})\s*([hdHD])\s*(\d{{1,2}})\s*['mM]\s*(\d{{1,2}}(?:\.\d+)?)\s*(?:\"|''|[sS]\b)?\s*[(=]\s*({N}){DEG}\s*\)?"
)
#: Fermi GBM's form, to whole minutes: "RA = 213.1, Dec = -17.9 (J2000 degrees, equivalent to J2000 14h 12m, -17d 54')".
EQUIVALENT = re.compile(
    rf"{RA}\s*=\s*({N})\s*,\s*{DEC}\s*=\s*({N})[^\d()]{{0,20}}\(?[^()\d]{{0,20}}(?:J?2000)?[^()\d]{{0,40}}equivalent\s+to"
    r"\s+(?:J2000\s+)?(\d{1,2})\s*h\s+(\d{1,2})\s*m\s*,\s*([+-]?)(\d{1,2})\s*d\s+(\d{1,2})\s*'",
    re.IGNORECASE,
)
DIMENSION = re.compile(
    r"\bmax(?:imum|imal)?\s+dimension\b[^\d]{0,30}?(\d+(?:\.\d+)?)\s*(deg|arc-?\s?min|arc-?\s?sec)", re.IGNORECASE
)
UNIT_DEG2 = {"deg": 1.0, "arcmin": 1 / 3600, "arcsec": 1 / 3600**2}
