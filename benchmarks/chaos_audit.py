"""The audit after a bad night: nothing lost, doubled or leaked, every product once, every click in the record."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from figures import Figure
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from traffic import SECRET, Sent, secret_name

from tocsin.demo.stand_ins.slack_messages import StoredMessage
from tocsin.domain.clock import Clock
from tocsin.store import Store

#: Kinds of work that is done, not waited for, however late it is due; escalations may lie ahead. Rehearsals of mock
#: alerts have a lane of their own, which nobody waits for.
SOON, SOON_S = ("send", "fetch", "search", "triangulate", "draft"), 300.0
NOT_OWED = "kind <> 'rehearse'"
#: The archive has everything of an event's window so long after T0.
DATA_AFTER = timedelta(minutes=15)
#: A stranger at the door looks so often, s.
LISTENS_EVERY_S = 2.0
DOORS = ("/api/v1/events?limit=200", "/metrics", "/", "/healthz", "/api/v1/feeds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the service is: notices received, work that is due now, work that will be soon."""

    received: int
    due: int
    soon: int


def standing(url: str, clock: Clock) -> Standing | None:
    """How far it is; None while the database does not answer."""
    store = Store(url, clock=clock)
    try:
        with store.read() as work:
            received = sum(row.received for row in work.feed_report())
            ask = work._connection.execute  # noqa: SLF001 - a bench looks inside
            now = int(clock.now().timestamp() * 1e6)
            ahead = "(state = 'leased' OR (state = 'waiting' AND due_utc <= :now))"
            due = f"SELECT count(*) FROM jobs WHERE {NOT_OWED} AND {ahead}"  # noqa: S608 - our own words
            soon = f"SELECT count(*) FROM jobs WHERE state = 'waiting' AND kind IN {SOON} AND due_utc <= :then"  # noqa: S608 - as above
            then = now + int(SOON_S * 1e6)
            return Standing(
                received=received,
                due=ask(text(due), {"now": now}).scalar_one(),
                soon=ask(text(soon), {"then": then}).scalar_one(),
            )
    except SQLAlchemyError:
        return None
    finally:
        store.close()


class Eavesdropper:
    """Somebody without any right who asks at every open door, all night, and keeps what is said.

    Parameters
    ----------
    url
        Of the service's API.
    names
        What must not be heard.
    every_s
        How often.
    """

    def __init__(self, url: str, names: Sequence[str], *, every_s: float = LISTENS_EVERY_S) -> None:
        self._every_s = every_s
        self._url = url
        self._names = names
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self.heard: set[str] = set()
        self.answers = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _listen(self) -> None:
        while not self._stop.wait(self._every_s):
            for door in DOORS:
                try:
                    said = httpx.get(self._url + door, timeout=10.0, trust_env=False).text
                except httpx.HTTPError:
                    continue
                self.answers += 1
                self.heard |= {name for name in self._names if name in said}


@dataclass(kw_only=True)
class Record:
    """What was done to the service, and what came out of it."""

    sent: Sequence[Sent]
    messages: Sequence[StoredMessage] = ()
    channel: str = ""
    clicked: Mapping[str, str] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    file: Callable[[str], bytes | None] = lambda _file_id: None
    logs: Sequence[Path] = ()

    @property
    def secrets(self) -> list[str]:
        """Names that only some may know of."""
        return [secret_name(number) for number in range(sum(one.topic == SECRET for one in self.sent))]

    @property
    def shown(self) -> str:
        """Everything that was ever to be read in the channel, and in the logs."""
        said = [f"{m.text} {m.blocks} {m.revisions}" for m in self.messages if m.channel == self.channel]
        return " ".join(said + [log.read_text(encoding="utf-8", errors="replace") for log in self.logs])

    def line(self, message: StoredMessage) -> str:
        """What tells one message from all others: its key, or for a picture its place and content."""
        key = (message.metadata or {}).get("event_payload", {}).get("key")
        if key is not None or not message.files:
            return str(key)
        contents = sha256(b"".join(self.file(one["id"]) or b"" for one in message.files)).hexdigest()
        return f"{message.thread_ts} {contents}"


def event_of(metadata: Mapping[str, object] | None) -> str:
    """Event that a message of the channel is about."""
    payload = (metadata or {}).get("event_payload")
    return str(payload.get("event_id") or "") if isinstance(payload, Mapping) else ""


def audit(url: str, clock: Clock, record: Record, *, prefix: str = "") -> list[Figure]:
    """Hold the store at `url` against what was sent, shown and clicked."""
    store = Store(url, clock=clock)
    try:
        with store.read() as work:
            book = _Book(work._connection.execute)  # noqa: SLF001 - a bench looks inside
            figures = [*_notices(book, record), *_pages(book, record), *_products(book, clock), *_people(book, record)]
    finally:
        store.close()
    shown = record.shown
    leaked = {name for name in record.secrets if name in shown} | record.heard
    figures.append(Figure(name="embargoed names in chat, log, API, pages or metrics", value=len(leaked), high=0))
    return [Figure(name=prefix + one.name, value=one.value, low=one.low, high=one.high) for one in figures]


class _Book:
    """Answers of the store to plain questions."""

    def __init__(self, execute: Any) -> None:
        self._execute = execute

    def column(self, query: str) -> list[Any]:
        return list(self._execute(text(query)).scalars())

    def rows(self, query: str) -> list[Any]:
        return list(self._execute(text(query)))

    def number(self, query: str) -> float:
        return float(self._execute(text(query)).scalar_one())


def _notices(book: _Book, record: Record) -> list[Figure]:
    stored = Counter(book.column("SELECT raw_sha256 FROM notices"))
    sent = {sha256(one.payload).hexdigest() for one in record.sent}
    undecoded = book.number("SELECT count(*) FROM notices WHERE status IN ('received', 'undecoded')")
    return [
        Figure(name="notices lost", value=len(sent - set(stored)), high=0),
        Figure(name="notices stored twice", value=sum(count - 1 for count in stored.values()), high=0),
        Figure(name="notices left undecoded", value=undecoded, high=0),
    ]


def _pages(book: _Book, record: Record) -> list[Figure]:
    must_wake = "SELECT id FROM events WHERE tier = 1 AND NOT is_test AND NOT is_retracted AND labels = '[]'"
    owed = set(book.column(must_wake))
    told = set(book.column("SELECT event_id FROM messages WHERE state = 'sent' AND purpose = 'page'"))
    said = [one for one in record.messages if one.ephemeral_user is None and one.channel == record.channel]
    roots = Counter(event_of(one.metadata) for one in said if one.thread_ts is None and event_of(one.metadata))
    for event_id in (one for one, count in roots.items() if count > 1):
        _tell(f"{event_id} is shown {roots[event_id]} times", (_seen(one) for one in said if _is_root(one, event_id)))
        _tell("its messages", book.rows(f"SELECT key, state, reference, error FROM messages WHERE {_of(event_id)}"))  # noqa: S608 - our own words
        _tell("its jobs", book.rows(f"SELECT key, state, attempts, worker FROM jobs WHERE {_of(event_id)}"))  # noqa: S608 - as above
    # The message of an event carries the key of its newest line.
    others = [one for one in said if one.thread_ts is not None or not event_of(one.metadata)]
    lines = Counter(record.line(one) for one in others)
    for key, count in lines.items():
        if count > 1:
            _tell(f"line shown {count} times", (_seen(one) for one in others if record.line(one) == key))
    superevents = {one.wakes for one in record.sent if one.wakes}
    return [
        Figure(name="superevents that must wake people", value=len(owed), low=0.5 * len(superevents)),
        Figure(name="pages lost", value=len(owed - told) + len(owed - set(roots)), high=0),
        Figure(name="events shown in chat", value=len(roots)),
        Figure(name="events shown twice in chat", value=sum(count - 1 for count in roots.values()), high=0),
        Figure(name="lines of threads, pictures, announcements", value=lines.total()),
        Figure(name="of these shown twice", value=sum(count - 1 for count in lines.values()), high=0),
        Figure(
            name="rehearsals of mock alerts still to be done",
            value=book.number("SELECT count(*) FROM jobs WHERE kind = 'rehearse' AND state IN ('waiting', 'leased')"),
        ),
        Figure(name="work given up", value=book.number("SELECT count(*) FROM jobs WHERE state = 'failed'"), high=0),
    ]


def _tell(what: str, rows: Iterable[object]) -> None:
    """Evidence of what should not be, for whoever looks for its reason."""
    print(what, *rows, sep="\n  ", file=sys.stderr)


def _of(event_id: str) -> str:
    return f"event_id = '{event_id}'"


def _is_root(message: StoredMessage, event_id: str) -> bool:
    return message.thread_ts is None and event_of(message.metadata) == event_id


def _seen(message: StoredMessage) -> str:
    payload = (message.metadata or {}).get("event_payload", {})
    return f"{message.posted_monotonic_s:.2f} s: {message.ts} in {message.thread_ts}: {payload.get('key')}"


def _products(book: _Book, clock: Clock) -> list[Figure]:
    """Of every real event that stands and whose rule asks for a search: one light curve, one search, one limit.

    But not of one so young that its data are still to come.
    """
    before = int((clock.now() - DATA_AFTER).timestamp() * 1e6)
    stands = (
        f"e.t0_utc < {before} AND NOT e.is_test AND NOT e.is_retracted "
        "AND e.state NOT IN ('retracted', 'not_astrophysical', 'merged')"
    )
    asked = f"SELECT DISTINCT e.id FROM events e JOIN jobs j ON j.event_id = e.id WHERE j.kind = 'fetch' AND {stands}"  # noqa: S608 - our own words
    events = set(book.column(asked))
    kinds = ("light_curve", "search", "limit")
    query = (
        "SELECT p.event_id, p.kind, p.subject, p.labels, p.content FROM products p JOIN events e ON e.id = p.event_id "  # noqa: S608 - as above
        f"WHERE p.superseded_by IS NULL AND p.kind IN {kinds} AND {stands}"
    )
    current = book.rows(query)
    number = Counter((one.event_id, one.kind) for one in current)
    wanted = {(event, kind) for event in events for kind in kinds}
    for event_id in sorted({event for event, _ in wanted - set(number)}):
        _tell(event_id, book.rows(f"SELECT labels, t0_utc FROM events WHERE id = '{event_id}'"))  # noqa: S608 - as above
        about = "'has no products', state, attempts, last_error, payload"
        _tell("its fetching", book.rows(f"SELECT {about} FROM jobs WHERE kind = 'fetch' AND {_of(event_id)}"))  # noqa: S608 - as above
    excuses = [one for one in current if one.kind != "limit" and '"error"' in one.content[:12]]
    labelled = book.number(
        "SELECT count(*) FROM products p JOIN events e ON e.id = p.event_id WHERE e.labels <> '[]' AND p.labels = '[]'"
    )
    return [
        Figure(name="events to be searched for", value=len(events), low=1),
        Figure(name="products missing", value=len(wanted - set(number)), high=0),
        Figure(name="products present twice", value=sum(count - 1 for count in number.values()), high=0),
        Figure(name="searches that end in an excuse although there are data", value=len(excuses), high=0),
        Figure(name="products of embargoed events without their label", value=labelled, high=0),
    ]


def _people(book: _Book, record: Record) -> list[Figure]:
    firsts = Counter(book.column("SELECT event_id FROM acknowledgements WHERE is_first"))
    # A click that is not answered in time is made again, and is in the audit again; but the first of an event is one.
    first = "action = 'acknowledge' AND detail LIKE '%\"is_first\"_true%'"
    audited = Counter(book.column(f"SELECT subject FROM audit WHERE {first}"))  # noqa: S608 - our own words
    taken = {event for event, person in record.clicked.items() if person}
    for event_id in (one for one in taken if audited[one] != 1):
        query = f"SELECT at_utc, actor, action, detail FROM audit WHERE subject = '{event_id}'"  # noqa: S608 - as above
        _tell(f"{event_id} is in the audit {audited[event_id]} times", book.rows(query))
    return [
        Figure(name="clicks acknowledged", value=len(taken)),
        Figure(name="acknowledgements lost", value=len(taken - set(firsts)), high=0),
        Figure(name="acknowledgements not in the audit once", value=sum(audited[one] != 1 for one in taken), high=0),
    ]
