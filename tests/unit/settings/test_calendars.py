"""A rota kept in a calendar, from the settings to who is on call."""

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.app.build import build_context, build_people, build_store, calendars_of
from tocsin.app.web import on_call
from tocsin.domain.clock import ManualClock
from tocsin.settings import Settings, load_settings
from tocsin.workflow.context import Context

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONFIG = Path(__file__).resolve().parents[3] / "config"
LAYER = """
[[layer]]
name = "visitors"
[layer.calendar]
file = "{file}"
"""
CALENDAR = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
SUMMARY:{who}
DTSTART:20261121T090000Z
DTEND:20261128T090000Z
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "config"
    folder.mkdir()
    shutil.copy(CONFIG / "rota.toml", folder)
    with (folder / "rota.toml").open("a", encoding="utf-8") as file:
        file.write(LAYER.format(file=tmp_path / "visitors.ics"))
    return load_settings({"TOCSIN_CONFIG_DIR": str(folder), "TOCSIN_DATA_DIR": str(tmp_path / "data")})


def test_who_is_on_call_comes_from_the_calendar_and_its_warnings_are_shown(settings: Settings, tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    with contextlib.closing(build_store(settings, clock)) as store:
        store.migrate()
        context = build_context(settings, clock=clock, store=store, doors=(), sources={})
        follow(context, tmp_path)


def follow(context: Context, tmp_path: Path) -> None:
    rota = context.rota
    (copy,) = calendars_of(rota)
    before = rota.on_call(NOW)
    assert "there is no earlier copy" in on_call(context).warnings[0]
    (tmp_path / "visitors.ics").write_text(CALENDAR.format(who="R. Tanaka"), encoding="utf-8")
    copy.refresh()
    assert [person.id for person in rota.on_call(NOW)] == ["tanaka"]
    assert on_call(context).warnings == ()
    (tmp_path / "visitors.ics").write_text(CALENDAR.format(who="R. Tanka"), encoding="utf-8")
    copy.refresh()
    assert rota.on_call(NOW) == before
    assert "'R. Tanka' is nobody" in on_call(context).warnings[0]


def test_the_next_start_begins_with_the_copy(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "visitors.ics").write_text(CALENDAR.format(who="tanaka"), encoding="utf-8")
    calendars_of(build_people(settings, ManualClock(NOW))[1])[0].refresh()
    (tmp_path / "visitors.ics").unlink()
    rota = build_people(settings, ManualClock(NOW))[1]
    assert [person.id for person in rota.on_call(NOW)] == ["tanaka"]
