"""Who is told, and what they may see: clearance of persons, quiet hours, low tiers, several who must acknowledge."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from asgi_browser import Browser
from workflow_desk import SECRET, SECRET_TOPIC, T0, Desk, at, merger, settings, track

from advocates.people import People
from notifier.recorder import RecorderChannel
from tocsin.api.app import build_app
from tocsin.api.services import Health
from tocsin.app.web import api_services
from tocsin.domain.people import MessagePurpose, OutgoingMessage
from tocsin.domain.quiet_hours import QuietHours
from tocsin.simulate.notices import Message, Track, TrackPosition, icecube_gold_json
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.context import Door

S = "s241017ab"
DOUBTFUL = Track(
    name="IceCube-241017B",
    run=139_500,
    event=4_242_425,
    t0_utc=T0,
    signalness=0.3,
    energy_tev=100.0,
    far_per_year=2.0,
)


def told(revision: int = 0) -> Message:
    """A neutrino that is told of and wakes nobody."""
    where = TrackPosition(ra_deg=120.0 + 0.1 * revision, dec_deg=20.0, radius_90_deg=0.8, radius_50_deg=0.4)
    return icecube_gold_json(DOUBTFUL, where, at(40.0 + revision), revision=revision)


class Mail(RecorderChannel):
    def __init__(self) -> None:
        super().__init__("email")


def with_people(desk: Desk, **changes: dict[str, object]) -> None:
    """Change persons of the registry, rota included."""
    people = {person.id: replace(person, **changes.get(person.id, {})) for person in desk.context.people}
    rota = desk.context.rota
    layers = tuple(
        replace(
            layer,
            rotations=tuple(
                replace(turns, crews=tuple(tuple(people[one.id] for one in crew) for crew in turns.crews))
                for turns in layer.rotations
            ),
        )
        for layer in rota.layers
    )
    fallback = tuple(people[one.id] for one in rota.fallback)
    desk.context = replace(
        desk.context, people=People(by_id=people), rota=replace(rota, layers=layers, fallback=fallback)
    )


@pytest.fixture
def mail() -> Mail:
    return Mail()


def desk_with(folder: Path, mail: Mail, clearance: frozenset[str] = frozenset()) -> Desk:
    doors = (
        Door(channel=RecorderChannel(), clearance=frozenset()),
        Door(channel=mail, clearance=clearance, is_shared=False),
    )
    return Desk(folder, doors=doors)


def sent(mail: Mail, purpose: MessagePurpose) -> Sequence[OutgoingMessage]:
    return [one for one in mail.sent if one.purpose is purpose]


def test_a_road_to_one_person_shows_no_more_than_that_person_may_see(tmp_path: Path, mail: Mail) -> None:
    with desk_with(tmp_path, mail, SECRET) as desk:
        with_people(desk, vance={"clearance": SECRET}, tanaka={"clearance": frozenset()})
        desk.take(track(), topic=SECRET_TOPIC)
        desk.wait(10.0)
        assert {one.recipient for one in sent(mail, MessagePurpose.PAGE)} == {"vance"}


def test_where_nobody_on_call_may_know_somebody_who_may_is_woken(tmp_path: Path, mail: Mail) -> None:
    with desk_with(tmp_path, mail, SECRET) as desk:
        none = {person.id: {"clearance": frozenset()} for person in desk.context.people}
        with_people(desk, **none | {"okafor": {"clearance": SECRET}})
        on_call = {one.id for one in desk.context.rota.on_call(desk.clock.now())}
        assert "okafor" not in on_call
        desk.take(track(), topic=SECRET_TOPIC)
        desk.wait(10.0)
        assert {one.recipient for one in sent(mail, MessagePurpose.PAGE)} == {"okafor"}


def test_a_low_tier_reaches_who_asked_for_it_once_and_waits_for_the_end_of_quiet_hours(
    tmp_path: Path, mail: Mail
) -> None:
    local = T0.astimezone(ZoneInfo("Europe/Paris"))
    quiet = QuietHours(begins=time(22), ends=(local + timedelta(hours=2)).time(), zone=ZoneInfo("Europe/Paris"))
    with desk_with(tmp_path, mail) as desk:
        with_people(
            desk,
            vance={"is_told_of_low_tiers": True, "quiet_hours": quiet},
            tanaka={"is_told_of_low_tiers": True},
        )
        desk.take(told())
        desk.wait(60.0)
        desk.take(told(1))
        desk.wait(60.0)
        assert [one.recipient for one in mail.sent] == ["tanaka"]
        desk.wait(2 * 3600.0)
        assert [one.recipient for one in mail.sent] == ["tanaka", "vance"]
        rows = [
            row
            for row in desk.read(lambda work: work.messages(desk.event_ids()[0]))
            if row.message.recipient == "vance"
        ]
        assert [row.sent_utc for row in rows] == [at(7200.0)]


def test_tier_one_knows_no_quiet_hours(tmp_path: Path, mail: Mail) -> None:
    quiet = QuietHours(begins=time(0), ends=time(23, 59), zone=ZoneInfo("UTC"))
    with desk_with(tmp_path, mail) as desk:
        with_people(desk, vance={"quiet_hours": quiet})
        desk.take(merger())
        desk.wait(1.0)
        assert "vance" in {one.recipient for one in sent(mail, MessagePurpose.PAGE)}


def test_where_two_must_acknowledge_the_button_stays_until_they_have(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.context = replace(desk.context, plan=replace(desk.context.plan, acknowledgements_needed=2))
        desk.take(merger())
        desk.wait(1.0)
        acknowledge(desk.context, S, "okafor", "page")
        desk.work()
        card = desk.recorder.sent[-1].card
        assert card.acknowledged_by == "C. Okafor"
        assert card.next_step.startswith("1 more must acknowledge; escalates to ")
        assert "acknowledge" in [action.action_id for action in card.actions]
        acknowledge(desk.context, S, "vance", "slack")
        desk.work()
        card = desk.recorder.sent[-1].card
        assert card.acknowledged_by == "C. Okafor, then B. Vance"
        assert card.next_step == ""
        assert "acknowledge" not in [action.action_id for action in card.actions]


def test_the_first_message_says_when_it_escalates_and_to_whom(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(merger())
        desk.wait(1.0)
        assert desk.recorder.sent[0].card.next_step == "escalates to B. Vance, R. Tanaka at 03:05:30 UTC"


def test_all_who_are_on_call_are_named_in_one_message_of_a_shared_place(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(merger())
        desk.wait(1.0)
        (page,) = [one for one in desk.recorder.sent if one.purpose is MessagePurpose.PAGE]
        assert (page.recipient, *page.also) == ("vance", "tanaka")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-28T22:30", "2026-03-29T05:00"),  # an hour is lost in this night
        ("2026-10-24T21:30", "2026-10-25T06:00"),  # one is won
        ("2026-06-01T12:00", None),
        ("2026-06-01T05:00", None),
        ("2026-06-01T04:59", "2026-06-01T05:00"),
    ],
)
def test_quiet_hours_are_of_the_clock_on_the_wall(now: str, until: str | None) -> None:
    hours = QuietHours(begins=time(22), ends=time(7), zone=ZoneInfo("Europe/Paris"))
    found = hours.until_utc(T0.fromisoformat(f"{now}+00:00"))
    assert found == (None if until is None else T0.fromisoformat(f"{until}+00:00"))


def test_the_page_offers_the_button_until_enough_have_pressed_it(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.context = replace(desk.context, plan=replace(desk.context.plan, acknowledgements_needed=2))
        desk.take(merger())
        desk.wait(1.0)
        services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
        browser = Browser(build_app(replace(services, allowed_hosts=frozenset())))
        seen = []
        for person in ("okafor", "vance"):
            acknowledge(desk.context, S, person, "page")
            seen.append('class="acknowledge"' in browser.get(f"/events/{S}").text)
        assert seen == [True, False]
