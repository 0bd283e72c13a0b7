"""Rotas over clock changes, gaps, overrides and leap days."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from advocate_values import ANNA, BERT, CLEO, PEOPLE

from advocates.rota import Rota
from advocates.rotation import Rotation, Unit, wall_to_utc
from tocsin.domain.errors import ConfigurationError


def rotation(zone: str, handover: str, *, first: date, unit: Unit = Unit.DAY, length: int = 1) -> Rotation:
    hour, minute = map(int, handover.split(":"))
    return Rotation(
        crews=((ANNA,), (BERT,)),
        first_day=first,
        handover=time(hour, minute),
        unit=unit,
        length=length,
        zone=ZoneInfo(zone),
    )


def rota(*rotations: dict[str, Any], layers: list[dict[str, Any]] | None = None, **top: Any) -> Rota:
    base = {"people": ["anna", "bert"], "handover": "09:00", "first_day": "2026-01-05"}
    config = {
        "name": "test",
        "time_zone": "Europe/Paris",
        "fallback": ["cleo"],
        "layer": layers or [{"rotation": [{**base, **item} for item in rotations or ({},)]}],
        **top,
    }
    return Rota.from_config(config, PEOPLE, file="config/rota.toml")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def handovers(item: Rotation, start: str, days: int) -> list[str]:
    moments = sorted(set(item.cuts(utc(start), utc(start) + timedelta(days=days))))
    return [f"{moment:%d %H:%M}" for moment in moments if moment >= utc(start)]


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        ("Europe/Paris", "2026-03-28", ["28 08:00", "29 07:00", "30 07:00"]),
        ("Europe/Paris", "2026-10-24", ["24 07:00", "25 08:00", "26 08:00"]),
        ("America/Chicago", "2026-03-07", ["07 15:00", "08 14:00", "09 14:00"]),
        ("America/Chicago", "2026-10-31", ["31 14:00", "01 15:00", "02 15:00"]),
        ("Australia/Lord_Howe", "2026-04-03", ["03 22:00", "04 22:30", "05 22:30"]),
        ("Australia/Lord_Howe", "2026-10-02", ["02 22:30", "03 22:00", "04 22:00"]),
    ],
)
def test_a_handover_at_nine_stays_at_nine_when_the_clocks_change(zone: str, start: str, expected: list[str]) -> None:
    assert handovers(rotation(zone, "09:00", first=date(2026, 1, 1)), start, 3) == expected


@pytest.mark.parametrize(
    ("zone", "clock", "start", "expected"),
    [
        # Spring: 02:30 does not exist on the day of change.
        ("Europe/Paris", "02:30", "2026-03-28", ["28 01:30", "29 01:30", "30 00:30"]),
        ("America/Chicago", "02:30", "2026-03-07", ["07 08:30", "08 08:30", "09 07:30"]),
        # Autumn: 01:30 (02:30 in Paris) occurs twice; the handover is at the first.
        ("America/Chicago", "01:30", "2026-10-31", ["31 06:30", "01 06:30", "02 07:30"]),
        ("Europe/Paris", "02:30", "2026-10-24", ["24 00:30", "25 00:30", "26 01:30"]),
        # Lord Howe shifts by half an hour: 02:15 does not exist in October, 01:45 occurs twice in April.
        ("Australia/Lord_Howe", "02:15", "2026-10-02", ["02 15:45", "03 15:45", "04 15:15"]),
        ("Australia/Lord_Howe", "01:45", "2026-04-03", ["03 14:45", "04 14:45", "05 15:15"]),
    ],
)
def test_times_that_do_not_exist_or_occur_twice_give_one_handover(
    zone: str, clock: str, start: str, expected: list[str]
) -> None:
    assert handovers(rotation(zone, clock, first=date(2026, 1, 1)), start, 3) == expected


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Chicago", "Australia/Lord_Howe"])
@pytest.mark.parametrize("clock", ["09:00", "02:30", "01:30", "02:15", "00:00"])
@pytest.mark.parametrize("unit", list(Unit))
def test_every_shift_has_its_own_people_and_none_is_skipped_over_two_years(zone: str, clock: str, unit: Unit) -> None:
    item = rotation(zone, clock, first=date(2027, 1, 31), unit=unit)
    edges = [item.handover_utc(i) for i in range(740 if unit is Unit.DAY else 24)]
    assert all(a < b for a, b in itertools.pairwise(edges))
    for i, edge in enumerate(edges):
        assert item.crew(edge) == item.crews[i % 2]
        assert item.crew(edge - timedelta(microseconds=1)) == (() if i == 0 else item.crews[(i - 1) % 2])


def test_a_leap_day_and_the_ends_of_months_are_handed_over() -> None:
    item = rotation("Europe/Paris", "09:00", first=date(2028, 1, 31), unit=Unit.MONTH)
    days = [item.handover_utc(i).strftime("%m-%d %H:%M") for i in range(4)]
    assert days == ["01-31 08:00", "02-29 08:00", "03-31 07:00", "04-30 07:00"]
    assert wall_to_utc(date(2028, 2, 29), time(9), ZoneInfo("Europe/Paris")) == utc("2028-02-29T08:00")


def test_intervals_are_half_open_and_a_week_over_a_change_is_an_hour_longer() -> None:
    item = rota()
    (first, second) = item.shifts(utc("2026-10-19T07:00"), utc("2026-11-02T08:00"))
    assert (first.stop_utc - first.start_utc) == timedelta(days=7, hours=1)
    assert item.on_call(first.stop_utc) == second.people
    assert item.on_call(first.stop_utc - timedelta(microseconds=1)) == first.people


def test_before_the_first_day_there_is_a_gap_and_the_fallback_is_told() -> None:
    item = rota()
    before = utc("2026-01-01T00:00")
    assert item.on_call(before) == ()
    assert item.on_call_or_fallback(before) == (CLEO,)
    (gap,) = item.gaps(before, utc("2026-02-01T00:00"))
    assert gap.stop_utc == utc("2026-01-05T08:00")
    assert "nobody is on call from 2026-01-01 00:00 to 2026-01-05 08:00 UTC" in item.problems(before)[0]


def test_follow_the_sun_blocks_meet_without_a_gap_while_clocks_change() -> None:
    paris = {"people": ["anna"], "opens": "08:00", "closes": "20:00", "handover": "00:00"}
    night = {"people": ["bert"], "opens": "20:00", "closes": "08:00", "handover": "00:00"}
    item = rota(paris, night)
    for start in ("2026-03-27T12:00", "2026-10-23T12:00"):
        shifts = item.shifts(utc(start), utc(start) + timedelta(days=4))
        assert all(len(shift.people) == 1 for shift in shifts)
        assert all(a.people != b.people for a, b in itertools.pairwise(shifts))
    hours = {s.stop_utc - s.start_utc for s in item.shifts(utc("2026-10-24T18:00"), utc("2026-10-25T07:00"))}
    assert hours == {timedelta(hours=13)}


def test_a_block_on_weekdays_leaves_the_week_end_as_a_gap() -> None:
    item = rota({"opens": "00:00", "closes": "00:00", "weekdays": ["mon", "tue", "wed", "thu", "fri"]})
    (gap,) = item.gaps(utc("2026-11-19T00:00"), utc("2026-11-25T00:00"))
    assert (gap.start_utc, gap.stop_utc) == (utc("2026-11-20T23:00"), utc("2026-11-22T23:00"))


def test_a_higher_layer_stands_instead_of_or_together_with_the_one_below() -> None:
    week = {"people": ["anna"], "handover": "09:00", "first_day": "2026-01-05"}
    night = {"people": ["bert"], "handover": "00:00", "first_day": "2026-01-05", "opens": "22:00", "closes": "06:00"}
    at_night = utc("2026-06-10T00:00")
    for combine, people in (("instead", (BERT,)), ("together", (ANNA, BERT))):
        item = rota(layers=[{"rotation": [week]}, {"combine": combine, "rotation": [night]}])
        assert item.on_call(at_night) == people
        assert item.on_call(utc("2026-06-10T12:00")) == (ANNA,)


def override(kind: str, **who: str) -> dict[str, Any]:
    return {"kind": kind, "start": "2026-11-24T12:00:00", "stop": "2026-11-25T12:00:00", **who}


@pytest.mark.parametrize(
    ("item", "people"),
    [
        (override("add", person="cleo"), (ANNA, CLEO)),
        (override("remove", person="anna"), ()),
        (override("remove", person="bert"), (ANNA,)),
        (override("replace", person="anna", other="cleo"), (CLEO,)),
        (override("replace", person="bert", other="cleo"), (ANNA,)),
        (override("replace", other="cleo"), (CLEO,)),
        (override("swap", person="anna", other="bert"), (BERT,)),
    ],
)
def test_an_override_holds_within_its_half_open_interval(item: dict[str, Any], people: tuple[Any, ...]) -> None:
    changed = rota(override=[item])
    start, stop = utc("2026-11-24T11:00"), utc("2026-11-25T11:00")  # 12:00 in Paris
    assert changed.on_call(start - timedelta(microseconds=1)) == (ANNA,)
    assert changed.on_call(start) == people
    assert changed.on_call(stop) == (ANNA,)


def test_next_on_call_looks_past_gaps_and_overrides() -> None:
    item = rota(override=[override("remove", person="anna")])
    following = item.next(utc("2026-11-24T11:30"))
    assert following is not None
    assert (following.start_utc, following.people) == (utc("2026-11-25T11:00"), (ANNA,))
    assert rota({"people": ["anna"]}).next(utc("2026-11-24T11:30")) is None


def test_shifts_fill_the_window_and_agree_with_on_call_everywhere() -> None:
    item = rota(
        {"people": ["anna", ["bert", "cleo"]], "unit": "day", "length": 2}, override=[override("add", person="cleo")]
    )
    start, stop = utc("2026-10-20T00:00"), utc("2026-12-01T00:00")
    shifts = item.shifts(start, stop)
    assert (shifts[0].start_utc, shifts[-1].stop_utc) == (start, stop)
    assert all(a.stop_utc == b.start_utc for a, b in itertools.pairwise(shifts))
    moment = start
    while moment < stop:
        (shift,) = [s for s in shifts if s.start_utc <= moment < s.stop_utc]
        assert {p.id for p in shift.people} == {p.id for p in item.on_call(moment)}
        moment += timedelta(minutes=30)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"fallback": []}, "fallback"),
        ({"fallback": ["nobody"]}, "fallback"),
        ({"colour": "red"}, "colour"),
        ({"layer": []}, "layer"),
        ({"layer": [{"rotation": []}]}, "layer[1].rotation"),
        ({"layer": [{"rotation": [{"people": ["zoe"], "handover": "09:00", "first_day": "2026-01-05"}]}]}, "people"),
        ({"layer": [{"rotation": [{"people": [], "handover": "09:00", "first_day": "2026-01-05"}]}]}, "people"),
        ({"layer": [{"rotation": [{"people": ["anna"], "handover": "9", "first_day": "2026-01-05"}]}]}, "handover"),
        ({"layer": [{"rotation": [{"people": ["anna"], "handover": "09:00", "first_day": "soon"}]}]}, "first_day"),
        ({"override": [{**override("add", person="anna"), "stop": "2026-11-24T12:00:00"}]}, "override[1].stop"),
        ({"override": [override("add")]}, "override[1].person"),
        ({"override": [override("remove", person="anna", other="bert")]}, "override[1].other"),
        ({"override": [override("vanish", person="anna")]}, "override[1].kind"),
    ],
)
def test_a_wrong_rota_is_refused_with_its_file_and_key(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rota(**change) if "layer" not in change else rota(layers=None, **change)
    assert caught.value.file == "config/rota.toml"
    assert key in caught.value.key
