"""The watchdog: gathers every sign of life, owes alarms where one turns bad, tells the outside when all is well.

It is watched in turn: whoever expects `watchdog.heartbeat_url` to be asked hears its silence, should the process die.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import httpx
import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from tocsin.app.feeds import FeedBoard
from tocsin.app.machine import CLOCK, certificate_signs, clock_sign, disk_sign
from tocsin.domain.health import Sign
from tocsin.settings import Settings
from tocsin.store import UnitOfWork
from tocsin.workflow import metrics
from tocsin.workflow.context import Context
from tocsin.workflow.watching import signs_of_store, watch

log = structlog.get_logger()

#: GCN disables client credentials that were not used for so long.
CREDENTIALS_LAST = timedelta(days=30)
#: Slack is asked whether it knows us this often, and no more.
SLACK_EVERY = timedelta(minutes=10)
PING_S = 10.0
#: A clock that nothing has set right so long after the start is an alarm, s.
CLOCK_GRACE_S = 600.0


class Watchdog:
    """Looks at everything, again and again.

    Parameters
    ----------
    context, settings
        Of the service that is watched.
    board
        Last words of the feeds.
    more
        Further signs, each asked at every look.
    """

    def __init__(
        self,
        context: Context,
        settings: Settings,
        board: FeedBoard,
        *,
        more: tuple[Callable[[], tuple[Sign, ...]], ...] = (),
    ) -> None:
        self._context = context
        self._settings = settings
        self._board = board
        self._more = more
        self._slack: tuple[datetime, Sign] | None = None
        self._began_s = context.clock.monotonic_s()

    def signs(self) -> tuple[Sign, ...]:
        """Everything there is to look at, now."""
        return tuple(self._gathered())

    def is_starting(self) -> bool:
        """Whether the service is so young that a clock may still be on its way to being right."""
        return self._context.clock.monotonic_s() - self._began_s < CLOCK_GRACE_S

    def look(self, context: Context) -> None:
        """Look once; owe alarms by way of `context`; tell the outside if all is well."""
        signs = tuple(sign for sign in self.signs() if sign.name != CLOCK or not self.is_starting())
        for sign in signs:
            metrics.SIGN.labels(sign.name).set(1.0 if sign.is_ok else 0.0)
            if not sign.is_ok:
                log.warning("not well", sign=sign.name, words=sign.words, remedy=sign.remedy)
        if not watch(context, signs):
            self._tell_outside()

    def _gathered(self) -> Iterator[Sign]:
        table, now = self._settings.watchdog, self._context.clock.now()
        streams = self._context.streams
        is_listening = self._settings.feeds.kafka.enabled
        expected = {
            name: topic.expected_per_day
            for name, topic in streams.topics.items()
            if topic.is_subscribed and topic.expected_per_day
        }
        with self._context.store.read() as work:
            yield from signs_of_store(work, now, expected if is_listening else {})
            if is_listening:
                yield self._credentials(work, now)
        for part in self._board.parts():
            remedy = "" if part.is_ok else "the log says what the broker answered; listening is tried again by itself"
            yield Sign(name=f"feed {part.name}", is_ok=part.is_ok, words=part.words, remedy=remedy)
        yield disk_sign(self._settings.data_dir, table.least_free_gb)
        yield clock_sign(table.most_clock_error_s)
        yield from certificate_signs(table.certificates, table.least_days_left, now)
        if "slack" in self._settings.channels.enabled:
            yield self._slack_sign(now)
        for more in self._more:
            yield from more()

    def _credentials(self, work: UnitOfWork, now: datetime) -> Sign:
        used = work.newest_reception_utc()
        words = "not used yet" if used is None else f"last seen at work {(now - used).days} days ago"
        left = timedelta(days=self._settings.watchdog.least_days_left)
        if used is None or now - used < CREDENTIALS_LAST - left:
            return Sign(name="GCN credentials", is_ok=True, words=words)
        remedy = "GCN disables credentials unused for 30 days: see why nothing comes, or make new ones"
        return Sign(name="GCN credentials", is_ok=False, words=words, remedy=remedy)

    def _slack_sign(self, now: datetime) -> Sign:
        if self._slack is None or now - self._slack[0] >= SLACK_EVERY or not self._slack[1].is_ok:
            self._slack = (now, self._ask_slack())
        return self._slack[1]

    def _ask_slack(self) -> Sign:
        table, token = self._settings.channels.slack, self._settings.secrets.slack_token
        client = WebClient(
            token=token.get_secret_value() if token else None, base_url=table.base_url, timeout=int(PING_S)
        )
        try:
            answer = client.auth_test()
        except (SlackClientError, OSError) as error:
            words = f"Slack does not know us: {_reason(error)}"
            remedy = "check TOCSIN_SLACK_TOKEN and the app's installation; pages go out by the second path meanwhile"
            return Sign(name="Slack", is_ok=False, words=words, remedy=remedy)
        return Sign(name="Slack", is_ok=True, words=f"signed in as {answer.get('user', 'our app')}")

    def _tell_outside(self) -> None:
        url = self._settings.watchdog.heartbeat_url
        if not url:
            return
        try:
            httpx.get(url, timeout=PING_S).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("the outside could not be told that all is well", reason=type(error).__name__)


def _reason(error: Exception) -> str:
    answer = getattr(error, "response", None)
    code = answer.get("error") if answer is not None else None
    return str(code or type(error).__name__)
