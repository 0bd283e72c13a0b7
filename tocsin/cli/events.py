"""Commands about events by hand: make, put right, merge, split, dismiss; and the rates of streams."""

import os
from datetime import datetime
from typing import Annotated

import typer

from tocsin.cli.output import Json, console, failures_in_words, needs_server, print_json
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ConflictError
from tocsin.domain.events import EventKind

event_app = typer.Typer(help="Events by hand; the service does what is owed then.", no_args_is_help=True)
Who = Annotated[str, typer.Option("--as", help="Who does it: an id of people.toml.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit.")]
Event = Annotated[str, typer.Argument(help="Event id, as on the page.")]
Position = Annotated[
    tuple[float, float, float] | None,
    typer.Option(metavar="RA DEC RADIUS", help="Position, deg, and the radius that holds 90 %, deg."),
]
VIA = "command line"


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(event_app, name="event")
    app.command()(rates)


@event_app.command()
def create(
    t0: Annotated[str, typer.Argument(metavar="T0", help="UTC, like 2024-10-17T03:00:00Z.")],
    who: Who,
    reason: Reason,
    kind: Annotated[EventKind, typer.Option(help="What it is.")] = EventKind.GAMMA_RAY_BURST,
    name: Annotated[str, typer.Option(help="Name for people.")] = "",
    position: Position = None,
    taken_at: Annotated[str, typer.Option(help="Where T0 was taken, if not at the Earth: mars, mercury, wind.")] = "",
    as_json: Json = False,
) -> None:
    """Make an event that no notice tells of."""
    with failures_in_words():
        t0_utc = _time(t0)
        try:
            from tocsin.app.by_hand import with_context  # noqa: PLC0415 - needs the server extra
            from tocsin.workflow.by_hand import Place, create_event  # noqa: PLC0415 - as above
        except ImportError as error:
            needs_server(error)
        place = None if position is None else Place(**dict(zip(_PLACE, position, strict=True)))
        event_id = with_context(
            os.environ,
            lambda context: create_event(
                context, who, VIA, kind=kind, t0_utc=t0_utc, reason=reason, name=name, place=place, taken_at=taken_at
            ),
        )
    _say(event_id, "made", as_json=as_json)


@event_app.command()
def correct(
    event: Event,
    who: Who,
    reason: Reason,
    t0: Annotated[str, typer.Option(help="UTC.")] = "",
    position: Position = None,
    as_json: Json = False,
) -> None:
    """Put T0 or position right; what was made from the old is made again."""
    with failures_in_words():
        t0_utc = _time(t0) if t0 else None
        from tocsin.app.by_hand import with_context  # noqa: PLC0415 - needs the server extra
        from tocsin.workflow.by_hand import Place, correct_event  # noqa: PLC0415 - as above

        place = None if position is None else Place(**dict(zip(_PLACE, position, strict=True)))
        after = with_context(
            os.environ,
            lambda context: correct_event(context, event, who, VIA, reason=reason, t0_utc=t0_utc, place=place),
        )
    _say(after.id, "put right", as_json=as_json)


@event_app.command()
def merge(
    event: Event,
    other: Annotated[str, typer.Argument(help="Event that goes into it.")],
    who: Who,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Merge another event into an event."""
    with failures_in_words():
        from tocsin.app.by_hand import with_context  # noqa: PLC0415 - needs the server extra
        from tocsin.workflow.regrouping import merge_events  # noqa: PLC0415 - as above

        standing = with_context(
            os.environ, lambda context: merge_events(context, event, other, who, VIA, reason=reason)
        )
    _say(standing, "stands", as_json=as_json)


@event_app.command()
def split(
    event: Event,
    triggers: Annotated[list[str], typer.Argument(help="Alias keys of the triggers that leave: gbm:706107553.")],
    who: Who,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Take triggers out of an event and make them one of their own."""
    with failures_in_words():
        from tocsin.app.by_hand import with_context  # noqa: PLC0415 - needs the server extra
        from tocsin.workflow.regrouping import split_event  # noqa: PLC0415 - as above

        new = with_context(os.environ, lambda context: split_event(context, event, triggers, who, VIA, reason=reason))
    _say(new, "made", as_json=as_json)


@event_app.command("dismiss")
def not_astrophysical(event: Event, who: Who, as_json: Json = False) -> None:
    """Mark an event as not astrophysical: nobody is asked about it any more."""
    with failures_in_words():
        from tocsin.app.by_hand import with_context  # noqa: PLC0415 - needs the server extra
        from tocsin.workflow.acknowledging import mark_not_astrophysical  # noqa: PLC0415 - as above

        with_context(os.environ, lambda context: mark_not_astrophysical(context, event, who, VIA))
    _say(event, "is marked as not astrophysical", as_json=as_json)


def rates(as_json: Json = False) -> None:
    """Rates of the streams that coincidences are searched in: of the book, and as the store has measured them."""
    with failures_in_words():
        from tocsin.app.by_hand import with_context  # noqa: PLC0415 - needs the server extra
        from tocsin.workflow.rates import rates_now  # noqa: PLC0415 - as above

        found = with_context(os.environ, rates_now)
    if as_json:
        print_json({"rates": found})
        return
    for row in found:
        used = "measured" if row["is_measured"] else "of the book"
        console.print(
            f"{row['stream']:22} {row['per_year']:10.2f} a year, {used}: {row['source']}", markup=False, soft_wrap=True
        )


_PLACE = ("ra_deg", "dec_deg", "error_radius_deg")


def _time(text: str) -> datetime:
    try:
        return to_utc(text)
    except ValueError:
        raise ConflictError(f"{text!r} is no time", remedy="write it like 2024-10-17T03:00:00Z") from None


def _say(event_id: str, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"event_id": event_id})
    else:
        console.print(f"{event_id} {words}", markup=False)
