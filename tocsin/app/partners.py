"""Tokens and webhooks of partners, as the operator gives and takes them on the command line."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from listeners.streams import RESTRICTED_STREAMS, Streams
from notifier.partner_post import PartnerPost
from tocsin.api.forms import item_json
from tocsin.api.responses import json_bytes
from tocsin.app.build import build_people, build_store
from tocsin.app.clocks import SystemClock
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.tokens import Scope, Token, digest, new_secret
from tocsin.settings import Settings, load_settings
from tocsin.store import Delivery, Store, UnitOfWork, UsageRow, Webhook
from tocsin.workflow.context import Context
from tocsin.workflow.queries import event_item
from tocsin.workflow.telling_partners import PartnerTeller

WHERE = "command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    """The desk at which tokens and webhooks are given out."""

    store: Store
    clock: Clock
    settings: Settings

    def add_token(
        self,
        name: str,
        *,
        scopes: Iterable[str],
        clearance: Iterable[str],
        person_id: str | None,
        days: int,
        per_minute: int,
    ) -> tuple[Token, str]:
        """Token, and its secret, which is not kept."""
        wanted = frozenset(_scope(one) for one in scopes)
        labels = self._labels(clearance)
        if person_id is not None and build_people(self.settings)[0].person(person_id) is None:
            raise ConfigurationError(f"{person_id} is nobody in people.toml", file=WHERE, key="--person")
        if Scope.ACT in wanted and person_id is None:
            raise ConfigurationError("the scope act needs a person to act for", file=WHERE, key="--person")
        now, secret = self.clock.now(), new_secret()
        token = Token(
            id=secrets.token_hex(4),
            name=name,
            secret_sha256=digest(secret),
            scopes=wanted,
            clearance=labels,
            person_id=person_id,
            per_minute=per_minute,
            created_utc=now,
            expires_utc=now + timedelta(days=days),
        )
        with self.store.begin() as work:
            work.add_token(token)
            work.audit("operator", "token added", token.id, {"name": name, "scopes": sorted(wanted)}, now)
        return token, secret

    def tokens(self) -> list[Token]:
        """All tokens."""
        with self.store.read() as work:
            return work.tokens()

    def usage(self) -> list[UsageRow]:
        """Requests by token, day and door."""
        with self.store.read() as work:
            return work.usage()

    def revoke_token(self, token_id: str) -> bool:
        """Revoke; False where there is nothing to revoke."""
        with self.store.begin() as work:
            is_done = work.revoke_token(token_id, self.clock.now())
            if is_done:
                work.audit("operator", "token revoked", token_id, {}, self.clock.now())
        return is_done

    def add_webhook(self, name: str, url: str, *, clearance: Iterable[str]) -> Webhook:
        """Webhook that is told of changes from now on."""
        parts = urlsplit(url)
        if parts.scheme != "https" and not self.settings.webhooks.allow_private:
            raise ConfigurationError("a webhook needs a URL that starts with https://", file=WHERE, key="URL")
        if not parts.hostname or parts.username is not None:
            raise ConfigurationError("a webhook needs a host, and no password in the URL", file=WHERE, key="URL")
        now, labels = self.clock.now(), self._labels(clearance)
        with self.store.begin() as work:
            webhook = Webhook(
                id=secrets.token_hex(4),
                name=name,
                url=url,
                secret=secrets.token_urlsafe(32),
                clearance=labels,
                position=work.last_change_id(),
                created_utc=now,
            )
            work.add_webhook(webhook)
            work.audit("operator", "webhook added", webhook.id, {"name": name, "host": parts.hostname}, now)
        return webhook

    def webhooks(self) -> list[Webhook]:
        """All webhooks."""
        with self.store.read() as work:
            return work.webhooks()

    def deliveries(self, webhook_id: str | None, limit: int) -> list[Delivery]:
        """Log of deliveries, newest first."""
        with self.store.read() as work:
            return work.deliveries(webhook_id, limit)

    def revoke_webhook(self, webhook_id: str) -> bool:
        """Tell it nothing more; False where there is nothing to revoke."""
        with self.store.begin() as work:
            is_done = work.revoke_webhook(webhook_id, self.clock.now())
            if is_done:
                work.audit("operator", "webhook revoked", webhook_id, {}, self.clock.now())
        return is_done

    def _labels(self, clearance: Iterable[str]) -> frozenset[str]:
        """Labels, each of which some stream or person of the settings has: a misspelt one would open nothing."""
        document = self.settings.document("streams")
        streams = Streams.from_config(document.values, file=document.name)
        known = frozenset().union(
            *RESTRICTED_STREAMS.values(),
            *(topic.labels for topic in streams.topics.values()),
            *(person.clearance for person in build_people(self.settings)[0]),
            *(broker.labels for broker in self.settings.feeds.vtp.brokers.values()),
        )
        wanted = frozenset(clearance)
        if unknown := wanted - known:
            raise ConfigurationError(
                f"no stream or person has the label {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}",
                file=WHERE,
                key="--clearance",
            )
        return wanted


@contextmanager
def partners(environment: Mapping[str, str]) -> Iterator[Partners]:
    """The desk over the configured store."""
    settings, clock = load_settings(environment), SystemClock()
    store = build_store(settings, clock)
    try:
        yield Partners(store=store, clock=clock, settings=settings)
    finally:
        store.close()


def _scope(name: str) -> Scope:
    if name not in set(Scope):
        raise ConfigurationError(f"no scope {name}; there are {', '.join(Scope)}", file=WHERE, key="--scope")
    return Scope(name)


def partner_teller(context: Context, settings: Settings) -> PartnerTeller:
    """What tells webhooks of changes, as the list of events would show them."""

    def render(work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> bytes | None:
        item = event_item(work, event_id, clearance=clearance)
        return None if item is None else json_bytes({"event": item_json(item, context.people.name_of)})

    post = PartnerPost(context.clock, allow_private=settings.webhooks.allow_private)
    return PartnerTeller(context.store, context.clock, post, render, attempts=settings.webhooks.attempts)
