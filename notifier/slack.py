"""The Slack channel: one message per event, updated in place; a thread for its history.

It must not wait or retry by itself (the outbox does, by due times on its rows), so slack_sdk's own retries are off:
a repeated ``chat.postMessage`` would be a second message. Slack has no idempotency key for posts; each message
carries its key as metadata, and after an ambiguous failure `SlackChannel.find_sent` reads the channel for it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.web import SlackResponse, WebClient

from notifier.blocks import blocks, escaped
from notifier.cards import headline, history_line, lock_screen, plain_text, shortened
from notifier.slack_errors import SLACK_FAILURES, is_gone, is_lasting, remote_error
from tocsin.domain.errors import RemoteError
from tocsin.domain.people import MessagePurpose, OutgoingMessage

EVENT_TYPE = "tocsin_message"
_HISTORY_PAGE = 200
_HISTORY_PAGES = 5
_TEXT_CHARACTERS = 3500
#: Purposes of which the channel is told aloud, though the message itself is only updated: an update wakes nobody.
_BROADCAST = frozenset({MessagePurpose.PAGE, MessagePurpose.ESCALATION})


class SlackChannel:
    """Channel that posts to one Slack workspace.

    Parameters
    ----------
    token
        Bot token, ``xoxb-...``.
    channel_id
        Conversation for every recipient not named in `conversations`.
    base_url
        Of the Web API: a stand-in server in tests.
    timeout_s
        For one call; an answer that is later counts as ambiguous.
    conversations
        Recipient (person id or ``#channel``) to the Slack conversation or user id its messages go to.
    mentions
        Person id to Slack user id: mentioned in pages that go to `channel_id`.
    name
        Name in the settings.
    """

    def __init__(
        self,
        token: str,
        channel_id: str,
        *,
        base_url: str = "https://slack.com/api/",
        timeout_s: float = 10.0,
        conversations: Mapping[str, str] | None = None,
        mentions: Mapping[str, str] | None = None,
        name: str = "slack",
    ) -> None:
        self._client = WebClient(token=token, base_url=base_url, retry_handlers=[])
        self._client.timeout = timeout_s  # type: ignore[assignment]  # slack_sdk says int, urllib takes fractions
        self._channel_id = channel_id
        self._conversations = dict(conversations or {})
        self._mentions = dict(mentions or {})
        self._name = name

    @property
    def name(self) -> str:
        """Name in the settings."""
        return self._name

    def check(self) -> None:
        """Prove that Slack knows the token.

        Raises
        ------
        RemoteError
            It does not, or it cannot be asked.
        """
        self._call("auth.test", self._client.auth_test)

    def send(self, message: OutgoingMessage) -> str:
        """Reference ``conversation/timestamp`` of the event's message, posted or updated in place.

        A message updated in place also leaves a line in the thread; an escalation, or a page for what is known already,
        is broadcast from there to the channel. Where the message to be updated has gone (somebody deleted it), a new
        one is posted.

        Raises
        ------
        RemoteError
            As `Channel.send`.
        """
        if message.replaces is None:
            return self._post(message)
        conversation, stamp = _split(message.replaces)
        try:
            self._client.chat_update(channel=conversation, ts=stamp, **self._content(message))
        except SLACK_FAILURES as failure:
            if is_gone(failure):
                return self._post(message)
            raise remote_error(failure, "chat.update") from failure
        self._reply(message, conversation, stamp)
        return message.replaces

    def find_sent(self, message: OutgoingMessage) -> str | None:
        """Reference of this very message, read from the channel's history or the thread it belongs to.

        None also where Slack will never let us read (a missing scope): a doubled message is better than silence.

        Raises
        ------
        RemoteError
            Slack could not be read just now.
        """
        try:
            if message.replaces is not None:
                return message.replaces if self._is_in_thread(message, message.replaces) else None
            return self._in_history(message, "key", message.key)
        except SLACK_FAILURES as failure:
            if is_lasting(failure) or is_gone(failure):
                return None
            raise remote_error(failure, "conversations.history") from failure

    def find_event(self, message: OutgoingMessage) -> str | None:
        """Reference of the channel's message about the same event, whatever it was sent for; None as in `find_sent`.

        Raises
        ------
        RemoteError
            Slack could not be read just now.
        """
        if not message.event_id:
            return None
        try:
            return self._in_history(message, "event_id", message.event_id)
        except SLACK_FAILURES as failure:
            if is_lasting(failure) or is_gone(failure):
                return None
            raise remote_error(failure, "conversations.history") from failure

    def _in_history(self, message: OutgoingMessage, field: str, value: str) -> str | None:
        conversation = self._readable_conversation(message)
        found = self._search(field, value, self._client.conversations_history, channel=conversation)
        return f"{conversation}/{found}" if found else None

    def pin(self, reference: str, content: bytes, *, name: str, title: str, alt_text: str) -> None:
        """Show a PNG in the thread of the event's message, unless a file of that name is there already.

        Raises
        ------
        RemoteError
            As `Channel.send`.
        """
        conversation, stamp = _split(reference)
        try:
            if not self._has_file(conversation, stamp, name):
                self._client.files_upload_v2(
                    channel=conversation, thread_ts=stamp, content=content, filename=name, title=title, alt_txt=alt_text
                )
        except SLACK_FAILURES as failure:
            raise remote_error(failure, "files.completeUploadExternal") from failure

    def _has_file(self, conversation: str, stamp: str, name: str) -> bool:
        thread = self._client.conversations_replies(channel=conversation, ts=stamp, limit=_HISTORY_PAGE)
        files = [one for entry in thread.get("messages") or [] for one in entry.get("files") or []]
        return any(one.get("name") == name for one in files)

    def _post(self, message: OutgoingMessage) -> str:
        answer = self._call(
            "chat.postMessage",
            self._client.chat_postMessage,
            channel=self._conversation(message),
            unfurl_links=False,
            **self._content(message),
        )
        return f"{answer['channel']}/{answer['ts']}"

    def _reply(self, message: OutgoingMessage, conversation: str, stamp: str) -> None:
        text = shortened(self._mention(message) + escaped(history_line(message)), _TEXT_CHARACTERS)
        self._call(
            "chat.postMessage",
            self._client.chat_postMessage,
            channel=conversation,
            thread_ts=stamp,
            reply_broadcast=message.purpose in _BROADCAST,
            text=text,
            metadata=_metadata(message),
            unfurl_links=False,
        )

    def _content(self, message: OutgoingMessage) -> dict[str, Any]:
        rest = plain_text(message.card).removeprefix(headline(message.card))
        text = escaped(lock_screen(message.card)) + "\n" + self._mention(message) + escaped(rest.strip())
        return {
            "text": shortened(text.strip(), _TEXT_CHARACTERS),
            "blocks": self._mention_block(message) + blocks(message.card),
            "metadata": _metadata(message),
        }

    def _conversation(self, message: OutgoingMessage) -> str:
        return self._conversations.get(message.recipient, self._channel_id)

    def _readable_conversation(self, message: OutgoingMessage) -> str:
        """Conversation id that history can be read from: a user id must first be made one."""
        conversation = self._conversation(message)
        if not conversation.startswith(("U", "W")):
            return conversation
        answer = self._client.conversations_open(users=conversation)
        return str(answer["channel"]["id"])

    def _mention(self, message: OutgoingMessage) -> str:
        if message.recipient in self._conversations or (message.card.is_test and not message.card.is_drill):
            return ""
        named = (self._mentions.get(person_id, "") for person_id in (message.recipient, *message.also))
        return "".join(f"<@{user_id}> " for user_id in dict.fromkeys(named) if user_id)

    def _mention_block(self, message: OutgoingMessage) -> list[dict[str, Any]]:
        mention = self._mention(message).strip()
        return [{"type": "section", "text": {"type": "mrkdwn", "text": mention}}] if mention else []

    def _is_in_thread(self, message: OutgoingMessage, reference: str) -> bool:
        """Whether the thread holds the history line of this message; the updated message itself proves nothing."""
        conversation, stamp = _split(reference)
        read = self._client.conversations_replies
        return self._search("key", message.key, read, not_at=stamp, channel=conversation, ts=stamp) is not None

    def _search(
        self, field: str, value: str, read: Callable[..., SlackResponse], *, not_at: str = "", **place: str
    ) -> str | None:
        cursor: str | None = None
        for _ in range(_HISTORY_PAGES):
            page = read(**place, include_all_metadata=True, limit=_HISTORY_PAGE, cursor=cursor)
            for entry in page.get("messages") or []:
                payload = (entry.get("metadata") or {}).get("event_payload") or {}
                if payload.get(field) == value and entry["ts"] != not_at:
                    return str(entry["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return None

    def _call(self, method: str, call: Callable[..., SlackResponse], **arguments: Any) -> SlackResponse:
        try:
            return call(**arguments)
        except SLACK_FAILURES as failure:
            raise remote_error(failure, method) from failure


def _metadata(message: OutgoingMessage) -> dict[str, Any]:
    payload = {"key": message.key, "event_id": message.event_id, "purpose": message.purpose.value}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def _split(reference: str) -> tuple[str, str]:
    conversation, separator, stamp = reference.partition("/")
    if not separator or not stamp:
        raise RemoteError(f"{reference!r} is no reference to a Slack message", remedy="post a new one")
    return conversation, stamp
