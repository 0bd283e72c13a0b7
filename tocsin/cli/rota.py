"""Commands about the rota: who is on call, gaps, the calendar of it."""

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from tocsin.cli.output import Json, console, failures_in_words, print_json
from tocsin.cli.swaps import swap_app
from tocsin.domain.clock import iso_utc

if TYPE_CHECKING:
    from advocates.rota import Shift

rota_app = typer.Typer(help="Who is on call.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    rota_app.add_typer(swap_app, name="swap")
    app.add_typer(rota_app, name="rota")


@rota_app.command("show")
def rota_show(
    days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead.")] = 14, as_json: Json = False
) -> None:
    """Shifts from now on, in UTC and in the time of the rota."""
    from tocsin.app.swaps import rota_and_problems  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        rota, now, _ = rota_and_problems(os.environ, days=1)
        shifts = rota.shifts(now, now + timedelta(days=days))
    if as_json:
        rows = [
            {
                "start_utc": iso_utc(shift.start_utc),
                "stop_utc": iso_utc(shift.stop_utc),
                "people": [person.id for person in shift.people],
            }
            for shift in shifts
        ]
        print_json({"shifts": rows})
        return
    typer.echo(f"{'UTC':<{len(_HOURS)}}  {rota.zone.key:<{len(_HOURS)}}  on call")
    for shift in shifts:
        typer.echo(_line(shift, rota.zone, is_now=shift.start_utc <= now < shift.stop_utc))


@rota_app.command("check")
def rota_check(
    days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead.")] = 14, as_json: Json = False
) -> None:
    """Gaps, overlaps, overrides that change nothing, swaps that no longer fit; exit status 1 if there are any."""
    from tocsin.app.swaps import rota_and_problems  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        *_, problems = rota_and_problems(os.environ, days=days)
    if as_json:
        print_json({"days": days, "problems": problems})
    elif not problems:
        console.print(f"no gap and no overlap in the next {days} days")
    else:
        for problem in problems:
            console.print(problem, markup=False, highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)


@rota_app.command("ical")
def rota_ical(
    days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead.")] = 90,
    person: Annotated[str, typer.Option(help="Id of the person whose shifts alone; default: everybody's.")] = "",
    url: Annotated[bool, typer.Option("--url", help="Print the secret address of this calendar instead.")] = False,
    renew: Annotated[bool, typer.Option("--renew", help="Void all secret addresses and links first.")] = False,
) -> None:
    """The rota as an iCalendar file on standard output, or the secret address that a calendar program subscribes to."""
    from advocates.rota_ical import rota_ical as to_ical  # noqa: PLC0415 - needs the server extra
    from tocsin.app.checking import calendar_address, person_of  # noqa: PLC0415 - needs the server extra
    from tocsin.app.swaps import rota_and_problems  # noqa: PLC0415 - as above

    with failures_in_words():
        known = person_of(os.environ, person)
        if url or renew:
            typer.echo(calendar_address(os.environ, person, renew=renew))
            return
        rota, now, _ = rota_and_problems(os.environ, days=1)
        typer.echo(to_ical(rota, now, now + timedelta(days=days), made_utc=now, person=known).decode(), nl=False)


#: How a shift's hours are written, for the width of its column.
_HOURS = "Fri 27 Nov 07:00 - Sun 29 Nov 23:00"


def _line(shift: "Shift", zone: ZoneInfo, *, is_now: bool) -> str:
    names = ", ".join(person.name for person in shift.people) or "NOBODY"
    hours = (
        _hours(shift.start_utc, shift.stop_utc),
        _hours(shift.start_utc.astimezone(zone), shift.stop_utc.astimezone(zone)),
    )
    return "  ".join(f"{text:<{len(_HOURS)}}" for text in hours) + f"  {names}{' (now)' if is_now else ''}"


def _hours(start: datetime, stop: datetime) -> str:
    same_day = start.date() == stop.date()
    return f"{start:%a %d %b %H:%M} - {stop:%H:%M}" if same_day else f"{start:%a %d %b %H:%M} - {stop:%a %d %b %H:%M}"
