"""The stream of changes: Server-Sent Events that go on where a reader left off.

Each audience gets events as it may see them. A change of what it may not see is neither sent nor counted: numbers are
made from the time, and an event that looks to it as before is not sent again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool

from tocsin.api import forms
from tocsin.api.responses import json_bytes
from tocsin.api.services import ApiServices
from tocsin.domain.changes import EventChange
from tocsin.domain.clock import iso_utc
from tocsin.store import UnitOfWork
from tocsin.workflow import queries

#: How often the store is asked whether anything changed, s.
LOOK_EVERY_S = 0.05
#: How often a reader is told that the line is good, s; pages say that it is not after 15 s.
TICK_S = 5.0
#: Messages that wait for one slow reader; one that is slower is cut off, and goes on from its last number.
MOST_WAITING = 200
#: Changes sent to one who was away; after more, what is newest is sent.
MOST_REPLAYED = 1000
MOST_READERS = 2000
#: Answers remembered, to send none twice.
MOST_REMEMBERED = 20_000

Clearance = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Told:
    """One message of the stream; without `id` it is a sign of life."""

    id: int | None
    event: str
    data: str

    @cached_property
    def wire(self) -> bytes:
        """As it goes over the line, made once for all readers."""
        return format_sse_event(data_str=self.data, event=self.event, id=None if self.id is None else str(self.id))


@dataclass(eq=False, slots=True)
class Reader:
    """Somebody who reads the stream."""

    clearance: Clearance
    waiting: list[Told] = field(default_factory=list)
    is_ended: bool = False
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, told: Told) -> bool:
        """Put a message in line; False where the line is full."""
        if len(self.waiting) >= MOST_WAITING:
            return False
        self.waiting.append(told)
        self._called.set()
        return True

    def end(self) -> None:
        """Send this reader away."""
        self.waiting.clear()
        self.is_ended = True
        self._called.set()

    async def take(self) -> list[Told]:
        """All that waits, once something does; nothing at the end."""
        await self._called.wait()
        self._called.clear()
        taken, self.waiting = self.waiting, []
        return taken


class Hub:
    """Looks for changes as long as somebody reads, and tells each audience once.

    Parameters
    ----------
    services
        Where changes are found.
    """

    def __init__(self, services: ApiServices) -> None:
        self._services = services
        self._readers: set[Reader] = set()
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._position = 0
        self._sent: OrderedDict[tuple[str, Clearance], bytes] = OrderedDict()

    @property
    def is_full(self) -> bool:
        """Whether nobody more can be served."""
        return len(self._readers) >= MOST_READERS

    async def read(self, clearance: Clearance, last_id: int | None) -> AsyncIterator[Told]:
        """Messages for a reader from now on, or from after the change `last_id`."""
        batches = self.batches(clearance, last_id)
        try:
            async for batch in batches:
                for told in batch:
                    yield told
        finally:
            await batches.aclose()

    async def batches(self, clearance: Clearance, last_id: int | None) -> AsyncGenerator[list[Told]]:
        """The same, as many at once as there are."""
        reader = Reader(clearance)
        async with self._starting:  # of many who come at once, one starts the looking
            if self._task is None or self._task.done():
                self._position = await run_in_threadpool(self._last)
                self._readers.add(reader)
                self._task = asyncio.create_task(self._follow())
        position = self._position
        self._readers.add(reader)
        try:
            yield [self._tick(await run_in_threadpool(self._last, clearance))]
            if last_id is not None and (missed := await run_in_threadpool(self._missed, clearance, last_id, position)):
                yield missed
            while (told := await reader.take()) or not reader.is_ended:
                yield told
        finally:
            self._readers.discard(reader)

    def _tick(self, position: int | None = None) -> Told:
        """A sign of life; the first one has a number, from which a reader goes on that was told nothing yet."""
        now = iso_utc(self._services.clock.now())
        return Told(id=position, event="tick", data=json_bytes({"now_utc": now}).decode())

    def _last(self, clearance: Clearance | None = None) -> int:
        """Number of the newest change that an audience may know of."""
        with self._services.store.read() as work:
            return work.last_change_id(clearance=clearance)

    async def _follow(self) -> None:
        generation, quiet_s = "", 0.0
        while self._readers:
            now = await run_in_threadpool(self._services.store.generation)
            if now != generation:
                generation = now
                await self._pass_on()
            await asyncio.sleep(LOOK_EVERY_S)
            quiet_s += LOOK_EVERY_S
            if quiet_s >= TICK_S:
                quiet_s = 0.0
                self._tell(None, self._tick())

    async def _pass_on(self) -> None:
        audiences = {reader.clearance for reader in self._readers}
        changes, answers = await run_in_threadpool(self._changed, self._position, audiences)
        for change in changes:
            self._position = change.id
            for clearance in audiences:
                told = answers.get((change.id, clearance))
                if told is not None:
                    self._tell(clearance, told)

    def _tell(self, clearance: Clearance | None, told: Told) -> None:
        slow = [reader for reader in self._readers if clearance in {None, reader.clearance} and not reader.tell(told)]
        for reader in slow:
            reader.end()

    def _changed(
        self, position: int, audiences: set[Clearance]
    ) -> tuple[Sequence[EventChange], dict[tuple[int, Clearance], Told]]:
        """Changes after a number, and what each audience is told of them: of each event once, as it is now."""
        with self._services.store.read() as work:
            changes = work.changes_after(position)
            answers: dict[tuple[int, Clearance], Told] = {}
            for clearance in audiences:
                newest = {change.event_id: change for change in changes if change.labels <= clearance}
                for event_id, change in newest.items():
                    data = self._event(work, event_id, clearance)
                    if data is not None and self._is_news(
                        event_id, clearance, data + _below(work, event_id, clearance)
                    ):
                        answers[change.id, clearance] = Told(id=change.id, event="event", data=data.decode())
        return changes, answers

    def _missed(self, clearance: Clearance, last_id: int, position: int) -> list[Told]:
        """What a reader has not seen: each changed event once, as it is now."""
        with self._services.store.read() as work:
            changes = work.changes_after(last_id, clearance=clearance, limit=MOST_REPLAYED + 1)
            told = []
            if len(changes) > MOST_REPLAYED:
                told.append(Told(id=None, event="gap", data=json_bytes({"more_than": MOST_REPLAYED}).decode()))
            newest = {change.event_id: change for change in changes if change.id <= position}
            for event_id, change in sorted(newest.items(), key=lambda pair: pair[1].id):
                data = self._event(work, event_id, clearance)
                if data is not None:
                    told.append(Told(id=change.id, event="event", data=data.decode()))
        return told

    def _event(self, work: UnitOfWork, event_id: str, clearance: Clearance) -> bytes | None:
        item = queries.event_item(work, event_id, clearance=clearance)
        return None if item is None else json_bytes(forms.item_json(item, self._services.name_of))

    def _is_news(self, event_id: str, clearance: Clearance, seen: bytes) -> bool:
        """Whether an audience saw something else of an event when it was last sent it."""
        key = event_id, clearance
        digest = sha256(seen).digest()
        is_news = self._sent.get(key) != digest
        self._sent[key] = digest
        self._sent.move_to_end(key)
        if len(self._sent) > MOST_REMEMBERED:
            self._sent.popitem(last=False)
        return is_news


def _below(work: UnitOfWork, event_id: str, clearance: Clearance) -> bytes:
    """What else an event's page shows an audience: products, drafts, who took it, what is awaited."""
    view = queries.event_view(work, event_id, clearance=clearance)
    if view is None:
        return b""
    shown = [
        [product.id for product in view.products],
        [[draft.kind.value, draft.revision, draft.lint_errors] for draft in view.drafts],
        [one.person_id for one in view.acknowledgements],
        list(view.awaited),
    ]
    return json_bytes(shown)
