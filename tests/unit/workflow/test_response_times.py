"""Response times: stage by stage, by person and tier; drills apart; nobody sees more than they may."""

from datetime import timedelta
from pathlib import Path

from workflow_desk import SECRET_TOPIC, Desk, PaperSource, counts, merger, settings, sources, track

from tocsin.api.app import build_app
from tocsin.api.services import Health
from tocsin.app.web import api_services
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.drilling import begin_drill
from tocsin.workflow.response_times import ResponseTimes, Summary, response_times

S = "s241017ab"
PUBLIC: frozenset[str] = frozenset()


def found(desk: Desk, *, is_drill: bool = False, clearance: frozenset[str] = PUBLIC) -> ResponseTimes:
    since = desk.clock.now() - timedelta(days=1)
    return desk.read(lambda work: response_times(work, since_utc=since, clearance=clearance, is_drill=is_drill))


def test_an_event_has_a_time_for_each_stage_it_reached(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger())
        desk.wait(90.0)
        acknowledge(desk.context, S, "okafor", "slack")
        made = found(desk)
        (times,) = made.events
        assert times.between_s("t0", "received") == 30.0
        assert times.between_s("paged", "acknowledged") == 90.0
        assert times.between_s("received", "drafted") is not None
        assert times.between_s("approved", "seen") is None
        assert (times.acknowledged_by, times.via) == ("okafor", "slack")
        assert made.by_person["okafor"].mean_s == 90.0
        assert made.by_tier[1].histogram == (0, 1, 0, 0, 0)
        assert made.not_acknowledged == 0
        assert "acknowledged-drafted" in made.steps


def test_drills_are_counted_apart(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        event_id = begin_drill(desk.context, "vance")
        desk.wait(40.0)
        acknowledge(desk.context, event_id, "vance", "page")
        assert found(desk).events == ()
        assert [one.event_id for one in found(desk, is_drill=True).events] == [event_id]
        assert found(desk, is_drill=True).by_person["vance"].median_s == 40.0


def test_what_a_person_may_not_see_is_not_counted(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.wait(5.0)
        assert found(desk).events == ()
        assert len(found(desk, clearance=frozenset({"antares", "icecube", "private"})).events) == 1


def test_times_fall_into_their_bins() -> None:
    summary = Summary.of([5.0, 60.0, 61.0, 300.0, 599.0, 3600.0, 3601.0])
    assert summary is not None
    assert summary.histogram == (2, 2, 1, 1, 1)
    assert (summary.count, summary.median_s) == (7, 300.0)
    assert Summary.of([]) is None


def test_they_are_asked_for_over_rest(tmp_path: Path) -> None:
    from asgi_browser import Browser

    with Desk(tmp_path) as desk:
        desk.take(merger())
        desk.wait(10.0)
        acknowledge(desk.context, S, "okafor", "slack")
        services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
        answer = (
            Browser(build_app(services))
            .get("/api/v1/response-times", headers={"host": "127.0.0.1", "accept": "application/json"})
            .json()
        )
        assert answer["acknowledged_by_person"]["C. Okafor"]["mean_s"] == 10.0
        assert answer["events"][0]["acknowledged_by"] == "C. Okafor"
