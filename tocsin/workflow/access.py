"""Who comes in: the token or sign-in behind a request, what it opens, how often it may come, and a count of it.

Tokens are looked up in memory: they are read again when the store has changed, at most once a second, so that a
revoked one opens nothing a second later.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.domain.clock import Clock
from tocsin.domain.people import Person, PersonRole
from tocsin.domain.tokens import Scope, Token, digest
from tocsin.store import Store
from tocsin.workflow.quotas import UNLIMITED, OwnQuotas, Rate, SharedQuotas

#: How old the tokens in memory may be, s.
FRESH_S = 1.0
#: How often counts are written down, s.
COUNT_EVERY_S = 10.0
#: Of a person who signed in.
PERSON_SCOPES = frozenset({Scope.READ, Scope.COMPUTE, Scope.ACT})
OPERATOR_SCOPES = frozenset(Scope)
PUBLIC: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks.

    Parameters
    ----------
    key
        What requests are counted and limited by: of a token, a person, an address.
    token_id
        Token it came with; empty without.
    person_id
        Person it is, or acts for.
    clearance
        Labels of restricted streams that may be seen.
    scopes
        What may be done.
    per_minute
        Requests allowed a minute; 0: any number.
    """

    key: str
    token_id: str = ""
    person_id: str | None = None
    clearance: frozenset[str] = PUBLIC
    scopes: frozenset[Scope] = frozenset({Scope.READ})
    per_minute: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Tokens and sign-ins as of one state of the store."""

    generation: str
    read_s: float
    tokens: dict[str, Token]
    signed_in: dict[str, tuple[str, datetime]]


class Gate:
    """Lets callers in.

    Parameters
    ----------
    store, clock
        Where tokens and sign-ins are kept; what time it is.
    people
        Registry: what a person may see.
    anonymous_scopes
        What may be done without a token.
    anonymous_per_minute
        Requests a minute of each address without a token, at each process; 0: any number.
    is_one_of_several
        Whether other processes let in the same callers: what tokens may ask is then shared with them.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        people: Callable[[], Sequence[Person]],
        *,
        anonymous_scopes: frozenset[Scope] = frozenset({Scope.READ}),
        anonymous_per_minute: int = 0,
        is_one_of_several: bool = False,
    ) -> None:
        self._store = store
        self._clock = clock
        self._people = people
        self._anonymous_scopes = anonymous_scopes
        self._anonymous_per_minute = anonymous_per_minute
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._own = OwnQuotas(clock)
        self._shared = SharedQuotas(store, clock) if is_one_of_several else None
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._counted_s = clock.monotonic_s()

    def caller(self, *, secret: str | None, session: str | None, address: str) -> Caller | None:
        """Caller with the secret of a token or of a sign-in; None where the token opens nothing."""
        if secret is not None:
            return self._of_token(self._current().tokens.get(digest(secret)))
        if session is not None and (found := self._current().signed_in.get(digest(session))) is not None:
            person = self._person(found[0])
            if person is not None and self._clock.now() < found[1]:
                scopes = OPERATOR_SCOPES if PersonRole.ADMIN in person.roles else PERSON_SCOPES
                return Caller(key=f"person {person.id}", person_id=person.id, clearance=person.clearance, scopes=scopes)
        return Caller(key=f"address {address}", scopes=self._anonymous_scopes, per_minute=self._anonymous_per_minute)

    def _of_token(self, token: Token | None) -> Caller | None:
        if token is None or not token.is_valid(self._clock.now()):
            return None
        clearance = token.clearance
        if token.person_id is not None:
            person = self._person(token.person_id)
            if person is None:
                return None
            clearance &= person.clearance  # a token opens no more than its person may see today
        return Caller(
            key=f"token {token.id}",
            token_id=token.id,
            person_id=token.person_id if Scope.ACT in token.scopes else None,
            clearance=clearance,
            scopes=token.scopes,
            per_minute=token.per_minute,
        )

    def take(self, caller: Caller, door: str) -> Rate:
        """Count a request at a door, and take it from the caller's minute."""
        with self._lock:
            self._counts[caller.token_id, self._clock.now().date().isoformat(), door] += 1
        if caller.per_minute <= 0:
            return UNLIMITED
        return (self._shared_for(caller) or self._own).take(caller.key, caller.per_minute)

    def must_ask(self, caller: Caller) -> bool:
        """Whether `ask` has to be called before the caller's next request can be let in."""
        shared = self._shared_for(caller)
        return shared is not None and shared.must_ask(caller.key)

    def ask(self, caller: Caller) -> None:
        """Take requests of a token from what all processes share; it waits for the store."""
        if (shared := self._shared_for(caller)) is not None:
            shared.ask(caller.key, caller.token_id, caller.per_minute)

    def _shared_for(self, caller: Caller) -> SharedQuotas | None:
        """What all processes share of a caller's requests; None for who has no token, or may ask without end."""
        return self._shared if caller.token_id and caller.per_minute > 0 else None

    def is_time_to_write(self) -> bool:
        """Whether counts should be written down now."""
        return self._clock.monotonic_s() - self._counted_s >= COUNT_EVERY_S and bool(self._counts)

    def write_counts(self) -> None:
        """Write down what was counted."""
        with self._lock:
            counted, self._counts, self._counted_s = self._counts, Counter(), self._clock.monotonic_s()
        if counted:
            with self._store.begin() as work:
                work.count_usage(counted)

    def _current(self) -> _Known:
        known, now_s = self._known, self._clock.monotonic_s()
        if known is not None and 0.0 <= now_s - known.read_s < FRESH_S:
            return known
        generation = self._store.generation()
        if known is None or known.generation != generation:
            with self._store.read() as work:
                tokens = {token.secret_sha256: token for token in work.tokens()}
                signed_in = work.signed_in(self._clock.now())
        else:
            tokens, signed_in = known.tokens, known.signed_in
        self._known = _Known(generation=generation, read_s=now_s, tokens=tokens, signed_in=signed_in)
        return self._known

    def _person(self, person_id: str) -> Person | None:
        return next((person for person in self._people() if person.id == person_id), None)
