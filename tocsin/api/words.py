"""Values in words and signs, as people read them on the pages: units said, no colour needed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tocsin.domain.clock import to_utc
from tocsin.domain.events import Event, EventKind, EventState, Tier
from tocsin.workflow.findings import Excess, Finding
from tocsin.workflow.queries import EventListItem

MINUS = "\N{MINUS SIGN}"
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
TIMES = "\N{MULTIPLICATION SIGN}"
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
#: What a probability is called that is too small for a float64.
LEAST_FAP = f"below 10{'-300'.translate(_SUPERSCRIPTS)}"
KINDS = {
    EventKind.GRAVITATIONAL_WAVE: "GW",
    EventKind.NEUTRINO: "Neutrino",
    EventKind.GAMMA_RAY_BURST: "Burst",
    EventKind.OTHER: "Other",
}
TIERS = {Tier.WAKE: "Tier 1", Tier.TELL: "Tier 2", Tier.RECORD: "Tier 3"}
STATES = {
    EventState.OPEN: "Open",
    EventState.NOTIFIED: "Paged, nobody has it yet",
    EventState.ACKNOWLEDGED: "Acknowledged",
    EventState.DRAFTING: "Drafting",
    EventState.APPROVED: "Approved",
    EventState.CLOSED: "Closed",
    EventState.RETRACTED: "Retracted",
    EventState.NOT_ASTROPHYSICAL: "Not astrophysical",
    EventState.MERGED: "Merged into another event",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The verdict strip: tone (class of the style sheet), icon and word say the same three times."""

    tone: str
    icon: str
    word: str


def strip(item: EventListItem) -> Strip:
    """What is to be done about an event, at a glance."""
    if item.event.is_retracted:
        return Strip(tone="gone", icon="\N{MULTIPLICATION X}", word="Retracted")
    if item.state is EventState.NOT_ASTROPHYSICAL:
        return Strip(tone="gone", icon="\N{MULTIPLICATION X}", word="Not astrophysical")
    if item.acknowledgement is not None or item.cover is not None:
        word = "Acknowledged" if item.cover is None else f"Covered by {item.cover.event_name}"
        return Strip(tone="held", icon="\N{CHECK MARK}", word=word)
    match item.tier:
        case Tier.WAKE:
            word = "Would wake" if item.is_replay else "Act now"
            return Strip(tone="wake", icon="\N{BLACK UP-POINTING TRIANGLE}", word=word)
        case Tier.TELL:
            return Strip(tone="tell", icon="\N{BLACK DIAMOND}", word="Take note")
        case _:
            return Strip(tone="calm", icon="\N{WHITE CIRCLE}", word="For the record")


def headline(item: EventListItem, awaited: tuple[str, ...] = ()) -> str:
    """The verdict in one sentence: excess, limit, or what is waited for."""
    found = next((one for one in item.findings if one.excess is not None and one.excess.is_counterpart), None)
    if found is not None and found.excess is not None:
        return f"{found.instrument}: excess, {excess(found.excess)}"
    limited = next((one for one in item.findings if one.limit_erg_cm2 is not None), None)
    if limited is not None:
        return f"{limited.instrument}: {finding(limited)}"
    searched = next((one for one in item.findings if not one.problem), None)
    if searched is not None:
        return f"{searched.instrument}: {finding(searched)}"
    if awaited:
        return f"Waiting for light curves of {', '.join(awaited)}"
    return f"No light curve: {item.findings[0].problem}" if item.findings else "No light curve yet"


def finding(one: Finding) -> str:
    """What one instrument says."""
    if one.excess is not None and one.excess.is_counterpart:
        return f"excess, {excess(one.excess)}"
    but = f"; but {one.caveat}" if one.caveat else ""
    if one.limit_erg_cm2 is not None:
        return f"no excess; below {scientific(one.limit_erg_cm2)} erg/cm² (3{SIGMA}, 1 s){but}"
    if one.problem:
        return one.problem.removeprefix(f"{one.instrument}: ")
    return "no counterpart" + ("" if one.excess is None else f"; strongest excess {excess(one.excess)}") + but


def excess(one: Excess) -> str:
    """S/N, when, on which scale, and how likely by chance."""
    chance = "" if one.fap is None else f", FAP {scientific(one.fap) if one.fap > 0 else LEAST_FAP}"
    at = f"{one.t_s:+.2f}".replace("-", MINUS)
    return f"S/N {one.snr:.1f} at T0 {at} s ({duration(one.scale_s)}){chance}"


def duration(seconds: float) -> str:
    """Short time with its unit."""
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def scientific(value: float) -> str:
    """Two digits and a power of ten where that is shorter to read: ``2.1 x 10^-7``."""
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:.2g}"
    mantissa, _, power = f"{value:.1e}".partition("e")
    return f"{mantissa}{TIMES}10{str(int(power)).translate(_SUPERSCRIPTS)}"


def far(event: Event) -> str:
    """False-alarm rate as people say it."""
    if event.far_hz is None or event.far_hz <= 0:
        return ""
    per_year = event.far_hz * 365.25 * 86400.0
    return f"{_count(per_year)} per year" if per_year >= 1 else f"1 per {_count(1 / per_year)} years"


def _count(number: float) -> str:
    """Three digits, thousands set apart; a power of ten where nobody counts any more."""
    if number >= 1e7:
        return scientific(number)
    return f"{number:.3g}" if number < 1000 else f"{round(number, 2 - math.floor(math.log10(number))):,.0f}"


def position(event: Event) -> str:
    """Best position of the notices."""
    if event.ra_deg is None or event.dec_deg is None:
        return ""
    dec = f"{event.dec_deg:+.3f}".replace("-", MINUS)
    share = "" if event.error_containment is None else f" ({event.error_containment:.0%})"
    radius = "" if event.error_radius_deg is None else f" ± {event.error_radius_deg:.3g}°{share}"
    return f"RA {event.ra_deg:.3f}°, Dec {dec}°{radius}"


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago, in the two largest units."""
    if moment is None:
        return "time unknown"
    seconds = int((to_utc(now) - to_utc(moment)).total_seconds())
    if seconds < 0:
        return f"in {_span(-seconds)}"
    return f"{_span(seconds)} ago"


def _span(seconds: int) -> str:
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60:02d} min"
    return f"{days:,} d" if days < 730 else f"{days / 365.25:.1f} years"


def time_of_day(moment: datetime | None) -> str:
    """Time to the second, UTC understood beside it."""
    return "\N{EM DASH}" if moment is None else f"{to_utc(moment):%H:%M:%S}"


def date_time(moment: datetime | None) -> str:
    """Date and time to the second."""
    return "\N{EM DASH}" if moment is None else f"{to_utc(moment):%Y-%m-%d %H:%M:%S}"


def precise(moment: datetime | None) -> str:
    """Date and time to the millisecond."""
    if moment is None:
        return "\N{EM DASH}"
    return f"{date_time(moment)}.{to_utc(moment).microsecond // 1000:03d}"


def area(deg2: float | None) -> str:
    """Area on the sky."""
    if deg2 is None:
        return "\N{EM DASH}"
    return f"{deg2:,.0f} deg²" if deg2 >= 100 else f"{deg2:.3g} deg²"


def percent(share: float) -> str:
    """A share of one; never "all" or "none" where a rest is left."""
    if 0.0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1.0 - 1e-6:
        return "> 99 %"
    return f"{share:.0%}".replace("%", " %")


def seconds(value: float | None) -> str:
    """A time in words of fit size; a dash for none."""
    if value is None:
        return "-"
    if value < 1.0:
        return f"{1000 * value:.0f} ms"
    return f"{value:.1f} s" if value < 120.0 else f"{value / 60:.0f} min"


FILTERS: dict[str, Callable[..., object]] = {
    "age": age,
    "area": area,
    "date_time": date_time,
    "duration": duration,
    "far": far,
    "finding": finding,
    "headline": headline,
    "kind": KINDS.__getitem__,
    "percent": percent,
    "position": position,
    "precise": precise,
    "scientific": scientific,
    "seconds": seconds,
    "state": STATES.__getitem__,
    "strip": strip,
    "tier": TIERS.__getitem__,
    "time_of_day": time_of_day,
}
