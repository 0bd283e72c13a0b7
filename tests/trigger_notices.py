"""Notices as the decoders make them, and a desk that associates them in memory as the service does with its store."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from tocsin.domain.events import Event, StoredNotice
from tocsin.domain.notices import Messenger, Notice, Phase, SkyMapReference
from triggers.association import alias_keys, bridged_events, choose_event, is_about_event, new_event_id, time_interval
from triggers.event import summarise

T0 = datetime(2023, 5, 18, 12, 59, 8, tzinfo=UTC)


def at(seconds: float, start: datetime = T0) -> datetime:
    """Time some seconds after a start."""
    return start + timedelta(seconds=seconds)


def lvk(phase: Phase = Phase.PRELIMINARY, *, issued_s: float = 60.0, name: str = "S230518h", **changes: Any) -> Notice:
    """LVK notice; a retraction has neither time nor values."""
    is_retraction = phase is Phase.RETRACTION
    details = {} if is_retraction else {"significant": True, "group": "CBC", "search": "AllSky"}
    values: dict[str, Any] = {
        "stream": "igwn_gwalert",
        "notice_type": f"igwn.gwalert {phase.name}",
        "notice_id": f"{name}-{phase.name}@{issued_s}",
        "event_ids": (name,),
        "phase": phase,
        "messenger": Messenger.GRAVITATIONAL_WAVE,
        "is_retraction": is_retraction,
        "t0_utc": None if is_retraction else T0,
        "issued_utc": at(issued_s),
        "far_hz": None if is_retraction else 3.2e-10,
        "classification": {} if is_retraction else {"NSBH": 0.86, "Terrestrial": 0.1, "BBH": 0.04},
        "details": details | changes.pop("details", {}),
    }
    return Notice(**(values | changes))


def gbm(
    kind: str = "ALERT", *, number: int = 706107553, t0_utc: datetime = T0, issued_s: float = 5.0, **changes: Any
) -> Notice:
    """Fermi GBM notice: ALERT, FLT_POS, GND_POS or FIN_POS."""
    phases = {"ALERT": Phase.INITIAL, "FIN_POS": Phase.FINAL}
    values: dict[str, Any] = {
        "stream": "fermi_gbm",
        "notice_type": f"FERMI_GBM_{kind}",
        "notice_id": f"ivo://nasa.gsfc.gcn/Fermi#GBM_{kind}_{number}_{issued_s}",
        "event_ids": (str(number),),
        "phase": phases.get(kind, Phase.UPDATE),
        "messenger": Messenger.GAMMA_RAY,
        "t0_utc": t0_utc,
        "issued_utc": at(issued_s, t0_utc),
        "signal_to_noise": 6.0,
    }
    if kind != "ALERT":
        radius = {"FLT_POS": 8.0, "GND_POS": 5.0, "FIN_POS": 2.0}[kind]
        values |= {"ra_deg": 200.0, "dec_deg": -23.0, "error_radius_deg": radius, "error_containment": 0.68}
    if kind == "FLT_POS":
        values["classification"] = {"GRB": 0.9, "solar_flare": 0.1}
    return Notice(**(values | changes))


def integral(
    kind: str, *, number: int = 10311, t0_utc: datetime = T0, issued_s: float = 10.0, **changes: Any
) -> Notice:
    """INTEGRAL notice: SPIACS, WEAK, WAKEUP, REFINED or OFFLINE."""
    values: dict[str, Any] = {
        "stream": "integral",
        "notice_type": f"INTEGRAL_{kind}",
        "notice_id": f"ivo://nasa.gsfc.gcn/INTEGRAL#{kind}_{number}_{issued_s}",
        "event_ids": (str(number),),
        "phase": Phase.UPDATE if kind in {"REFINED", "OFFLINE"} else Phase.INITIAL,
        "messenger": Messenger.GAMMA_RAY,
        "t0_utc": t0_utc,
        "issued_utc": at(issued_s, t0_utc),
        "signal_to_noise": 9.5,
    }
    if kind != "SPIACS":
        values |= {"ra_deg": 40.93, "dec_deg": 61.43, "error_radius_deg": 0.05, "error_containment": 0.9}
    return Notice(**(values | changes))


def not_a_grb(**changes: Any) -> Notice:
    """INTEGRAL's retraction by a person: OFFLINE with a negative radius, which the decoder drops."""
    return integral("OFFLINE", is_retraction=True, phase=Phase.RETRACTION, error_radius_deg=None, **changes)


def konus(*, t0_utc: datetime = T0, issued_s: float = 46800.0, is_ipn: bool = False, **changes: Any) -> Notice:
    """Konus-Wind light-curve notice, or its times-only IPN twin, which has no number."""
    since = t0_utc - datetime(1968, 5, 24, tzinfo=UTC)
    head = "IPN#Raw" if is_ipn else "KONUS#Lightcurve"
    values: dict[str, Any] = {
        "stream": "konus_ipn",
        "notice_type": "IPN_RAW" if is_ipn else "KONUS_LC",
        "notice_id": f"ivo://nasa.gsfc.gcn/{head}_{t0_utc.isoformat()}_{issued_s}",
        "event_ids": () if is_ipn else (str(since.days * 100_000 + since.seconds),),
        "phase": Phase.INITIAL,
        "messenger": Messenger.GAMMA_RAY,
        "t0_utc": t0_utc,
        "issued_utc": at(issued_s, t0_utc),
    }
    return Notice(**(values | changes))


def icecube(
    revision: int = 0,
    *,
    run_event: str = "137910_29871391",
    is_json: bool = False,
    issued_s: float = 60.0,
    **changes: Any,
) -> Notice:
    """IceCube track by the classic road, or by JSON with its name."""
    name = ("IceCube-230518A",) if is_json else ()
    key = "record_number" if is_json else "rev"
    values: dict[str, Any] = {
        "stream": "icecube" if is_json else "icecube_classic",
        "notice_type": "icecube/single_neutrino_alerts" if is_json else "ICECUBE_ASTROTRACK_GOLD",
        "notice_id": f"icecube-{run_event}-{is_json}-{revision}-{issued_s}",
        "event_ids": (*name, run_event),
        "phase": Phase.UPDATE if revision else Phase.INITIAL,
        "messenger": Messenger.NEUTRINO,
        "t0_utc": T0,
        "issued_utc": at(issued_s),
        "ra_deg": 51.3 + revision,
        "dec_deg": 22.3,
        "error_radius_deg": 0.74,
        "error_containment": 0.9,
        "far_hz": 2.4e-8,
        "details": {key: revision, "signalness": 0.64} | changes.pop("details", {}),
    }
    return Notice(**(values | changes))


def svom(kind: str, *, name: str = "sb26022802", t_s: float = 0.0, issued_s: float = 60.0, **changes: Any) -> Notice:
    """SVOM notice: grm-trigger, eclairs-wakeup, mxt-initial or retraction."""
    values: dict[str, Any] = {
        "stream": "svom",
        "notice_type": kind,
        "notice_id": f"ivo://org.svom/fsc#{name}_{kind}_{issued_s}",
        "event_ids": (name,),
        "is_retraction": kind == "retraction",
        "phase": Phase.RETRACTION if kind == "retraction" else None,
        "t0_utc": at(t_s),
        "issued_utc": at(issued_s),
    }
    return Notice(**(values | changes))


def skymap(name: str) -> SkyMapReference:
    """Sky map at an address."""
    return SkyMapReference(url=f"https://gracedb.ligo.org/{name}.fits")


def stored(notice: Notice, key: int = 1, event_id: str | None = None) -> StoredNotice:
    """Notice as kept; the digest follows from the notice."""
    digest = sha256(notice.notice_id.encode()).hexdigest()
    received = notice.issued_utc or T0
    return StoredNotice(key=key, notice=notice, event_id=event_id, received_utc=received, raw_sha256=digest)


def event_of(*notices: Notice, event_id: str = "event") -> Event:
    """Event that notices tell, in this order of arrival."""
    return summarise(event_id, [stored(notice, key) for key, notice in enumerate(notices, 1)])


class Desk:
    """Associates notices one by one; candidates are found as the store does: a shared alias, or T0 in the interval.

    Parameters
    ----------
    merges
        Events that a notice bridges are merged into the one it joins.
    """

    def __init__(self, *, merges: bool = False) -> None:
        self.events: dict[str, Event] = {}
        self.members: dict[str, list[StoredNotice]] = {}
        self.bridges: list[tuple[str, ...]] = []
        self.before: Event | None = None
        self._merges = merges
        self._by_alias: dict[str, set[str]] = {}
        self._by_hour: dict[int, set[str]] = {}
        self._received = 0

    def candidates(self, notice: Notice) -> list[Event]:
        """Events the store would offer."""
        found = {event_id for key in alias_keys(notice) for event_id in self._by_alias.get(key, ())}
        interval = time_interval(notice)
        if interval is not None:
            start, stop = interval
            nearby = {i for hour in range(_hour(start), _hour(stop) + 1) for i in self._by_hour.get(hour, ())}
            times = {i: event.t0_utc for i in nearby if (event := self.events.get(i)) is not None}
            found |= {i for i, t0_utc in times.items() if t0_utc is not None and start <= t0_utc <= stop}
        return [self.events[event_id] for event_id in sorted(found) if event_id in self.events]

    def take(self, notice: Notice) -> str | None:
        """Associate one notice; the event's identifier, or None where it tells of none."""
        if not is_about_event(notice):
            return None
        candidates = self.candidates(notice)
        event_id = choose_event(notice, candidates)
        if event_id is None:
            event_id = new_event_id(notice)
            assert event_id not in self.events, f"{event_id} is taken"
        self._received += 1
        self.before = self.events.get(event_id)
        self.members.setdefault(event_id, []).append(stored(notice, self._received, event_id))
        if bridged := bridged_events(notice, candidates):
            self.bridges.append((event_id, *bridged))
            self._merge(event_id, bridged if self._merges else ())
        self._summarise(event_id)
        return event_id

    def take_all(self, notices: Iterable[Notice]) -> "Desk":
        """Associate notices in this order."""
        for notice in notices:
            self.take(notice)
        return self

    def groups(self) -> set[frozenset[str]]:
        """Which notices are together, by their identifiers."""
        return {frozenset(s.notice.notice_id for s in members) for members in self.members.values()}

    def _merge(self, event_id: str, others: Iterable[str]) -> None:
        for other in others:
            self.members[event_id] += self.members.pop(other)
            del self.events[other]

    def _summarise(self, event_id: str) -> None:
        event = self.events[event_id] = summarise(event_id, self.members[event_id])
        for alias in event.aliases:
            self._by_alias.setdefault(alias, set()).add(event_id)
        if event.t0_utc is not None:
            self._by_hour.setdefault(_hour(event.t0_utc), set()).add(event_id)


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // 3600)


def grouped(notices: Sequence[Notice]) -> set[frozenset[str]]:
    """Which notices come together when they arrive in this order."""
    return Desk().take_all(notices).groups()
