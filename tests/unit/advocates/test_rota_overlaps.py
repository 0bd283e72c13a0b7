"""Overlaps, idle overrides and handovers: what `tocsin check` says of the coming fortnight beside gaps."""

from datetime import UTC, datetime, timedelta
from typing import Any

from advocate_values import PEOPLE

from advocates.rota import Rota

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)


def rota(*rotations: dict[str, Any], overrides: tuple[dict[str, Any], ...] = ()) -> Rota:
    layer = [{"name": "week", "rotation": list(rotations)}]
    config = {"name": "Rota", "time_zone": "Europe/Paris", "fallback": ["anna"], "layer": layer}
    return Rota.from_config({**config, "override": list(overrides)}, PEOPLE)


def block(person: str, opens: str, closes: str) -> dict[str, Any]:
    return {
        "people": [person],
        "unit": "day",
        "handover": opens,
        "first_day": "2026-01-01",
        "opens": opens,
        "closes": closes,
    }


def test_blocks_that_meet_exactly_are_neither_gap_nor_overlap_even_when_the_clocks_change() -> None:
    made = rota(block("anna", "08:00", "20:00"), block("bert", "20:00", "08:00"))
    assert made.problems(NOW) == ()


def test_turns_of_one_layer_that_overlap_are_named_with_their_hours() -> None:
    made = rota(block("anna", "08:00", "21:00"), block("bert", "20:00", "08:00"))
    found = made.problems(NOW, days=3)
    assert len(found) == 3
    assert found[0] == (
        "Rota: turns of one layer overlap from 2026-03-27 19:00 to 2026-03-27 20:00 UTC: A. Anna, B. Bert"
    )
    assert "2026-03-29 18:00 to 2026-03-29 19:00" in found[2]


def test_layers_together_and_crews_are_no_overlap() -> None:
    crew = {"people": [["anna", "bert"]], "handover": "09:00", "first_day": "2026-01-05"}
    assert rota(crew).problems(NOW) == ()


def test_an_override_that_changes_nothing_is_named() -> None:
    plain = {"people": ["anna"], "handover": "09:00", "first_day": "2026-01-05"}
    idle = {"kind": "remove", "person": "bert", "start": "2026-03-28T09:00:00", "stop": "2026-03-29T09:00:00"}
    useful = {**idle, "kind": "add"}
    past = {**idle, "start": "2026-02-01T09:00:00", "stop": "2026-02-02T09:00:00"}
    found = rota(plain, overrides=(idle, past)).problems(NOW)
    assert found == ("Rota: the override 'remove' from 2026-03-28 08:00 UTC changes nothing",)
    assert rota(plain, overrides=(useful,)).problems(NOW) == ()


def test_handovers_are_told_at_the_hour_on_the_wall_across_the_change_of_clocks() -> None:
    made = rota({"people": ["anna", "bert"], "unit": "day", "handover": "09:00", "first_day": "2026-01-01"})
    start = datetime(2026, 3, 27, 0, tzinfo=UTC)
    at = [after.start_utc for _, after in made.handovers(start, start + timedelta(days=4))]
    assert [f"{moment:%d %H:%M}" for moment in at] == ["27 08:00", "28 08:00", "29 07:00", "30 07:00"]
    assert made.handovers(at[0], at[0] + timedelta(hours=1)) == ()
    assert len(made.handovers(at[0] - timedelta(seconds=1), at[0])) == 1
