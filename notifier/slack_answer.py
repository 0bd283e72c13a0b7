"""Private answers to who pressed a button in Slack: posted where Slack said, and nowhere but at Slack."""

import threading
from urllib.parse import urlsplit

import httpx
import structlog

log = structlog.get_logger()

#: Where Slack takes answers to interactions.
SLACK_HOST = "hooks.slack.com"


class SlackAnswerer:
    """Posts answers in threads of their own: a click is done before, and whether, its answer arrives.

    Parameters
    ----------
    base_url
        Of the Web API; its host is allowed besides Slack's own, for stand-ins.
    timeout_s
        For one answer.
    """

    def __init__(self, base_url: str = "", *, timeout_s: float = 5.0) -> None:
        self._allowed = frozenset({("https", SLACK_HOST), _place(base_url)})
        self._timeout_s = timeout_s

    def __call__(self, url: str | None, words: str) -> threading.Thread | None:
        """Begin to post an answer that only the asker sees; None where nothing is, or may be, posted."""
        if not url or not words:
            return None
        if _place(url) not in self._allowed:
            log.warning("an answer was to go elsewhere than to Slack", host=urlsplit(url).hostname)
            return None
        thread = threading.Thread(target=self._post, args=(url, words), daemon=True)
        thread.start()
        return thread

    def _post(self, url: str, words: str) -> None:
        answer = {"response_type": "ephemeral", "replace_original": False, "text": words}
        try:
            httpx.post(url, json=answer, timeout=self._timeout_s, follow_redirects=False)
        except httpx.HTTPError as error:
            log.warning("an answer to a click was lost", reason=type(error).__name__)


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
