"""What Tocsin publishes of an event, as JSON of GCN's unified schema (core of v7.2.1): a value in, a record out.

Own fields stand beside those of the schema's Alert, Event, Reporter, DateTime, Localization, Statistics and FollowUp:
docs/reference/own_stream.schema.json lists them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.domain.clock import iso_utc
from tocsin.domain.events import Event, EventKind, Tier

SCHEMA = "https://gcn.nasa.gov/schema/v7.2.1/gcn/notices/core/Alert.schema.json"
MISSION = "Tocsin"
_MESSENGERS = {
    EventKind.GRAVITATIONAL_WAVE: "GW",
    EventKind.NEUTRINO: "Neutrino",
    EventKind.GAMMA_RAY_BURST: "EM",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one instrument's light curve says: a counterpart, a limit, or why neither.

    Parameters
    ----------
    instrument
        Which.
    t_s, scale_s
        Middle of the excess, s from T0, and its time scale, s; None without one.
    snr, fap
        Its signal to noise and its false-alarm probability.
    limit_erg_cm2
        3 sigma upper limit to the fluence of a hard burst of 1 s, erg/cm2; None where none was set.
    problem
        Why there is no answer; empty where there is one.
    """

    instrument: str
    t_s: float | None = None
    scale_s: float | None = None
    snr: float | None = None
    fap: float | None = None
    limit_erg_cm2: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """All that is published of an event.

    Parameters
    ----------
    event
        As the audience of the topic sees it.
    tier
        How loud it is.
    seen
        What the light curves say.
    peak_ra_deg, peak_dec_deg
        Peak of its sky map, deg; None without a map.
    area_50_deg2, area_90_deg2
        Its credible areas.
    skymap_url, page_url
        Where the map and the page are.
    """

    event: Event
    tier: Tier
    seen: Sequence[Seen] = ()
    peak_ra_deg: float | None = None
    peak_dec_deg: float | None = None
    area_50_deg2: float | None = None
    area_90_deg2: float | None = None
    skymap_url: str = ""
    page_url: str = ""


def alert_record(published: Published, *, number: int, at_utc: datetime) -> dict[str, Any]:
    """JSON-able alert.

    Parameters
    ----------
    published
        What is said.
    number
        Of this record of the event, from 1.
    at_utc
        When it is said.
    """
    event = published.event
    record: dict[str, Any] = {
        "$schema": SCHEMA,
        "mission": MISSION,
        "record_number": number,
        "alert_datetime": iso_utc(at_utc),
        "alert_tense": "test" if event.is_test else "archival" if event.is_stale else "current",
        "alert_type": "retraction" if event.is_retracted else "initial" if number == 1 else "update",
        "messenger": _MESSENGERS.get(event.kind),
        "event_name": [event.name],
        "id": [event.id],
        "trigger_time": iso_utc(event.t0_utc),
        "data_archive_page": published.page_url or None,
        "far": event.far_hz,
        "classification": dict(event.classification) or None,
        "reference": _references(event.aliases) or None,
        "tier": int(published.tier),
        "phase": None if event.phase is None else event.phase.value,
        "instruments": [_instrument(one) for one in published.seen] or None,
        **_place(published),
    }
    return {name: value for name, value in record.items() if value is not None}


def _place(published: Published) -> Mapping[str, Any]:
    """Position: of the notices where they give one, else the peak of the map; never a retracted one."""
    event = published.event
    if event.is_retracted:
        return {}
    place: dict[str, Any] = {
        "healpix_url": published.skymap_url or None,
        "area_50_deg2": published.area_50_deg2,
        "area_90_deg2": published.area_90_deg2,
    }
    if event.ra_deg is None or event.dec_deg is None:
        return place | {"ra": published.peak_ra_deg, "dec": published.peak_dec_deg}
    place |= {"ra": event.ra_deg, "dec": event.dec_deg, "ra_dec_error": event.error_radius_deg}
    return place | ({} if event.error_radius_deg is None else {"containment_probability": event.error_containment})


def _references(aliases: Sequence[str]) -> dict[str, str]:
    """Identifier by stream; further ones of a stream are joined to its first."""
    found: dict[str, list[str]] = {}
    for alias in aliases:
        stream, _, identifier = alias.partition(":")
        if identifier:
            found.setdefault(stream, []).append(identifier)
    return {stream: ", ".join(identifiers) for stream, identifiers in found.items()}


def _instrument(one: Seen) -> dict[str, Any]:
    values = {
        "instrument": one.instrument,
        "counterpart_t_s": one.t_s,
        "counterpart_scale_s": one.scale_s,
        "counterpart_snr": one.snr,
        "counterpart_fap": one.fap,
        "limit_3sigma_erg_cm2": one.limit_erg_cm2,
        "problem": one.problem or None,
    }
    return {name: value for name, value in values.items() if value is not None}
