"""A neutrino without counterpart, a mock superevent, a retracted one, and mere noise."""

from datetime import datetime, timedelta

import numpy as np

from tocsin.simulate.notices import (
    Superevent,
    Track,
    TrackPosition,
    garbage,
    gbm_test,
    icecube_gold_json,
    icecube_gold_voevent,
    lvk_alert,
    lvk_retraction,
    spiacs_test,
    unknown_type,
)
from tocsin.simulate.skies import GravitationalWaveMap, draw_gravitational_wave_map
from tocsin.simulate.spacecraft import near, ra_dec_deg
from tocsin.simulate.timeline import EventTruth, NoticeItem, Scene, issue

#: Delays of IceCube's notices, s: revision 1 really follows after hours.
TRACK_S, TRACK_REVISION_S = 38.0, 840.0
#: The 68 % radius of a track relative to its 90 % radius (a two-dimensional Gaussian).
SHARE_68_OF_90 = 0.703
#: Delays of a mock superevent's alerts, and of a retracted one's (an early warning goes out before the merger), s.
MOCK_S = {"PRELIMINARY": 45.0, "INITIAL": 300.0, "RETRACTION": 600.0}
RETRACTED_S = {"EARLYWARNING": -8.0, "PRELIMINARY": 40.0, "RETRACTION": 600.0}


def neutrino_scene(t0_utc: datetime, rng: np.random.Generator) -> Scene:
    """IceCube GOLD track by both roads, classic and JSON, each with a first and a better position."""
    ra, dec = ra_dec_deg(rng.normal(size=3))
    track = Track(
        name=f"IceCube-{t0_utc:%y%m%d}A",
        run=int(rng.integers(139_000, 140_000)),
        event=int(rng.integers(1_000_000, 80_000_000)),
        t0_utc=t0_utc,
        signalness=float(rng.uniform(0.5, 0.85)),
        energy_tev=float(rng.uniform(120.0, 600.0)),
        far_per_year=float(rng.uniform(0.2, 1.5)),
    )
    items = []
    for revision, after_s in enumerate((TRACK_S, TRACK_REVISION_S)):
        radius = float(rng.uniform(0.5, 1.8))
        seen_ra, seen_dec = near(ra, dec, SHARE_68_OF_90 * radius, rng)
        where = TrackPosition(ra_deg=seen_ra, dec_deg=seen_dec, radius_90_deg=radius, radius_50_deg=0.55 * radius)
        issued = t0_utc + timedelta(seconds=after_s)
        classic = icecube_gold_voevent(track, where, issued, revision=revision)
        modern = icecube_gold_json(track, where, issued + timedelta(seconds=3), revision=revision)
        items += [
            issue(t0_utc, after_s, classic, f"IceCube gold track, revision {revision}"),
            issue(t0_utc, after_s + 3.0, modern, f"the same as JSON, record {revision}"),
        ]
    truth = EventTruth(
        hint=track.name,
        kind="neutrino",
        ra_deg=ra,
        dec_deg=dec,
        t0_utc=t0_utc,
        identifiers=(track.name, f"{track.run}_{track.event}"),
    )
    return Scene(items=tuple(items), truth=truth)


def mock_scene(t0_utc: datetime, superevent_id: str, rng: np.random.Generator) -> Scene:
    """One of LVK's hourly mock superevents, through all its alerts to the retraction."""
    superevent = Superevent(id=superevent_id, t0_utc=t0_utc, far_hz=float(10.0 ** rng.uniform(-16, -12)), search="MDC")
    return _superevent_scene(superevent, MOCK_S, rng, is_test=True)


def retracted_scene(t0_utc: datetime, superevent_id: str, rng: np.random.Generator) -> Scene:
    """An early warning that ten minutes later turns out to be nothing."""
    superevent = Superevent(
        id=superevent_id,
        t0_utc=t0_utc,
        far_hz=float(10.0 ** rng.uniform(-8.5, -7.3)),
        search="EarlyWarning",
        detectors=("H1", "L1"),
        classification={"BNS": 0.78, "NSBH": 0.0, "BBH": 0.0, "Terrestrial": 0.22},
    )
    return _superevent_scene(superevent, RETRACTED_S, rng, is_test=False)


def noise_scene(start_utc: datetime, rng: np.random.Generator) -> Scene:
    """Two test notices, a type nobody decodes, and bytes that are no notice."""

    def at(minute: float) -> datetime:
        return start_utc + timedelta(minutes=minute)

    serial = int(rng.integers(100, 900))
    return Scene(
        items=(
            issue(at(1.0), 0.0, gbm_test(at(1.0), serial=serial), "GBM test notice"),
            issue(at(6.5), 0.0, unknown_type(at(6.5), rng=rng), "a type nobody decodes"),
            issue(at(17.5), 0.0, garbage(rng), "a broken packet"),
            issue(at(24.0), 0.0, spiacs_test(at(24.0), serial=serial + 1), "IBAS test notice"),
        )
    )


def _superevent_scene(
    superevent: Superevent, after_s: dict[str, float], rng: np.random.Generator, *, is_test: bool
) -> Scene:
    skymap = draw_gravitational_wave_map(rng)
    truth = EventTruth(
        hint=superevent.id,
        kind="gravitational_wave",
        ra_deg=None,
        dec_deg=None,
        t0_utc=superevent.t0_utc,
        identifiers=(superevent.id,),
        is_test=is_test,
        is_retracted=True,
    )
    return Scene(items=tuple(_alert(superevent, skymap, kind, s) for kind, s in after_s.items()), truth=truth)


def _alert(superevent: Superevent, skymap: GravitationalWaveMap, kind: str, after_s: float) -> NoticeItem:
    created = superevent.t0_utc + timedelta(seconds=after_s)
    what = f"LVK {kind.lower()} {superevent.id}"
    if kind == "RETRACTION":
        return issue(superevent.t0_utc, after_s, lvk_retraction(superevent, created), what)
    content = skymap.to_fits(
        superevent_id=superevent.id,
        t0_utc=superevent.t0_utc,
        made_utc=created - timedelta(seconds=4),
        detectors=",".join(superevent.detectors),
    )
    return issue(superevent.t0_utc, after_s, lvk_alert(superevent, kind, created, skymap=content), what)
