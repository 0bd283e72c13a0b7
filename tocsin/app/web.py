"""Joins the API to the workflow: who acknowledges, who is on call, how the parts are."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from prometheus_client import generate_latest

import tocsin
from advocates.rota_ical import rota_ical
from advocates.swaps import own_shifts
from notifier.slack_answer import SlackAnswerer
from tocsin.api.services import ApiServices, DraftDesk, HandDesk, Health, OnCall, SwapDesk
from tocsin.api.signing_in import SignIn
from tocsin.app.build import calendars_of
from tocsin.app.rates import archive_desk
from tocsin.app.slack_desk import SlackDesk
from tocsin.domain.errors import ConfigurationError, NotAllowedError
from tocsin.domain.tokens import Scope
from tocsin.settings import Settings
from tocsin.workflow.access import Gate
from tocsin.workflow.acknowledging import acknowledge, press
from tocsin.workflow.approving import approve, edit
from tocsin.workflow.by_hand import correct_event, create_event
from tocsin.workflow.commenting import comment
from tocsin.workflow.computing import Computer
from tocsin.workflow.context import Context
from tocsin.workflow.draft_views import draft_view
from tocsin.workflow.informing import told_owner
from tocsin.workflow.receiving_files import receive_file
from tocsin.workflow.regrouping import merge_events, split_event
from tocsin.workflow.rota_in_force import misfits_now, rota_in_force, rota_now
from tocsin.workflow.swapping import offer_shift, take_shift, withdraw_shift

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
    metrics: Callable[[], bytes] = generate_latest,
    is_one_of_several: bool = False,
) -> ApiServices:
    """What the API needs, from the parts of the workflow."""
    is_local = settings.api.host in LOOPBACK
    is_own_machine = is_local and not settings.sign_in.issuer
    return ApiServices(
        store=context.store,
        clock=context.clock,
        acknowledge=lambda event_id, person_id, via: acknowledge(context, event_id, person_id, via),
        slack_interaction=None
        if settings.secrets.slack_signing_secret is None
        else slack_desk(context, settings).signed,
        press=lambda action, event_id, person_id, via: press(context, action, event_id, person_id, via),
        drafts=draft_desk(context),
        by_hand=hand_desk(context),
        wakings=context.wakings,
        on_call=lambda: on_call(context),
        shifts=lambda start, stop: rota_now(context).shifts(start, stop),
        swaps=swap_desk(context),
        rota_calendar=lambda person_id: calendar_of(context, person_id),
        people=tuple(context.people),
        version=tocsin.__version__,
        health=health,
        metrics=metrics,
        archive=archive_desk(settings),
        receive_file=lambda event_id, given, by, clearance: receive_file(
            context, event_id, given, by=by, clearance=clearance
        ),
        may_choose_person=is_own_machine,
        sign_in=_sign_in(context, settings),
        computer=Computer(context.store, context.clock, code_version=context.code_version),
        gate=Gate(
            context.store,
            context.clock,
            lambda: tuple(context.people),
            anonymous_scopes=anonymous_scopes(
                is_local=is_local,
                is_own_machine=is_own_machine and urlsplit(settings.service.page_url).hostname in LOOPBACK,
            ),
            anonymous_per_minute=settings.api.anonymous_per_minute,
            is_one_of_several=is_one_of_several,
        ),
        allowed_hosts=frozenset({*LOOPBACK, urlsplit(settings.service.page_url).hostname or ""}) - {""}
        if is_local
        else frozenset(),
        labels_of_streams=labels_of_streams,
    )


def anonymous_scopes(*, is_local: bool, is_own_machine: bool) -> frozenset[Scope]:
    """What is done without a token: figures over everything only on a machine whose people are the operators."""
    computing = {Scope.COMPUTE} if is_local else set()
    return frozenset({Scope.READ, *computing, *({Scope.METRICS} if is_own_machine else ())})


def slack_desk(context: Context, settings: Settings) -> SlackDesk:
    """The desk for buttons pressed in Slack, by whichever road they come."""
    secret = settings.secrets.slack_signing_secret
    return SlackDesk(
        context,
        signing_secret="" if secret is None else secret.get_secret_value(),
        answer=SlackAnswerer(settings.channels.slack.base_url),
    )


def calendar_of(context: Context, person_id: str) -> bytes:
    """Shifts of a person, or everybody's where the id is empty, as iCalendar: a month back, half a year ahead."""
    now, person = context.clock.now(), context.people.person(person_id)
    if person_id and person is None:
        raise NotAllowedError("this calendar is of nobody in the registry of people")
    start, stop = now - timedelta(days=30), now + timedelta(days=180)
    return rota_ical(rota_now(context), start, stop, made_utc=now, person=person)


def _sign_in(context: Context, settings: Settings) -> SignIn | None:
    table, secret = settings.sign_in, settings.secrets.sign_in_client_secret
    if not table.issuer:
        return None
    if not table.client_id or secret is None:
        key = "TOCSIN_SIGN_IN_CLIENT_SECRET" if table.client_id else "sign_in.client_id"
        raise ConfigurationError("signing in needs a client and its secret", file=settings.file, key=key)
    return SignIn(
        issuer=table.issuer,
        client_id=table.client_id,
        client_secret=secret.get_secret_value(),
        claim=table.claim,
        page_url=settings.service.page_url,
        hours=table.hours,
        store=context.store,
        clock=context.clock,
        people=lambda: tuple(context.people),
    )


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
        comment=lambda event_id, kind, revision, person_id, text, via: comment(
            context, event_id, kind, revision, person_id, text=text, via=via
        ),
    )


def hand_desk(context: Context) -> HandDesk:
    """What people do with events by hand."""
    return HandDesk(
        create=lambda person_id, via, kind, t0_utc, reason, name, place: create_event(
            context, person_id, via, kind=kind, t0_utc=t0_utc, reason=reason, name=name, place=place
        ),
        correct=lambda event_id, person_id, via, t0_utc, place, reason: (
            correct_event(context, event_id, person_id, via, reason=reason, t0_utc=t0_utc, place=place).id
        ),
        merge=lambda event_id, person_id, via, other_id, reason: merge_events(
            context, event_id, other_id, person_id, via, reason=reason
        ),
        split=lambda event_id, person_id, via, triggers, reason: split_event(
            context, event_id, triggers, person_id, via, reason=reason
        ),
        told_owner=lambda task_id, person_id, via: told_owner(context, task_id, person_id, via),
    )


def swap_desk(context: Context) -> SwapDesk:
    """What people do with shifts."""
    return SwapDesk(
        offer=lambda giver_id, start, stop, named_id, reason, via: offer_shift(
            context, giver_id, start, stop, via, named_id=named_id, reason=reason
        ),
        take=lambda offer_id, person_id, via: take_shift(context, offer_id, person_id, via),
        withdraw=lambda offer_id, person_id, via: withdraw_shift(context, offer_id, person_id, via),
        own_shifts=lambda person, start, stop: own_shifts(rota_now(context), person, start, stop),
    )


def on_call(context: Context) -> OnCall:
    """Who is on call now, and what comes."""
    now = context.clock.now()
    with context.store.read() as work:
        rota = rota_in_force(context, work)
        unfit = tuple(one.words for one in misfits_now(context, work, now))
    following = rota.next(now)
    return OnCall(
        people=rota.on_call(now),
        fallback=rota.fallback,
        next_people=() if following is None else following.people,
        next_utc=None if following is None else following.start_utc,
        warnings=tuple(words for copy in calendars_of(rota) for words in copy.state.words(now)),
        misfits=unfit,
        gaps_utc=tuple((gap.start_utc, gap.stop_utc) for gap in rota.gaps(now, now + timedelta(days=GAP_DAYS))),
    )
