"""Queries: read models made only from what the asker may see."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from api_night import ANTARES, BURST, GW, SECRET, T0, Night, decision, fill_gw, fill_night, light_curve

from tocsin.domain import light_curve_codec
from tocsin.domain.events import EventKind, EventState, Tier
from tocsin.domain.products import ProductKind
from tocsin.store import EventSelection
from tocsin.workflow import queries
from tocsin.workflow.feed_queries import feeds
from tocsin.workflow.findings import strongest_excess
from tocsin.workflow.queries import EventFilter


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    yield made
    made.store.close()


def view(night: Night, event_id: str, clearance: frozenset[str] = frozenset()) -> queries.EventView | None:
    with night.store.read() as work:
        return queries.event_view(work, event_id, clearance=clearance)


def test_an_event_is_what_its_visible_notices_make_it(night: Night) -> None:
    night.notice("s261122a", GW, decision=decision(Tier.TELL, pages=False))
    night.notice("s261122a", SECRET, decision=decision())
    public, cleared = view(night, "s261122a"), view(night, "s261122a", ANTARES)
    assert public is not None
    assert cleared is not None
    assert (public.item.tier, cleared.item.tier) == (Tier.TELL, Tier.WAKE)
    assert public.item.event.kind is EventKind.GRAVITATIONAL_WAVE
    assert public.item.event.ra_deg is None
    assert cleared.item.event.labels == ANTARES
    assert len(public.timeline) < len(cleared.timeline)


def test_a_retraction_that_may_not_be_seen_retracts_nothing_for_the_public(night: Night) -> None:
    night.notice("s261122a", GW, decision=decision())
    gone = replace(SECRET, notice_id="gone", is_retraction=True, issued_utc=T0 + timedelta(minutes=3))
    night.notice("s261122a", SECRET, decision=decision())
    night.notice("s261122a", gone, decision=decision())
    with night.store.begin() as work:
        work.set_event_state("s261122a", EventState.RETRACTED)
    public = view(night, "s261122a")
    assert public is not None
    assert public.item.state is EventState.OPEN


def test_a_public_product_replaced_by_a_hidden_one_is_still_current_for_the_public(night: Night) -> None:
    night.notice("s261122a", GW, decision=decision())
    night.notice("s261122a", SECRET, decision=decision())
    old = night.product("s261122a", ProductKind.LIMIT, "SPI-ACS", {"hard_1s_erg_cm2": 2e-7})
    new = night.product(
        "s261122a", ProductKind.LIMIT, "SPI-ACS", {"hard_1s_erg_cm2": 1e-7}, labels=ANTARES, inputs=["x"]
    )
    with night.store.begin() as work:
        work.supersede(old, new)
    public, cleared = view(night, "s261122a"), view(night, "s261122a", ANTARES)
    assert public is not None
    assert cleared is not None
    assert [p.id for p in public.products] == [old]
    assert [p.id for p in cleared.products] == [new]
    assert all(row.detail.get("superseded_by") is None for row in public.timeline)


def test_an_event_of_hidden_notices_alone_does_not_exist(night: Night) -> None:
    night.notice("hush", SECRET, decision=decision())
    with night.store.read() as work:
        assert queries.event_view(work, "hush") is None
        assert queries.event_notices(work, "hush") is None
        assert queries.light_curves(work, "hush") == ()
        assert queries.sky_map(work, "hush") is None
        assert queries.list_events(work, EventFilter()).items == ()


def test_a_list_fills_its_page_although_parts_are_filtered_out(night: Night) -> None:
    for n in range(6):
        notice = replace(GW, notice_id=f"S{n}", event_ids=(f"S26112{n}a",), t0_utc=T0 + timedelta(minutes=n))
        night.notice(f"e{n}", notice, decision=decision(Tier.TELL if n % 2 else Tier.WAKE))
        night.notice(f"e{n}", replace(SECRET, notice_id=f"x{n}", t0_utc=T0 + timedelta(minutes=n)), decision=decision())
    with night.store.read() as work:
        page = queries.list_events(work, EventFilter(selection=EventSelection(tier=Tier.TELL)), limit=2)
        rest = queries.list_events(
            work, EventFilter(selection=EventSelection(tier=Tier.TELL)), limit=2, before=page.next_cursor
        )
    assert [item.event.id for item in page.items] == ["e5", "e3"]
    assert [item.event.id for item in rest.items] == ["e1"]


def test_findings_put_counterparts_first_and_keep_reasons_for_no_answer(night: Night) -> None:
    found = view(night, fill_gw(night))
    assert found is not None
    assert [one.instrument for one in found.item.findings][:2] == ["Fermi-GBM", "SPI-ACS"]
    odyssey = next(one for one in found.item.findings if one.instrument == "Mars-Odyssey-HEND")
    assert odyssey.problem == "the instrument is off since 2026-03"
    assert found.next_escalation_utc == T0 + timedelta(minutes=17)
    assert found.awaited == ("Solar-Orbiter-STIX",)


def test_after_an_acknowledgement_no_escalation_is_announced(night: Night) -> None:
    found = view(night, fill_gw(night, acknowledged=True))
    assert found is not None
    assert found.next_escalation_utc is None
    assert found.item.acknowledgement is not None
    assert found.item.acknowledgement.person_id == "ada"


def test_light_curves_are_the_newest_of_each_instrument(night: Night) -> None:
    night.notice("grb-1", BURST, decision=decision())
    for n, half_s in enumerate((5.0, 10.0)):
        night.clock.advance(60)
        blob = light_curve_codec.to_bytes(light_curve(half_s=half_s))
        night.product("grb-1", ProductKind.LIGHT_CURVE, "SPI-ACS", {"bins": n}, inputs=[str(n)], blob=blob)
    with night.store.read() as work:
        (curve,) = queries.light_curves(work, "grb-1")
    assert len(curve) == 400


def test_feeds_of_restricted_streams_count_only_for_the_cleared(night: Night) -> None:
    fill_night(night)
    night.notice("hush", SECRET, decision=decision())
    labels = {"antares": ANTARES}
    with night.store.read() as work:
        public = feeds(work, labels_of=labels)
        cleared = feeds(work, labels_of=labels, clearance=ANTARES)
    assert cleared.received == public.received + 1
    assert "antares" not in {row.topic_or_stream for row in public.feeds}


@pytest.mark.parametrize(
    "content", [{}, {"excesses": None}, {"excesses": [{"snr": None}]}, {"counterpart": None, "excesses": []}]
)
def test_a_search_without_an_excess_has_none(content: dict[str, object]) -> None:
    assert strongest_excess(content) is None
