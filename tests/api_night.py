"""A store filled with values, as the workflow would leave it: for tests of queries, API and pages."""

import contextlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import healpix
import numpy as np

from advocates.escalation import Plan, Step
from listeners.record import from_record as notice_from_record
from listeners.record import to_record as notice_to_record
from tocsin.api import ApiServices, Health, HealthPart, OnCall, Viewer
from tocsin.domain import light_curve_codec
from tocsin.domain.clock import ManualClock
from tocsin.domain.drafts import Draft, DraftKind, Fact, Finding, Severity
from tocsin.domain.errors import ConflictError
from tocsin.domain.events import Decision, EventState, StoredNotice, Tier
from tocsin.domain.jobs import JobKind
from tocsin.domain.light_curves import LightCurve
from tocsin.domain.notices import Messenger, Notice, Phase, RawNotice, Role
from tocsin.domain.people import Acknowledgement, Person, PersonRole
from tocsin.domain.products import Product, ProductKind, lineage_id
from tocsin.store import Store, UnitOfWork
from tocsin.workflow.computing import Computer
from triangulation.skymap import SkyMap
from triggers.event import summarise
from triggers.event import to_record as event_to_record

T0 = datetime(2026, 11, 22, 3, 4, 5, 678901, tzinfo=UTC)
ANTARES = frozenset({"antares"})
BODY = """The short burst was detected by SPI-ACS and Fermi (GBM)
at about 11046 s UT.

Radius 143.2 deg & half-width <2.4 deg>.
"""
PEOPLE = (
    Person(id="ada", name="Ada Brandt", affiliation="Observatory A", email="ada@example.org"),
    Person(id="ben", name="Ben O'Neil <ops>", clearance=ANTARES),
    Person(id="olga", name="Olga Operator", roles=frozenset({PersonRole.ADMIN})),
)
GW = Notice(
    stream="igwn_gwalert",
    notice_type="igwn.gwalert PRELIMINARY",
    notice_id="S261122a-1-Preliminary",
    event_ids=("S261122a",),
    phase=Phase.PRELIMINARY,
    messenger=Messenger.GRAVITATIONAL_WAVE,
    t0_utc=T0,
    issued_utc=T0 + timedelta(seconds=28),
    far_hz=3.2e-10,
    classification={"BNS": 0.91, "NSBH": 0.06, "Terrestrial": 0.03},
    details={"significant": True},
)
BURST = Notice(
    stream="fermi_gbm",
    notice_type="FERMI_GBM_FLT_POS",
    notice_id="ivo://gbm/707",
    event_ids=("707488534",),
    messenger=Messenger.GAMMA_RAY,
    t0_utc=T0 - timedelta(hours=2),
    issued_utc=T0 - timedelta(hours=2) + timedelta(seconds=40),
    ra_deg=50.2,
    dec_deg=21.04,
    error_radius_deg=4.1,
    error_containment=0.68,
)
MOCK = replace(
    GW, notice_id="MS261122b-1", event_ids=("MS261122b",), is_test=True, role=Role.TEST, t0_utc=T0 - timedelta(hours=5)
)
SECRET = Notice(
    stream="antares",
    notice_type="ANTARES_PRIVATE",
    notice_id="ANTARES 12345 secret",
    event_ids=("hush-12345",),
    messenger=Messenger.NEUTRINO,
    t0_utc=T0 + timedelta(seconds=2),
    issued_utc=T0 + timedelta(seconds=60),
    ra_deg=123.456,
    dec_deg=-7.654,
    error_radius_deg=0.4,
    error_containment=0.5,
    labels=ANTARES,
)


def plan_record() -> Mapping[str, Any]:
    """An escalation plan of one step, as it is kept with its jobs."""
    return Plan(name="night", steps=(Step(index=0, delay_s=0.0, target="on_call"),)).to_record()


@cache
def _empty_database() -> bytes:
    """A migrated database: migrated once, copied for each night."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite"
        store = Store(f"sqlite:///{file}", clock=ManualClock(T0))
        store.migrate()
        store.close()
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.read_bytes()


class Night:
    """A store and its clock, with verbs that leave it as the workflow would."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(T0 + timedelta(minutes=12, seconds=40))
        file = folder / "night.sqlite"
        file.write_bytes(_empty_database())
        self.store = Store(f"sqlite:///{file}", clock=self.clock)
        self.acknowledged: list[tuple[str, str, str]] = []

    def notice(
        self, event_id: str, notice: Notice, *, decision: Decision | None = None, is_replay: bool = False
    ) -> str:
        """Keep a notice, its event and the decision on it; the digest of its bytes."""
        payload = json.dumps(notice_to_record(notice), default=str).encode()
        received = (notice.issued_utc or T0) + timedelta(seconds=1)
        raw = RawNotice(payload=payload, transport="file", origin="night.tar", received_utc=received)
        with self.store.begin() as work:
            kept = work.add_raw(raw)
            work.set_decoded(
                kept.key,
                notice_to_record(notice),
                stream=notice.stream,
                notice_type=notice.notice_type,
                notice_id=notice.notice_id,
                is_test=notice.is_test,
                labels=notice.labels,
                issued_utc=notice.issued_utc,
                event_id=event_id if work.event_row(event_id) else None,
            )
            self._save(work, event_id, kept.key, notice, is_replay=is_replay)
            if decision is not None:
                work.add_decision(event_id, kept.key, decision, received)
                work.set_event_tier(event_id, decision.tier)
        return raw.sha256

    def _save(self, work: UnitOfWork, event_id: str, key: int, notice: Notice, *, is_replay: bool) -> None:
        alone = summarise(event_id, [_stored(key, notice)])
        work.add_event(
            event_id,
            t0_utc=alone.t0_utc,
            kind=alone.kind,
            name=alone.name,
            is_test=alone.is_test,
            is_replay=is_replay,
            labels=alone.labels,
            created_utc=notice.issued_utc or T0,
        )
        record = notice_to_record(notice)
        work.set_decoded(
            key,
            record,
            stream=notice.stream,
            notice_type=notice.notice_type,
            notice_id=notice.notice_id,
            is_test=notice.is_test,
            labels=notice.labels,
            issued_utc=notice.issued_utc,
            event_id=event_id,
        )
        stored = [_stored(row.key, notice_from_record(row.record)) for row in work.notice_rows(event_id)]
        event = summarise(event_id, stored)
        work.save_event(event, summary_record=event_to_record(event))

    def product(
        self,
        event_id: str,
        kind: ProductKind,
        subject: str,
        content: Mapping[str, Any],
        *,
        inputs: Sequence[str] = (),
        labels: frozenset[str] = frozenset(),
        blob: bytes | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> str:
        """Keep a product; its id."""
        given = parameters or {"window_s": 300.0}
        made = Product(
            id=lineage_id(
                kind, event_id=event_id, subject=subject, input_ids=inputs, parameters=given, code_version="1"
            ),
            kind=kind,
            event_id=event_id,
            subject=subject,
            input_ids=tuple(inputs),
            parameters=given,
            code_version="1",
            labels=labels,
            made_utc=self.clock.now(),
            content=content,
            blob=blob,
            blob_type=None if blob is None else "application/fits",
        )
        with self.store.begin() as work:
            work.add_product(made)
        return made.id

    def acknowledge(self, event_id: str, person_id: str, via: str) -> Acknowledgement:
        """Acknowledge as the workflow does."""
        self.acknowledged.append((event_id, person_id, via))
        with self.store.begin() as work:
            row = work.event_row(event_id)
            if row is None or row.is_retracted:
                raise ConflictError(f"{event_id} was retracted; nothing is left to acknowledge")
            made = work.acknowledge(event_id, person_id, via, self.clock.now())
            work.set_event_state(event_id, EventState.ACKNOWLEDGED)
        return made

    def services(self, **changes: Any) -> ApiServices:
        """Services of an API over this store; the header ``x-clearance`` stands for a token."""
        given: dict[str, Any] = {
            "store": self.store,
            "clock": self.clock,
            "acknowledge": self.acknowledge,
            "people": PEOPLE,
            "version": "0.1.0",
            "on_call": lambda: OnCall(people=PEOPLE[:1], next_people=PEOPLE[1:2], next_utc=T0 + timedelta(hours=6)),
            "health": lambda: Health(parts=(HealthPart(name="store", is_ok=True),)),
            "identify": lambda headers: Viewer(
                clearance=frozenset(filter(None, headers.get("x-clearance", "").split(",")))
            ),
            "labels_of_streams": {"antares": ANTARES},
            "computer": Computer(self.store, self.clock, code_version="1"),
        }
        return ApiServices(**(given | changes))


def decision(
    tier: Tier = Tier.WAKE, *, pages: bool = True, reasons: tuple[str, ...] = ("FAR below 1 per century",)
) -> Decision:
    return Decision(
        tier=tier,
        pages=pages,
        tells=True,
        is_material=True,
        search_window_s=(-300.0, 300.0),
        rule="gw",
        reasons=reasons,
    )


def _stored(key: int, notice: Notice) -> StoredNotice:
    return StoredNotice(
        key=key, notice=notice, event_id=None, received_utc=notice.issued_utc or T0, raw_sha256=f"{key:064x}"
    )


@cache
def light_curve(
    name: str = "SPI-ACS",
    *,
    width_s: float = 0.05,
    rate: float = 87000.0,
    peak: float = 30000.0,
    half_s: float = 300.0,
    t0: datetime = T0,
) -> LightCurve:
    start = np.arange(round(2 * half_s / width_s)) * width_s - half_s
    mean = rate * width_s + peak * width_s * np.exp(-(((start - 1.7) / 0.15) ** 2))
    counts = np.random.default_rng(7).poisson(mean).astype(float)
    return LightCurve(name, t0, start_s=start, width_s=width_s, counts=counts, energy_kev=(75.0, 2000.0))


@cache
def sky_map(ra_deg: float = 60.0, dec_deg: float = 20.0, sigma_deg: float = 4.0, order: int = 6) -> SkyMap:
    n = 12 * 4**order
    ra, dec = healpix.pix2ang(2**order, np.arange(n), nest=True, lonlat=True)
    a, b = np.radians([ra_deg, dec_deg]), np.radians([ra, dec])
    cosine = np.sin(a[1]) * np.sin(b[1]) + np.cos(a[1]) * np.cos(b[1]) * np.cos(b[0] - a[0])
    return SkyMap(uniq=np.arange(n) + 4 * 4**order, density_sr=np.exp((cosine - 1) / np.radians(sigma_deg) ** 2))


@cache
def _curve_bytes(curve: LightCurve) -> bytes:
    return light_curve_codec.to_bytes(curve)


@cache
def _map_bytes() -> bytes:
    return sky_map().to_bytes()


def fill_gw(night: Night, *, acknowledged: bool = False) -> str:
    """A GW event with a counterpart in two instruments, a sky map, an annulus, a draft and an escalation ahead."""
    sha256 = night.notice(
        "s261122a",
        GW,
        decision=decision(reasons=("Significant, FAR 1 per 99 years: wakes the advocate.", "Class BNS 91 %.")),
    )
    names = ("SPI-ACS", "Fermi-GBM", "Konus-Wind")
    curves = [
        light_curve(),
        light_curve("Fermi-GBM", width_s=0.064, rate=1500.0, peak=9000.0, half_s=150.0),
        light_curve("Konus-Wind", width_s=0.064, rate=1000.0, peak=0.0, half_s=90.0),
    ]
    found = [(11.3, 2e-12), (31.3, 1e-20), None]
    for name, curve, excess in zip(names, curves, found, strict=True):
        blob = _curve_bytes(curve)
        curve_id = night.product(
            "s261122a", ProductKind.LIGHT_CURVE, name, {"bins": len(curve)}, inputs=[f"notice:{sha256}"], blob=blob
        )
        row = (
            None
            if excess is None
            else {
                "t_s": 1.7,
                "scale_s": 0.25,
                "snr": excess[0],
                "fap": excess[1],
                "far_hz": 1e-9,
                "spike_score": 0.1,
                "start_s": 1.55,
                "stop_s": 1.85,
            }
        )
        content = {"excesses": [row] if row else [], "counterpart": row}
        night.product("s261122a", ProductKind.SEARCH, name, content, inputs=[curve_id])
    night.product(
        "s261122a",
        ProductKind.SEARCH,
        "Mars-Odyssey-HEND",
        {"error": "the instrument is off since 2026-03", "remedy": ""},
    )
    made = sky_map()
    area = {
        "area_50_deg2": made.credible_area_deg2(0.5),
        "area_90_deg2": made.credible_area_deg2(0.9),
        "made_from": "map of igwn.gwalert PRELIMINARY",
    }
    night.product("s261122a", ProductKind.SKYMAP, "sky map", area, blob=_map_bytes(), inputs=[f"notice:{sha256}"])
    annulus = {"ra_deg": 212.0, "dec_deg": -18.0, "radius_deg": 143.2, "minus_3sigma_deg": 2.1, "plus_3sigma_deg": 2.4}
    annulus_id = night.product("s261122a", ProductKind.ANNULUS, "SPI-ACS - Fermi-GBM", annulus)
    night.product(
        "s261122a", ProductKind.ASSOCIATION, "grb-1", {"words": "FERMI_GBM burst 12 s later, joint FAR 1 per 400 years"}
    )
    with night.store.begin() as work:
        work.set_first_page_ms("s261122a", 212.0)
        work.enqueue(
            JobKind.ESCALATE,
            key="s261122a/escalation/0",
            due_utc=T0 + timedelta(minutes=17),
            event_id="s261122a",
            payload={"plan": plan_record()},
        )
        work.enqueue(
            JobKind.FETCH,
            key="s261122a/fetch/x",
            due_utc=T0 + timedelta(minutes=60),
            event_id="s261122a",
            payload={"instrument": "Solar-Orbiter-STIX", "notice_sha256": sha256},
        )
        work.add_draft(
            Draft(
                event_id="s261122a",
                kind=DraftKind.IPN_ANNULUS,
                subject="LIGO/Virgo/KAGRA S261122a: IPN triangulation of a coincident short burst",
                body=BODY,
                facts={"radius_deg": Fact(name="radius_deg", value=143.2, product_id=annulus_id)},
                findings=(
                    Finding(
                        rule="slot.unfilled",
                        severity=Severity.BLOCKING,
                        place="body:3",
                        message="no corners",
                        remedy="give the box",
                    ),
                ),
                made_utc=T0 + timedelta(minutes=4),
            )
        )
    if acknowledged:
        night.acknowledge("s261122a", "ada", "page")
    return "s261122a"


def fill_night(night: Night) -> None:
    """Everything the list can show."""
    fill_gw(night)
    night.notice("grb-1", BURST, decision=decision(Tier.TELL, pages=False), is_replay=True)
    night.notice(
        "ms261122b", MOCK, decision=decision(Tier.RECORD, pages=False, reasons=("A test never pages anyone.",))
    )
    old = replace(
        GW,
        notice_id="S261121z-1",
        event_ids=("S261121z",),
        t0_utc=T0 - timedelta(days=1),
        issued_utc=T0 - timedelta(days=1),
    )
    night.notice("s261121z", old, decision=decision())
    gone = replace(
        old, notice_id="S261121z-2", is_retraction=True, phase=Phase.RETRACTION, issued_utc=T0 - timedelta(hours=20)
    )
    night.notice("s261121z", gone, decision=decision(reasons=("Retracted by LVK.",)))
    track = replace(
        BURST,
        stream="icecube_track",
        notice_type="ICECUBE_ASTROTRACK_GOLD",
        notice_id="icecube/1",
        event_ids=("140001_1234",),
        messenger=Messenger.NEUTRINO,
        t0_utc=T0 - timedelta(hours=9),
        issued_utc=T0 - timedelta(hours=9),
        error_radius_deg=0.7,
        error_containment=0.9,
    )
    night.notice("icecube-261121a", track, decision=decision())
    night.product("icecube-261121a", ProductKind.LIMIT, "SPI-ACS", {"hard_1s_erg_cm2": 1.84e-7})
    night.product("icecube-261121a", ProductKind.SEARCH, "SPI-ACS", {"excesses": [], "counterpart": None})
    night.acknowledge("icecube-261121a", "ada", "slack")
    with night.store.begin() as work:
        kept = work.add_raw(
            RawNotice(
                payload=b"<voe",
                transport="kafka",
                origin="broker",
                topic="gcn.classic.voevent.X",
                partition=0,
                offset=3,
                received_utc=T0,
            )
        )
        work.quarantine(kept.key, "no VOEvent: <script>alert(1)</script> ends at byte 4")
