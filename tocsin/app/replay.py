"""Replay: stored notices through the real pipeline, on the notices' own clock, without network, waking nobody.

A night of the past is the best rehearsal: same listeners, same rules, same messages, handed to a recorder.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from acs_stream.sources import files_of
from listeners.files import SkippedFile, read_paths
from notifier.recorder import RecorderChannel
from tocsin.app.build import build_context, build_doors, build_people, build_sources_of, build_store
from tocsin.domain.clock import ManualClock, iso_utc
from tocsin.domain.events import Tier
from tocsin.domain.people import MessagePurpose
from tocsin.settings import Settings, load_settings
from tocsin.store import NoticeCounts, UnitOfWork
from tocsin.workflow.context import Context, Door
from tocsin.workflow.handlers import NOTIFYING, REACTING
from tocsin.workflow.ingest import Decoded, decode_raw, ingest_decoded
from tocsin.workflow.runner import Runner

#: Notices committed together, unless one of them owes work.
BATCH = 200
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Replay:
    """One replay.

    Parameters
    ----------
    paths
        Files, folders, tar or zip archives.
    speed
        Notice time per wall time; None: as fast as possible.
    into_live
        Into the live store instead of one of its own.
    page
        Messages to the configured channels instead of a recorder.
    quiet
        No progress bar.
    """

    paths: Sequence[Path]
    speed: float | None = None
    into_live: bool = False
    page: bool = False
    quiet: bool = False

    def run(self) -> dict[str, Any]:
        """Replay everything; what was received, stored, and who would have been told, JSON-able."""
        settings = self._settings()
        clock = ManualClock(_BEGINNING)
        people, _, _ = build_people(settings)
        doors: Sequence[Door] = (
            build_doors(settings, people, clock=clock, console=Console(stderr=True))
            if self.page
            else (Door(channel=RecorderChannel()),)
        )
        store = build_store(settings, clock, is_durable=self.into_live)
        try:
            folders = {
                name: files
                for name, source in build_sources_of(settings, clock).items()
                if (files := files_of(source)) is not None
            }
            context = build_context(settings, clock=clock, store=store, doors=doors, is_replay=True, sources=folders)
            context = replace(context, patience_s=0.0, rehearses=False)
            with store.read() as work:
                before = _Before.of(work)
            counts = self._play(context, clock)
            with store.read() as work:
                return _result(work, counts, before, settings.data_dir)
        finally:
            store.close()

    def _settings(self) -> Settings:
        settings = load_settings(os.environ)
        if self.into_live:
            return settings
        folder = settings.data_dir / "replays" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
        update = {"data_dir": str(folder)}
        own = settings.store.model_copy(update={"url": ""})
        return settings.model_copy(update={"service": settings.service.model_copy(update=update), "store": own})

    def _play(self, context: Context, clock: ManualClock) -> Counter[str]:
        counts: Counter[str] = Counter()
        player = _Player(context, clock, speed=self.speed)
        with _progress(quiet=self.quiet) as progress:
            task = progress.add_task("replaying", total=None)
            for decoded in self._decoded(context, counts):
                player.take(decoded)
                if not self.quiet:
                    progress.update(task, advance=1, description=f"{clock.now():%Y-%m-%d %H:%M}")
            player.finish()
        return counts

    def _decoded(self, context: Context, counts: Counter[str]) -> Iterator[Decoded]:
        for item in read_paths(self.paths, clock=context.clock):
            if isinstance(item, SkippedFile):
                counts["skipped"] += 1
                continue
            counts["received"] += 1
            yield decode_raw(context, item)


class _Player:
    """Moves the clock along the notices and does what falls due on the way, in order."""

    def __init__(self, context: Context, clock: ManualClock, *, speed: float | None) -> None:
        self._woken = False
        self._context = replace(context, wake=self._wake)
        self._clock = clock
        self._speed = speed
        self._pause = threading.Event()
        self._batch: list[Decoded] = []
        self._runner = Runner(self._context, {**NOTIFYING, **REACTING}, name="replay", lease_s=3600.0)
        self._next_due: datetime | None = None

    def take(self, decoded: Decoded) -> None:
        """Take the next notice at its own time of issue."""
        notice = decoded.notice
        moment = notice.issued_utc or notice.t0_utc if notice is not None else None
        if moment is not None:
            self._advance(moment)
        self._batch.append(replace(decoded, raw=replace(decoded.raw, received_utc=self._clock.now())))
        if len(self._batch) >= BATCH or (notice is not None and not (notice.is_test or notice.is_unknown)):
            self._flush()

    def finish(self) -> None:
        """Store what is left and let the last escalations fall due."""
        self._flush()
        while self._next_due is not None:
            self._clock.set_no_earlier(self._next_due)
            self._run_due()

    def _advance(self, moment: datetime) -> None:
        while self._next_due is not None and self._next_due < moment:
            self._flush()
            self._clock.set_no_earlier(self._next_due)
            self._run_due()
        if self._speed is not None and self._clock.now() > _BEGINNING:
            self._pause.wait(max(0.0, (moment - self._clock.now()).total_seconds()) / self._speed)
        self._clock.set_no_earlier(moment)

    def _flush(self) -> None:
        if self._batch:
            ingest_decoded(self._context, self._batch)
            self._batch.clear()
        if self._woken:
            self._run_due()

    def _run_due(self) -> None:
        self._woken = False
        self._runner.run_due()
        with self._context.store.read() as work:
            self._next_due = work.next_due((*NOTIFYING, *REACTING))

    def _wake(self) -> None:
        self._woken = True


def _progress(*, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """What the store held before the replay: nothing, but for `--into-live`."""

    notices: NoticeCounts
    messages: Mapping[str, int]
    revisions: Mapping[str, int]
    wakings: Mapping[str, int]

    @classmethod
    def of(cls, work: UnitOfWork) -> "_Before":
        events = _all_events(work)
        return cls(
            notices=work.notice_counts(),
            messages={row.id: len(work.messages(row.id)) for row in events},
            revisions={row.id: row.revision for row in events},
            wakings=_wakings(work),
        )


def _result(work: UnitOfWork, counts: Counter[str], before: _Before, data_dir: Path) -> dict[str, Any]:
    stored, known = work.notice_counts(), before.notices
    every = _all_events(work)
    events = [row for row in every if before.revisions.get(row.id) != row.revision]
    messages = [
        {
            "event": sent.message.event_id,
            "purpose": sent.message.purpose.value,
            "recipient": sent.message.recipient,
            "channel": sent.message.channel,
            "sent_utc": iso_utc(sent.sent_utc),
            "verdict": sent.message.card.verdict,
        }
        for row in every
        for sent in work.messages(row.id)[before.messages.get(row.id, 0) :]
    ]
    loud = {MessagePurpose.PAGE.value, MessagePurpose.ESCALATION.value}
    tests = {row.id for row in every if row.is_test}
    return {
        "notices": {
            "received": counts["received"],
            "stored": stored.stored - known.stored,
            "duplicates": stored.duplicates - known.duplicates,
            "quarantined": stored.quarantined - known.quarantined,
            "unknown": stored.unknown - known.unknown,
            "skipped": counts["skipped"],
            "lost": counts["received"] - (stored.received - known.received),
        },
        "events": [
            {
                "id": row.id,
                "name": row.name,
                "kind": row.kind.value,
                "tier": int(row.tier or Tier.RECORD),
                "t0_utc": iso_utc(row.t0_utc),
                "is_retracted": row.is_retracted,
            }
            for row in events
            if not row.is_test
        ],
        "test_events": sum(row.is_test for row in events),
        "pages": sum(message["purpose"] in loud for message in messages),
        "pages_for_tests": sum(message["event"] in tests for message in messages),
        "wakings": dict(sorted((Counter(_wakings(work)) - Counter(before.wakings)).items())),
        "messages": messages,
        "data_dir": str(data_dir),
    }


def _wakings(work: UnitOfWork) -> dict[str, int]:
    """How often people were woken for real events, by the rule that decided."""
    return {rule: len(times) for rule, times in work.waking_rules().items()}


def _all_events(work: UnitOfWork) -> list[Any]:
    rows, cursor = work.event_rows(limit=500)
    while cursor is not None:
        more, cursor = work.event_rows(limit=500, before=cursor)
        rows.extend(more)
    return rows
