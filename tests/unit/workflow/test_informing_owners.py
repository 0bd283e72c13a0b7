"""Owners of restricted data are to be told of results made from them: once, dated, by a named person."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from workflow_desk import SECRET, SECRET_TOPIC, Desk, settings, track

from advocates.people import People
from tocsin.domain.errors import ConfigurationError, ConflictError, NotAllowedError
from tocsin.domain.labels import read_owners
from tocsin.workflow.informing import open_tasks, told_owner
from tocsin.workflow.tonight import tonight

PUBLIC: frozenset[str] = frozenset()


def test_a_result_from_restricted_notices_makes_one_dated_task_for_each_label(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.work()
        (event_id,) = [row.id for row in desk.read(lambda work: work.event_rows(limit=5)[0])]
        tasks = desk.read(lambda work: open_tasks(work, event_id, clearance=SECRET))
        assert [task.label for task in tasks] == ["antares", "icecube"]
        assert tasks[0].owner == "ANTARES: principal investigator of the alert programme, antares-pi@example.org"
        assert "skymap" in tasks[0].about or "sky map" in tasks[0].about
        assert tasks[0].due_utc - tasks[0].made_utc == timedelta(hours=24)
        desk.take(track(revision=1, after_s=900.0), topic=SECRET_TOPIC)
        desk.work()
        assert len(desk.read(lambda work: open_tasks(work, event_id, clearance=SECRET))) == 2
        actions = [row.action for row in desk.read(lambda work: work.audit_rows(event_id))]
        assert actions.count("owner_to_be_told") == 2


def test_public_results_make_no_task_and_nobody_else_sees_one(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(track())
        desk.work()
        assert desk.read(lambda work: work.owner_tasks()) == []
        desk.take(track(t0_s=-3600.0, revision=1), topic=SECRET_TOPIC)
        desk.work()
        assert desk.read(lambda work: open_tasks(work, clearance=PUBLIC)) == []


def test_who_told_an_owner_is_kept_and_it_is_told_once(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.work()
        people = {one.id: replace(one, clearance=SECRET) for one in desk.context.people}
        context = replace(desk.context, people=People(by_id=people))
        (task, *_) = desk.read(lambda work: work.owner_tasks())
        done = told_owner(context, task.id, "vance", "page")
        assert (done.done_by, done.done_utc) == ("vance", desk.clock.now())
        with pytest.raises(ConflictError, match="told already by vance"):
            told_owner(context, task.id, "okafor", "page")
        with pytest.raises(ConflictError, match="no task"):
            told_owner(context, 999, "vance", "page")
        with pytest.raises(NotAllowedError):
            told_owner(context, task.id, "nobody", "page")
        (row,) = [r for r in desk.read(lambda work: work.audit_rows(task.event_id)) if r.action == "told_owner"]
        assert row.actor == "vance"


def test_when_and_how_an_owner_was_told_is_kept_and_a_time_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.work()
        people = {one.id: replace(one, clearance=SECRET) for one in desk.context.people}
        context = replace(desk.context, people=People(by_id=people))
        (task, *_) = desk.read(lambda work: work.owner_tasks())
        desk.wait(7200.0)
        for moment in (task.made_utc - timedelta(seconds=1), desk.clock.now() + timedelta(seconds=1)):
            with pytest.raises(ConflictError, match="before the result"):
                told_owner(context, task.id, "vance", "command line", told_utc=moment)
        told_utc = task.made_utc + timedelta(hours=1)
        told_owner(context, task.id, "vance", "command line", told_utc=told_utc, note="by telephone")
        (row,) = [r for r in desk.read(lambda work: work.audit_rows(task.event_id)) if r.action == "told_owner"]
        assert (row.detail["note"], row.detail["via"]) == ("by telephone", "command line")
        assert desk.read(lambda work: work.owner_tasks())[0].done_utc == told_utc


def test_tonight_lists_owners_who_wait_for_word_to_those_cleared_alone(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.work()
        now = desk.clock.now()
        shown = desk.read(lambda work: tonight(work, clearance=SECRET, now=now))
        assert [task.label for task in shown.owners] == ["antares", "icecube"]
        assert desk.read(lambda work: tonight(work, clearance=PUBLIC, now=now)).owners == ()


def test_every_label_has_an_owner_and_a_wrong_file_is_refused() -> None:
    values = settings().document("labels").values
    owners = read_owners(values, file="labels.toml")
    assert owners.owner_of("antares").within_s == 86400.0
    assert owners.owner_of("unheard-of") == owners.others
    with pytest.raises(ConfigurationError, match="others"):
        read_owners({"label": values["label"]}, file="labels.toml")
