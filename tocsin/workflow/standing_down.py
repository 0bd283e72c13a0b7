"""Standing down: an event that is less than people were woken for; they are told, and what was signed of it is void.

The stand-down reaches everybody who was paged at a door; escalation and approvals end only where no audience that was
woken still sees the event as it was: a restricted notice takes nothing from those who may not know of it.
"""

from collections.abc import Sequence

from tocsin.domain.events import Event, Tier
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context, Door
from tocsin.workflow.owing import EVERYBODY_THERE, doors_paged, owe_message, told_at
from tocsin.workflow.voiding import void
from triggers.conditions import most_likely_class
from triggers.rules import Rules

#: Below this an event is more likely of the Earth than of the sky.
ASTROPHYSICAL = 0.5
#: Class of LVK's alerts for what is no astrophysical source.
TERRESTRIAL = "Terrestrial"
BURST = "GRB"
_LOUDNESS = {Tier.WAKE: "wake the advocate", Tier.TELL: "tell the channel", Tier.RECORD: "record only"}


def downgrade(rules: Rules, before: Event | None, after: Event) -> tuple[str, ...]:
    """What makes an event less than it was, in words; empty where nothing does.

    Parameters
    ----------
    rules
        What the tiers are judged by.
    before, after
        The event without and with its newest notice, as one audience sees it.
    """
    if before is None or before.is_retracted or after.is_retracted:
        return ()
    found: list[str] = []
    tiers = (rules.tier_of(before), rules.tier_of(after))
    if tiers[1] > tiers[0]:
        found.append(f"Lowered from '{_LOUDNESS[tiers[0]]}' to '{_LOUDNESS[tiers[1]]}'.")
    classes = (most_likely_class(before), most_likely_class(after))
    if classes[0] == BURST and classes[1] not in {BURST, None}:
        found.append(f"Most likely no gamma-ray burst any more but {classes[1]}.")
    chances = (astrophysical_probability(before), astrophysical_probability(after))
    if chances[0] is not None and chances[1] is not None and chances[0] >= ASTROPHYSICAL > chances[1]:
        found.append(f"The probability of an astrophysical source fell from {chances[0]:.0%} to {chances[1]:.0%}.")
    return tuple(found)


def astrophysical_probability(event: Event) -> float | None:
    """Probability that the event is of astrophysical origin, p_astro; None where its sender states no classes."""
    noise = event.classification.get(TERRESTRIAL)
    return None if noise is None else 1.0 - noise


def owe_stand_down(
    context: Context, work: UnitOfWork, door: Door, event_id: str, reasons: Sequence[str], *, cause: str
) -> bool:
    """Owe the stand-down to everybody who was told of the event at one door."""
    recipients = [EVERYBODY_THERE] if door.is_shared else sorted(told_at(work, event_id).get(door.name, set()))
    details = {"reasons": [f"Stand down: {reason}" for reason in reasons]}
    owed = [
        owe_message(context, work, door, event_id, MessagePurpose.STAND_DOWN, recipient, cause=cause, details=details)
        for recipient in recipients
    ]
    return any(owed)


def end_alarm(context: Context, work: UnitOfWork, event_id: str, stood_down: Sequence[str], *, cause: str) -> None:
    """End escalation and void approvals once everybody who was woken is stood down.

    Parameters
    ----------
    context, work
        What the workflow works with.
    event_id
        The event.
    stood_down
        Names of the doors where people are stood down.
    cause
        What did it, for the audit.
    """
    if not stood_down or doors_paged(work, event_id) - set(stood_down):
        return
    cancelled = work.cancel_jobs(event_id, (JobKind.ESCALATE, JobKind.REMIND))
    voided = void(work, event_id, "the event is less than it was: people were told to stand down")
    detail = {"cancelled_jobs": cancelled, "voided": voided, "cause": cause}
    work.audit("tocsin", "stand_down", event_id, detail, context.clock.now())
