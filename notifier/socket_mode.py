"""Socket Mode: buttons of Slack over a websocket that we open, so that no hole in a firewall is needed.

An envelope is acknowledged only once what it asks for is done: one that is not is delivered again, to whichever
connection is up then. Reconnecting, pings and Slack's own refreshes are slack_sdk's business.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient

from notifier.slack_errors import SLACK_FAILURES

log = structlog.get_logger()

#: What is done with the payload of a button press, and the identifier of its envelope.
Press = Callable[[Mapping[str, Any], str], object]
#: Pause before another try to connect at all, s; the last one repeats.
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 60.0)


class SocketModeListener:
    """Listens for button presses until told to stop.

    Parameters
    ----------
    app_token
        ``xapp-...``.
    press
        Does what an envelope asks; raises where it could not, and the envelope will come again.
    base_url
        Of the Web API, which tells where to connect.
    timeout_s
        For asking it.
    ping_interval_s
        How often the connection is tried.
    """

    def __init__(
        self,
        app_token: str,
        press: Press,
        *,
        base_url: str = "https://slack.com/api/",
        timeout_s: float = 10.0,
        ping_interval_s: float = 5.0,
    ) -> None:
        self._app_token = app_token
        self._press = press
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._ping_interval_s = ping_interval_s

    def run(self, stop: threading.Event) -> None:
        """Connect, and stay connected, until `stop` is set."""
        web = WebClient(base_url=self._base_url, retry_handlers=[])
        web.timeout = self._timeout_s  # type: ignore[assignment]  # slack_sdk says int, urllib takes fractions
        client = SocketModeClient(
            self._app_token, web_client=web, ping_interval=self._ping_interval_s, logger=_quiet_logger()
        )
        client.socket_mode_request_listeners.append(self._hear)
        try:
            self._connect(client, stop)
            stop.wait()
        finally:
            client.close()

    def _connect(self, client: SocketModeClient, stop: threading.Event) -> None:
        tries = 0
        while not stop.is_set():
            try:
                client.connect_to_new_endpoint(force=True)
            except SLACK_FAILURES as failure:
                log.warning("Socket Mode cannot connect", reason=str(failure)[:200])
            if client.is_connected():
                return
            stop.wait(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    def _hear(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Do what an envelope asks, then say so; one that fails for no reason of its own is not acknowledged."""
        try:
            if request.type == "interactive":
                self._press(request.payload, request.envelope_id)
        except Exception:  # process boundary: the envelope comes again, others are heard meanwhile
            log.exception("a click could not be done", envelope=request.envelope_id)
            return
        try:
            client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        except (SlackClientError, OSError):
            log.warning("an envelope could not be acknowledged: it will come again", envelope=request.envelope_id)


def _quiet_logger() -> logging.Logger:
    """Logger for slack_sdk, whose lines of DEBUG hold whole messages."""
    logger = logging.getLogger("tocsin.socket_mode")
    logger.setLevel(logging.WARNING)
    return logger
