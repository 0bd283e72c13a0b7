"""Shifts offered and taken, from the command line: beside a running service, both meet in its store."""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from advocates.people import People
from advocates.rota import Rota
from advocates.swaps import misfits, own_shift, with_covers
from tocsin.app.build import build_people
from tocsin.app.clocks import SystemClock
from tocsin.app.duty import live_context
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ConflictError
from tocsin.domain.shift_offers import ShiftOffer
from tocsin.settings import Settings, load_settings
from tocsin.store import Store
from tocsin.store.opening import failing_in_words
from tocsin.store.schema import newest_revision
from tocsin.workflow.rota_in_force import BACK, rota_in_force
from tocsin.workflow.swapping import offer_shift, offers_now, take_shift, withdraw_shift


def rota_and_problems(environment: Mapping[str, str], *, days: int = 14) -> tuple[Rota, datetime, tuple[str, ...]]:
    """The rota in force, the time, and what is wrong with the coming days.

    Raises
    ------
    RemoteError
        The store of the swaps cannot be read: who is on call is then not known here.
    """
    settings, clock = load_settings(environment), SystemClock()
    people, planned, _ = build_people(settings, clock)
    taken, now = taken_shifts(settings, clock), clock.now()
    rota = with_covers(planned, taken, people)
    return rota, now, (*rota.problems(now, days=days), *unfit(planned, taken, people, now))


def unfit(rota: Rota, taken: list[ShiftOffer], people: People, now: datetime) -> tuple[str, ...]:
    """Words for every shift that was taken and does not fit the rota's file."""
    return tuple(one.words for one in misfits(rota, taken, people, now))


def taken_shifts(settings: Settings, clock: Clock) -> list[ShiftOffer]:
    """Shifts that were taken, as the store has them; none where there is no store yet, or one from before swaps.

    Raises
    ------
    RemoteError
        The store cannot be read.
    """
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return []
    with failing_in_words(url), closing(Store(settings.store_url, clock=clock)) as store:
        if store.schema_revision() != newest_revision():
            return []
        with store.read() as work:
            return work.taken_shifts(clock.now() - BACK)


def offer(
    environment: Mapping[str, str], by: str, start_utc: datetime | None, stop_utc: datetime | None, **said: str | None
) -> ShiftOffer:
    """Offer a stretch; without an end the rest of the shift, without a beginning the shift of now.

    Raises
    ------
    ConflictError
        The person has no shift then.
    """
    with live_context(environment) as context:
        at = start_utc or context.clock.now()
        person = context.people.person(by)
        if stop_utc is None and person is not None:
            with context.store.read() as work:
                shift = own_shift(rota_in_force(context, work), person, at)
            if shift is None:
                raise ConflictError(f"{person.name} is not on call at {at:%Y-%m-%d %H:%M} UTC")
            stop_utc = shift.stop_utc
        named, reason = said.get("named_id"), said.get("reason") or ""
        return offer_shift(context, by, at, stop_utc or at, "command line", named_id=named, reason=reason)


def take(environment: Mapping[str, str], offer_id: int, by: str) -> ShiftOffer:
    """Take a shift that is offered."""
    with live_context(environment) as context:
        return take_shift(context, offer_id, by, "command line")


def withdraw(environment: Mapping[str, str], offer_id: int, by: str) -> ShiftOffer:
    """Withdraw an offer, or take a shift back."""
    with live_context(environment) as context:
        return withdraw_shift(context, offer_id, by, "command line")


def standing(environment: Mapping[str, str]) -> tuple[list[ShiftOffer], datetime]:
    """Offers that stand, and the time."""
    with live_context(environment) as context, context.store.read() as work:
        now = context.clock.now()
        return offers_now(work, now), now
