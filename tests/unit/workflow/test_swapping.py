"""Swapping shifts: offered, taken, told to both, in force at once for pages, handovers and calendars; taken back."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from workflow_desk import Desk, merger

import tocsin.workflow
from notifier.recorder import RecorderChannel
from notifier.slack_interaction import Interaction
from tocsin.app.web import calendar_of, on_call
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.acknowledging import interact
from tocsin.workflow.context import Door
from tocsin.workflow.handing_over import check_rota, hand_over, tell_of_misfits
from tocsin.workflow.rota_in_force import rota_now
from tocsin.workflow.swapping import offer_shift, offers_now, take_shift, withdraw_shift

#: A Thursday of the week of C. Okafor, ten in the morning; the week ends on Monday at 07:00 UTC.
NOW = datetime(2024, 10, 17, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def mail() -> RecorderChannel:
    return RecorderChannel("email")


@pytest.fixture
def desk(tmp_path: Path, mail: RecorderChannel) -> Iterator[Desk]:
    recorder = RecorderChannel()
    doors = (Door(channel=recorder), Door(channel=mail, is_shared=False))
    with Desk(tmp_path, doors=doors, now=NOW) as made:
        made.recorder = recorder
        hand_over(made.context)
        yield made


def holder(desk: Desk) -> str:
    """Who alone is on call now."""
    (person,) = rota_now(desk.context).on_call(desk.clock.now())
    return person.id


def other(desk: Desk) -> str:
    """Somebody who is not."""
    return next(one for one in ("okafor", "lindqvist", "vance") if one != holder(desk))


def press(desk: Desk, action_id: str, subject: str, person_id: str) -> str:
    person = desk.context.people.person(person_id)
    assert person is not None
    pressed = Interaction(action_id=action_id, event_id=subject, slack_user_id=person.slack_id or "")
    return interact(desk.context, pressed)


def audited(desk: Desk, offer_id: int) -> list[tuple[str, str]]:
    with desk.store.read() as work:
        return [(row.actor, row.action) for row in work.audit_rows(f"shift-offer/{offer_id}")]


def test_a_shift_taken_changes_who_is_paged_the_calendar_and_the_page_at_once(desk: Desk) -> None:
    giver, taker = holder(desk), other(desk)
    made = offer_shift(desk.context, giver, NOW, NOW + 24 * HOUR, "page", reason="a wedding")
    assert holder(desk) == giver, "who offers is on call until somebody takes it"
    take_shift(desk.context, made.id, taker, "page")
    assert holder(desk) == taker
    assert [one.id for one in on_call(desk.context).people] == [taker]
    begins = f"DTSTART:{NOW:%Y%m%dT%H%M%SZ}".encode()
    assert begins in calendar_of(desk.context, taker)
    assert f"DTEND:{NOW:%Y%m%dT%H%M%SZ}".encode() in calendar_of(desk.context, giver)
    desk.take(merger())
    desk.work()
    (page,) = [one for one in desk.recorder.sent if one.purpose is MessagePurpose.PAGE]
    assert page.recipient == taker
    assert audited(desk, made.id) == [(giver, "shift_offered"), (taker, "shift_taken")]


def test_all_who_could_take_it_are_told_of_an_offer_and_both_of_its_taking(desk: Desk, mail: RecorderChannel) -> None:
    giver, taker = holder(desk), other(desk)
    made = offer_shift(desk.context, giver, NOW + HOUR, NOW + 24 * HOUR, "page", reason="a wedding")
    desk.work()
    (shown,) = desk.recorder.sent
    assert shown.purpose is MessagePurpose.SWAP
    assert "offers a shift to anybody: from Thu 2024-10-17 11:00 to Fri 2024-10-18 10:00 UTC" in shown.card.verdict
    assert shown.card.fields["Why"] == "a wedding"
    assert {one.recipient for one in mail.sent} == {"vance", "okafor", "lindqvist", "tanaka"}
    mail.sent.clear()
    (take, _) = shown.card.actions
    words = press(desk, take.action_id, take.subject, taker)
    assert words.startswith("You stand in for")
    desk.work()
    assert {one.recipient for one in mail.sent} == {giver, taker}
    assert "stands in for" in desk.recorder.sent[-1].card.verdict
    desk.wait(HOUR.total_seconds() + 10)
    hand_over(desk.context)
    desk.work()
    told = desk.recorder.sent[-1]
    assert told.purpose is MessagePurpose.HANDOVER
    assert told.recipient == taker
    assert made.id == int(take.subject)


def test_an_offer_waits_for_the_end_of_quiet_hours_and_its_taking_does_not(desk: Desk, mail: RecorderChannel) -> None:
    desk.clock.advance(12 * 3600.0)  # 22:00 UTC: C. Okafor, in Paris, has quiet hours until 05:00 UTC
    giver = holder(desk)
    made = offer_shift(desk.context, giver, NOW + 24 * HOUR, NOW + 30 * HOUR, "page")
    desk.work()
    quiet = {one.id for one in desk.context.people if one.quiet_hours is not None} - {giver}
    assert not quiet & {one.recipient for one in mail.sent}
    desk.wait(8 * 3600.0)
    assert {one.recipient for one in mail.sent} == {"vance", "okafor", "lindqvist", "tanaka"}
    assert made.named_id is None


def test_a_handover_lets_the_shift_or_the_next_one_be_offered_from_chat(desk: Desk) -> None:
    desk.wait((datetime(2024, 10, 21, 7, 0, 5, tzinfo=UTC) - NOW).total_seconds())
    hand_over(desk.context)
    desk.work()
    (told,) = [one for one in desk.recorder.sent if one.purpose is MessagePurpose.HANDOVER][-1:]
    this, following = told.card.actions
    giver = holder(desk)
    assert "Offered from Mon 2024-10-21 07:00" in press(desk, this.action_id, this.subject, giver)
    with pytest.raises(ConflictError, match=r"offers from Mon 2024-10-21 07:00 .* already"):
        press(desk, this.action_id, this.subject, giver)
    words = press(desk, following.action_id, following.subject, giver)
    assert "from Mon 2024-11-11 08:00 to Mon 2024-11-18 08:00 UTC" in words, "three weeks on, the clocks changed"
    with pytest.raises(ConflictError, match="is not on call at"):
        press(desk, this.action_id, this.subject, other(desk))
    with desk.store.read() as work:
        assert [one.giver_id for one in offers_now(work, desk.clock.now())] == [giver, giver]


def test_of_two_who_take_a_shift_the_second_is_told_who_has_it(desk: Desk) -> None:
    giver = holder(desk)
    first, second = [one for one in ("okafor", "lindqvist", "vance") if one != giver]
    made = offer_shift(desk.context, giver, NOW, NOW + HOUR, "page")
    take_shift(desk.context, made.id, first, "slack")
    with pytest.raises(ConflictError, match="has taken this shift already"):
        take_shift(desk.context, made.id, second, "page")
    assert holder(desk) == first


def test_nobody_takes_what_would_put_them_on_call_twice_or_is_meant_for_another(desk: Desk) -> None:
    giver, taker = holder(desk), other(desk)
    made = offer_shift(desk.context, giver, NOW, NOW + HOUR, "page", named_id=taker)
    third = next(one for one in ("okafor", "lindqvist", "vance") if one not in {giver, taker})
    with pytest.raises(NotAllowedError, match="is offered to"):
        take_shift(desk.context, made.id, third, "page")
    with pytest.raises(NotAllowedError, match="is nobody"):
        take_shift(desk.context, made.id, "stranger", "page")
    with pytest.raises(ConflictError, match="has this shift already"):
        offer_shift(desk.context, giver, NOW + 2 * HOUR, NOW + 3 * HOUR, "page", named_id=giver)
    friday_night = datetime(2024, 10, 18, 0, 0, tzinfo=UTC)
    with pytest.raises(ConflictError, match="Tanaka is on call already"):
        offer_shift(desk.context, giver, NOW + 12 * HOUR, friday_night + HOUR, "page", named_id="tanaka")
    with pytest.raises(ConflictError, match="there is no offer 99"):
        take_shift(desk.context, 99, taker, "page")


def test_an_offer_can_be_withdrawn_and_a_shift_taken_back_and_all_concerned_are_told(
    desk: Desk, mail: RecorderChannel
) -> None:
    giver, taker = holder(desk), other(desk)
    first = offer_shift(desk.context, giver, NOW, NOW + 24 * HOUR, "page", named_id=taker)
    withdraw_shift(desk.context, first.id, giver, "page")
    with pytest.raises(ConflictError, match="withdrawn"):
        take_shift(desk.context, first.id, taker, "page")
    second = offer_shift(desk.context, giver, NOW, NOW + 24 * HOUR, "page")
    take_shift(desk.context, second.id, taker, "page")
    desk.wait(3600.0)
    mail.sent.clear()
    with pytest.raises(NotAllowedError):
        withdraw_shift(desk.context, second.id, taker if taker != "vance" else "okafor", "page")
    assert press(desk, "withdraw_shift", str(second.id), giver).startswith("Withdrawn")
    assert holder(desk) == giver
    desk.work()
    assert {one.recipient for one in mail.sent} == {giver, taker}
    assert "takes the shift back" in mail.sent[-1].card.verdict
    assert [one.id for one in rota_now(desk.context).on_call(NOW + HOUR / 2)] == [taker], "what was stays as it was"
    assert audited(desk, second.id)[-1] == (giver, "shift_withdrawn")


def test_a_changed_file_keeps_what_fits_and_tells_the_operator_and_both_of_what_does_not(
    desk: Desk, mail: RecorderChannel
) -> None:
    giver, taker = holder(desk), other(desk)
    made = offer_shift(desk.context, giver, NOW, NOW + 24 * HOUR, "page")
    take_shift(desk.context, made.id, taker, "page")
    desk.work()
    assert check_rota(desk.context) == ()
    layer = desk.context.rota.layers[0]
    third = next(one for one in desk.context.people if one.id in {"okafor", "lindqvist", "vance"} - {giver, taker})
    alone = replace(layer.rotations[0], crews=((third,),))
    desk.context = replace(
        desk.context,
        rota=replace(desk.context.rota, layers=(replace(layer, rotations=(alone,)),)),
    )
    assert holder(desk) == third.id
    mail.sent.clear()
    desk.clock.advance(1800.0)
    (words,) = check_rota(desk.context)
    assert "no longer fits the rota" in words
    assert tell_of_misfits(desk.context) == 1
    desk.work()
    assert on_call(desk.context).misfits == (words,)
    told = {one.recipient for one in mail.sent if one.purpose is MessagePurpose.SWAP}
    assert told == {giver, taker}
    desk.clock.advance(3600.0)
    assert tell_of_misfits(desk.context) == 0
    desk.work()
    assert len([one for one in mail.sent if one.purpose is MessagePurpose.SWAP]) == 2, "each is told once"


def test_another_process_knows_at_once_without_a_restart(desk: Desk, tmp_path: Path) -> None:
    giver, taker = holder(desk), other(desk)
    with Desk(tmp_path, now=NOW) as beside:
        assert holder(beside) == giver
        made = offer_shift(desk.context, giver, NOW, NOW + HOUR, "command line")
        take_shift(beside.context, made.id, taker, "slack")
        assert holder(desk) == holder(beside) == taker


def test_what_is_pressed_with_a_number_that_is_none_is_refused(desk: Desk) -> None:
    for subject in ("-1", "one", "9" * 20, "²"):
        with pytest.raises(ConflictError, match="this button is not known"):
            press(desk, "take_shift", subject, other(desk))
    with pytest.raises(ConflictError, match="this button is not known"):
        press(desk, "offer_this_shift", "whenever", holder(desk))


def test_nobody_in_the_workflow_asks_the_file_alone_who_is_on_call() -> None:
    folder = Path(tocsin.workflow.__file__).parent
    asked = {
        f"{file.stem}: {ast.unparse(node)}"
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "context.rota"
    }
    assert asked == {f"{name}: context.rota" for name in ("rota_in_force", "escalating", "drilling")}, (
        "the other two ask for its time zone"
    )
