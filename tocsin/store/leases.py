"""Leases: something that one process at a time does, and the number that fences off the one before.

No clock is compared: a holder beats, and whoever has watched a lease stand still for long enough by its own stopwatch
may take it. So a clock that jumps on one machine neither takes a lease nor loses it.
"""

import json
from dataclasses import dataclass

from sqlalchemy import select, text

from tocsin.domain.errors import ConflictError
from tocsin.store.audit import AuditTrail
from tocsin.store.tables import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease as it stands.

    Parameters
    ----------
    holder
        Who has it; empty for one that was given up.
    number
        Grows by one with each holder.
    beat
        Grows while the holder lives.
    """

    holder: str
    number: int
    beat: int


class Leases(AuditTrail):
    """Who does what there must be one of."""

    def lease(self, name: str) -> Lease | None:
        """The lease of that name; None before the first holder."""
        kept = self.meta(_key(name))
        return None if kept is None else Lease(**json.loads(kept))

    def take_lease(self, name: str, holder: str, *, seen: Lease | None) -> Lease | None:
        """The lease, taken from whoever was seen to have it; None where it has changed since."""
        self.lock(_key(name))
        if self.lease(name) != seen:
            return None
        return self._keep(name, Lease(holder=holder, number=1 if seen is None else seen.number + 1, beat=0))

    def beat_lease(self, name: str, held: Lease) -> Lease | None:
        """The lease, kept for longer; None where somebody else has it."""
        self.lock(_key(name))
        found = self.lease(name)
        if found is None or found.number != held.number:
            return None
        return self._keep(name, Lease(holder=held.holder, number=held.number, beat=found.beat + 1))

    def give_up_lease(self, name: str, held: Lease) -> None:
        """Let the next one take it at once; nothing happens where somebody else has it."""
        self.lock(_key(name))
        found = self.lease(name)
        if found is not None and found.number == held.number:
            self._keep(name, Lease(holder="", number=held.number, beat=found.beat + 1))

    def require_lease(self, name: str, number: int) -> None:
        """Make sure that the lease has that number until this transaction ends.

        Raises
        ------
        ConflictError
            Somebody else has taken it.
        """
        if self._connection.dialect.name == "postgresql":
            kept = self._connection.execute(_FOR_SHARE, {"key": _key(name)}).scalar_one_or_none()
        else:  # one writer at a time: nobody can take it meanwhile
            statement = select(meta.c.value).where(meta.c.key == _key(name))
            kept = self._connection.execute(statement).scalar_one_or_none()
        if kept is None or Lease(**json.loads(kept)).number != number:
            raise ConflictError(f"another process has taken over {name}", remedy="nothing: it goes on there")

    def _keep(self, name: str, lease: Lease) -> Lease:
        kept = {"holder": lease.holder, "number": lease.number, "beat": lease.beat}
        self.set_meta(_key(name), json.dumps(kept))
        return lease


_FOR_SHARE = text("SELECT value FROM meta WHERE key = :key FOR SHARE")


def _key(name: str) -> str:
    return f"lease/{name}"
