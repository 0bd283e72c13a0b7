"""Acknowledging: the first wins by whichever door, the others are told who was first, and not everybody may."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from asgi_browser import Browser
from pydantic import SecretStr
from workflow_desk import SECRET_TOPIC, Desk, merger, retraction, settings, track

from notifier.slack_interaction import Interaction
from tocsin.api import build_app
from tocsin.app.web import api_services
from tocsin.demo.stand_ins.slack_click import click_body, sign
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.events import EventState
from tocsin.domain.people import MessagePurpose, PersonRole
from tocsin.workflow.acknowledging import acknowledge, interact, mark_not_astrophysical

S = "s241017ab"
SIGNING = "stand-in-secret"


@pytest.fixture
def paged(desk: Desk) -> Desk:
    """A desk that has just paged for a merger."""
    desk.take(merger())
    desk.work()
    return desk


def test_the_first_wins_and_the_second_is_told_who_was_first(paged: Desk) -> None:
    first = acknowledge(paged.context, S, "okafor", "page")
    paged.clock.advance(3.0)
    second = acknowledge(paged.context, S, "vance", "slack")
    assert (first.is_first, second.is_first) == (True, False)
    assert second.first_person_id == "okafor"
    assert second.first_at_utc == first.at_utc
    paged.work()
    last = paged.recorder.sent[-1]
    assert last.purpose is MessagePurpose.UPDATE
    assert last.card.acknowledged_by == "C. Okafor"
    assert [one.action_id for one in last.card.actions] == ["escalate", "snooze", "not_astrophysical"]
    assert last.card.next_step == ""
    assert paged.read(lambda work: work.event_row(S)).state is EventState.ACKNOWLEDGED


def test_whoever_is_nobody_or_no_advocate_is_refused(paged: Desk) -> None:
    with pytest.raises(NotAllowedError, match="nobody"):
        acknowledge(paged.context, S, "mallory", "page")
    people = paged.context.people
    clerk = replace(people.person("vance"), id="clerk", roles=frozenset({PersonRole.ADMIN}))

    class WithClerk:
        def person(self, person_id: str) -> object:
            return clerk if person_id == "clerk" else people.person(person_id)

    context = replace(paged.context, people=WithClerk())
    for act in (acknowledge, mark_not_astrophysical):
        with pytest.raises(NotAllowedError, match="not a burst advocate"):
            act(context, S, "clerk", "page")
    assert paged.read(lambda work: work.acknowledgements(S)) == []


@pytest.mark.parametrize("act", [acknowledge, mark_not_astrophysical])
def test_a_retracted_event_and_one_that_is_none_are_refused(paged: Desk, act: object) -> None:
    assert callable(act)
    paged.take(retraction())
    with pytest.raises(ConflictError, match="retracted"):
        act(paged.context, S, "vance", "page")
    with pytest.raises(ConflictError, match="no event"):
        act(paged.context, "s000000zz", "vance", "page")


@pytest.mark.parametrize("act", [acknowledge, mark_not_astrophysical])
def test_an_event_that_a_person_may_not_know_of_does_not_exist_for_them(desk: Desk, act: object) -> None:
    assert callable(act)
    desk.take(track(), topic=SECRET_TOPIC)
    (event_id,) = desk.event_ids()
    with pytest.raises(ConflictError, match="there is no event"):
        act(desk.context, event_id, "tanaka", "page")


def test_a_button_nobody_knows_is_refused(paged: Desk) -> None:
    press = Interaction(
        action_id="launch", event_id=S, slack_user_id="U0VANCE01", user_name="", message_reference="", response_url=""
    )
    with pytest.raises(ConflictError):
        interact(paged.context, press)
    assert interact(paged.context, replace(press, action_id="open_page", event_id="")) == ""
    assert interact(paged.context, replace(press, action_id="open_page", slack_user_id="U0NOBODY")) == ""
    with pytest.raises(NotAllowedError):
        interact(paged.context, replace(press, action_id="acknowledge", slack_user_id="U0NOBODY"))


@dataclass(frozen=True, kw_only=True)
class Api:
    """The real routes over a desk, and a finger that signs."""

    desk: Desk
    browser: Browser

    def click(self, user_id: str, *, action: str = "acknowledge", secret: str = SIGNING, late_s: float = 0.0) -> tuple:
        at_s = self.desk.clock.now().timestamp() - late_s
        body = click_body(None, action_id=action, event_id=S, user_id=user_id, at_s=at_s, response_url="http://x/")
        stamp = str(int(at_s))
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": sign(secret, stamp, body),
        }
        answer = self.browser.post("/slack/interactions", content=body, headers=headers)
        return answer.status_code, answer.text


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with Desk(tmp_path) as desk:
        secrets = settings().secrets.model_copy(update={"slack_signing_secret": SecretStr(SIGNING)})
        services = api_services(
            desk.context,
            settings().model_copy(update={"secrets": secrets}),
            health=lambda: None,
            labels_of_streams={},
        )
        desk.take(merger())
        desk.work()
        yield Api(desk=desk, browser=Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"})))))


def test_a_signed_click_takes_the_event_and_a_later_one_is_told(api: Api) -> None:
    status, words = api.click("U0OKAFOR1")
    assert (status, "Acknowledged by C. Okafor" in words) == (200, True)
    assert "Already acknowledged by C. Okafor at 03:00:30 UTC" in api.click("U0VANCE01")[1]
    (first, second) = api.desk.read(lambda work: work.acknowledgements(S))
    assert (first.person_id, first.via, second.is_first) == ("okafor", "slack", False)


def test_a_click_marks_an_event_as_not_astrophysical(api: Api) -> None:
    assert api.click("U0OKAFOR1", action="not_astrophysical")[0] == 200
    assert api.desk.read(lambda work: work.event_row(S)).state is EventState.NOT_ASTROPHYSICAL


def test_the_form_of_the_page_takes_the_event(api: Api) -> None:
    answer = api.browser.post(f"/events/{S}/acknowledge", data={"person": "okafor"})
    assert answer.status_code == 303
    (one,) = api.desk.read(lambda work: work.acknowledgements(S))
    assert (one.person_id, one.via) == ("okafor", "page")


def test_a_forged_signature_is_refused_and_written_down(api: Api) -> None:
    assert api.click("U0OKAFOR1", secret="forged")[0] in {401, 403}
    assert api.desk.read(lambda work: work.acknowledgements(S)) == []
    (row,) = api.desk.read(lambda work: work.audit_rows("interaction"))
    assert (row.actor, row.action) == ("slack", "refused")


def test_a_click_recorded_yesterday_is_refused(api: Api) -> None:
    assert api.click("U0OKAFOR1", late_s=301.0)[0] in {401, 403}
    assert api.desk.read(lambda work: work.acknowledgements(S)) == []


def test_a_click_of_a_stranger_and_one_on_a_retracted_event_are_refused(api: Api) -> None:
    assert api.click("U0NOBODY")[0] == 403
    api.desk.take(retraction())
    assert api.click("U0OKAFOR1")[0] == 409


def test_who_is_on_call_is_said_with_the_next_shift(api: Api) -> None:
    answer = api.browser.get("/api/v1/oncall", headers={"accept": "application/json"}).json()
    assert "B. Vance" in str(answer) or "C. Okafor" in str(answer) or "M. Lindqvist" in str(answer)
