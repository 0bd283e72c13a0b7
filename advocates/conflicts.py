"""Conflicts of a draft with circulars already sent: what disagrees, what was said before, whose letter it is. Pure.

It reads other people's prose: a finding is a reason to look, and names the circular to look at.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from advocates.findings import blocking, warning
from advocates.geometry_reading import PrintedAnnulus, PrintedPoint, read_geometry
from advocates.lint_geometry import MAX_HALF_WIDTHS, half_widths_off
from advocates.numbers import decimal
from tocsin.domain.drafts import FOLLOW_UPS, Draft, DraftKind, Finding

#: Times of one event in two circulars differ by less, s: light travel between craft, and other starts of the burst.
MAX_DIFFERENCE_S = 60.0
#: Two bursts of one name are further apart than this, s.
OTHER_BURST_S = 600.0
#: Limits, or fluences, of one instrument that differ by more than this disagree.
MAX_RATIO = 1.5
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d+)?)\s*(?:UTC?\b|\(UTC?\)|GMT)?")
_LETTERED = re.compile(r"\bGRB\s*(\d{6})([A-Z])\b")
_LIMIT = re.compile(
    r"(?:upper limit|limit)[^.]{0,160}?(?<![\d.])(\d+(?:\.\d+)?(?:[eE][+-]?\d+|\s?[x*]\s?10\^?\(?[+-]?\d+\)?))\s*erg",
    re.IGNORECASE | re.DOTALL,
)
_DETECTED = re.compile(r"\b(?:detect(?:ed|s|ion)|triggered on|localized)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:no|not|without|non-?detection|upper limit|did not|does not|do not)\b", re.IGNORECASE)
_LIMITS = frozenset({DraftKind.SPIACS_UPPER_LIMIT, DraftKind.UPPER_LIMIT})
_LOOK = "read it, and say in the text how both fit together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """A circular that was sent before.

    Parameters
    ----------
    number, subject, body
        The text.
    is_on_event
        It is filed under the event of the draft; else it is on another burst of the day.
    """

    number: int
    subject: str
    body: str
    is_on_event: bool


def conflicts(draft: Draft, priors: Sequence[Prior], *, t0_utc: datetime | None) -> tuple[Finding, ...]:
    """What circulars already sent say otherwise, or said before.

    Parameters
    ----------
    draft
        As it stands.
    priors
        Circulars on the event, and on bursts of its day.
    t0_utc
        Time of the event.
    """
    if draft.kind is DraftKind.RETRACTION:
        return ()
    found: list[Finding] = []
    for prior in priors:
        if prior.is_on_event:
            found += [*_already(draft, prior), *_time(prior, t0_utc), *_limits(draft, prior)]
            found += [*_detection(draft, prior), *_position(draft, prior)]
    found += _letters(draft, priors, t0_utc)
    return tuple(found)


def uncited(draft: Draft, numbers: Sequence[int]) -> tuple[Finding, ...]:
    """Whether a draft names none of the earlier circulars on its event, though there are some."""
    if not numbers or draft.kind is DraftKind.RETRACTION or any(str(number) in draft.body for number in numbers):
        return ()
    words = f"none of the earlier circulars on the event is cited: {', '.join(f'GCN {one}' for one in numbers[:5])}"
    return (warning("cite.none", "body", words, "GCN asks to cite the circulars on the same event"),)


def _already(draft: Draft, prior: Prior) -> Iterator[Finding]:
    if draft.kind in FOLLOW_UPS or _plain(draft.subject) != _plain(prior.subject):
        return
    words = f"GCN {prior.number} has this very subject: the result seems to be published already"
    yield blocking("conflict.already-published", "subject", words, "write an update or a correction of it instead")


def _time(prior: Prior, t0_utc: datetime | None) -> Iterator[Finding]:
    differences = [] if t0_utc is None else [*_differences_s(prior, t0_utc)]
    if differences and min(differences) > MAX_DIFFERENCE_S:
        words = f"GCN {prior.number} prints no time within {MAX_DIFFERENCE_S:.0f} s of ours; its nearest is "
        words += f"{min(differences):.0f} s away"
        yield warning("conflict.t0", "body", words, _LOOK)


def _limits(draft: Draft, prior: Prior) -> Iterator[Finding]:
    instrument, own = draft.facts.get("instrument"), draft.facts.get("limit_hard_1s_erg_cm2")
    if draft.kind not in _LIMITS or instrument is None or own is None or not isinstance(own.value, float):
        return
    if not _names(prior, str(instrument.value)):
        return
    printed = [float(value) for found in _LIMIT.finditer(prior.body) if (value := decimal(found[1])) is not None]
    near = [value for value in printed if value > 0 and 0.01 < value / own.value < 100]
    ratios = [max(value / own.value, own.value / value) for value in near]
    if ratios and min(ratios) > MAX_RATIO:
        words = f"GCN {prior.number} gives another limit of {instrument.value}: the nearest differs by a factor "
        yield warning("conflict.limit", "body", f"{words}{min(ratios):.1f}", _LOOK)


def _detection(draft: Draft, prior: Prior) -> Iterator[Finding]:
    """Our limit beside a detection of the same craft, or of any gamma-ray instrument."""
    if draft.kind not in _LIMITS or "is_excess_significant" not in draft.facts:
        return
    if draft.facts["is_excess_significant"].value is not False:
        return
    for sentence in re.split(r"(?<=[.;])\s+", f"{prior.subject}. {prior.body}"):
        is_gamma = re.search(r"gamma|GBM|SPI-ACS|Konus|BAT\b|GECAM|CALET|GRM\b|INTEGRAL", sentence, re.IGNORECASE)
        if is_gamma and _DETECTED.search(sentence) and not _NOT.search(sentence):
            shown = " ".join(sentence.split())[:120]
            words = f"GCN {prior.number} reports a detection, our draft none: {shown}"
            yield warning("conflict.detection", "body", words, _LOOK)
            return


def _position(draft: Draft, prior: Prior) -> Iterator[Finding]:
    """A position or box of theirs off an annulus of ours."""
    rings = read_geometry(draft.body).annuli if draft.kind in {DraftKind.IPN_ANNULUS, DraftKind.IPN_BOX} else ()
    read = read_geometry(prior.body)
    places = [*read.points, *(box.centre for box in read.boxes if box.centre is not None)]
    for ring in rings:
        for place in places:
            off = half_widths_off(ring, place)
            if off > MAX_HALF_WIDTHS:
                yield _is_off(prior, ring, place, off)


def _is_off(prior: Prior, ring: PrintedAnnulus, place: PrintedPoint, off: float) -> Finding:
    words = (
        f"the position of GCN {prior.number}, RA {place.ra_deg:g}, Dec {place.dec_deg:g}, is {off:.1f} half-widths off "
        f"our annulus about RA {ring.centre.ra_deg:g}, Dec {ring.centre.dec_deg:g}"
    )
    return warning("conflict.position", "body", words, _LOOK)


def _letters(draft: Draft, priors: Sequence[Prior], t0_utc: datetime | None) -> Iterator[Finding]:
    """Whether the letter of a burst is its own; letters are proposed, never assumed."""
    name = draft.facts.get("event_name")
    if name is None or t0_utc is None or not str(name.value).startswith("GRB"):
        return
    day = f"{t0_utc:%y%m%d}"
    used: dict[str, list[tuple[int, float]]] = {}
    for prior in priors:
        nearest = min(_differences_s(prior, t0_utc), default=math.inf)
        for found in _LETTERED.finditer(prior.subject):
            if found[1] == day:
                used.setdefault(found[2], []).append((prior.number, nearest))
    own = _LETTERED.search(str(name.value))
    for letter, told in sorted(used.items()):
        nearest = min(difference for _, difference in told)
        number = min(told, key=lambda one: one[1])[0]
        if own is not None and letter == own[2] and OTHER_BURST_S < nearest < math.inf:
            words = f"GCN {number} uses GRB {day}{letter} for a burst {nearest:.0f} s away"
            yield blocking("conflict.letter-in-use", "subject", words, "find out which burst has which letter")
        if (own is None or letter != own[2]) and nearest <= MAX_DIFFERENCE_S:
            words = f"GCN {number} calls the burst of this time GRB {day}{letter}"
            yield warning("conflict.other-letter", "subject", words, "use that name, if it is the same burst")
    if own is None and not any(min(d for _, d in told) <= MAX_DIFFERENCE_S for told in used.values()):
        free = next(chr(65 + i) for i in range(26) if chr(65 + i) not in used)
        words = f"the burst has no letter yet; as far as circulars were heard, GRB {day}{free} is the next that is free"
        yield warning(
            "conflict.letter-proposed", "subject", words, "a letter is given by the first circular of the burst"
        )


def _differences_s(prior: Prior, t0_utc: datetime) -> Iterator[float]:
    """How far the clock times that a circular prints are from T0, s, on the day of T0 or the ones beside it."""
    for found in _CLOCK.finditer(f"{prior.subject}\n{prior.body[:3000]}"):
        second = float(found[3])
        midnight = datetime(t0_utc.year, t0_utc.month, t0_utc.day, tzinfo=UTC)
        moment = midnight + timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=second)
        apart_s = abs((moment - t0_utc).total_seconds())
        yield min(apart_s, abs(apart_s - 86_400.0))


def _names(prior: Prior, instrument: str) -> bool:
    words = [word for word in instrument.split() if word not in {"INTEGRAL", "Fermi"}]
    return all(re.search(re.escape(word).replace(r"\-", "[- ]?"), f"{prior.subject} {prior.body}") for word in words)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
