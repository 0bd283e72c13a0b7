"""Mock and test events run the whole chain in a lane of their own and reach nobody."""

from pathlib import Path

from workflow_desk import MOCK, T0, Desk, PaperSource, at, counts, merger, sources

from acs_stream.sources import Availability, AvailabilityState
from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.products import ProductKind
from tocsin.workflow.handlers import NOTIFYING, REACTING, REHEARSING
from tocsin.workflow.runner import Runner

M = "test-ms241017zz"


def rehearse(desk: Desk) -> None:
    Runner(desk.context, REHEARSING, name="rehearse", lease_s=120.0).run_due()


def test_a_mock_is_searched_drafted_and_put_on_a_card_and_nobody_hears_of_it(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger(of=MOCK))
        (job,) = desk.jobs(M, JobKind.REHEARSE)
        desk.work()
        assert desk.jobs(M, JobKind.REHEARSE)[0].state is JobState.WAITING  # the other workers leave it
        rehearse(desk)
        assert desk.jobs(M, JobKind.REHEARSE)[0].state is JobState.DONE
        kinds = {product.kind for product in desk.read(lambda work: work.products(M))}
        assert {ProductKind.LIGHT_CURVE, ProductKind.SEARCH, ProductKind.LIMIT} <= kinds
        assert desk.read(lambda work: work.drafts(M))
        desk.wait(3600.0)
        assert desk.recorder.sent == []
        assert {one.kind for one in desk.read(lambda work: work.jobs(M))} == {JobKind.REHEARSE}
        (row,) = [row for row in desk.read(lambda work: work.audit_rows(M)) if row.action == "rehearsed"]
        assert row.detail["rule"] == "lvk-significant-neutron-star"
        assert row.detail["would_wake"]
        assert "MS241017zz" in row.detail["card"]
        assert set(row.detail["steps"].values()) == {"done"}
        assert job.due_utc == at(30.0)


def test_a_rehearsal_does_not_wait_for_data_that_are_to_come(tmp_path: Path) -> None:
    later = Availability(state=AvailabilityState.EXPECTED, expected_utc=at(9000.0), reason="after the next dump")
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", later))) as desk:
        desk.take(merger(of=MOCK))
        rehearse(desk)
        (row,) = [row for row in desk.read(lambda work: work.audit_rows(M)) if row.action == "rehearsed"]
        assert row.detail["steps"]["SPI-ACS"] == "not yet: after the next dump"


def test_the_same_phase_is_rehearsed_once_and_a_replay_rehearses_nothing(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(merger(of=MOCK), merger(of=MOCK, after_s=50.0))
        assert len(desk.jobs(M, JobKind.REHEARSE)) == 1
        desk.take(merger("INITIAL", of=MOCK, after_s=90.0))
        assert len(desk.jobs(M, JobKind.REHEARSE)) == 2
    with Desk(tmp_path / "b" if (tmp_path / "b").mkdir() is None else tmp_path, rehearses=False) as desk:
        desk.take(merger(of=MOCK))
        assert desk.jobs(M, JobKind.REHEARSE) == []


def test_real_events_are_never_rehearsed_and_the_lanes_share_no_kind_of_work(desk: Desk) -> None:
    desk.take(merger())
    assert desk.jobs("s241017ab", JobKind.REHEARSE) == []
    assert not set(REHEARSING) & {*NOTIFYING, *REACTING}
    assert at(0.0) == T0
