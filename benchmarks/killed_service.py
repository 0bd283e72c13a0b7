"""A service that is killed at a chosen step between a notice and the delivery of its page; run by `pages.py`.

It reads one JSON object a line, forks, lets the child work as the real service does, and says how the child ended.
A step is each statement and each commit of the database, and each line to, or from, Slack and the mail server.
"""

import http.client
import json
import logging
import os
import signal
import smtplib
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, event

from notifier.email import EmailChannel, Security
from notifier.slack import SlackChannel
from tocsin.app.build import build_context
from tocsin.domain.clock import ManualClock, to_utc
from tocsin.domain.jobs import JobKind
from tocsin.domain.notices import RawNotice
from tocsin.settings import load_settings
from tocsin.simulate.notices import Superevent, lvk_alert
from tocsin.store import Store
from tocsin.workflow.context import Context, Door
from tocsin.workflow.handlers import NOTIFYING
from tocsin.workflow.ingest import ingest
from tocsin.workflow.runner import Runner

LEASE_S = 20.0
#: How long after the kill the service is started again, by its own clock, s.
AWAY_S = 30.0
#: How long it then has for all that is owed at once, s; the first escalation comes later.
WORK_S = 200.0
EVENT = "S241017ab"


class Tripwire:
    """Counts steps, and kills the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.count = 0
        self._kill_at = kill_at

    def step(self, *_: object, **__: object) -> None:
        """Count one; at the chosen one the process ends as by ``kill -9``."""
        self.count += 1
        if self.count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self) -> None:
        """Count database, Slack and mail from now on."""
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, name, self.step)
        for owner, name in (
            (http.client.HTTPConnection, "send"),
            (http.client.HTTPConnection, "getresponse"),
            (smtplib.SMTP, "send"),
            (smtplib.SMTP, "getreply"),
        ):
            setattr(owner, name, self._around(getattr(owner, name)))

    def _around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.step()
            answer = call(*arguments, **named)
            self.step()
            return answer

        return counted


def build(asked: dict[str, Any], clock: ManualClock) -> tuple[Context, Store]:
    """The service's parts on the database of this case."""
    store = Store(f"sqlite:///{asked['folder']}/tocsin.sqlite", clock=clock)
    slack = SlackChannel(asked["token"], asked["channel"], base_url=asked["slack"], timeout_s=5, mentions={})
    settings = load_settings({})
    people = {name: f"{name}@example.org" for name in settings.document("people").values["people"]}
    mail = EmailChannel(
        "127.0.0.1",
        asked["smtp"],
        sender="tocsin@example.org",
        addresses=people,
        clock=clock,
        security=Security.NONE,
        timeout_s=5,
    )
    doors = (Door(channel=slack), Door(channel=mail, is_shared=False))
    context = build_context(settings, clock=clock, store=store, doors=doors, sources={})
    return context, store


def night(asked: dict[str, Any]) -> int:
    """Take the notice and page; the number of steps that took."""
    wire = Tripwire(int(asked["kill_at"]))
    start = to_utc(str(asked["start_utc"]))
    clock = ManualClock(start + timedelta(seconds=AWAY_S if asked["is_again"] else 0.0))
    if not (Path(asked["folder"]) / "tocsin.sqlite").exists():
        fresh = Store(f"sqlite:///{asked['folder']}/tocsin.sqlite", clock=clock)
        fresh.migrate()
        fresh.close()
    context, store = build(asked, clock)
    wire.arm()
    # Kafka delivers again what was not stored: a new start hears the same notice.
    ingest(context, [_notice(start)])
    runner = Runner(context, NOTIFYING, name=f"worker-{os.getpid()}", lease_s=LEASE_S)
    until = clock.now() + timedelta(seconds=WORK_S)
    runner.run_due()
    while (due := _next_due(store)) is not None and due <= until:
        clock.set_no_earlier(due)
        runner.run_due()
    store.close()
    return wire.count


def _notice(now: datetime) -> RawNotice:
    alert = lvk_alert(replace(Superevent(id=EVENT, t0_utc=now, far_hz=1e-12)), "PRELIMINARY", now, skymap=None)
    return RawNotice(
        payload=alert.payload, transport="kafka", origin="broker", topic=alert.topic, partition=0, offset=1,
        received_utc=now, received_monotonic_s=0.0,
    )  # fmt: skip


def _next_due(store: Store) -> datetime | None:
    with store.read() as work:
        return work.next_due(tuple(JobKind))


def main() -> None:
    """Serve cases until standard input ends."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.write(writing, str(night(json.loads(line))).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            steps = pipe.read()
        _, status = os.waitpid(child, 0)
        print(json.dumps({"steps": int(steps or 0), "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
                          "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1}), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
