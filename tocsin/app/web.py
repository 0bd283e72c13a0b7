"""Joins the API to the workflow: who acknowledges, who is on call, how the parts are."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import tocsin
from advocates.rota import Rota
from advocates.rota_ical import rota_ical
from notifier.slack_interaction import parse_interaction
from tocsin.api.services import ApiServices, DraftDesk, Health, OnCall
from tocsin.app.build import calendars_of
from tocsin.domain.clock import Clock
from tocsin.domain.errors import NotAllowedError
from tocsin.settings import Settings
from tocsin.workflow.acknowledging import acknowledge, interact, press
from tocsin.workflow.approving import approve, edit
from tocsin.workflow.context import Context
from tocsin.workflow.draft_views import draft_view

#: Where only this machine's own people reach the pages.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: How far ahead the page looks for gaps in the rota.
GAP_DAYS = 14


def api_services(
    context: Context,
    settings: Settings,
    *,
    health: Callable[[], Health],
    labels_of_streams: Mapping[str, frozenset[str]],
) -> ApiServices:
    """What the API needs, from the parts of the workflow."""
    secret = settings.secrets.slack_signing_secret
    is_local = settings.api.host in LOOPBACK
    return ApiServices(
        store=context.store,
        clock=context.clock,
        acknowledge=lambda event_id, person_id, via: acknowledge(context, event_id, person_id, via),
        slack_interaction=None if secret is None else _slack(context, secret.get_secret_value()),
        press=lambda action, event_id, person_id, via: press(context, action, event_id, person_id, via),
        drafts=draft_desk(context),
        on_call=lambda: on_call(context.rota, context.clock),
        rota_calendar=lambda person_id: calendar_of(context, person_id),
        people=tuple(context.people),
        version=tocsin.__version__,
        health=health,
        may_choose_person=is_local,
        allowed_hosts=frozenset({*LOOPBACK, urlsplit(settings.service.page_url).hostname or ""}) - {""}
        if is_local
        else frozenset(),
        labels_of_streams=labels_of_streams,
    )


def calendar_of(context: Context, person_id: str) -> bytes:
    """Shifts of a person, or everybody's where the id is empty, as iCalendar: a month back, half a year ahead."""
    now, person = context.clock.now(), context.people.person(person_id)
    if person_id and person is None:
        raise NotAllowedError("this calendar is of nobody in the registry of people")
    start, stop = now - timedelta(days=30), now + timedelta(days=180)
    return rota_ical(context.rota, start, stop, made_utc=now, person=person)


def draft_desk(context: Context) -> DraftDesk:
    """What people do with drafts."""
    return DraftDesk(
        view=lambda draft, clearance: draft_view(context, draft, clearance),
        edit=lambda event_id, kind, revision, person_id, subject, body, via: edit(
            context, event_id, kind, revision, person_id, subject=subject, body=body, via=via
        ),
        approve=lambda event_id, kind, revision, person_id, sha256, via: approve(
            context, event_id, kind, revision, person_id, sha256=sha256, via=via
        ),
    )


def on_call(rota: Rota, clock: Clock) -> OnCall:
    """Who is on call now, and what comes."""
    now = clock.now()
    following = rota.next(now)
    return OnCall(
        people=rota.on_call(now),
        fallback=rota.fallback,
        next_people=() if following is None else following.people,
        next_utc=None if following is None else following.start_utc,
        warnings=tuple(words for copy in calendars_of(rota) for words in copy.state.words(now)),
        gaps_utc=tuple((gap.start_utc, gap.stop_utc) for gap in rota.gaps(now, now + timedelta(days=GAP_DAYS))),
    )


def _slack(context: Context, signing_secret: str) -> Callable[[bytes, Mapping[str, str]], str]:
    def handle(body: bytes, headers: Mapping[str, str]) -> str:
        try:
            interaction = parse_interaction(body, headers, signing_secret=signing_secret, now=context.clock.now())
        except NotAllowedError as error:
            with context.store.begin() as work:
                work.audit("slack", "refused", "interaction", {"reason": str(error)}, context.clock.now())
            raise
        return interact(context, interaction)

    return handle
