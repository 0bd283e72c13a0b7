"""The rota as an iCalendar feed."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from icalendar import Calendar

from advocates.escalation import Plan
from advocates.people import People
from advocates.rota import Rota
from advocates.rota_ical import rota_ical

CONFIG = Path(__file__).resolve().parents[3] / "config"
NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


def shipped() -> tuple[People, Rota, Plan]:
    def read(name: str) -> dict[str, object]:
        return tomllib.loads((CONFIG / name).read_text(encoding="utf-8"))

    people = People.from_config(read("people.toml"))
    return people, Rota.from_config(read("rota.toml"), people), Plan.from_config(read("escalation.toml"), people)


def entries(feed: bytes) -> dict[str, tuple[datetime, datetime, str]]:
    events = Calendar.from_ical(feed).walk("VEVENT")
    return {str(e["UID"]): (e.decoded("DTSTART"), e.decoded("DTEND"), str(e["SUMMARY"])) for e in events}


def test_entries_have_stable_uids_and_true_ends_whatever_the_window() -> None:
    _, rota, _ = shipped()
    today = entries(rota_ical(rota, NOW, NOW + timedelta(days=14), made_utc=NOW))
    later = NOW + timedelta(days=3)
    tomorrow = entries(rota_ical(rota, later, later + timedelta(days=14), made_utc=later))
    shared = today.keys() & tomorrow.keys()
    assert len(shared) > 3
    assert all(today[uid] == tomorrow[uid] for uid in shared)
    starts = {start for start, _, summary in today.values() if "Okafor" in summary}
    assert datetime(2026, 11, 16, 8, 0, tzinfo=UTC) in starts


def test_a_feed_of_one_person_holds_that_persons_shifts_alone() -> None:
    people, rota, _ = shipped()
    person = people.person("tanaka")
    mine = entries(rota_ical(rota, NOW, NOW + timedelta(days=7), made_utc=NOW, person=person))
    assert mine
    assert all("Tanaka" in summary for _, _, summary in mine.values())
    assert all(stop - start == timedelta(hours=8) for start, stop, _ in mine.values())


def test_a_person_on_call_with_changing_others_has_one_entry() -> None:
    _, rota, _ = shipped()
    week = entries(rota_ical(rota, NOW, NOW + timedelta(days=1), made_utc=NOW))
    first, *_ = rota.on_call(NOW)
    own = [(start, stop) for start, stop, summary in week.values() if first.name in summary]
    assert len(own) == 1
    assert own[0][1] - own[0][0] == timedelta(days=7)


def test_the_shipped_example_has_no_gap_and_everybody_two_paths() -> None:
    people, rota, plan = shipped()
    assert people.problems() == ()
    assert rota.problems(NOW) == ()
    assert plan.steps[-1].target == "everybody"
