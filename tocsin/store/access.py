"""Who may come in: tokens, sign-ins, and how often they came."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select, update

from tocsin.domain.tokens import Scope, Token
from tocsin.store.rows import UsageRow
from tocsin.store.tables import api_quotas, api_tokens, api_usage, sign_ins
from tocsin.store.topic import Topic


class Access(Topic):
    """Tokens and sign-ins; of their secrets only digests are kept."""

    def add_token(self, token: Token) -> None:
        """Keep a new token."""
        self._connection.execute(
            api_tokens.insert(),
            {
                "id": token.id,
                "name": token.name,
                "secret_sha256": token.secret_sha256,
                "scopes": sorted(token.scopes),
                "clearance": token.clearance,
                "person_id": token.person_id,
                "per_minute": token.per_minute,
                "created_utc": token.created_utc,
                "expires_utc": token.expires_utc,
                "revoked_utc": token.revoked_utc,
            },
        )

    def tokens(self) -> list[Token]:
        """All tokens, revoked and expired ones too, oldest first."""
        return [
            Token(
                id=row.id,
                name=row.name,
                secret_sha256=row.secret_sha256,
                scopes=frozenset(Scope(one) for one in row.scopes),
                clearance=row.clearance,
                person_id=row.person_id,
                per_minute=row.per_minute,
                created_utc=row.created_utc,
                expires_utc=row.expires_utc,
                revoked_utc=row.revoked_utc,
            )
            for row in self._all(select(api_tokens).order_by(api_tokens.c.created_utc, api_tokens.c.id))
        ]

    def revoke_token(self, token_id: str, at_utc: datetime) -> bool:
        """Revoke a token for ever; False if there is none, or it is revoked already."""
        standing = api_tokens.c.id == token_id, api_tokens.c.revoked_utc.is_(None)
        return self._connection.execute(update(api_tokens).where(*standing), {"revoked_utc": at_utc}).rowcount == 1

    def count_usage(self, counted: Mapping[tuple[str, str, str], int]) -> None:
        """Add requests, by token id (empty: anonymous), day and door."""
        for (token_id, day, door), requests in counted.items():
            row = {"token_id": token_id, "day": day, "door": door}
            self._insert_if_absent(api_usage, [{**row, "requests": 0}])
            same = (api_usage.c.token_id == token_id, api_usage.c.day == day, api_usage.c.door == door)
            self._connection.execute(update(api_usage).where(*same).values(requests=api_usage.c.requests + requests))

    def take_requests(self, token_id: str, wanted: int, per_minute: int, at_utc: datetime) -> tuple[int, float]:
        """Take requests from what a token may still make, which fills at `per_minute` and holds a minute of it.

        Returns
        -------
        tuple
            How many were taken, at most `wanted`; and what is left.
        """
        self._insert_if_absent(api_quotas, [{"token_id": token_id, "level": float(per_minute), "at_utc": at_utc}])
        of_token = api_quotas.c.token_id == token_id
        row = self._connection.execute(select(api_quotas).where(of_token).with_for_update()).one()
        passed_s = max(0.0, (at_utc - row.at_utc).total_seconds())  # clocks of other machines may be ahead
        level = min(float(per_minute), row.level + passed_s * per_minute / 60.0)
        taken = min(wanted, int(level))
        changed = {"level": level - taken, "at_utc": max(at_utc, row.at_utc)}
        self._connection.execute(update(api_quotas).where(of_token), changed)
        return taken, level - taken

    def usage(self, token_id: str | None = None) -> list[UsageRow]:
        """Requests by token, day and door, the newest day first."""
        statement = select(api_usage).order_by(api_usage.c.day.desc(), api_usage.c.token_id, api_usage.c.door)
        if token_id is not None:
            statement = statement.where(api_usage.c.token_id == token_id)
        return [
            UsageRow(token_id=row.token_id, day=row.day, door=row.door, requests=row.requests)
            for row in self._all(statement)
        ]

    def add_sign_in(self, secret_sha256: str, person_id: str, created_utc: datetime, expires_utc: datetime) -> None:
        """Keep that a person signed in; what has expired is forgotten."""
        self._connection.execute(delete(sign_ins).where(sign_ins.c.expires_utc < created_utc))
        self._connection.execute(
            sign_ins.insert(),
            {
                "secret_sha256": secret_sha256,
                "person_id": person_id,
                "created_utc": created_utc,
                "expires_utc": expires_utc,
            },
        )

    def signed_in(self, now: datetime) -> dict[str, tuple[str, datetime]]:
        """Person and end of every sign-in that holds at `now`, by the digest of its secret."""
        statement = select(sign_ins).where(sign_ins.c.expires_utc > now)
        return {row.secret_sha256: (row.person_id, row.expires_utc) for row in self._all(statement)}

    def sign_out(self, secret_sha256: str) -> bool:
        """Forget a sign-in; False if there is none."""
        statement = delete(sign_ins).where(sign_ins.c.secret_sha256 == secret_sha256)
        return self._connection.execute(statement).rowcount == 1
