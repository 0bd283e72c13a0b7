"""Cards as Slack Block Kit, within Slack's limits. Pure; nothing here sends.

Limits (docs.slack.dev, Block Kit reference): 50 blocks a message, header 150 characters, section text 3000, 10 fields
of 2000 characters a section, 25 elements in an actions block, button text 75, value 2000, action id 255.
"""

from typing import Any

from notifier.cards import headline, one_line, shortened, standing, warnings
from tocsin.domain.clock import iso_utc
from tocsin.domain.events import EventState
from tocsin.domain.people import OPEN_PAGE, Card, CardAction

Block = dict[str, Any]  # JSON at the boundary: what Slack's API takes

_FIELDS_PER_SECTION = 10
_MAX_BLOCKS = 50
_MAX_BUTTONS = 25
#: Escaping may lengthen a text (``&`` to ``&amp;``): cut well below Slack's limit first.
_SECTION_CHARACTERS = 2800
_FIELD_CHARACTERS = 380
_CLOSED = frozenset({EventState.CLOSED, EventState.RETRACTED, EventState.NOT_ASTROPHYSICAL, EventState.MERGED})


def blocks(card: Card) -> list[Block]:
    """Blocks of a card: verdict, warnings, fields, reasons, standing, buttons; buttons go when the event is closed."""
    made: list[Block] = [_header(headline(card))]
    made += [_section(f":warning: *{escaped(sentence)}*") for sentence in warnings(card)]
    made += _field_sections(card)
    if card.reasons:
        made.append(_context("Why: " + "; ".join(one_line(reason) for reason in card.reasons)))
    if lines := standing(card):
        made.append(_section(escaped(shortened("\n".join(lines), _SECTION_CHARACTERS))))
    buttons = _buttons(card)
    room = _MAX_BLOCKS - (1 if buttons else 0)
    return made[:room] + ([{"type": "actions", "block_id": "tocsin_actions", "elements": buttons}] if buttons else [])


def escaped(text: str) -> str:
    """Text in which Slack sees no mention, link or channel call: ``&``, ``<`` and ``>`` as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": shortened(text, 150), "emoji": False}}


def _section(mrkdwn: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}


def _context(text: str) -> Block:
    words = escaped(shortened(text, _SECTION_CHARACTERS // 2))
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}


def _field_sections(card: Card) -> list[Block]:
    stated = dict(card.fields)
    if card.t0_utc is not None and not any(label.casefold().startswith("t0") for label in stated):
        stated = {"T0": iso_utc(card.t0_utc) or "", **stated}
    fields = [
        {"type": "mrkdwn", "text": f"*{escaped(shortened(one_line(label), 80))}*\n{escaped(_value(value))}"}
        for label, value in stated.items()
    ]
    starts = range(0, len(fields), _FIELDS_PER_SECTION)
    return [{"type": "section", "fields": fields[start : start + _FIELDS_PER_SECTION]} for start in starts]


def _value(value: str) -> str:
    return shortened(one_line(value), _FIELD_CHARACTERS) or "-"


def _buttons(card: Card) -> list[Block]:
    made = [] if card.state in _CLOSED else [_button(action, card.event_id) for action in card.actions]
    if card.page_url:
        page = CardAction(action_id=OPEN_PAGE, label="Open event page", url=card.page_url)
        made.append(_button(page, card.event_id))
    return made[:_MAX_BUTTONS]


def _button(action: CardAction, event_id: str) -> Block:
    style = {"style": "primary"} if action.is_primary else {}
    link = {"url": action.url} if action.url else {}
    subject = action.subject or event_id
    value = {"value": subject} if subject else {}
    label = {"type": "plain_text", "text": shortened(one_line(action.label), 75), "emoji": False}
    return {
        "type": "button",
        "action_id": action.action_id,
        "text": label,
        **value,
        **style,
        **link,
    }
