"""The service in one process: workers, ticking, listeners and the API, started and stopped together."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from enum import StrEnum
from functools import partial

import structlog
import uvicorn
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from fastapi import FastAPI

from tocsin.app.build import calendars_of
from tocsin.app.clocks import SystemClock
from tocsin.app.inbox import InboxWatch
from tocsin.app.leading import Lead
from tocsin.app.memory import EVERY_S, give_back
from tocsin.domain.errors import ConflictError, NotNowError
from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.notices import RawNotice
from tocsin.settings import Settings
from tocsin.store import Haste
from tocsin.workflow.context import Context
from tocsin.workflow.drilling import weekly_drill
from tocsin.workflow.handing_over import check_rota, hand_over, tell_of_misfits
from tocsin.workflow.handlers import NOTIFYING, REACTING, REHEARSING
from tocsin.workflow.ingest import ingest, retry_undecoded
from tocsin.workflow.reacting import hasten_files
from tocsin.workflow.runner import Handler, Runner

log = structlog.get_logger()

#: How long requests that are being answered may take once the service is to end, s.
GRACE_S = 2

#: How often calendars of the rota are fetched.
CALENDAR_MINUTES = 15

#: Name of the scheduler's jobs that the leader alone does.
TICK = "tick"
#: Threads for all that is done again and again: two or three may wait for others' servers while the rest goes on.
TICKING_THREADS = 6

#: A listener runs until the event is set.
Listener = Callable[[threading.Event], None]


class Role(StrEnum):
    """What one process does of what the service does."""

    LISTEN = "listen"
    REACT = "react"
    NOTIFY = "notify"
    API = "api"
    TICK = "tick"


EVERY_ROLE = frozenset(Role)

#: Something that is done again and again by one process at a time, with a store that knows whether it is the one.
Tick = Callable[[Context], object]


class Service:
    """Workers, ticker, listeners and API of one process.

    Parameters
    ----------
    context
        What handlers work with; its `wake` is replaced by this service's.
    settings
        Numbers of workers, where the API listens.
    app
        The API, or None for a service without pages.
    listeners
        Each runs in a thread of its own.
    roles
        What of all this is done here.
    lead
        Who ticks, where several processes might; None: this one.
    name
        Of this process, in the leases of its workers.
    looks_every_s
        How often workers look for work that nobody woke them for.
    """

    def __init__(
        self,
        context: Context,
        settings: Settings,
        *,
        app: FastAPI | None = None,
        listeners: Sequence[Listener] = (),
        roles: frozenset[Role] = EVERY_ROLE,
        lead: Lead | None = None,
        name: str = "tocsin",
        looks_every_s: float = 1.0,
    ) -> None:
        self.context = context
        self._settings = settings
        self._roles = roles
        self._lead = lead
        self._looks_every_s = looks_every_s
        self._listeners = [*listeners, *([lead.run] if lead is not None else [])]
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._runners = [*self._workers(name, Role.NOTIFY), *self._workers(name, Role.REACT)]
        self._has_ticked = False
        if lead is not None:
            lead.tell(self.lead_changed)
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(TICKING_THREADS)},
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._server = None if app is None else uvicorn.Server(_server_config(app, settings))

    def _workers(self, name: str, role: Role) -> list[Runner]:
        table = self._settings.workers
        number, handlers = (table.notify, NOTIFYING) if role is Role.NOTIFY else (table.react, REACTING)
        haste = Haste.URGENT if role is Role.NOTIFY else Haste.USUAL
        names = [f"{name}/{role.value}-{n}" for n in range(number)] if role in self._roles else []
        made = [self._worker(handlers, one, haste) for one in names]
        if made and role is Role.REACT:
            made.append(self._worker(REHEARSING, f"{name}/rehearse", Haste.PATIENT))
        return made

    def _worker(self, handlers: Mapping[JobKind, Handler], name: str, haste: Haste) -> Runner:
        context = replace(self.context, store=self.context.store.with_haste(haste))
        return Runner(context, handlers, name=name, lease_s=self._settings.workers.lease_s)

    def wake(self) -> None:
        """Let every worker look for work now."""
        for runner in self._runners:
            runner.wake()

    def ingest(self, raws: Sequence[RawNotice]) -> None:
        """Take raw notices: what listeners are given."""
        ingest(self.context, raws)

    def refresh_calendars(self) -> None:
        """Fetch the calendars of the rota again; one that fails is said, and its last good copy stays in use."""
        for copy in calendars_of(self.context.rota):
            for words in copy.refresh().words(self.context.clock.now()):
                log.warning("rota calendar", words=words)

    def every(self, seconds: float, do: Tick) -> None:
        """Let something be done again and again, by one process at a time, once the service has started."""
        if Role.TICK in self._roles:
            self._scheduler.add_job(lambda: self._tick(do), "interval", seconds=seconds, name=TICK)

    def lead_changed(self, is_mine: bool) -> None:
        """We lead now: do at once what the dead leader may have left undone; or we do no longer."""
        self._has_ticked = False
        if is_mine:
            for job in self._scheduler.get_jobs():
                if job.name == TICK:
                    job.modify(next_run_time=SystemClock().now())  # the scheduler's clock is the machine's

    def _tick(self, do: Tick) -> None:
        if self._lead is None:
            do(self.context)
        elif self._lead.is_mine():
            try:
                do(replace(self.context, store=self._lead.store()))
            except ConflictError as error:
                log.warning("a tick was not ours to do", reason=str(error))
                return
            if not self._has_ticked:
                self._has_ticked = True
                log.info("ticks here from now on")

    def start(self) -> None:
        """Start everything; returns when the API answers.

        Raises
        ------
        NotNowError
            The API cannot listen where it should.
        """
        for runner in self._runners:
            self._spawn(partial(runner.run, most_wait_s=self._looks_every_s))
        for listener in self._listeners:
            self._spawn(listener)
        self._scheduler.add_job(self.wake, "interval", seconds=1, id="sweep")
        self._scheduler.add_job(give_back, "interval", seconds=EVERY_S, id="memory")
        if calendars_of(self.context.rota):
            self._spawn(lambda _stop: self.refresh_calendars())
            self._scheduler.add_job(self.refresh_calendars, "interval", minutes=CALENDAR_MINUTES, id="calendars")
        inbox = InboxWatch(self._settings.inbox, lambda: hasten_files(self.context))
        if Role.REACT in self._roles:
            self._scheduler.add_job(inbox.look, "interval", seconds=1, id="inbox")
        self.every(10, hand_over)
        drill = self._settings.drill
        if drill.weekly:
            self.every(30, partial(weekly_drill, weekday=drill.weekday, at=drill.at))
        self.every(3600, check_rota)
        self.every(60, tell_of_misfits)
        self.every(60, retry_undecoded)
        self._scheduler.start()
        if self._server is not None:
            self._spawn(lambda _stop: self._serve())
            while not self._server.started and not self._server.should_exit:
                self._stop.wait(0.01)
            if not self._server.started:
                where = f"{self._settings.api.host}:{self._settings.api.port}"
                raise NotNowError(f"cannot listen on {where}", remedy="see who listens there: ss -ltnp")

    def stop(self) -> None:
        """Stop everything; jobs not finished stay owed."""
        self._stop.set()
        if self._server is not None:
            self._server.should_exit = True
        self._scheduler.shutdown(wait=False)
        self.wake()
        for thread in self._threads:
            thread.join(timeout=10)

    @property
    def port(self) -> int:
        """Port the API listens on, once started; 0 without API."""
        if self._server is None or not self._server.servers:
            return 0
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def is_busy(self) -> bool:
        """Whether anything owed is due, or being done."""
        with self.context.store.read() as work:
            due = work.next_due((*NOTIFYING, *REACTING))
            leased = sum(count.count for count in work.job_counts() if count.state is JobState.LEASED)
        return leased > 0 or (due is not None and due <= self.context.clock.now())

    def ask_to_stop(self) -> None:
        """Let `wait` return; safe in a signal handler."""
        self._stop.set()

    def wait(self) -> None:
        """Wait until asked to stop, or the server ends."""
        while not self._stop.wait(0.2):
            if self._server is not None and self._server.should_exit:
                return

    def _serve(self) -> None:
        if self._server is None:
            return
        try:
            self._server.run()
        except SystemExit:
            log.error("the API has ended: its address is taken, or not ours")  # noqa: TRY400 - uvicorn logged why
        finally:
            self._server.should_exit = True

    def in_background(self, do: Listener) -> None:
        """Do something beside everything else; it ends with the service."""
        self._spawn(do)

    def _spawn(self, target: Callable[[threading.Event], None]) -> None:
        thread = threading.Thread(target=target, args=(self._stop,), daemon=True)
        thread.start()
        self._threads.append(thread)


def _server_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.api.host,
        port=settings.api.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        # Open streams (SSE) must not hold up the end.
        timeout_graceful_shutdown=GRACE_S,
    )
