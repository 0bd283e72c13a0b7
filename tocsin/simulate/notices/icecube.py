"""IceCube GOLD track alerts: VOEvent of GCN Classic (packet type 173) and the JSON that replaced it."""

import json
from dataclasses import dataclass
from datetime import datetime

from tocsin.simulate.notices.voevent import Message, Packet, Param, Position, burst_time, flags, iso_seconds

#: Seconds of the year IceCube's classic notices count their false-alarm rate in.
YEAR_S = 365.25 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A track-like neutrino.

    Parameters
    ----------
    name
        ``IceCube-241017A``.
    run, event
        IceCube's numbers.
    t0_utc
        Time of the event.
    signalness
        Probability of being astrophysical.
    energy_tev
        Likely neutrino energy, TeV.
    far_per_year
        False-alarm rate, per year.
    """

    name: str
    run: int
    event: int
    t0_utc: datetime
    signalness: float
    energy_tev: float
    far_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackPosition:
    """Direction of a track: position and its 90 % and 50 % radii, deg."""

    ra_deg: float
    dec_deg: float
    radius_90_deg: float
    radius_50_deg: float


def icecube_gold_voevent(track: Track, where: TrackPosition, issued_utc: datetime, *, revision: int) -> Message:
    """Classic notice: revision 0 within a minute, revision 1 hours later with a better position."""
    what = (
        Param(name="Packet_Type", value="173"),
        Param(name="Pkt_Ser_Num", value=str(revision + 1)),
        Param(name="AMON_ID", value=f"{track.run}{track.event}", ucd="meta.id"),
        Param(name="run_id", value=str(track.run), ucd="meta.id", description="Run id."),
        Param(name="event_id", value=str(track.event), ucd="meta.id", description="Event id within a given run."),
        *burst_time(track.t0_utc, prefix="Event"),
        Param(name="Stream", value="24", unit="dn", ucd="meta.id"),
        Param(name="Rev", value=str(revision), unit="dn", ucd="meta.id", description="Alert revision"),
        Param(name="signalness", value=f"{track.signalness:.4f}", unit="dn", ucd="stat.probability"),
        Param(name="FAR", value=f"{track.far_per_year:.4f}", unit="yr^-1", ucd="stat.probability"),
        Param(name="energy", value=f"{track.energy_tev:.4f}", unit="TeV", ucd="phys.energy"),
        Param(name="src_error_90", value=f"{where.radius_90_deg:.4f}", unit="deg", ucd="stat.error.sys"),
        Param(name="src_error_50", value=f"{where.radius_50_deg:.4f}", unit="deg", ucd="stat.error.sys"),
        Param(name="Trigger_ID", value="0x0"),
        Param(name="Misc_flags", value="0x18000000"),
        flags("Trigger_ID", Test=False, RADec_valid=False, Retraction=False, InternalTest=False),
    )
    stamp = iso_seconds(track.t0_utc, 2)
    packet = Packet(
        ivorn=f"ivo://nasa.gsfc.gcn/AMON#ICECUBE_GOLD_Event{stamp}_24_{track.run}_{track.event:09d}_{revision}",
        short_name="AMON (via VO-GCN)",
        contact="Icecube Realtime Committee",
        issued_utc=issued_utc,
        t0_utc=track.t0_utc,
        what=what,
        subject="A likely astrophysical neutrino.",
        how="GCN",
        how_url="http://gcn.gsfc.nasa.gov/gcn/amon_icecube_gold_bronze_events.html",
        position=Position(ra_deg=where.ra_deg, dec_deg=where.dec_deg, error_deg=where.radius_90_deg),
    )
    return Message(topic="gcn.classic.voevent.ICECUBE_ASTROTRACK_GOLD", payload=packet.xml())


def icecube_gold_json(track: Track, where: TrackPosition, issued_utc: datetime, *, revision: int) -> Message:
    """JSON notice of the same neutrino; the false-alarm rate is in Hz here."""
    map_name = f"{track.name}_skymap_probdensity_multiorder.fits.gz"
    notice = {
        "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/icecube/single_neutrino_alerts.schema.json",
        "mission": "IceCube",
        "instrument": "IC86",
        "messenger": "Neutrino",
        "pipeline": "Gold Track Alert",
        "record_number": revision,
        "event_name": [track.name],
        "id": [f"{track.run}_{track.event}"],
        "alert_datetime": f"{iso_seconds(issued_utc, 2)}Z",
        "alert_type": "initial" if revision == 0 else "update",
        "alert_tense": "current",
        "alert_topology": "Track",
        "number_of_events": 1,
        "ra": round(where.ra_deg, 4),
        "dec": round(where.dec_deg, 4),
        "ra_dec_error": round(where.radius_90_deg, 4),
        "containment_probability": 0.9,
        "systematic_included": False,
        "healpix_url": f"https://roc.icecube.wisc.edu/public/alerts/{map_name}" if revision else None,
        "trigger_time": f"{iso_seconds(track.t0_utc, 6)}Z",
        "nu_energy": round(track.energy_tev, 2),
        "p_astro": round(track.signalness, 5),
        "far": track.far_per_year / YEAR_S,
    }
    return Message(topic="gcn.notices.icecube.gold_bronze_track_alerts", payload=json.dumps(notice).encode())
