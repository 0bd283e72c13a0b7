"""The people of the night: one clicks at once, one sleeps until the escalation reaches somebody else."""

import threading

from tocsin.demo.stand_ins.slack import SlackStandIn, StoredMessage


class SleepyAdvocates:
    """Watches the channel as advocates do.

    The first event paged is acknowledged at once, by a signed click of who was paged. The second is left alone until
    its escalation names somebody, who then clicks. Every later one is acknowledged at once.

    Parameters
    ----------
    slack
        The workspace.
    url
        The app's interactivity address.
    """

    def __init__(self, slack: SlackStandIn, url: str) -> None:
        self._slack = slack
        self._url = url
        self._paged: list[str] = []
        self._done: set[str] = set()
        self.refused: list[str] = []

    def run(self, stop: threading.Event) -> None:
        """Watch until stopped."""
        while not stop.wait(0.05):
            for message in self._slack.messages:
                self._look(message)

    def _look(self, message: StoredMessage) -> None:
        button = next((one for one in message.buttons if one.get("action_id") == "acknowledge"), None)
        if button is None or message.thread_ts is not None:
            return
        event_id = str(button["value"])
        paged_id = next((user for text in (*message.revisions, message.text) if (user := _mentioned(text))), None)
        if paged_id is None or event_id in self._done:
            return
        if event_id not in self._paged:
            self._paged.append(event_id)
        user_id = self._named_by_escalation(message) if self._paged.index(event_id) == 1 else paged_id
        if user_id is not None:
            self._click(message, event_id, user_id)

    def _named_by_escalation(self, message: StoredMessage) -> str | None:
        thread = [reply for reply in self._slack.messages if reply.thread_ts == message.ts]
        replies = [reply for reply in thread if "ESCALATED" in reply.text]
        return next((user for reply in replies if (user := _mentioned(reply.text)) is not None), None)

    def _click(self, message: StoredMessage, event_id: str, user_id: str) -> None:
        self._done.add(event_id)
        reply = self._slack.click(
            self._url, action_id="acknowledge", event_id=event_id, user_id=user_id, message=message
        )
        if reply.status != 200:
            self.refused.append(f"{event_id}: {reply.status} {reply.body[:200]}")


def _mentioned(text: str) -> str | None:
    """Slack user id that a text mentions first."""
    _, found, rest = text.partition("<@")
    return rest.partition(">")[0] if found else None
