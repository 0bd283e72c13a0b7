"""False-alarm rates of the search on simulated days: what it claims against what is counted."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from figures import Figure
from scipy import stats
from simulated_days import PHIS, simulated_day

from acs_stream.far_history import DAY_S, ExcessKind, FarHistory, measured_far
from acs_stream.search_day import search_background

#: Days whose background later days are compared with.
TRAILING_DAYS = 90
WARM_UP_DAYS = 40
RATES = {"1/day": 1.0 / DAY_S, "1/week": 1.0 / (7 * DAY_S), "1/month": 1.0 / (30 * DAY_S)}
#: Claims above this are not kept, Hz.
KEPT_HZ = 3.0 / DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedDay:
    """Excesses of one simulated day: kind, rank and rate by the model, Hz, of each."""

    phi: float
    live_s: float
    spike_like: Sequence[bool]
    rank: Sequence[float]
    model_hz: Sequence[float]

    def to_json(self) -> str:
        """One line."""
        return json.dumps({name: getattr(self, name) for name in self.__dataclass_fields__})

    def history(self) -> FarHistory:
        """As background of other days."""
        kinds = (ExcessKind.SPIKE_LIKE if is_spike else ExcessKind.OTHER for is_spike in self.spike_like)
        return FarHistory.of("SPI-ACS", self.live_s, zip(kinds, self.rank, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClaims:
    """Claimed false-alarm rates of one day's rarer excesses: measured on background, and by the model, Hz."""

    phi: float
    live_s: float
    far_hz: Sequence[float]
    model_hz: Sequence[float]
    spike_like: Sequence[bool]


def searched_days(days: int, seed: int, *, first: int = 0) -> Iterator[SearchedDay]:
    """Days searched one by one; the phi of each is drawn among three. Those before the `first` are only simulated."""
    rng = np.random.default_rng(seed)
    for number in range(days):
        day = simulated_day(rng, float(rng.choice(PHIS)))
        if number < first:
            continue
        found = search_background(day.curve)
        yield SearchedDay(
            phi=day.phi,
            live_s=found.live_s,
            spike_like=[e.is_spike_like for e in found.excesses],
            rank=[round(e.rank, 4) for e in found.excesses],
            model_hz=[float(f"{e.far_model_hz:.4g}") for e in found.excesses],
        )


def claims(days: Iterable[SearchedDay], *, warm_up: int = WARM_UP_DAYS) -> list[DayClaims]:
    """What is claimed of each day after the warm-up, from the days before it and its own other excesses."""
    past: list[FarHistory] = []
    found = []
    for number, day in enumerate(days):
        today = day.history()
        if number >= warm_up:
            found.append(_claims(day, today, FarHistory.joined(past)))
        past = [*past[-TRAILING_DAYS + 1 :], today]
    return found


def _claims(day: SearchedDay, today: FarHistory, trailing: FarHistory) -> DayClaims:
    rows = []
    for is_spike, rank, model_hz in zip(day.spike_like, day.rank, day.model_hz, strict=True):
        kind = ExcessKind.SPIKE_LIKE if is_spike else ExcessKind.OTHER
        found = measured_far(kind, rank, same_day=today.without(kind, rank), trailing=trailing)
        far_hz = model_hz if found is None else found.far_hz
        if min(far_hz, model_hz) <= KEPT_HZ:
            rows.append((far_hz, model_hz, is_spike))
    far_hz, model_hz, spike_like = ([row[k] for row in rows] for k in range(3))
    return DayClaims(phi=day.phi, live_s=day.live_s, far_hz=far_hz, model_hz=model_hz, spike_like=spike_like)


def false_alarm_figures(found: Sequence[DayClaims], *, low: float, high: float, judged: Sequence[str]) -> list[Figure]:
    """Measured over claimed rate, with 90 % Poisson intervals, in all and for each phi."""
    figures = [Figure(name="false alarms: live days searched", value=sum(d.live_s for d in found) / DAY_S)]
    for name, rate_hz in RATES.items():
        is_judged = name in judged
        figures += _ratio(found, name, rate_hz, low=low if is_judged else None, high=high if is_judged else None)
        for phi in PHIS:
            figures += _ratio([d for d in found if d.phi == phi], f"{name}, phi {phi:g}", rate_hz)[:1]
        for kind, wanted in (("spike-like", True), ("other", False)):
            figures.append(_share(found, f"{name}, {kind}", rate_hz, spike_like=wanted))
        figures.append(_model(found, f"{name}, by the model instead", rate_hz))
    return figures


def _ratio(
    found: Sequence[DayClaims], name: str, rate_hz: float, *, low: float | None = None, high: float | None = None
) -> list[Figure]:
    counted = sum(far <= rate_hz for day in found for far in day.far_hz)
    expected = rate_hz * sum(day.live_s for day in found)
    lower, upper = poisson_interval(counted)
    title = f"false alarms: measured/claimed at {name}"
    return [
        Figure(name=title, value=counted / expected if expected else float("nan"), low=low, high=high),
        Figure(name=f"{title}, 90 % from", value=lower / expected if expected else float("nan")),
        Figure(name=f"{title}, 90 % to", value=upper / expected if expected else float("nan")),
    ]


def _share(found: Sequence[DayClaims], name: str, rate_hz: float, *, spike_like: bool) -> Figure:
    counted = sum(
        far <= rate_hz and is_spike == spike_like
        for day in found
        for far, is_spike in zip(day.far_hz, day.spike_like, strict=True)
    )
    expected = rate_hz * sum(day.live_s for day in found) / 2
    return Figure(name=f"false alarms: measured/claimed at {name}", value=counted / expected)


def _model(found: Sequence[DayClaims], name: str, rate_hz: float) -> Figure:
    counted = sum(far <= rate_hz for day in found for far in day.model_hz)
    return Figure(
        name=f"false alarms: measured/claimed at {name}", value=counted / (rate_hz * sum(d.live_s for d in found))
    )


def poisson_interval(counted: int, level: float = 0.9) -> tuple[float, float]:
    """Central interval of a Poisson mean."""
    tail = (1 - level) / 2
    lower = float(stats.chi2.ppf(tail, 2 * counted)) / 2 if counted else 0.0
    return lower, float(stats.chi2.ppf(1 - tail, 2 * (counted + 1))) / 2


def write(path: Path, days: int, seed: int) -> None:
    """Search days and keep what was found, one line each as they come; the days of an earlier run are kept."""
    whole = (
        [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
        if path.exists()
        else []
    )
    with path.open("w", encoding="utf-8") as out:
        out.writelines(whole)
        out.flush()
        for one in searched_days(days, seed, first=len(whole)):
            out.write(one.to_json() + "\n")
            out.flush()


def read(path: Path) -> list[SearchedDay]:
    """Days of a file."""
    return [SearchedDay(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]
