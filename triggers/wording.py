"""Facts of an event in words for people: short sentences, the number that matters first."""

from tocsin.domain.events import Event, EventKind
from triggers.coincidence import YEAR_S
from triggers.companions import Association
from triggers.conditions import number
from triggers.event_details import STRENGTH
from triggers.families import TRAITS, Family

#: Classes less likely than this are not worth a word.
_SAID_FROM = 0.05
#: Mean overlap of the skies of two events that have nothing to do with each other: less speaks against one source.
UNRELATED_OVERLAP = 1.0


def describe(event: Event) -> tuple[str, ...]:
    """Sentences on how sure and how strong an event is; empty where its notices say nothing of it."""
    sentences = (_far(event), _classes(event), _signalness(event), _strength(event), _place(event), _doubts(event))
    return tuple(sentence for sentence in sentences if sentence)


def describe_association(association: Association) -> str:
    """Two sentences on a possible companion: how near it is, and the two numbers, each called what it is."""
    if association.difference_s is None:
        where = "which its sender names"
    else:
        where = f"{association.difference_s:+.2f} s apart at the Earth ({association.window})"
    if association.overlap is not None and association.overlap < UNRELATED_OVERLAP:
        near = f"Near {association.other_name}, {where}"
        said = [f"{near}, but the skies speak against one source (overlap {association.overlap:.2g})."]
    else:
        sky = "time only" if association.overlap is None else f"sky overlap {association.overlap:.3g}"
        said = [f"May be one source with {association.other_name}, {where}, {sky}."]
    if association.association_chance is not None:
        said.append(f"Chance of such a neighbour if both are real: {association.association_chance:.1e}.")
    if association.joint_far_hz is not None:
        less = "less than " if association.joint_far_is_limit else ""
        said.append(f"Noise pairs as telling: {less}{rate_in_words(association.joint_far_hz)}.")
    return " ".join(said)


def rate_in_words(rate_hz: float) -> str:
    """A rate as people say it: ``once in 98 years``, ``4.3 per year``, ``12 per day``."""
    per_year = rate_hz * YEAR_S
    if per_year <= 0.0:
        return "practically never"
    if per_year < 1.0:
        years = 1.0 / per_year
        return f"once in {years:.2g} years" if years < 1e4 else f"once in {years:.1e} years"
    per_day = rate_hz * 86400.0
    return f"{per_year:.2g} per year" if per_day < 1.0 else f"{per_day:.2g} per day"


def _far(event: Event) -> str:
    return "" if event.far_hz is None else f"False alarms as strong: {rate_in_words(event.far_hz)}."


def _classes(event: Event) -> str:
    likely = sorted(event.classification.items(), key=lambda item: (-item[1], item[0]))
    said = [f"{name} {100.0 * share:.0f} %" for name, share in likely if share >= _SAID_FROM]
    return f"Classified as {', '.join(said)}." if said else ""


def _signalness(event: Event) -> str:
    share = number(event, "signalness")
    return "" if share is None else f"Probability to be astrophysical: {100.0 * share:.0f} %."


def _strength(event: Event) -> str:
    if event.kind is not EventKind.GAMMA_RAY_BURST:
        return ""
    known = {name.removeprefix(STRENGTH): number(event, name) for name in event.details if name.startswith(STRENGTH)}
    said = [f"{_label(name)} {value:.1f} sigma" for name, value in sorted(known.items()) if value is not None]
    return f"Seen by {', '.join(said)}." if said else ""


def _label(name: str) -> str:
    return next((TRAITS[family].label for family in Family if family.value == name), name)


def _place(event: Event) -> str:
    if event.ra_deg is None or event.dec_deg is None:
        return ""
    radius = "" if event.error_radius_deg is None else f", error {event.error_radius_deg:.3g} deg"
    return f"At RA {event.ra_deg:.2f}, Dec {event.dec_deg:+.2f} deg{radius}."


def _doubts(event: Event) -> str:
    return "Its positions disagree: they may be of two sources." if event.details.get("positions_disagree") else ""
