"""Cards as plain text: for lock screens, e-mail and terminals. Pure; nothing here sends."""

from tocsin.domain.clock import iso_utc
from tocsin.domain.people import Card, MessagePurpose, OutgoingMessage

#: What a lock screen shows of a message.
LOCK_SCREEN_CHARACTERS = 100


def banner(card: Card) -> str:
    """Loud words put before everything else: ``TEST | REPLAY | RETRACTED | ``; empty for a real, standing event."""
    words = [
        word
        for word, is_said in (
            ("DRILL", card.is_drill),
            ("TEST", card.is_test and not card.is_drill),
            ("REPLAY", card.is_replay),
            ("RETRACTED", card.is_retracted),
        )
        if is_said
    ]
    return "".join(f"{word} | " for word in words)


def warnings(card: Card) -> tuple[str, ...]:
    """Sentences that say what the banner means for whoever reads it."""
    said = (
        (card.is_retracted, "RETRACTED: the sender has withdrawn this event. Stand down."),
        (card.is_drill, "DRILL: nothing has happened in the sky. Please acknowledge, as you would the real thing."),
        (card.is_test and not card.is_drill, "TEST: this is not a real event. Nobody needs to act."),
        (card.is_replay, "REPLAY: a past night played again. Nothing of this is happening now."),
    )
    return tuple(sentence for is_true, sentence in said if is_true)


def is_in_earnest(card: Card) -> bool:
    """Whether people are to be woken by it: anything but a test or a replay; a drill is in earnest."""
    return card.is_drill or not (card.is_test or card.is_replay)


def headline(card: Card) -> str:
    """Banner and verdict on one line."""
    return banner(card) + one_line(card.verdict or card.name)


def lock_screen(card: Card) -> str:
    """First `LOCK_SCREEN_CHARACTERS` characters at most of the headline, an ellipsis where it was cut."""
    return shortened(headline(card), LOCK_SCREEN_CHARACTERS)


def plain_text(card: Card, *, acknowledge_url: str = "") -> str:
    """The whole card as text: the verdict first, then what is known, why, who has it, what is next, where to look."""
    lines = [headline(card), *warnings(card)]
    if card.t0_utc is not None:
        lines.append(f"T0: {iso_utc(card.t0_utc)}")
    lines += [f"{one_line(label)}: {one_line(value)}" for label, value in card.fields.items()]
    lines += [f"Why: {one_line(reason)}" for reason in card.reasons]
    lines += standing(card)
    if acknowledge_url:
        lines.append(f"Acknowledge (opens a page with one button): {acknowledge_url}")
    if card.page_url:
        lines.append(f"Open: {card.page_url}")
    return "\n".join(lines)


def standing(card: Card) -> list[str]:
    """Who has the event and what happens next, a line each."""
    lines = []
    if card.acknowledged_by:
        when = f" at {card.acknowledged_utc:%H:%M:%S} UTC" if card.acknowledged_utc else ""
        lines.append(f"Acknowledged by {one_line(card.acknowledged_by)}{when}")
    if card.next_step:
        lines.append(f"Next: {one_line(card.next_step)}")
    return lines


def history_line(message: OutgoingMessage) -> str:
    """What this message changed, for the history of the event: one line."""
    word = {
        MessagePurpose.PAGE: "Paged",
        MessagePurpose.ESCALATION: "ESCALATED, nobody has acknowledged yet",
        MessagePurpose.UPDATE: "Update",
        MessagePurpose.RETRACTION: "RETRACTED, stand down",
        MessagePurpose.STAND_DOWN: "STAND DOWN",
        MessagePurpose.REMINDER: "Asked again",
        MessagePurpose.HANDOVER: "Handover",
        MessagePurpose.SWAP: "Rota",
        MessagePurpose.OPERATOR: "For the operator",
    }[message.purpose]
    return f"{word}: {headline(message.card)}"


def one_line(text: str) -> str:
    """Text with every run of white space (line breaks too) made one space."""
    return " ".join(text.split())


def shortened(text: str, limit: int) -> str:
    """Text of at most `limit` characters, ending in ``...`` where it was cut."""
    return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."
