"""Whatever leaves the service by other ways than pages: chat, mail, push, partners, the own topic, metrics, logs.

Two nights are held against each other: one in which restricted notices came in between, one in which they never did.
What goes to those cleared for nothing must be the same, byte for byte; and no mark of a restricted notice is in it.
"""

import json
import re
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest
from workflow_desk import SECRET, SECRET_TOPIC, Desk, PaperSource, at, counts, merger, retraction, sources, track

from notifier.email import EmailChannel, Security
from notifier.partner_post import PartnerPost
from notifier.recorder import RecorderChannel
from notifier.slack import SlackChannel
from notifier.webhook import WebhookChannel
from tocsin.api.forms import item_json
from tocsin.api.responses import json_bytes
from tocsin.demo.stand_ins.mail import MailStandIn
from tocsin.demo.stand_ins.server import LoopbackServer, Reply, Request
from tocsin.demo.stand_ins.slack import SlackStandIn
from tocsin.domain.clock import ManualClock
from tocsin.domain.events import Tier
from tocsin.simulate.notices import Message, Track, TrackPosition, icecube_gold_json
from tocsin.store import UnitOfWork, Webhook
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.context import Door
from tocsin.workflow.publishing import Publisher, PublishingRules
from tocsin.workflow.queries import event_item
from tocsin.workflow.telling_partners import PartnerTeller

PUBLIC: frozenset[str] = frozenset()
#: Everything that stands in restricted notices alone: name, run and event, place, and the topic's labels.
MARKS = ("241017Z", "139999", "139777", "7654321", "77.123", "120.1,", "120.100", "antares", "private")
#: Each person's own link is signed with a key that every service draws for itself.
LINK = re.compile(r"/a/[\w.=-]+")
HUSH = Track(
    name="IceCube-241017Z",
    run=139_999,
    event=7_654_321,
    t0_utc=at(100.0),
    signalness=0.9,
    energy_tev=300.0,
    far_per_year=0.1,
)


def hush() -> Message:
    """A neutrino that only some may know of, where and when the merger was."""
    where = TrackPosition(ra_deg=77.123, dec_deg=20.0, radius_90_deg=0.8, radius_50_deg=0.4)
    return icecube_gold_json(HUSH, where, at(145.0), revision=0)


class Pushes(LoopbackServer):
    """Takes what is pushed to persons."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[bytes] = []

    def handle(self, request: Request) -> Reply | None:
        self.came.append(request.body)
        return Reply()


@dataclass(kw_only=True)
class World:
    """A service with every door there is, and what came out of each."""

    desk: Desk
    slack: SlackStandIn
    mail: MailStandIn
    pushes: Pushes
    cleared: RecorderChannel
    partner: list[bytes] = field(default_factory=list)
    topic: list[tuple[str, str, bytes]] = field(default_factory=list)

    def publish(self, topic: str, key: str, content: bytes) -> None:
        self.topic.append((topic, key, content))

    def said(self) -> dict[str, Sequence[str]]:
        """All that left for those who are cleared for nothing, by way."""
        return {
            "chat": [
                json.dumps([one.text, one.blocks, one.metadata, list(one.revisions)], sort_keys=True, default=str)
                for one in self.slack.messages
            ],
            "mail": [f"{one.recipients} {one.letter['Subject']} {_plain(one.letter)}" for one in self.mail.mails],
            "push": [LINK.sub("/a/", one.decode()) for one in self.pushes.came],
            "partners": [one.decode() for one in self.partner],
            "topic": [f"{topic} {key} {content.decode()}" for topic, key, content in self.topic],
        }


def _plain(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    return LINK.sub("/a/", "" if body is None else str(body.get_content()))


@contextmanager
def world(folder: Path) -> Iterator[World]:
    folder.mkdir()
    clock = ManualClock(at(30.0))
    with ExitStack() as stack:
        slack = stack.enter_context(SlackStandIn(clock=clock))
        mail = stack.enter_context(MailStandIn())
        pushes = stack.enter_context(Pushes())
        cleared = RecorderChannel("cleared")
        people = ("vance", "okafor", "tanaka")
        roads = (
            SlackChannel(slack.token, "C0NIGHT", base_url=f"{slack.url}/api/"),
            EmailChannel(
                "127.0.0.1", mail.port, sender="t@example.org", clock=clock, security=Security.NONE,
                addresses={name: f"{name}@example.org" for name in people},
            ),
            WebhookChannel({name: f"{pushes.url}/{name}" for name in people}, secret="s", clock=clock),
        )  # fmt: skip
        doors = (
            Door(channel=roads[0]),
            *(Door(channel=one, is_shared=False) for one in roads[1:]),
            Door(channel=cleared, clearance=SECRET),
        )
        desk = stack.enter_context(Desk(folder, doors=doors, sources=sources(PaperSource("SPI-ACS", counts()))))
        made = World(desk=desk, slack=slack, mail=mail, pushes=pushes, cleared=cleared)
        yield made


def play(folder: Path, *, with_restricted: bool) -> tuple[dict[str, Sequence[str]], list[str]]:
    """What a night said, by way, and what the cleared door was told."""
    with world(folder) as made:
        desk = made.desk
        posting = PartnerPost(
            desk.clock, resolve=lambda _host, _port: ["93.184.216.34"], transport=httpx.MockTransport(_taker(made))
        )
        teller = PartnerTeller(desk.store, desk.clock, posting, _render, attempts=3)
        publisher = Publisher(
            PublishingRules(topic="events", test_topic="events.test", least_tier=Tier.RECORD, clearance=PUBLIC), made
        )
        with desk.store.begin() as work:
            work.add_webhook(
                Webhook(
                    id="w", name="A", url="https://partner.example/in", secret="s", clearance=PUBLIC, position=0,
                    created_utc=desk.clock.now(),
                )
            )  # fmt: skip
        steps: tuple[tuple[Message, str | None], ...] = (
            (merger(), None),
            (hush(), SECRET_TOPIC),
            (track(), None),
            (track(revision=1, after_s=900.0), SECRET_TOPIC),
            (retraction(), None),
        )
        for n, (message, topic) in enumerate(steps):
            if topic is None or with_restricted:
                desk.take(message, topic=topic)
            desk.wait(60.0)
            if n == 2:
                acknowledge(desk.context, "s241017ab", "vance", "page")
                desk.wait(2.0)
            teller.look()
            publisher.publish_changes(desk.context)
        return made.said(), [one.card.verdict for one in made.cleared.sent]


def _taker(made: World) -> Any:
    def take(request: httpx.Request) -> httpx.Response:
        made.partner.append(request.content)
        return httpx.Response(200)

    return take


def _render(work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> bytes | None:
    item = event_item(work, event_id, clearance=clearance)
    return None if item is None else json_bytes({"event": item_json(item, str)})


@pytest.mark.usefixtures("fresh_metrics")
def test_what_leaves_for_everybody_is_the_same_whether_restricted_notices_came_or_not(
    tmp_path: Path, logged: list[MutableMapping[str, Any]]
) -> None:
    mixed, told = play(tmp_path / "with", with_restricted=True)
    said = " ".join(str(entry) for entry in logged)
    assert [mark for mark in MARKS if mark in said] == [], "in the log"
    metrics = generate_latest().decode()
    assert [mark for mark in MARKS if mark in metrics] == [], "in the metrics"
    plain, _ = play(tmp_path / "without", with_restricted=False)
    for way, messages in mixed.items():
        assert plain[way], f"nothing left by {way}: nothing is shown"
        hidden = [mark for mark in MARKS for message in messages if mark in message]
        assert hidden == [], f"{way} tells {hidden}"
        assert list(messages) == list(plain[way]), way
    assert any("241017Z" in verdict for verdict in told), "those who are cleared are told"
