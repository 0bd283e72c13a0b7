"""Retention lets go of what nothing rests on, after the time the settings say, and of nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select
from workflow_desk import MOCK, Desk, PaperSource, counts, merger, sources

from tocsin.app.retaining import Forgettable, forget, outlook
from tocsin.domain.notices import RawNotice
from tocsin.settings import RetentionTable
from tocsin.store.tables import notices, raw_blobs, receptions
from tocsin.workflow.handlers import REHEARSING
from tocsin.workflow.ingest import ingest
from tocsin.workflow.runner import Runner

DAY_S = 86_400.0
MERGER, MOCKED = "s241017ab", "test-ms241017zz"
BOTH = RetentionTable(other_notices_days=60.0, rehearsals_days=30.0)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Desk]:
    """A desk with an event, a rehearsed mock, and two messages that are nobody's business."""
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger(), merger(of=MOCK))
        desk.work()
        Runner(desk.context, REHEARSING, name="rehearse", lease_s=120.0).run_due()
        garbage = [
            RawNotice(
                payload=f"no notice {number}".encode(),
                transport="kafka",
                origin="broker",
                topic="gcn.unheard.of",
                partition=0,
                offset=number,
                received_utc=desk.clock.now(),
            )
            for number in range(2)
        ]
        ingest(desk.context, garbage)
        yield desk


def stored(desk: Desk) -> tuple[int, ...]:
    """Rows of notices, bytes, receptions, and products of the two events."""
    with desk.store.read() as work:
        ask = work._connection.execute
        counted = [
            ask(select(func.count()).select_from(table)).scalar_one() for table in (notices, raw_blobs, receptions)
        ]
        return (*counted, len(work.products(MERGER)), len(work.products(MOCKED)))


def test_nothing_is_forgotten_by_default_or_before_its_time(full: Desk) -> None:
    before = stored(full)
    nothing = Forgettable(notices=0, notice_bytes=0, products=0, product_bytes=0)
    full.clock.advance(29.0 * DAY_S)
    assert forget(full.store, full.clock, BOTH) == nothing
    full.clock.advance(4000.0 * DAY_S)
    assert forget(full.store, full.clock, RetentionTable()) == nothing
    assert stored(full) == before


def test_showing_forgets_nothing_and_says_what_forgetting_does(full: Desk) -> None:
    before = stored(full)
    full.clock.advance(61.0 * DAY_S)
    shown = outlook(full.store, full.clock, BOTH)
    assert stored(full) == before
    assert (shown.notices, shown.products) == (2, before[4])
    assert shown.notice_bytes == 2 * len(b"no notice 0")
    assert shown.product_bytes > 0
    assert forget(full.store, full.clock, BOTH) == shown


def test_what_an_event_rests_on_is_kept(full: Desk) -> None:
    kept, blobs, received, of_merger, _ = stored(full)
    full.clock.advance(4000.0 * DAY_S)
    forget(full.store, full.clock, BOTH, actor="operator")
    assert stored(full) == (kept - 2, blobs - 2, received - 2, of_merger, 0)
    with full.store.read() as work:
        for product in work.products(MERGER):
            assert work.lineage_roots(product.id)
        (line,) = [row for row in work.audit_rows("retention") if row.action == "forgotten"]
        assert line.actor == "operator"
        assert line.detail["notices"] == 2
        assert any(row.action == "rehearsed" for row in work.audit_rows(MOCKED))


def test_each_rule_is_for_itself(full: Desk) -> None:
    *kept, of_mock = stored(full)
    full.clock.advance(45.0 * DAY_S)
    forget(full.store, full.clock, BOTH)
    assert stored(full) == (*kept, 0)
    assert of_mock > 0


def test_a_notice_that_comes_again_after_it_was_forgotten_is_stored_again(full: Desk) -> None:
    full.clock.advance(61.0 * DAY_S)
    forget(full.store, full.clock, BOTH)
    before = stored(full)
    again = RawNotice(
        payload=b"no notice 0",
        transport="kafka",
        origin="broker",
        topic="gcn.unheard.of",
        partition=0,
        offset=7,
        received_utc=full.clock.now(),
    )
    ingest(full.context, [again])
    assert stored(full)[0] == before[0] + 1


@pytest.mark.parametrize("days", [0.5, 29.0])
def test_what_is_younger_than_a_month_cannot_be_set_to_be_forgotten(days: float) -> None:
    with pytest.raises(ValidationError, match="keep for 30 days or more, or 0"):
        RetentionTable(other_notices_days=days)
    with pytest.raises(ValidationError, match="keep for 30 days or more, or 0"):
        RetentionTable(rehearsals_days=days)
