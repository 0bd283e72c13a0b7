"""Commands about swaps: offer a shift, take one, withdraw, see what stands."""

import os
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.output import Json, console, fail, failures_in_words, print_json
from tocsin.domain.clock import iso_utc, to_utc

if TYPE_CHECKING:
    from tocsin.domain.shift_offers import ShiftOffer

swap_app = typer.Typer(help="Offer a shift to others, take one, withdraw.", no_args_is_help=True)
By = Annotated[str, typer.Option("--by", help="Your id in people.toml.")]
Number = Annotated[int, typer.Argument(min=1, help="Number of the offer.")]


@swap_app.command("offer")
def offered(
    by: By,
    start: Annotated[str, typer.Option("--from", help="From when, UTC where nothing else is said; default: now.")] = "",
    stop: Annotated[str, typer.Option("--to", help="Until when; default: the end of your shift then.")] = "",
    to: Annotated[str, typer.Option("--person", help="Id of the only person who may take it; default: anybody.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the others.")] = "",
    as_json: Json = False,
) -> None:
    """Offer your shift, or a part of it: all who could take it are told. You are on call until somebody does."""
    from tocsin.app.swaps import offer  # noqa: PLC0415 - needs the server extra

    begins, ends = _moment("--from", start), _moment("--to", stop)
    with failures_in_words():
        made = offer(os.environ, by, begins, ends, named_id=to or None, reason=reason)
    _say(made, f"offer {made.id}: {_stretch(made)}", as_json=as_json)


@swap_app.command("take")
def taken(number: Number, by: By, as_json: Json = False) -> None:
    """Take a shift that is offered: you are on call in place of who offered it, from now or from its beginning."""
    from tocsin.app.swaps import take  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        made = take(os.environ, number, by)
    _say(made, f"{by} stands in for {made.giver_id} {_stretch(made)}", as_json=as_json)


@swap_app.command("withdraw")
def withdrawn(number: Number, by: By, as_json: Json = False) -> None:
    """Withdraw an offer, or take a shift back that somebody had taken: who gave it is on call from now on."""
    from tocsin.app.swaps import withdraw  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        made = withdraw(os.environ, number, by)
    _say(made, f"offer {made.id} is withdrawn: {made.giver_id} has {_stretch(made)}", as_json=as_json)


@swap_app.command("list")
def listed(as_json: Json = False) -> None:
    """Offers that stand, and shifts that others have taken."""
    from tocsin.app.swaps import standing  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        found, _ = standing(os.environ)
    if as_json:
        print_json({"offers": [offer_json(one) for one in found]})
        return
    for one in found:
        whom = f"taken by {one.taker_id}" if one.taker_id else f"open to {one.named_id or 'anybody'}"
        typer.echo(f"{one.id:>4}  {_stretch(one)}  {one.giver_id}  {whom}  {one.reason}".rstrip())
    if not found:
        console.print("no shift is offered, and none was taken")


def offer_json(one: "ShiftOffer") -> dict[str, Any]:
    """An offer as JSON."""
    return {
        "id": one.id,
        "giver": one.giver_id,
        "start_utc": iso_utc(one.start_utc),
        "stop_utc": iso_utc(one.stop_utc),
        "named": one.named_id,
        "reason": one.reason,
        "offered_utc": iso_utc(one.offered_utc),
        "taker": one.taker_id,
        "taken_utc": iso_utc(one.taken_utc),
        "withdrawn_utc": iso_utc(one.withdrawn_utc),
        "withdrawn_by": one.withdrawn_by,
    }


def _say(made: "ShiftOffer", words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(offer_json(made))
    else:
        console.print(words, markup=False, highlight=False, soft_wrap=True)


def _stretch(one: "ShiftOffer") -> str:
    return f"from {one.start_utc:%a %Y-%m-%d %H:%M} to {one.stop_utc:%a %Y-%m-%d %H:%M} UTC"


def _moment(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return to_utc(text)
    except ValueError:
        fail(f"{option}: a time is expected, like 2026-12-01T08:00Z", status=2)
