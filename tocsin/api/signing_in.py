"""Signing in at an OpenID Connect provider: authorization code with PKCE, the answer checked before it is believed.

Tocsin keeps no passwords. Who someone is, the provider says; what they may see and do stands in ``people.toml``.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from tocsin.domain.clock import Clock
from tocsin.domain.errors import NotAllowedError, RemoteError
from tocsin.domain.late import jose_errors, jwk, jwt
from tocsin.domain.people import Person
from tocsin.domain.tokens import digest
from tocsin.store import Store

#: Signatures that are believed: with public keys alone, so that nobody can sign with what everybody knows.
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
#: How long somebody may take at the provider.
PATIENCE = timedelta(minutes=10)
#: Clocks may differ by this, s.
LEEWAY_S = 60
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Where a browser is sent, and what it keeps until it comes back."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Who came back, the secret of their sign-in, how long it holds, and which page they wanted."""

    person: Person
    secret: str
    seconds: int
    back: str


class SignIn:
    """The way to the provider and back.

    Parameters
    ----------
    issuer, client_id, client_secret
        The provider, and who we are there.
    claim
        What of its answer is `Person.sign_in`.
    page_url
        Base of our own pages.
    hours
        How long a sign-in lasts.
    store, clock
        Where sign-ins are kept; what time it is.
    people
        Who may sign in.
    transport
        For tests.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        claim: str,
        page_url: str,
        hours: float,
        store: Store,
        clock: Clock,
        people: Callable[[], Sequence[Person]],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._claim = claim
        self._return_url = f"{page_url.rstrip('/')}/sign-in/done"
        self._life = timedelta(hours=hours)
        self._store = store
        self._clock = clock
        self._people = people
        self._http = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, transport=transport)
        self._lock = threading.Lock()
        self._known: Mapping[str, Any] | None = None
        # The same in every process of the service, and of no use elsewhere.
        self._key = hashlib.sha256(b"tocsin sign-in " + client_secret.encode()).digest()

    @property
    def is_over_tls(self) -> bool:
        """Whether cookies may insist on it."""
        return self._return_url.startswith("https://")

    def leave(self, back: str) -> Leaving:
        """Send somebody to the provider; afterwards they come back to the path `back`."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._return_url,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        until = (self._clock.now() + PATIENCE).timestamp()
        kept = {"state": state, "nonce": nonce, "verifier": verifier, "back": back, "until": until}
        return Leaving(
            url=f"{self._discovered()['authorization_endpoint']}?{urlencode(asked)}", cookie=self._seal(kept)
        )

    def arrive(self, *, code: str, state: str, cookie: str) -> Arrived:
        """Take somebody back in.

        Raises
        ------
        NotAllowedError
            They did not leave from this browser, the answer is not the provider's, or they are nobody here.
        RemoteError
            The provider cannot be asked.
        """
        kept = self._unseal(cookie)
        if not hmac.compare_digest(str(kept["state"]), state) or self._clock.now().timestamp() > kept["until"]:
            raise NotAllowedError("this sign-in was not begun here, or too long ago", remedy="sign in again")
        claims = self._claims(code, kept)
        subject = str(claims.get(self._claim, ""))
        person = next((one for one in self._people() if one.sign_in and one.sign_in == subject), None)
        with self._store.begin() as work:
            now = self._clock.now()
            if person is None:
                work.audit("sign-in", "refused", subject[:100] or "nobody", {"issuer": self._issuer}, now)
            else:
                secret = secrets.token_urlsafe(32)
                work.add_sign_in(digest(secret), person.id, now, now + self._life)
                work.audit(person.id, "signed in", person.id, {"issuer": self._issuer}, now)
        if person is None:
            raise NotAllowedError("you are signed in there, and nobody here", remedy="ask to be put in people.toml")
        return Arrived(
            person=person, secret=secret, seconds=int(self._life.total_seconds()), back=str(kept.get("back", "/"))
        )

    def sign_out(self, secret: str) -> None:
        """End a sign-in."""
        with self._store.begin() as work:
            work.sign_out(digest(secret))

    def _claims(self, code: str, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        known = self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._return_url,
            "code_verifier": kept["verifier"],
        }
        answer = self._asked("POST", known["token_endpoint"], data=form, auth=(self._client_id, self._client_secret))
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotAllowedError("the provider gave no proof of who you are", remedy="sign in again")
        return self._believed(token, kept["nonce"], jwk.KeySet.import_key_set(self._asked("GET", known["jwks_uri"])))  # type: ignore[arg-type]

    def _believed(self, token: str, nonce: str, keys: "jwk.KeySet") -> Mapping[str, Any]:
        """Claims of a token that is signed by the provider, for us, now, and for this very sign-in."""
        try:
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except (jose_errors.JoseError, ValueError) as error:
            raise NotAllowedError("the provider's answer is not signed by it", remedy="sign in again") from error
        now = self._clock.now().timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        is_for_us = self._client_id in audiences and claims.get("azp", self._client_id) == self._client_id
        checks = (
            str(claims.get("iss", "")).rstrip("/") == self._issuer,
            is_for_us,
            _number(claims.get("exp")) > now - LEEWAY_S,
            _number(claims.get("iat")) < now + LEEWAY_S,
            hmac.compare_digest(str(claims.get("nonce", "")), nonce),
        )
        if not all(checks):
            raise NotAllowedError("the provider's answer is not for this sign-in", remedy="sign in again")
        return claims

    def _discovered(self) -> Mapping[str, Any]:
        """What the provider says of itself, asked once."""
        with self._lock:
            if self._known is None:
                found = self._asked("GET", f"{self._issuer}/.well-known/openid-configuration")
                if str(found.get("issuer", "")).rstrip("/") != self._issuer:
                    raise RemoteError("the sign-in provider says it is another one", remedy="check sign_in.issuer")
                self._known = found
            return self._known

    def _asked(self, method: str, url: str, **given: Any) -> Mapping[str, Any]:
        try:
            answer = self._http.request(method, url, **given)
            found = answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError) as error:
            raise RemoteError("the sign-in provider does not answer", remedy="try again") from error
        if not isinstance(found, dict):
            raise RemoteError(f"the sign-in provider refused ({answer.status_code})", remedy="sign in again")
        return found

    def _seal(self, kept: Mapping[str, Any]) -> str:
        """What a browser keeps, so that it cannot change it."""
        body = base64.urlsafe_b64encode(json.dumps(kept).encode())
        return f"{body.decode()}.{hmac.new(self._key, body, hashlib.sha256).hexdigest()}"

    def _unseal(self, cookie: str) -> dict[str, Any]:
        body, _, mark = cookie.partition(".")
        expected = hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(mark.encode(), expected.encode()):
            raise NotAllowedError("this sign-in was not begun here, or too long ago", remedy="sign in again")
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body))
        return found


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
