"""Reacting: an instrument is asked when it has data, its answer is kept, and so is the reason for having none."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from workflow_desk import T0, Desk, PaperSource, at, counts, merger, retraction, settings, sources, track

from acs_stream.instruments import read_instruments
from acs_stream.sources import Availability, AvailabilityState, FolderSource
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.events import EventKind
from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.products import Product, ProductKind
from tocsin.workflow.making import replace_product
from tocsin.workflow.reacting import hasten_files, may_hold_burst

S = "s241017ab"


def desk_with(folder: Path, *given: PaperSource, **changes: Any) -> Desk:
    return Desk(folder, sources=sources(*given), **changes)


def products(desk: Desk, kind: ProductKind, subject: str = "SPI-ACS") -> list[Product]:
    found: list[Product] = desk.read(lambda work: work.products(S, kind))
    return [product for product in found if product.subject == subject]


def test_data_that_are_expected_are_asked_for_at_the_promised_time(tmp_path: Path) -> None:
    promise = Availability(state=AvailabilityState.EXPECTED, expected_utc=at(400.0), reason="window not over")
    source = PaperSource("SPI-ACS", promise, counts())
    with desk_with(tmp_path, source) as desk:
        desk.take(merger())
        desk.wait(300.0)
        (job,) = desk.open_jobs(S, JobKind.FETCH)
        assert job.due_utc == at(400.0)
        desk.wait(100.0)
        assert source.asked == [at(30.0), at(400.0)]
        assert products(desk, ProductKind.LIGHT_CURVE)


def test_data_that_a_fetch_finds_missing_are_asked_for_later(tmp_path: Path) -> None:
    source = PaperSource("SPI-ACS", DataNotYetError("break", expected_utc=at(3600.0)), counts())
    with desk_with(tmp_path, source) as desk:
        desk.take(merger())
        desk.wait(4000.0)
        assert source.asked == [at(30.0), at(3600.0)]
        assert products(desk, ProductKind.SEARCH)[0].is_answer


def test_an_instrument_that_will_never_have_data_says_why(tmp_path: Path) -> None:
    never = Availability(state=AvailabilityState.NEVER, reason="the craft was at perigee")
    with desk_with(tmp_path, PaperSource("SPI-ACS", never)) as desk:
        desk.take(merger())
        desk.work()
        (product,) = products(desk, ProductKind.SEARCH)
        assert product.content["error"] == "SPI-ACS: the craft was at perigee"
        assert "perigee" in desk.recorder.sent[-1].card.fields["SPI-ACS"]
        assert desk.open_jobs(S, JobKind.FETCH) == []


def test_a_failing_archive_is_asked_again_as_the_settings_say(tmp_path: Path) -> None:
    source = PaperSource("SPI-ACS", RemoteError("502 Bad Gateway"), RemoteError("502 Bad Gateway"), counts())
    with desk_with(tmp_path, source, retry_s=60.0) as desk:
        desk.take(merger())
        desk.wait(300.0)
        assert source.asked == [at(30.0), at(90.0), at(150.0)]
        assert products(desk, ProductKind.LIGHT_CURVE)


def test_a_wait_that_the_archive_asks_for_wins(tmp_path: Path) -> None:
    source = PaperSource("SPI-ACS", RemoteError("busy", retry_after_s=7.0), counts())
    with desk_with(tmp_path, source) as desk:
        desk.take(merger())
        desk.wait(60.0)
        assert source.asked == [at(30.0), at(37.0)]


def test_patience_ends_and_the_reason_is_kept(tmp_path: Path) -> None:
    with desk_with(tmp_path, PaperSource("SPI-ACS", RemoteError("502")), retry_s=60.0, patience_s=600.0) as desk:
        desk.take(merger())
        desk.wait(3600.0)
        (product,) = products(desk, ProductKind.SEARCH)
        assert product.content["error"] == "502"
        assert desk.jobs(S, JobKind.FETCH)[0].state is JobState.DONE


def test_data_that_are_no_honest_data_are_a_result(tmp_path: Path) -> None:
    with desk_with(tmp_path, PaperSource("SPI-ACS", ScienceError("a gap at T0", remedy="ask another"))) as desk:
        desk.take(merger())
        desk.work()
        (product,) = products(desk, ProductKind.SEARCH)
        assert product.content == {"error": "a gap at T0", "remedy": "ask another"}
        assert products(desk, ProductKind.LIMIT) == []


def test_spi_acs_sets_a_limit_where_it_sees_nothing_and_others_do_not(tmp_path: Path) -> None:
    given = (PaperSource("SPI-ACS", counts()), PaperSource("Konus-Wind", counts("Konus-Wind", seed=2)))
    with desk_with(tmp_path, *given) as desk:
        desk.take(merger())
        desk.work()
        (limit,) = products(desk, ProductKind.LIMIT)
        assert 1e-8 < limit.content["hard_1s_erg_cm2"] < 1e-5
        assert products(desk, ProductKind.LIMIT, "Konus-Wind") == []
        (search,) = products(desk, ProductKind.SEARCH)
        assert search.content["counterpart"] is None
        assert limit.input_ids[0] == search.input_ids[0] == products(desk, ProductKind.LIGHT_CURVE)[0].id
        sha256 = desk.read(lambda work: work.notice_rows(S))[0].raw_sha256
        assert products(desk, ProductKind.LIGHT_CURVE)[0].input_ids == (f"notice:{sha256}",)


def test_a_counterpart_is_named_on_the_card(tmp_path: Path) -> None:
    with desk_with(tmp_path, PaperSource("SPI-ACS", counts(peak=3000.0, at_s=1.5))) as desk:
        desk.take(merger())
        desk.work()
        (search,) = products(desk, ProductKind.SEARCH)
        assert search.content["counterpart"]["t_s"] == pytest.approx(1.5, abs=0.3)
        assert "SPI-ACS excess S/N" in desk.recorder.sent[-1].card.verdict


def test_what_is_asked_twice_is_computed_once_and_told_once(tmp_path: Path) -> None:
    with desk_with(tmp_path, PaperSource("SPI-ACS", counts())) as desk:
        desk.take(merger())
        desk.work()
        before = desk.read(lambda work: [product.id for product in work.products(S, current_only=False)])
        told = len(desk.recorder.sent)
        (job,) = desk.jobs(S, JobKind.FETCH)
        with desk.store.begin() as work:
            work.enqueue(job.kind, key="again", due_utc=desk.clock.now(), event_id=S, payload=job.payload)
        desk.wait(60.0)
        assert desk.read(lambda work: [product.id for product in work.products(S, current_only=False)]) == before
        assert len(desk.recorder.sent) == told


def test_newer_data_replace_older_ones_and_both_are_kept(tmp_path: Path) -> None:
    with desk_with(tmp_path, PaperSource("SPI-ACS", counts(seed=1), counts(seed=2))) as desk:
        desk.take(merger())
        desk.work()
        (old,) = products(desk, ProductKind.LIGHT_CURVE)
        (job,) = desk.jobs(S, JobKind.FETCH)
        with desk.store.begin() as work:
            work.enqueue(job.kind, key="again", due_utc=desk.clock.now(), event_id=S, payload=job.payload)
        desk.work()
        (new,) = products(desk, ProductKind.LIGHT_CURVE)
        assert new.id != old.id
        assert desk.read(lambda work: work.product(old.id)).superseded_by == new.id


def test_an_event_retracted_while_its_instrument_is_asked_gets_no_products(tmp_path: Path) -> None:
    source = PaperSource("SPI-ACS", counts())
    with desk_with(tmp_path, source) as desk:
        source.before_fetch = lambda: desk.take(retraction())
        desk.take(merger())
        desk.wait(60.0)
        assert desk.read(lambda work: work.products(S, current_only=False)) == []
        assert desk.jobs(S, JobKind.DRAFT) == []


def test_new_files_hasten_what_waits_for_files_alone(tmp_path: Path) -> None:
    table = settings().document("instruments").values
    promise = Availability(state=AvailabilityState.EXPECTED, expected_utc=at(9000.0), reason="later")
    with desk_with(tmp_path, PaperSource("SPI-ACS", promise)) as desk:
        konus = read_instruments(table, file="t")["Konus-Wind"]
        files = FolderSource(konus, folder=tmp_path / "inbox", clock=desk.clock)
        desk.context = replace(desk.context, sources={**desk.context.sources, "Konus-Wind": files})
        desk.take(merger())
        desk.work()
        due = {job.payload["instrument"]: job.due_utc for job in desk.open_jobs(S, JobKind.FETCH)}
        assert due["Konus-Wind"] > desk.clock.now()
        desk.clock.advance(60.0)
        hasten_files(desk.context)
        later = {job.payload["instrument"]: job.due_utc for job in desk.open_jobs(S, JobKind.FETCH)}
        assert later == {"Konus-Wind": desk.clock.now(), "SPI-ACS": due["SPI-ACS"]}


def test_an_event_of_a_kind_of_its_own_gets_its_own_window(tmp_path: Path) -> None:
    with desk_with(tmp_path, PaperSource("SPI-ACS", counts())) as desk:
        desk.take(track())
        desk.work()
        (event_id,) = desk.event_ids()
        (search,) = desk.read(lambda work: work.products(event_id, ProductKind.SEARCH))
        start, stop = search.content["arrival_window_s"]
        assert stop - start > 100.0


def test_a_job_for_an_instrument_that_is_no_longer_configured_is_given_up(tmp_path: Path) -> None:
    with desk_with(tmp_path, PaperSource("SPI-ACS", counts())) as desk:
        desk.take(merger())
        desk.context = replace(desk.context, sources={})
        desk.work()
        assert desk.jobs(S, JobKind.FETCH)[0].state is JobState.DONE


def test_a_curve_too_short_for_a_search_may_still_hold_the_burst(desk: Desk) -> None:
    with desk.store.begin() as work:
        kind = EventKind.GAMMA_RAY_BURST
        given = {"kind": kind, "name": S, "is_test": False, "is_replay": False, "labels": frozenset()}
        work.add_event(S, t0_utc=T0, created_utc=T0, **given)
        curve = _product("a", ProductKind.LIGHT_CURVE, {"bins": 3})
        refused = _product("b", ProductKind.SEARCH, {"error": "too short"})
        assert replace_product(work, curve)
        assert not replace_product(work, curve)
    quiet = _product("c", ProductKind.SEARCH, {"counterpart": None})
    assert may_hold_burst([curve, refused])
    assert not may_hold_burst([curve, quiet])
    assert not may_hold_burst([refused])


def _product(product_id: str, kind: ProductKind, content: dict[str, Any]) -> Product:
    return Product(
        id=product_id,
        kind=kind,
        event_id=S,
        subject="Konus-Wind",
        input_ids=(),
        parameters={},
        code_version="1",
        labels=frozenset(),
        made_utc=T0 + timedelta(seconds=1.0),
        content=content,
    )
