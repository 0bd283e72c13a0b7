"""A simulated burst at four craft, its notices and files at their times: delays, annuli, map, association, draft."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from workflow_desk import Desk, settings

from acs_stream.sources import Places, build_sources
from tocsin.demo.stand_ins import IsdcStandIn
from tocsin.domain.drafts import Draft, DraftKind
from tocsin.domain.jobs import JobKind
from tocsin.domain.products import ProductKind
from tocsin.simulate.night import Night
from tocsin.simulate.notices import Message
from tocsin.simulate.timeline import EventTruth, Item, NoticeItem
from tocsin.store import draft_sha256
from tocsin.workflow.reacting import hasten_files
from triangulation.skymap import SkyMap


@dataclass(kw_only=True)
class Afternoon:
    """What happened, as far as the desk knows, and the truth."""

    desk: Desk
    inbox: Path
    truth: EventTruth
    drafts_seen: list[Draft] = field(default_factory=list)

    @property
    def event_id(self) -> str:
        (found,) = self.desk.event_ids()
        return found

    def play(self, item: Item) -> None:
        """Let one thing happen at its time."""
        self.until(item.at_utc)
        if isinstance(item, NoticeItem):
            self.desk.take(Message(topic=item.topic, payload=item.payload))
        else:
            path = self.inbox / item.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(item.content)
            hasten_files(self.desk.context)
        self.desk.work()

    def until(self, moment: datetime) -> None:
        ahead_s = (moment - self.desk.clock.now()).total_seconds()
        if ahead_s > 0:
            self.desk.wait(ahead_s)

    def products(self, kind: ProductKind, **given: Any) -> list[Any]:
        found: list[Any] = self.desk.read(lambda work: work.products(self.event_id, kind, **given))
        return found

    def drafts(self) -> list[Draft]:
        found: list[Draft] = self.desk.read(lambda work: work.drafts(self.event_id))
        return found


def instruments(isdc_url: str) -> dict[str, Any]:
    table = settings().document("instruments").values
    named = settings().reaction.instruments
    return {
        **table,
        "instrument": [
            {**item, "kind": "isdc-rtlc", "base_url": isdc_url} if item["name"] == "SPI-ACS" else dict(item)
            for item in table["instrument"]
            if item["name"] in named
        ],
    }


@pytest.fixture(scope="module")
def afternoon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afternoon]:
    """The burst from its first notice to the last file, a draft approved by a person on the way."""
    folder = tmp_path_factory.mktemp("burst")
    night = Night(1)
    truth = next(one for one in night.truth.events.values() if one.kind == "gamma_ray_burst")
    items = [item for item in night.timeline if _is_of(item, truth)]
    with Desk(folder, now=night.start_utc) as desk, IsdcStandIn(night.integral, clock=desk.clock) as isdc:
        inbox = folder / "inbox"
        inbox.mkdir()
        sources = build_sources(instruments(isdc.url), file="t", places=Places(folder=inbox), clock=desk.clock)
        desk.context = replace(desk.context, sources=sources)
        made = Afternoon(desk=desk, inbox=inbox, truth=truth)
        for item in items:
            made.play(item)
            if (drafts := made.drafts()) and not made.drafts_seen:
                approve(made, drafts[-1])
            made.drafts_seen = drafts or made.drafts_seen
        made.until(items[-1].at_utc + timedelta(minutes=5))
        yield made


def _is_of(item: Item, truth: EventTruth) -> bool:
    since_s = (item.at_utc - truth.t0_utc).total_seconds()
    words = f"{getattr(item, 'topic', '')} {item.what}".lower()
    return -1.0 < since_s < 1800.0 and not any(
        other in words for other in ("icecube", "gwalert", "test", "unknown", "garbage", "track", "nonsense")
    )


def approve(afternoon: Afternoon, draft: Draft) -> None:
    assert draft.lint_errors == 0
    with afternoon.desk.store.begin() as work:
        now = afternoon.desk.clock.now()
        work.approve_draft(draft.event_id, draft.kind, draft.revision, "vance", draft_sha256(draft), now)


def test_everything_about_the_burst_is_one_event(afternoon: Afternoon) -> None:
    assert afternoon.event_id.startswith("grb-")
    row = afternoon.desk.read(lambda work: work.event_row(afternoon.event_id))
    assert row.kind.value == "gamma_ray_burst"


def test_every_craft_has_a_light_curve_and_names_the_burst_in_it(afternoon: Afternoon) -> None:
    curves = {product.subject for product in afternoon.products(ProductKind.LIGHT_CURVE)}
    assert curves == {"SPI-ACS", "Fermi-GBM", "Konus-Wind", "Mars-Odyssey-HEND"}
    found = {product.subject: product.content.get("counterpart") for product in afternoon.products(ProductKind.SEARCH)}
    assert found["SPI-ACS"]
    assert found["Fermi-GBM"]
    assert found["Mars-Odyssey-HEND"]


def test_the_annuli_and_the_map_hold_the_true_direction(afternoon: Afternoon) -> None:
    annuli = afternoon.products(ProductKind.ANNULUS)
    assert len(annuli) >= 3
    assert all(annulus.is_answer for annulus in annuli)
    (skymap,) = afternoon.products(ProductKind.SKYMAP, with_blob=True)
    level = SkyMap.from_bytes(skymap.blob).containment(afternoon.truth.ra_deg, afternoon.truth.dec_deg)
    assert level <= 0.9973
    assert skymap.content["area_90_deg2"] < 30.0
    curves = {product.id for product in afternoon.products(ProductKind.LIGHT_CURVE)}
    assert curves <= set(skymap.input_ids)


def test_the_map_got_smaller_as_craft_were_added_and_older_ones_are_kept(afternoon: Afternoon) -> None:
    made = afternoon.products(ProductKind.SKYMAP, current_only=False)
    areas = [product.content["area_90_deg2"] for product in made]
    assert len(areas) >= 3
    assert areas[-1] < 0.1 * areas[0]
    assert [product.superseded_by is None for product in made] == [False] * (len(made) - 1) + [True]


def test_the_draft_was_written_again_and_holds_no_blocking_finding(afternoon: Afternoon) -> None:
    drafts = [draft for draft in afternoon.drafts() if draft.kind is DraftKind.IPN_ANNULUS]
    assert [draft.revision for draft in drafts] == list(range(1, len(drafts) + 1))
    assert len(drafts) >= 2
    assert len({draft.body for draft in drafts}) == len(drafts)
    assert all(draft.lint_errors == 0 for draft in drafts), drafts[-1].findings
    assert all(fact.product_id for fact in drafts[-1].facts.values())


def test_the_approval_of_an_older_text_is_void(afternoon: Afternoon) -> None:
    (approval,) = afternoon.desk.read(lambda work: work.approvals(afternoon.event_id))
    assert approval.person_id == "vance"
    assert approval.revision == 1
    assert approval.voided_utc is not None


def test_nothing_is_owed_any_more_but_the_escalation(afternoon: Afternoon) -> None:
    owed = {kind for kind in JobKind if afternoon.desk.open_jobs(afternoon.event_id, kind)}
    assert owed <= {JobKind.ESCALATE, JobKind.FETCH}


def test_a_burst_for_itself_is_no_counterpart_of_a_merger_minutes_away(afternoon: Afternoon) -> None:
    assert afternoon.products(ProductKind.ASSOCIATION) == []
