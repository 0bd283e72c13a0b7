"""Links that need no sign-in: one acknowledges one event for one person, one is a person's (or everybody's) rota.

A token is signed with a secret of this installation, drawn once and kept in its own store. Opening a link changes
nothing: mail programs, virus scanners and chat previews open links by themselves.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.domain.errors import NotAllowedError
from tocsin.store import UnitOfWork

#: How long a page may be acknowledged by its link.
LIFETIME = timedelta(days=7)
#: Whose calendar it is where it is everybody's.
EVERYBODY = ""
_SECRET = "link_secret"  # noqa: S105 - the name under which it is kept
_REMEDY = "open the event's page and acknowledge there"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeLink:
    """What a good token stands for."""

    event_id: str
    person_id: str


def acknowledge_token(work: UnitOfWork, event_id: str, person_id: str, now: datetime) -> str:
    """Token by which a person acknowledges an event, for `LIFETIME`."""
    return _signed(work, ["a", event_id, person_id, int((now + LIFETIME).timestamp())])


def read_acknowledge_token(work: UnitOfWork, token: str, now: datetime) -> AcknowledgeLink:
    """What a token stands for.

    Raises
    ------
    NotAllowedError
        It is forged, damaged, or over its time.
    """
    content = _read(work, token)
    match content:
        case ["a", str(event_id), str(person_id), int(until_s)]:
            if now.timestamp() > until_s:
                raise NotAllowedError("this link is over its time", remedy=_REMEDY)
            return AcknowledgeLink(event_id=event_id, person_id=person_id)
        case _:
            raise NotAllowedError("this is no link to acknowledge by", remedy=_REMEDY)


def calendar_token(work: UnitOfWork, person_id: str = EVERYBODY) -> str:
    """Token of the address at which a calendar program reads a person's shifts, or everybody's; the same each time."""
    return _signed(work, ["c", person_id])


def read_calendar_token(work: UnitOfWork, token: str) -> str:
    """Whose calendar a token opens.

    Raises
    ------
    NotAllowedError
        It is forged or damaged.
    """
    match _read(work, token):
        case ["c", str(person_id)]:
            return person_id
        case _:
            raise NotAllowedError("this is no address of a calendar")


def draw_secret(work: UnitOfWork) -> str:
    """A new secret of this installation: every link given out before is void."""
    secret = secrets.token_hex(32)
    work.set_meta(_SECRET, secret)
    return secret


def _signed(work: UnitOfWork, content: list[object]) -> str:
    secret = work.meta(_SECRET)
    if secret is None:
        work.lock(_SECRET)
        secret = work.meta(_SECRET) or draw_secret(work)
    packed = _packed(json.dumps(content, separators=(",", ":")).encode())
    return f"{packed}.{_seal(secret, packed)}"


def _read(work: UnitOfWork, token: str) -> object:
    secret = work.meta(_SECRET)
    packed, dot, seal = token.partition(".")
    if secret is None or not dot or not hmac.compare_digest(_seal(secret, packed).encode(), seal.encode()):
        raise NotAllowedError("this link is not one of ours", remedy=_REMEDY)
    try:
        return json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise NotAllowedError("this link is damaged", remedy=_REMEDY) from error


def _seal(secret: str, packed: str) -> str:
    return _packed(hmac.new(secret.encode(), packed.encode(), hashlib.sha256).digest()[:18])


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
