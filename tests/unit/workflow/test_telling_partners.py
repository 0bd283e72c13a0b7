"""Partners' webhooks: told once of what they may know, signed, tried again until taken, never in our own network."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from api_night import ANTARES, BURST, SECRET, Night

from notifier.partner_post import PartnerPost
from notifier.webhook import sign_webhook
from tocsin.api.forms import item_json
from tocsin.api.responses import json_bytes
from tocsin.store import UnitOfWork, Webhook
from tocsin.workflow.queries import event_item
from tocsin.workflow.telling_partners import PartnerTeller

PUBLIC: frozenset[str] = frozenset()


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    yield made
    made.store.close()


class Partner:
    """A partner's server: remembers what came, answers as told."""

    def __init__(self) -> None:
        self.came: list[httpx.Request] = []
        self.status = 200
        self.headers: dict[str, str] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.came.append(request)
        return httpx.Response(self.status, headers=self.headers)

    def events(self) -> list[str]:
        return [json.loads(one.content)["event"]["id"] for one in self.came]


def render(work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> bytes | None:
    item = event_item(work, event_id, clearance=clearance)
    return None if item is None else json_bytes({"event": item_json(item, str)})


def teller(
    night: Night, partner: Partner, *, resolve: Callable[[str, int], list[str]] = lambda _host, _port: ["93.184.216.34"]
) -> PartnerTeller:
    post = PartnerPost(night.clock, resolve=resolve, transport=httpx.MockTransport(partner))
    return PartnerTeller(night.store, night.clock, post, render, attempts=3)


def hook(night: Night, *, clearance: frozenset[str] = PUBLIC, url: str = "https://partner.example/in") -> None:
    with night.store.begin() as work:
        work.add_webhook(
            Webhook(
                id="w1", name="A", url=url, secret="s3cret", clearance=clearance,
                position=work.last_change_id(), created_utc=night.clock.now(),
            )
        )  # fmt: skip


def test_a_partner_is_told_once_of_each_change_with_a_signature_that_holds(night: Night) -> None:
    partner = Partner()
    hook(night)
    telling = teller(night, partner)
    night.notice("grb-1", BURST)
    assert telling.look() == 1
    assert telling.look() == 0
    (request,) = partner.came
    assert request.headers["host"] == "partner.example"
    assert request.url.host == "93.184.216.34"
    stamp = request.headers["x-tocsin-timestamp"]
    assert request.headers["x-tocsin-signature"] == sign_webhook(request.content, stamp, b"s3cret")
    night.acknowledge("grb-1", "ada", "page")
    assert telling.look() == 1
    assert json.loads(partner.came[1].content)["event"]["acknowledged_by"] == "ada"
    assert partner.came[0].headers["idempotency-key"] != partner.came[1].headers["idempotency-key"]


def test_a_partner_is_told_nothing_of_what_it_may_not_see(night: Night) -> None:
    partner = Partner()
    hook(night)
    telling = teller(night, partner)
    night.notice("hush-1", SECRET)
    night.notice("grb-1", BURST)
    telling.look()
    night.notice("grb-1", replace(SECRET, notice_id="ANTARES 2 secret"))
    telling.look()
    assert partner.events() == ["grb-1"]
    assert b"secret" not in b"".join(one.content for one in partner.came)


def test_a_partner_that_is_cleared_is_told(night: Night) -> None:
    partner = Partner()
    hook(night, clearance=ANTARES)
    telling = teller(night, partner)
    night.notice("hush-1", SECRET)
    telling.look()
    assert partner.events() == ["hush-1"]


def test_a_partner_that_is_down_is_told_later_with_the_same_key_and_in_the_end_given_up(night: Night) -> None:
    partner = Partner()
    partner.status = 503
    hook(night)
    telling = teller(night, partner)
    night.notice("grb-1", BURST)
    for wait_s in (0, 29, 2, 59, 2, 100_000):
        night.clock.advance(wait_s)
        telling.look()
    assert len(partner.came) == 3
    assert len({one.headers["idempotency-key"] for one in partner.came}) == 1
    with night.store.read() as work:
        (logged,) = work.deliveries("w1")
    assert (logged.attempts, logged.status, logged.error) == (3, 503, "given up: answered 503")


def test_a_partner_that_asks_to_wait_is_left_alone_so_long(night: Night) -> None:
    partner = Partner()
    partner.status, partner.headers = 429, {"retry-after": "600"}
    hook(night)
    telling = teller(night, partner)
    night.notice("grb-1", BURST)
    telling.look()
    night.clock.advance(599)
    telling.look()
    partner.status = 200
    night.clock.advance(2)
    assert telling.look() == 1


@pytest.mark.parametrize(
    ("url", "addresses", "words"),
    [
        ("https://partner.example/", ["127.0.0.1"], "not the open internet"),
        ("https://partner.example/", ["93.184.216.34", "10.0.0.1"], "not the open internet"),
        ("https://partner.example/", ["169.254.169.254"], "not the open internet"),
        ("https://partner.example/", ["::ffff:127.0.0.1"], "not the open internet"),
        ("https://partner.example/", ["fd00::1"], "not the open internet"),
        ("https://partner.example/", [], "not known"),
        ("http://partner.example/", ["93.184.216.34"], "only https"),
        ("ftp://partner.example/", ["93.184.216.34"], "only https"),
    ],
)
def test_nothing_is_posted_into_our_own_network(night: Night, url: str, addresses: list[str], words: str) -> None:
    partner = Partner()
    hook(night, url=url)
    telling = teller(night, partner, resolve=lambda _host, _port: addresses)
    night.notice("grb-1", BURST)
    assert telling.look() == 0
    assert partner.came == []
    with night.store.read() as work:
        assert words in (work.deliveries("w1")[0].error or "")


def test_a_redirect_is_not_followed(night: Night) -> None:
    partner = Partner()
    partner.status, partner.headers = 302, {"location": "http://127.0.0.1/admin"}
    hook(night)
    telling = teller(night, partner)
    night.notice("grb-1", BURST)
    assert telling.look() == 0
    assert len(partner.came) == 1


def test_a_webhook_is_told_only_of_what_comes_after_it_was_added(night: Night) -> None:
    partner = Partner()
    night.notice("grb-1", BURST)
    hook(night)
    assert teller(night, partner).look() == 0
