"""The figures of the service count restricted notices too: who reads them was given leave to, or is the operator."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_night import ANTARES, PEOPLE, SECRET, Night, decision, fill_gw
from asgi_browser import Browser
from workflow_desk import Desk, settings

from tocsin.api import Health, build_app
from tocsin.app.gauges import Gauges
from tocsin.app.web import api_services
from tocsin.domain.tokens import Scope, Token, digest
from tocsin.settings import Settings
from tocsin.workflow.access import Gate

OTHERS = frozenset(Scope) - {Scope.METRICS}


def give(night: Night, secret: str, scopes: frozenset[Scope], **changes: Any) -> None:
    now = night.clock.now()
    made = Token(
        id=secret[-8:], name="n", secret_sha256=digest(secret), scopes=scopes, clearance=frozenset(), person_id=None,
        per_minute=0, created_utc=now, expires_utc=now + timedelta(days=9),
    )  # fmt: skip
    with night.store.begin() as work:
        work.add_token(replace(made, **changes))


def answers(folder: Path, *, with_restricted: bool, anonymous: frozenset[Scope]) -> dict[str, tuple[int, bytes]]:
    """Status and body of /metrics for each kind of caller."""
    folder.mkdir()
    night = Night(folder)
    fill_gw(night)
    if with_restricted:
        night.notice("hush-1", SECRET, decision=decision())
    give(night, "tocsin_read0000", OTHERS)
    give(night, "tocsin_cleared0", OTHERS, clearance=ANTARES)
    give(night, "tocsin_expired0", frozenset(Scope), expires_utc=night.clock.now())
    give(night, "tocsin_metrics0", frozenset({Scope.METRICS}))
    gauges = Gauges(night.store, night.clock, folder, restricted=ANTARES)
    gate = Gate(night.store, night.clock, lambda: PEOPLE, anonymous_scopes=anonymous)
    browser = Browser(build_app(night.services(gate=gate, metrics=gauges.text)))
    made = {}
    for name in ("", "read0000", "cleared0", "expired0", "forged00", "metrics0"):
        headers = {"authorization": f"Bearer tocsin_{name}"} if name else {}
        answer = browser.get("/metrics", headers=headers)
        made[name] = (answer.status_code, answer.content)
    night.store.close()
    return made


def test_totals_that_count_restricted_notices_reach_no_one_without_leave(tmp_path: Path) -> None:
    mixed = answers(tmp_path / "with", with_restricted=True, anonymous=OTHERS)
    plain = answers(tmp_path / "without", with_restricted=False, anonymous=OTHERS)
    given = {name: status for name, (status, _) in mixed.items()}
    assert given == {"": 403, "read0000": 403, "cleared0": 403, "expired0": 401, "forged00": 401, "metrics0": 200}
    for name in set(mixed) - {"metrics0"}:
        assert mixed[name] == plain[name], name
    restricted = b'tocsin_feed_notices_total{feed="restricted",outcome="stored"} 1.0'
    assert (restricted in mixed["metrics0"][1], restricted in plain["metrics0"][1]) == (True, False), (
        "there was a secret"
    )


def scopes_without_token(folder: Path, table: dict[str, Any]) -> frozenset[Scope]:
    """What the service, set up so, lets somebody do who shows no token."""
    given = settings()
    wanted = Settings.model_validate({**given.model_dump(), **table}) if table else given
    wanted = wanted.model_copy(update={"folder": given.folder, "secrets": wanted.secrets})
    with Desk(folder) as desk:
        services = api_services(desk.context, wanted, health=Health, labels_of_streams={})
    assert services.gate is not None
    caller = services.gate.caller(secret=None, session=None, address="10.0.0.9")
    assert caller is not None
    return caller.scopes


@pytest.mark.parametrize(
    ("table", "may_read"),
    [
        ({}, True),
        ({"api": {"host": "0.0.0.0"}}, False),
        ({"service": {"page_url": "https://tocsin.example.org"}}, False),
        (
            {
                "sign_in": {"issuer": "https://id.example.org", "client_id": "t"},
                "secrets": {"sign_in_client_secret": "s"},
            },
            False,
        ),
    ],
    ids=["loopback", "every address", "behind a proxy", "people sign in"],
)
def test_without_a_token_they_are_read_on_the_operators_own_machine_alone(
    tmp_path: Path, table: dict[str, Any], may_read: bool
) -> None:
    assert (Scope.METRICS in scopes_without_token(tmp_path, table)) is may_read


def test_of_those_who_sign_in_administrators_read_them(tmp_path: Path) -> None:
    night = Night(tmp_path)
    later = night.clock.now() + timedelta(hours=1)
    with night.store.begin() as work:
        for person in ("ben", "olga"):
            work.add_sign_in(digest(f"session {person}"), person, night.clock.now(), later)
    gate = Gate(night.store, night.clock, lambda: PEOPLE)
    browser = Browser(build_app(night.services(gate=gate)))
    found = [
        browser.get("/metrics", headers={"cookie": f"tocsin_session=session {person}"}).status_code
        for person in ("ben", "olga")
    ]
    night.store.close()
    assert found == [403, 200], "an advocate, even a cleared one, reads pages; the administrator watches the machine"
