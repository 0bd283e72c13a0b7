"""A rota kept in a calendar: repeats on the wall clock, edited and cancelled entries, names that are nobody's."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from advocate_values import ANNA, BERT, CLEO, PEOPLE

from advocates.calendar_reading import MAX_BYTES, CalendarShifts, read_calendar
from advocates.rota import Rota
from advocates.rota_ical import rota_ical
from tocsin.domain.errors import RemoteError

PARIS = ZoneInfo("Europe/Paris")
START, STOP = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)


def entry(*lines: str, uid: str = "one", who: str = "A. Anna") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{who}", *lines, "END:VEVENT"])


def read(*entries: str, head: str = "", start: datetime = START, stop: datetime = STOP) -> CalendarShifts:
    body = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *filter(None, [head]), *entries, "END:VCALENDAR", ""])
    return read_calendar(body.encode(), PEOPLE, PARIS, start, stop)


def shown(shifts: CalendarShifts) -> list[str]:
    return [f"{one.person.id} {one.start_utc:%m-%d %H:%M} {one.stop_utc:%m-%d %H:%M}" for one in shifts.shifts]


WEEKLY = ("DTSTART;TZID=Europe/Paris:20261012T090000", "DTEND;TZID=Europe/Paris:20261019T090000")


def test_a_weekly_handover_at_nine_stays_at_nine_when_the_clocks_change() -> None:
    found = read(entry(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3"))
    assert shown(found) == [
        "anna 10-12 07:00 10-19 07:00",
        "anna 10-19 07:00 10-26 08:00",
        "anna 10-26 08:00 11-02 08:00",
    ]
    assert found.warnings == ()


@pytest.mark.parametrize("duration", ["P1W", "P7D", "PT168H"])
def test_a_week_is_a_week_of_the_calendar_however_it_is_written(duration: str) -> None:
    found = read(entry("DTSTART;TZID=Europe/Paris:20261019T090000", f"DURATION:{duration}"))
    assert shown(found) == ["anna 10-19 07:00 10-26 08:00"]


def test_times_that_do_not_exist_or_occur_twice_are_read_as_the_rota_reads_them() -> None:
    spring = read(
        entry("DTSTART;TZID=Europe/Paris:20270327T023000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"),
        start=datetime(2027, 3, 1, tzinfo=UTC),
        stop=datetime(2027, 4, 1, tzinfo=UTC),
    )
    assert [line[5:16] for line in shown(spring)] == ["03-27 01:30", "03-28 01:30", "03-29 00:30"]
    autumn = read(entry("DTSTART;TZID=Europe/Paris:20261025T023000", "DURATION:PT1H"))
    assert shown(autumn) == ["anna 10-25 00:30 10-25 01:30"]


def test_all_day_entries_reach_from_local_midnight_to_local_midnight() -> None:
    found = read(
        entry("DTSTART;VALUE=DATE:20261025", "DTEND;VALUE=DATE:20261027"),
        entry("DTSTART;VALUE=DATE:20261101", uid="two", who="bert"),
    )
    assert shown(found) == ["anna 10-24 22:00 10-26 23:00", "bert 10-31 23:00 11-01 23:00"]


def test_floating_times_are_the_calendars_own_else_the_rotas() -> None:
    one = entry("DTSTART:20261110T090000", "DTEND:20261110T170000")
    assert shown(read(one)) == ["anna 11-10 08:00 11-10 16:00"]
    assert shown(read(one, head="X-WR-TIMEZONE:America/Chicago")) == ["anna 11-10 15:00 11-10 23:00"]
    assert shown(read(one, head="X-WR-TIMEZONE:Mars/Olympus")) == ["anna 11-10 08:00 11-10 16:00"]


def test_taken_out_moved_and_cancelled_occurrences() -> None:
    found = read(
        entry(
            "DTSTART;TZID=Europe/Paris:20261102T090000",
            "DTEND;TZID=Europe/Paris:20261102T170000",
            "RRULE:FREQ=DAILY;UNTIL=20261106T080000Z",
            "EXDATE;TZID=Europe/Paris:20261103T090000",
        ),
        entry(
            "RECURRENCE-ID:20261104T080000Z",
            "DTSTART;TZID=Europe/Paris:20261104T120000",
            "DTEND;TZID=Europe/Paris:20261104T170000",
            who="B. Bert",
        ),
        entry(
            "RECURRENCE-ID;TZID=Europe/Paris:20261105T090000",
            "DTSTART;TZID=Europe/Paris:20261105T090000",
            "DTEND;TZID=Europe/Paris:20261105T170000",
            "STATUS:CANCELLED",
        ),
    )
    assert shown(found) == [
        "anna 11-02 08:00 11-02 16:00",
        "bert 11-04 11:00 11-04 16:00",
        "anna 11-06 08:00 11-06 16:00",
    ]


def test_a_cancelled_series_and_an_older_version_of_an_entry_are_not_read() -> None:
    found = read(
        entry(*WEEKLY, "STATUS:CANCELLED", uid="gone"),
        entry(*WEEKLY, "SEQUENCE:1", who="B. Bert"),
        entry(*WEEKLY, "SEQUENCE:3", who="C. Cleo"),
        entry(*WEEKLY, "SEQUENCE:2"),
    )
    assert shown(found) == ["cleo 10-12 07:00 10-19 07:00"]


def test_extra_dates_and_an_end_given_as_a_day() -> None:
    found = read(
        entry(
            "DTSTART;TZID=Europe/Paris:20261102T090000",
            "DURATION:PT8H",
            "RRULE:FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20261106",
            "RDATE;TZID=Europe/Paris:20261115T090000",
        )
    )
    assert [line[5:10] for line in shown(found)] == ["11-02", "11-06", "11-15"]


def test_people_are_known_by_address_name_or_id_and_several_may_share_an_entry() -> None:
    found = read(
        entry(*WEEKLY, "ATTENDEE;CN=Whoever:mailto:B@Example.org", uid="1", who="Rota"),
        entry(*WEEKLY, uid="2", who="Burst advocates: c. cleo & Anna"),
    )
    assert found.crew(datetime(2026, 10, 13, tzinfo=UTC)) == (ANNA, BERT, CLEO)
    assert found.warnings == ()


def test_a_name_that_is_nobodys_is_said_with_its_entry_and_puts_nobody_on_call() -> None:
    found = read(entry(*WEEKLY, "RRULE:FREQ=WEEKLY", who="A. Ana"))
    assert found.shifts == ()
    assert found.warnings == ("entry 'A. Ana' of 2026-10-12: 'A. Ana' is nobody in the registry of people",)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("DTSTART:20261110T090000", "DURATION:PT1M", "RRULE:FREQ=SECONDLY"), "repeats secondly"),
        (("DTSTART:00010101T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY"), "repeats more than 40000 times"),
        (("DTSTART:20261110T090000",), "has no length"),
        (("DTSTART:20261110T090000", "DTEND:20261109T090000"), "has no length"),
        (("DTEND:20261109T090000",), "not understood"),
        ((*WEEKLY, "RECURRENCE-ID;RANGE=THISANDFUTURE:20261012T070000Z"), "THISANDFUTURE"),
    ],
)
def test_what_is_not_understood_is_said_and_stops_nothing(lines: tuple[str, ...], words: str) -> None:
    found = read(entry(*lines, uid="bad"), entry(*WEEKLY, uid="good", who="bert"))
    assert BERT in found.crew(datetime(2026, 10, 13, tzinfo=UTC))
    assert any(words in one for one in found.warnings), found.warnings


def test_what_is_no_calendar_or_too_large_is_refused() -> None:
    with pytest.raises(RemoteError, match="no calendar"):
        read_calendar(b"<html>Sign in</html>", PEOPLE, PARIS, START, STOP)
    with pytest.raises(RemoteError, match="larger than 5,000,000 bytes"):
        read_calendar(b"x" * (MAX_BYTES + 1), PEOPLE, PARIS, START, STOP)


def test_a_rota_that_was_exported_is_read_back_as_it_was() -> None:
    rota = Rota.from_config(
        {
            "name": "Burst advocates",
            "time_zone": "Europe/Paris",
            "fallback": ["cleo"],
            "layer": [{"rotation": [{"people": ["anna", "bert"], "handover": "09:00", "first_day": "2026-01-05"}]}],
        },
        PEOPLE,
    )
    found = read_calendar(rota_ical(rota, START, STOP, made_utc=START), PEOPLE, PARIS, START, STOP)
    assert found.warnings == ()
    for hours in range(0, 24 * 59, 5):
        moment = START + timedelta(hours=hours)
        assert found.crew(moment) == rota.on_call(moment)
