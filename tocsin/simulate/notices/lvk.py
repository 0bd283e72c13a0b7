"""LIGO-Virgo-KAGRA alerts: JSON as on the topic ``igwn.gwalert``."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.simulate.notices.voevent import Message, iso_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCoincidence:
    """A coincidence with another observatory's trigger, as the alert states it.

    Parameters
    ----------
    trigger_id
        The other observatory's number.
    ivorn
        Of the other's notice.
    observatory
        ``Fermi``, ``Swift``, ...
    time_difference_s
        Other minus gravitational wave, s.
    far_hz
        Joint false-alarm rate in time, Hz.
    far_sky_hz
        The same in time and sky, Hz; None where not made.
    """

    trigger_id: int
    ivorn: str
    observatory: str
    time_difference_s: float
    far_hz: float
    far_sky_hz: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Superevent:
    """A superevent and its preferred event.

    Parameters
    ----------
    id
        ``S241017ab``, or ``MS...`` for a mock.
    t0_utc
        Time of the merger.
    far_hz
        False-alarm rate, Hz.
    is_significant
        LVK's own flag.
    search, pipeline
        ``AllSky``, ``EarlyWarning``, ``MDC``; ``gstlal``...
    detectors
        Those that saw it.
    classification, properties
        Probabilities by name.
    """

    id: str
    t0_utc: datetime
    far_hz: float
    is_significant: bool = True
    search: str = "AllSky"
    pipeline: str = "gstlal"
    detectors: tuple[str, ...] = ("H1", "L1", "V1")
    classification: Mapping[str, float] = field(
        default_factory=lambda: {"BNS": 0.97, "NSBH": 0.02, "BBH": 0.0, "Terrestrial": 0.01}
    )
    properties: Mapping[str, float] = field(
        default_factory=lambda: {"HasNS": 1.0, "HasRemnant": 0.98, "HasMassGap": 0.01}
    )


def lvk_alert(
    superevent: Superevent,
    alert_type: str,
    created_utc: datetime,
    *,
    skymap: bytes | None,
    external: ExternalCoincidence | None = None,
) -> Message:
    """Alert of type ``EARLYWARNING``, ``PRELIMINARY``, ``INITIAL`` or ``UPDATE``.

    Parameters
    ----------
    superevent
        See `Superevent`.
    alert_type
        LVK's word.
    created_utc
        Time of issue.
    skymap
        Multi-order FITS bytes, sent inside.
    external
        Coincidence with another observatory.
    """
    event = {
        "significant": superevent.is_significant,
        "time": f"{iso_seconds(superevent.t0_utc, 3)}Z",
        "far": superevent.far_hz,
        "instruments": list(superevent.detectors),
        "group": "CBC",
        "pipeline": superevent.pipeline,
        "search": superevent.search,
        "properties": dict(superevent.properties),
        "classification": dict(superevent.classification),
        "duration": None,
        "central_frequency": None,
        "skymap": None if skymap is None else base64.b64encode(skymap).decode(),
    }
    return _message(superevent, alert_type, created_utc, event=event, external=_external(external))


def lvk_retraction(superevent: Superevent, created_utc: datetime) -> Message:
    """Retraction: no event any more."""
    return _message(superevent, "RETRACTION", created_utc, event=None, external=None)


def _external(coincidence: ExternalCoincidence | None) -> dict[str, object] | None:
    if coincidence is None:
        return None
    return {
        "gcn_notice_id": coincidence.trigger_id,
        "ivorn": coincidence.ivorn,
        "observatory": coincidence.observatory,
        "search": "GRB",
        "time_difference": round(coincidence.time_difference_s, 3),
        "time_coincidence_far": coincidence.far_hz,
        "time_sky_position_coincidence_far": coincidence.far_sky_hz,
        "combined_skymap": None,
    }


def _message(
    superevent: Superevent,
    alert_type: str,
    created_utc: datetime,
    *,
    event: dict[str, object] | None,
    external: dict[str, object] | None,
) -> Message:
    alert = {
        "alert_type": alert_type,
        "time_created": f"{iso_seconds(created_utc, 0)}Z",
        "superevent_id": superevent.id,
        "urls": {"gracedb": f"https://gracedb.ligo.org/superevents/{superevent.id}/view/"},
        "event": event,
        "external_coinc": external,
    }
    return Message(topic="igwn.gwalert", payload=json.dumps(alert).encode())
