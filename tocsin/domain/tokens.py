"""Access tokens of programs and partners: what they may do, what they may see, until when. Only a digest is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Begins every token, so that secret scanners find one that was published by mistake.
PREFIX = "tocsin_"


class Scope(StrEnum):
    """What a token may be used for; `metrics` reads the figures of the service, counted over restricted notices too."""

    READ = "read"
    COMPUTE = "compute"
    ACT = "act"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it is kept: its secret cannot be got back from it.

    Parameters
    ----------
    id
        Short name in lists and counters.
    name
        Whose it is, for people.
    secret_sha256
        Hex digest of the secret.
    scopes
        See `Scope`.
    clearance
        Labels of restricted streams it may see.
    person_id
        Person it acts for; needed by the scope ``act``.
    per_minute
        Requests allowed a minute.
    created_utc, expires_utc, revoked_utc
        Its life.
    """

    id: str
    name: str
    secret_sha256: str
    scopes: frozenset[Scope]
    clearance: frozenset[str]
    person_id: str | None
    per_minute: int
    created_utc: datetime
    expires_utc: datetime
    revoked_utc: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it opens anything at `now`."""
        return self.revoked_utc is None and now < self.expires_utc


def new_secret() -> str:
    """Secret of a new token: 256 random bits, shown once."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Hex digest under which a secret is kept; it is random and long, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()
