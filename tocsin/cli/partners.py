"""Commands for the tokens and webhooks of partners."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.output import Json, console, fail, failures_in_words, needs_server, print_json
from tocsin.domain.clock import iso_utc

if TYPE_CHECKING:
    from tocsin.app.partners import Partners
    from tocsin.domain.tokens import Token

token_app = typer.Typer(help="Access tokens of programs and partners.", no_args_is_help=True)
webhook_app = typer.Typer(help="Webhooks of partners: signed messages of every change.", no_args_is_help=True)
Clearance = Annotated[
    list[str] | None, typer.Option(help="Label of a restricted stream that may be seen; may be repeated.")
]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(token_app, name="token")
    app.add_typer(webhook_app, name="webhook")


@contextmanager
def _desk() -> Iterator["Partners"]:
    try:
        from tocsin.app.partners import partners  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words(), partners(os.environ) as desk:
        yield desk


@token_app.command("add")
def token_add(
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    scope: Annotated[list[str] | None, typer.Option(help="read, compute, act or metrics; may be repeated.")] = None,
    clearance: Clearance = None,
    person: Annotated[str | None, typer.Option(help="Person it acts for: it opens no more than they may see.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How long it is valid.")] = 365,
    per_minute: Annotated[int, typer.Option(min=1, help="Requests a minute.")] = 600,
    as_json: Json = False,
) -> None:
    """Make a token. Its secret is printed once, and kept nowhere: only a digest is stored."""
    with _desk() as desk:
        token, secret = desk.add_token(
            name,
            scopes=scope or ["read"],
            clearance=clearance or [],
            person_id=person,
            days=days,
            per_minute=per_minute,
        )
    if as_json:
        print_json({**_token_json(token), "token": secret})
        return
    typer.echo(secret)
    console.print(
        f"token {token.id} of {name}, valid until {token.expires_utc:%Y-%m-%d %H:%M} UTC; it is not shown again"
    )


@token_app.command("list")
def token_list(as_json: Json = False) -> None:
    """All tokens: whose, what for, until when, how often used."""
    with _desk() as desk:
        tokens, usage = desk.tokens(), desk.usage()
    used = {token.id: sum(row.requests for row in usage if row.token_id == token.id) for token in tokens}
    if as_json:
        print_json({"tokens": [{**_token_json(token), "requests": used[token.id]} for token in tokens]})
        return
    for token in tokens:
        state = "revoked" if token.revoked_utc else f"until {token.expires_utc:%Y-%m-%d}"
        seen = f", sees {', '.join(sorted(token.clearance))}" if token.clearance else ""
        words = f"{token.id}  {token.name}: {', '.join(sorted(token.scopes))}{seen}, {state}"
        typer.echo(f"{words}, {used[token.id]} requests")


@token_app.command("revoke")
def token_revoke(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id (not the secret).")], as_json: Json = False
) -> None:
    """Revoke a token: a second later it opens nothing."""
    with _desk() as desk:
        if not desk.revoke_token(token_id):
            fail(f"there is no token {token_id} that could be revoked")
    _say_revoked("token", token_id, as_json=as_json)


@webhook_app.command("add")
def webhook_add(
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    url: Annotated[str, typer.Argument(help="Where changes are posted.")],
    clearance: Clearance = None,
    as_json: Json = False,
) -> None:
    """Tell a partner of every change from now on. The key of the signature is printed."""
    with _desk() as desk:
        made = desk.add_webhook(name, url, clearance=clearance or [])
    if as_json:
        print_json({"id": made.id, "name": made.name, "url": made.url, "secret": made.secret})
        return
    typer.echo(made.secret)
    console.print(f"webhook {made.id} of {name}; the line above is the key of its signatures")


@webhook_app.command("list")
def webhook_list(as_json: Json = False) -> None:
    """All webhooks."""
    with _desk() as desk:
        found = desk.webhooks()
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "name": one.name,
            "url": one.url,
            "clearance": sorted(one.clearance),
            "revoked_utc": iso_utc(one.revoked_utc),
        }
        for one in found
    ]
    if as_json:
        print_json({"webhooks": rows})
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['name']}: {row['url']}{' (revoked)' if row['revoked_utc'] else ''}")


@webhook_app.command("log")
def webhook_log(
    webhook_id: Annotated[str | None, typer.Argument(metavar="[WEBHOOK]", help="Only of this one.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """What was delivered, what was refused, what is tried again."""
    with _desk() as desk:
        found = desk.deliveries(webhook_id, limit)
    rows: list[dict[str, Any]] = [
        {
            "webhook_id": one.webhook_id,
            "change_id": one.change_id,
            "event_id": one.event_id,
            "attempts": one.attempts,
            "status": one.status,
            "error": one.error,
            "done_utc": iso_utc(one.done_utc),
            "next_try_utc": None if one.done_utc else iso_utc(one.due_utc),
        }
        for one in found
    ]
    if as_json:
        print_json({"deliveries": rows})
        return
    for row in rows:
        state = "done" if row["done_utc"] else f"next try {row['next_try_utc']}"
        said = row["error"] or (f"answered {row['status']}" if row["status"] else "not tried yet")
        typer.echo(f"{row['webhook_id']}  {row['event_id']}: {row['attempts']} attempts, {said}, {state}")


@webhook_app.command("revoke")
def webhook_revoke(
    webhook_id: Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id.")], as_json: Json = False
) -> None:
    """Tell a partner nothing more."""
    with _desk() as desk:
        if not desk.revoke_webhook(webhook_id):
            fail(f"there is no webhook {webhook_id} that could be revoked")
    _say_revoked("webhook", webhook_id, as_json=as_json)


def _say_revoked(what: str, which: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": which, "is_revoked": True})
    else:
        console.print(f"{what} {which} is revoked")


def _token_json(token: "Token") -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "clearance": sorted(token.clearance),
        "person_id": token.person_id,
        "per_minute": token.per_minute,
        "created_utc": iso_utc(token.created_utc),
        "expires_utc": iso_utc(token.expires_utc),
        "revoked_utc": iso_utc(token.revoked_utc),
    }
