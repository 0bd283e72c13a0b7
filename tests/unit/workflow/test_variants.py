"""Each audience has its own variant of each product, made from what it may see; the public one is never replaced."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from workflow_desk import SECRET, SECRET_TOPIC, Desk, PaperSource, at, counts, merger, sources, track

from notifier.recorder import RecorderChannel
from tocsin.domain.products import Product, ProductKind, best_variants
from tocsin.workflow.context import Door
from tocsin.workflow.queries import event_view, sky_map
from tocsin.workflow.views import views

PUBLIC: frozenset[str] = frozenset()
#: Labels of the restricted revision: what the topic adds, and what follows from its content.
HELD = SECRET - {"private"}


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Desk]:
    """A neutrino of which the better position is restricted, in a service with both doors."""
    doors = (
        Door(channel=RecorderChannel("public")),
        Door(channel=RecorderChannel("cleared"), clearance=SECRET),
    )
    with Desk(tmp_path, doors=doors, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(track())
        desk.wait(60.0)
        desk.take(track(revision=1, after_s=900.0), topic=SECRET_TOPIC)
        desk.wait(60.0)
        yield desk


def of(desk: Desk, kind: ProductKind, clearance: frozenset[str]) -> list[Product]:
    (event_id,) = desk.event_ids()
    return best_variants(desk.read(lambda work: work.products(event_id, kind, clearance=clearance)))


def test_a_mixed_event_has_a_view_for_each_audience(mixed: Desk) -> None:
    (event_id,) = mixed.event_ids()
    found = mixed.read(lambda work: views(mixed.context, work, event_id))
    assert [view.labels for view in found] == [PUBLIC, HELD]
    assert [view.ra_deg for view in found] == [120.0, 120.1]


def test_the_restricted_map_stands_beside_the_public_one(mixed: Desk) -> None:
    ((public,), (cleared,)) = (of(mixed, ProductKind.SKYMAP, one) for one in (PUBLIC, SECRET))
    assert public.labels == PUBLIC
    assert cleared.labels == HELD
    assert abs(public.content["peak_ra_deg"] - 120.0) < 0.1
    assert abs(cleared.content["peak_ra_deg"] - 120.1) < 0.1
    assert public.content["area_90_deg2"] > cleared.content["area_90_deg2"]
    assert public.superseded_by is None


def test_pages_and_files_give_each_reader_the_variant_that_is_theirs(mixed: Desk) -> None:
    (event_id,) = mixed.event_ids()
    for clearance, ra_deg in ((PUBLIC, 120.0), (SECRET, 120.1)):
        view: Any = mixed.read(lambda work, c=clearance: event_view(work, event_id, clearance=c))
        maps = [one for one in view.products if one.kind is ProductKind.SKYMAP]
        assert len(maps) == 1
        assert view.item.event.ra_deg == pytest.approx(ra_deg)
        product = mixed.read(lambda work, c=clearance: sky_map(work, event_id, clearance=c))
        assert product.id == maps[0].id


def test_what_is_the_same_for_both_audiences_is_made_once(mixed: Desk) -> None:
    assert [one.labels for one in of(mixed, ProductKind.LIGHT_CURVE, SECRET)] == [PUBLIC]
    assert [one.labels for one in of(mixed, ProductKind.LIMIT, SECRET)] == [PUBLIC]


def test_no_restricted_number_is_in_any_public_product(mixed: Desk) -> None:
    (event_id,) = mixed.event_ids()
    for one in mixed.read(lambda work: work.products(event_id, current_only=False, clearance=PUBLIC)):
        assert "120.1" not in str(one.content)
        assert one.labels == PUBLIC


def test_where_a_later_public_notice_says_as_much_the_restricted_variant_goes(mixed: Desk) -> None:
    before = of(mixed, ProductKind.SKYMAP, SECRET)
    assert before[0].labels == HELD
    mixed.take(track(revision=2, after_s=1800.0))
    mixed.wait(60.0)
    (public,) = of(mixed, ProductKind.SKYMAP, PUBLIC)
    assert abs(public.content["peak_ra_deg"] - 120.2) < 0.1
    (cleared,) = of(mixed, ProductKind.SKYMAP, SECRET)
    assert abs(cleared.content["peak_ra_deg"] - 120.2) < 0.1
    assert before[0].id != cleared.id


def test_a_restricted_neutrino_by_a_public_wave_is_associated_for_the_cleared_alone(tmp_path: Path) -> None:
    doors = (Door(channel=RecorderChannel("public")), Door(channel=RecorderChannel("cleared"), clearance=SECRET))
    with Desk(tmp_path, doors=doors) as desk:
        desk.take(merger())
        desk.take(track(), topic=SECRET_TOPIC)
        desk.wait(60.0)
        neutrino = next(one for one in desk.event_ids() if one.startswith("event-"))
        found = desk.read(lambda work: work.products(neutrino, ProductKind.ASSOCIATION, clearance=SECRET))
        assert [one.content["other_id"] for one in found] == ["s241017ab"]
        assert found[0].labels == HELD
        assert desk.read(lambda work: work.products("s241017ab", clearance=PUBLIC)) == []
        assert desk.read(lambda work: event_view(work, neutrino, clearance=PUBLIC)) is None
        trials = desk.read(lambda work: work.trials(kind="coincidence", clearance=PUBLIC))
        assert all(one.event_id != neutrino for one in trials)
        assert desk.read(lambda work: work.trials(kind="coincidence", event_id=neutrino))


def test_the_id_of_an_event_founded_by_a_restricted_notice_tells_nothing(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        (event_id,) = desk.read(lambda work: [row.id for row in work.event_rows(limit=10)[0]])
        assert event_id.startswith("event-")
        assert "icecube" not in event_id
        assert f"{at(0.0) + timedelta(0):%y%m%d}" not in event_id


def test_the_wider_variant_is_chosen_and_one_of_another_audience_is_no_rival() -> None:
    from store_values import product

    plain = product(product_id="a")
    assert best_variants([plain]) == [plain]
