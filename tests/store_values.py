"""Values for the tests of the store."""

from datetime import UTC, datetime, timedelta

from tocsin.domain.drafts import Draft, DraftKind, Fact, Finding, Severity, SlotSpan
from tocsin.domain.events import Decision, Event, EventKind, EventState, Tier
from tocsin.domain.notices import RawNotice
from tocsin.domain.people import Card, CardAction, MessagePurpose, OutgoingMessage
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork

START = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
PUBLIC: frozenset[str] = frozenset()
SECRET = frozenset({"antares"})


def at(seconds: float) -> datetime:
    """Time `seconds` after the start of the test."""
    return START + timedelta(seconds=seconds)


def raw(
    payload: bytes = b"<a/>",
    *,
    topic: str | None = "gcn.a",
    offset: int | None = 0,
    partition: int | None = 0,
    origin: str = "broker",
    seconds: float = 0,
) -> RawNotice:
    """Bytes as they came on Kafka."""
    return RawNotice(
        payload=payload,
        transport="kafka",
        origin=origin,
        received_utc=at(seconds),
        topic=topic,
        partition=partition,
        offset=offset,
    )


def file(payload: bytes, origin: str = "a.xml", *, seconds: float = 0) -> RawNotice:
    """Bytes of a file."""
    return RawNotice(payload=payload, transport="file", origin=origin, received_utc=at(seconds))


def add_event(
    work: UnitOfWork,
    event_id: str = "grb-1",
    *,
    seconds: float | None = 0,
    kind: EventKind = EventKind.GAMMA_RAY_BURST,
    is_test: bool = False,
    labels: frozenset[str] = PUBLIC,
) -> str:
    """An event in the store."""
    work.add_event(
        event_id,
        t0_utc=None if seconds is None else at(seconds),
        kind=kind,
        name=event_id.upper(),
        is_test=is_test,
        is_replay=False,
        labels=labels,
        created_utc=at(100),
    )
    return event_id


def add_notice(
    work: UnitOfWork,
    event_id: str | None,
    payload: bytes,
    *,
    labels: frozenset[str] = PUBLIC,
    stream: str = "fermi_gbm",
    notice_type: str = "FERMI_GBM_FLT_POS",
) -> int:
    """A decoded notice in the store."""
    key = work.add_raw(raw(payload)).key
    work.set_decoded(
        key,
        {"payload": payload.decode()},
        stream=stream,
        notice_type=notice_type,
        notice_id=f"ivo://{payload.decode()}",
        is_test=False,
        labels=labels,
        issued_utc=at(-5),
        event_id=event_id,
    )
    return key


def event_value(event_id: str = "grb-1", *, name: str = "GRB 1", labels: frozenset[str] = PUBLIC) -> Event:
    """An event as computed."""
    return Event(
        id=event_id,
        name=name,
        kind=EventKind.GAMMA_RAY_BURST,
        t0_utc=at(1),
        aliases=("gbm:1", "lvk:S1"),
        labels=labels,
    )


def decision(tier: Tier = Tier.WAKE) -> Decision:
    """A decision."""
    return Decision(
        tier=tier,
        pages=tier is Tier.WAKE,
        tells=True,
        is_material=False,
        search_window_s=(-300.0, 300.0),
        rule="bright",
        reasons=("It is bright", "Nobody knew of it"),
    )


def product(
    product_id: str = "p1",
    *,
    event_id: str = "grb-1",
    kind: ProductKind = ProductKind.SEARCH,
    input_ids: tuple[str, ...] = (),
    labels: frozenset[str] = PUBLIC,
    blob: bytes | None = None,
) -> Product:
    """A product."""
    return Product(
        id=product_id,
        kind=kind,
        event_id=event_id,
        subject="SPI-ACS",
        input_ids=input_ids,
        parameters={"window_s": [-300, 300.5]},
        code_version="0.1.0",
        labels=labels,
        made_utc=at(30),
        content={"snr": 8.125, "none": None},
        blob=blob,
        blob_type=None if blob is None else "application/fits",
    )


def card() -> Card:
    """A card with everything on it."""
    return Card(
        event_id="grb-1",
        name="GRB 1",
        tier=Tier.WAKE,
        state=EventState.NOTIFIED,
        verdict="A burst",
        t0_utc=at(0.25),
        fields={"z": "first", "a": "second"},
        reasons=("bright",),
        is_replay=True,
        acknowledged_by="bvance",
        acknowledged_utc=at(9),
        next_step="none",
        page_url="http://127.0.0.1/events/grb-1",
        actions=(CardAction(action_id="ack", label="I have it", is_primary=True),),
    )


def message(
    key: str = "grb-1/page/bvance/slack/1",
    *,
    event_id: str = "grb-1",
    purpose: MessagePurpose = MessagePurpose.PAGE,
    recipient: str = "bvance",
) -> OutgoingMessage:
    """A message."""
    return OutgoingMessage(
        key=key, event_id=event_id, channel="slack", purpose=purpose, recipient=recipient, card=card()
    )


def draft(body: str = "We found nothing.", *, is_replay: bool = False, severity: Severity = Severity.WARNING) -> Draft:
    """A draft."""
    return Draft(
        event_id="grb-1",
        kind=DraftKind.SPIACS_UPPER_LIMIT,
        subject="GRB 1: upper limits",
        body=body,
        facts={"limit": Fact(name="limit_hard_1s_erg_cm2", value=2.5e-7, product_id="p1")},
        spans=(SlotSpan(fact="limit", part="body", start=3, stop=8, text="found"),),
        findings=(Finding(rule="number.differs", severity=severity, place="body:1", message="no", remedy="look"),),
        made_utc=at(60),
        is_replay=is_replay,
    )
