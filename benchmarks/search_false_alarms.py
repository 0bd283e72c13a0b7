"""False-alarm rates of the search on simulated days: what it claims against what is counted."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from figures import Figure
from scipy import stats
from simulated_days import PHIS, simulated_day

from acs_stream.far_history import DAY_S, FarHistory
from acs_stream.search_day import search_day

#: Days whose background later days are compared with.
TRAILING_DAYS = 60
WARM_UP_DAYS = 40
RATES = {"1/day": 1.0 / DAY_S, "1/week": 1.0 / (7 * DAY_S), "1/month": 1.0 / (30 * DAY_S)}
#: Claims above this are not kept, Hz.
KEPT_HZ = 3.0 / DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClaims:
    """Claimed false-alarm rates of one day's excesses: measured on background, and by the model, Hz."""

    phi: float
    live_s: float
    far_hz: Sequence[float]
    model_hz: Sequence[float]
    spike_like: Sequence[bool]

    def to_json(self) -> str:
        """One line."""
        return json.dumps({name: getattr(self, name) for name in self.__dataclass_fields__})


def claims(days: int, seed: int, *, warm_up: int = WARM_UP_DAYS) -> Iterable[DayClaims]:
    """Claims of `days` days after the warm-up; the phi of each is drawn among three."""
    rng = np.random.default_rng(seed)
    past: list[FarHistory] = []
    for number in range(warm_up + days):
        day = simulated_day(rng, float(rng.choice(PHIS)))
        trailing = FarHistory.joined(past) if len(past) >= min(warm_up, TRAILING_DAYS) else None
        found = search_day(day.curve, trailing=trailing)
        past = [*past[-TRAILING_DAYS + 1 :], found.history]
        if number < warm_up:
            continue
        rare = [e for e in found.excesses if min(e.far_hz, e.far_model_hz) <= KEPT_HZ]
        yield DayClaims(
            phi=day.phi,
            live_s=found.live_s,
            far_hz=[e.far_hz for e in rare],
            model_hz=[e.far_model_hz for e in rare],
            spike_like=[e.is_spike_like for e in rare],
        )


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
    """Claims of days, one line each as they come."""
    with path.open("w", encoding="utf-8") as out:
        for one in claims(days, seed):
            out.write(one.to_json() + "\n")
            out.flush()


def read(path: Path) -> list[DayClaims]:
    """Claims of a file."""
    return [DayClaims(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]
