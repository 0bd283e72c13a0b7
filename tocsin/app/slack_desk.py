"""One desk for all buttons pressed in Slack, whether they come by signed HTTP or over Socket Mode.

A request that was done is not done again: over HTTP its repetition is a replay and refused, over Socket Mode it is
Slack's own second delivery and passed over.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from notifier.slack_interaction import Interaction, interaction_of, parse_interaction
from tocsin.domain.errors import ConflictError, NotAllowedError, UnprovenError
from tocsin.workflow.acknowledging import interact
from tocsin.workflow.context import Context

#: Posts private words to who pressed.
Answer = Callable[[str | None, str], object]


class SlackDesk:
    """What is done with a button press, once it is known to be Slack's.

    Parameters
    ----------
    context
        What the workflow works with.
    signing_secret
        Of the Slack app, for requests over HTTP.
    answer
        Posts private words; the click is done whether they arrive or not.
    """

    def __init__(self, context: Context, *, signing_secret: str, answer: Answer) -> None:
        self._context = context
        self._secret = signing_secret
        self._answer = answer

    def signed(self, body: bytes, headers: Mapping[str, str]) -> str:
        """Do what a signed HTTP request asks; the words to answer with.

        Raises
        ------
        NotAllowedError
            It is forged, stale or a replay (kept in the audit), or of somebody who may not.
        ConflictError
            As the action itself.
        """
        now = self._context.clock.now()
        try:
            interaction = parse_interaction(body, headers, signing_secret=self._secret, now=now)
            if self._was_done(interaction):
                raise UnprovenError("this very request was made before: it is a replay")
        except NotAllowedError as error:
            self._record_refusal(str(error), now)
            raise UnprovenError(error.message, remedy=error.remedy) from error
        return self._act(interaction)

    def enveloped(self, payload: Mapping[str, Any], envelope_id: str) -> str:
        """Do what an envelope of Socket Mode asks; the words it was answered with, empty for a second delivery.

        An envelope that cannot be obeyed is answered in words, and is done with.
        """
        try:
            interaction = interaction_of(payload, request_id=envelope_id)
        except NotAllowedError as error:
            self._record_refusal(str(error), self._context.clock.now())
            return ""
        if self._was_done(interaction):
            return ""
        try:
            return self._act(interaction)
        except (NotAllowedError, ConflictError) as error:
            return str(error)

    def _act(self, interaction: Interaction) -> str:
        try:
            words = interact(self._context, interaction)
        except (NotAllowedError, ConflictError) as error:
            self._answer(interaction.response_url, str(error))
            raise
        with self._context.store.begin() as work:
            detail = {"action": interaction.action_id, "event": interaction.event_id}
            now = self._context.clock.now()
            work.audit(interaction.slack_user_id, "clicked", _subject(interaction), detail, now)
        self._answer(interaction.response_url, words)
        return words

    def _was_done(self, interaction: Interaction) -> bool:
        with self._context.store.read() as work:
            return bool(work.audit_rows(_subject(interaction)))

    def _record_refusal(self, reason: str, now: datetime) -> None:
        with self._context.store.begin() as work:
            work.audit("slack", "refused", "interaction", {"reason": reason}, now)


def _subject(interaction: Interaction) -> str:
    return f"slack:{interaction.request_id}"
