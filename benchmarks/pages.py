"""Pages of a service killed with -9 between a decision and its delivery: none lost, none shown twice in chat."""

import json
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from figures import Figure

from tocsin.app.clocks import SystemClock
from tocsin.demo.stand_ins import MailStandIn, SlackStandIn

#: Points at which it is killed; all of them on a long day.
POINTS = 50
START = datetime(2024, 10, 17, 3, 0, 30, tzinfo=UTC)


def run(seed: int = 1) -> list[Figure]:
    """Figures of `POINTS` kills, spread evenly over all steps, shifted by the seed."""
    with (
        SlackStandIn(clock=SystemClock()) as slack,
        MailStandIn() as mail,
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, str(Path(__file__).with_name("killed_service.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as service,
    ):
        bench = _Bench(service, slack, mail, Path(folder))
        steps = bench.case(0, kill_at=0)
        shift = random.Random(seed).random()
        points = sorted({1 + int((index + shift) * steps / POINTS) for index in range(POINTS)})
        for number, point in enumerate(points, start=1):
            bench.case(number, kill_at=point)
        figures = bench.figures(steps, points)
        if service.stdin is not None:
            service.stdin.close()
    return figures


class _Bench:
    def __init__(self, service: "subprocess.Popen[str]", slack: SlackStandIn, mail: MailStandIn, folder: Path) -> None:
        self._service = service
        self._slack = slack
        self._mail = mail
        self._folder = folder
        self.killed = self.lost = self.doubled = self.mails_lost = self.mails_repeated = self.unexpected = 0

    def case(self, number: int, *, kill_at: int) -> int:
        """One service killed at a step and started again; the number of steps of one that is not killed."""
        folder = self._folder / str(number)
        folder.mkdir()
        asked = {
            "folder": str(folder),
            "slack": self._slack.base_url,
            "token": self._slack.token,
            "channel": f"C{number}",
            "smtp": self._mail.port,
            "start_utc": START.isoformat(),
        }
        before = len(self._mail.mails)
        first = self._ask(asked | {"kill_at": kill_at, "is_again": False})
        if kill_at:
            self.killed += first["signal"] == signal.SIGKILL
            again = self._ask(asked | {"kill_at": 0, "is_again": True})
            if again["exit"] != 0:
                raise RuntimeError(f"the service failed after a kill at step {kill_at}: {again}")
        self._judge(f"C{number}", before)
        return int(first["steps"])

    def figures(self, steps: int, points: list[int]) -> list[Figure]:
        """What came of all cases."""
        return [
            Figure(name="steps between the notice and the last page", value=steps, low=POINTS),
            Figure(name="killed with -9 at different steps", value=min(self.killed, len(points)), low=POINTS),
            Figure(name="pages lost in chat", value=self.lost, high=0),
            Figure(name="pages shown twice in chat", value=self.doubled, high=0),
            Figure(name="messages nobody expected", value=self.unexpected, high=0),
            Figure(name="pages lost by mail", value=self.mails_lost, high=0),
            Figure(name="mails repeated, with the same Message-ID", value=self.mails_repeated),
        ]

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self._service.stdin is None or self._service.stdout is None:
            raise RuntimeError("the service has no pipes")
        self._service.stdin.write(json.dumps(asked) + "\n")
        self._service.stdin.flush()
        answer: dict[str, Any] = json.loads(self._service.stdout.readline())
        return answer

    def _judge(self, channel: str, mails_before: int) -> None:
        shown = [message for message in self._slack.messages if message.channel == channel]
        roots = [message for message in shown if message.thread_ts is None]
        keys = Counter(_key(message.metadata) for message in shown)
        self.lost += not roots
        self.doubled += max(0, len(roots) - 1) + sum(count - 1 for key, count in keys.items() if key)
        self.unexpected += len(shown) - len(roots)
        mails = self._mail.mails[mails_before:]
        told = Counter(mail.message_id for mail in mails)
        addresses = {address for mail in mails for address in mail.recipients}
        self.mails_lost += len({"vance@example.org", "tanaka@example.org"} - addresses)
        self.mails_repeated += sum(count - 1 for count in told.values())
        self.unexpected += max(0, len(told) - 2)


def _key(metadata: Any) -> str:
    return str(((metadata or {}).get("event_payload") or {}).get("key") or "")
