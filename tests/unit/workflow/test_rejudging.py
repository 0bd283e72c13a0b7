"""Judging again: an excess that fitted the first position of the event is let go when it is said to be elsewhere."""

from pathlib import Path

import pytest
from workflow_desk import Desk, PaperSource, at, counts, sources

from tocsin.domain.products import Product, ProductKind
from tocsin.simulate.notices import Message, Track, TrackPosition, icecube_gold_json
from tocsin.workflow.rejudging import judge_again
from tocsin.workflow.views import views
from triangulation.geometry import SPEED_OF_LIGHT_KM_S

#: A craft 900 light-seconds away towards RA 0: a source at RA 120 Dec 20 reaches it 423 s after the Earth.
FAR_KM, LATER_S = 900.0 * SPEED_OF_LIGHT_KM_S, 423.0


def track(ra_deg: float, *, revision: int) -> Message:
    told = Track(
        name="IceCube-241017A",
        run=139_500,
        event=4_242_424,
        t0_utc=at(0.0),
        signalness=0.7,
        energy_tev=300.0,
        far_per_year=0.4,
    )
    where = TrackPosition(ra_deg=ra_deg, dec_deg=20.0, radius_90_deg=0.8, radius_50_deg=0.4)
    return icecube_gold_json(told, where, at(40.0 + 600.0 * revision), revision=revision)


def search(desk: Desk) -> Product:
    (event_id,) = desk.event_ids()
    (found,) = desk.read(lambda work: work.products(event_id, ProductKind.SEARCH))
    assert isinstance(found, Product)
    return found


def test_a_better_position_lets_an_excess_go_and_both_judgements_are_kept(tmp_path: Path) -> None:
    curve = counts("SPI-ACS", peak=3000.0, at_s=LATER_S, half_s=1300.0, distance_km=FAR_KM)
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", curve))) as desk:
        desk.take(track(120.0, revision=0))
        desk.work()
        before = search(desk)
        assert before.content["counterpart"]["t_s"] == pytest.approx(LATER_S, abs=0.3)
        assert any("120.0" in source for source in before.input_ids)
        desk.wait(600.0)
        desk.take(track(60.0, revision=1))
        desk.work()
        after = search(desk)
        assert after.content["counterpart"] is None
        assert after.content["excesses"] == before.content["excesses"]
        assert any("60.0" in source for source in after.input_ids)
        assert after.id != before.id
        (event_id,) = desk.event_ids()
        every = desk.read(lambda work: work.products(event_id, ProductKind.SEARCH, current_only=False))
        assert {before.id, after.id} <= {product.id for product in every}


def test_judging_again_without_news_changes_nothing(tmp_path: Path) -> None:
    curve = counts("SPI-ACS", peak=3000.0, at_s=LATER_S, half_s=1300.0, distance_km=FAR_KM)
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", curve))) as desk:
        desk.take(track(120.0, revision=0))
        desk.work()
        (event_id,) = desk.event_ids()
        with desk.store.begin() as work:
            assert [judge_again(desk.context, work, view) for view in views(desk.context, work, event_id)] == [[]]
