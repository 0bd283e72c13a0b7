"""Metrics read from the store: figures of everything, names of nothing that is restricted."""

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from workflow_desk import SECRET_TOPIC, Desk, at, merger, track

from tocsin.app.gauges import Gauges
from tocsin.domain.health import Sign
from tocsin.domain.jobs import JobKind
from tocsin.workflow.watching import watch


@pytest.fixture
def values(tmp_path: Path) -> dict[str, float]:
    with Desk(tmp_path) as desk:
        desk.take(merger())
        desk.take(track(), topic=SECRET_TOPIC)
        with desk.store.begin() as work:
            work.enqueue(JobKind.FETCH, key="late", due_utc=at(0.0))
        watch(desk.context, [Sign(name="disk", is_ok=False, words="full")])
        desk.clock.advance(30.0)
        text = Gauges(desk.store, desk.clock, tmp_path, restricted={SECRET_TOPIC}).text().decode()
    assert SECRET_TOPIC not in text
    assert "S24" not in text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name + "".join(f" {value}" for value in sample.labels.values())] = sample.value
    return found


def test_the_oldest_late_work_is_told_by_kind(values: dict[str, float]) -> None:
    assert values["tocsin_late_seconds fetch"] == 60.0
    assert values["tocsin_jobs fetch waiting"] >= 1


def test_each_feed_says_when_it_spoke_last_and_restricted_ones_together(values: dict[str, float]) -> None:
    assert values["tocsin_feed_last_timestamp_seconds igwn.gwalert"] == (at(30.0)).timestamp()
    assert values["tocsin_feed_notices_total igwn.gwalert stored"] == 1
    assert values["tocsin_feed_notices_total restricted stored"] == 1


def test_alarms_that_stand_and_the_disk_are_told(values: dict[str, float]) -> None:
    assert values["tocsin_alarms"] == 1
    assert values["tocsin_disk_free_bytes"] > timedelta(0).total_seconds()
