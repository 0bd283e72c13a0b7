"""Storms: by the name of a source where it is known, else by place; told at first, then recorded."""

import random
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trigger_notices import event_of, gbm, integral

from tocsin.domain.events import Event
from triggers.source_book import read_source_book
from triggers.storms import Storm, source_of, storm_of

CONFIG = Path(__file__).resolve().parents[3] / "config" / "sources.toml"
BOOK = read_source_book(tomllib.loads(CONFIG.read_text()), file="sources.toml")
START = datetime(2022, 10, 10, 14, 30, tzinfo=UTC)
RA_DEG, DEC_DEG = 293.7, 21.9


def wakeup(number: int, hours: float, *, ra_deg: float = RA_DEG, dec_deg: float = DEC_DEG) -> Event:
    t0_utc = START + timedelta(hours=hours)
    return event_of(
        integral("WAKEUP", number=number, t0_utc=t0_utc, ra_deg=ra_deg, dec_deg=dec_deg, error_radius_deg=0.05),
        event_id=f"wakeup-{number}",
    )


def flare(number: int, hours: float, *, ra_deg: float = 290.0, name: str = "SGR", share: float = 0.9) -> Event:
    t0_utc = START + timedelta(hours=hours)
    notice = gbm("FLT_POS", number=number, t0_utc=t0_utc, ra_deg=ra_deg, dec_deg=20.0, classification={name: share})
    return event_of(notice, event_id=f"gbm-{number}")


def october() -> list[Event]:
    """Three weeks of SGR 1935+2154 as in October 2022: 26 located wake-ups, and GBM triggers that locate it poorly."""
    rng = random.Random(1935)
    hours = sorted([0.0, 1.0, 2.5, *(rng.uniform(3.0, 500.0) for _ in range(23))])
    located = [wakeup(n, hour, ra_deg=RA_DEG + rng.uniform(-0.03, 0.03)) for n, hour in enumerate(hours)]
    poor = [flare(600_000_000 + n, rng.uniform(5.0, 500.0)) for n in range(12)]
    return sorted([*located, *poor], key=lambda one: str(one.t0_utc))


def storms(events: Sequence[Event]) -> list[Storm | None]:
    """Storm of each event as it comes."""
    return [storm_of(one, events[:n], BOOK) for n, one in enumerate(events)]


def test_the_series_of_october_2022_is_one_storm() -> None:
    found = storms(october())
    assert found[0] is None
    keys = {one.key for one in found[1:] if one is not None}
    assert keys == {f"SGR 1935+2154 {START:%Y%m%dT%H%M%S}"}
    assert all(one is not None and one.is_named for one in found[1:])
    assert found[-1] is not None
    assert found[-1].number == 38


def test_the_first_three_are_told_and_the_rest_is_recorded() -> None:
    is_on = [one is not None and one.is_on for one in storms(october())]
    assert is_on[:3] == [False, False, False]
    assert all(is_on[3:])


def test_a_storm_ends_with_a_long_pause() -> None:
    events = [wakeup(1, 0.0), wakeup(2, 1.0), wakeup(3, 2.0), wakeup(4, 200.0)]
    assert storms(events)[-1] is None
    assert storms([*events, wakeup(5, 201.0)])[-1] is not None
    assert not storms([*events, wakeup(5, 201.0)])[-1].is_on  # type: ignore[union-attr]


def test_an_unknown_source_is_one_by_its_place() -> None:
    events = [wakeup(n, hours, ra_deg=100.0, dec_deg=-60.0) for n, hours in enumerate((0.0, 1.0, 2.0, 3.0))]
    last = storms(events)[-1]
    assert last is not None
    assert (last.source, last.is_named, last.is_on, last.number) == ("RA 100.0, Dec -60.0", False, True, 4)
    elsewhere = wakeup(9, 3.5, ra_deg=110.0, dec_deg=-60.0)
    assert storm_of(elsewhere, events, BOOK) is None


def test_a_gamma_ray_burst_near_the_source_is_not_swallowed_by_its_storm() -> None:
    events = [wakeup(n, float(n)) for n in range(5)]
    burst = flare(700_000_000, 6.0, ra_deg=293.0, name="GRB", share=0.9)
    assert storm_of(burst, events, BOOK) is None
    unclear = flare(700_000_001, 6.0, ra_deg=293.0, name="unreliable_location", share=0.9)
    joined = storm_of(unclear, events, BOOK)
    assert joined is not None
    assert joined.source == "SGR 1935+2154"
    assert storm_of(unclear, events[:2], BOOK) is None  # no storm is on: a poor position names nobody


def test_a_source_is_named_by_a_good_position_or_by_class_never_by_a_poor_position_alone() -> None:
    assert source_of(wakeup(1, 0.0), BOOK) is not None
    assert source_of(wakeup(1, 0.0, ra_deg=285.0), BOOK) is None
    assert source_of(flare(1, 0.0), BOOK) is not None
    assert source_of(flare(1, 0.0, name="unreliable_location"), BOOK) is None


def test_tests_and_retracted_events_make_no_storm() -> None:
    events = [
        event_of(integral("WAKEUP", number=n, t0_utc=START + timedelta(hours=n), is_test=True), event_id=f"t{n}")
        for n in range(4)
    ]
    real = event_of(integral("WAKEUP", number=9, t0_utc=START + timedelta(hours=5)), event_id="real")
    assert storm_of(real, events, BOOK) is None
