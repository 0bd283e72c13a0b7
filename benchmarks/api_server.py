"""A service with made-up events on one worker, for `benchmarks/api.py`: prints its port and serves."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import uvicorn

from listeners.record import to_record as notice_to_record
from tocsin.api import ApiServices, build_app
from tocsin.app.clocks import SystemClock
from tocsin.domain import light_curve_codec
from tocsin.domain.events import StoredNotice
from tocsin.domain.light_curves import LightCurve
from tocsin.domain.notices import Messenger, Notice, RawNotice
from tocsin.domain.people import Acknowledgement
from tocsin.domain.products import Product, ProductKind
from tocsin.domain.tokens import Scope, Token, digest
from tocsin.store import Store
from tocsin.workflow.access import Gate
from triggers.event import summarise
from triggers.event import to_record as event_to_record

SECRET = "tocsin_benchmark"  # noqa: S105 - of a store that is thrown away
BINS = 65_536
T0 = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
RESTRICTED = frozenset({"antares"})


def fill(store: Store, seed: int) -> None:
    """A public event with a long light curve, a restricted event, and a token."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(4350.0, BINS).astype(float)
    curve = LightCurve("SPI-ACS", T0, start_s=np.arange(BINS) * 0.05, width_s=np.full(BINS, 0.05), counts=counts)
    with store.begin() as work:
        for event_id, labels in (("grb-1", frozenset[str]()), ("hush-1", RESTRICTED)):
            notice = Notice(
                stream="fermi_gbm", notice_type="FERMI_GBM_FLT_POS", notice_id=event_id, event_ids=(event_id,),
                messenger=Messenger.GAMMA_RAY, t0_utc=T0, issued_utc=T0 + timedelta(seconds=30), ra_deg=50.0,
                dec_deg=20.0, error_radius_deg=4.0, labels=labels,
            )  # fmt: skip
            raw = RawNotice(payload=event_id.encode(), transport="file", origin="bench", received_utc=T0)
            key = work.add_raw(raw).key
            stored = StoredNotice(key=key, notice=notice, event_id=event_id, received_utc=T0, raw_sha256=raw.sha256)
            event = summarise(event_id, [stored])
            work.add_event(
                event_id, t0_utc=T0, kind=event.kind, name=event.name, is_test=False, is_replay=False, labels=labels,
                created_utc=T0,
            )  # fmt: skip
            work.set_decoded(
                key, notice_to_record(notice), stream=notice.stream, notice_type=notice.notice_type,
                notice_id=event_id, is_test=False, labels=labels, issued_utc=notice.issued_utc, event_id=event_id,
            )  # fmt: skip
            work.save_event(event, summary_record=event_to_record(event))
        work.add_product(
            Product(
                id="curve", kind=ProductKind.LIGHT_CURVE, event_id="grb-1", subject="SPI-ACS", input_ids=(),
                parameters={}, code_version="bench", labels=frozenset(), made_utc=T0, content={"bins": BINS},
                blob=light_curve_codec.to_bytes(curve), blob_type=light_curve_codec.MEDIA_TYPE,
            )
        )  # fmt: skip
        work.add_token(
            Token(
                id="bench", name="bench", secret_sha256=digest(SECRET), scopes=frozenset({Scope.READ}),
                clearance=frozenset(), person_id=None, per_minute=1_000_000_000, created_utc=T0,
                expires_utc=datetime(2100, 1, 1, tzinfo=UTC),
            )
        )  # fmt: skip


def refuse(event_id: str, person_id: str, via: str) -> Acknowledgement:
    """Nobody acknowledges here."""
    raise NotImplementedError(event_id, person_id, via)


def main(folder: Path, seed: int) -> None:
    """Serve."""
    clock = SystemClock()
    store = Store(f"sqlite:///{folder / 'bench.sqlite'}", clock=clock)
    store.migrate()
    fill(store, seed)
    gate = Gate(store, clock, tuple)
    services = ApiServices(store=store, clock=clock, acknowledge=refuse, gate=gate, version="bench")
    config = uvicorn.Config(
        build_app(services), host="127.0.0.1", port=0, log_level="warning", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    startup = server.startup

    async def starting(sockets: list[object] | None = None) -> None:
        await startup(sockets)  # type: ignore[arg-type]
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)

    server.startup = starting  # type: ignore[method-assign,assignment]
    server.run()
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
