"""Coincidences of unrelated streams: the measured rate of "joint FAR below x" against x, and of chance neighbours.

Streams are drawn as Poisson processes, 100 times as dense as the real ones so that pairs are many; their maps and FARs
are independent and the sky is isotropic. Every near pair goes through `triggers.companions` as the service
asks it, with the windows and places of ``config/coincidence.toml``. Overlaps of two Fisher distributions have a closed
form, which is itself held against `triangulation.skymap.overlap` on real maps.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import healpix
import numpy as np
from figures import Figure

from tocsin.domain.clock import iso_utc
from tocsin.domain.events import Event, EventKind
from tocsin.domain.light_curves import FloatArray
from triangulation import pixels
from triangulation.skymap import SkyMap, overlap
from triggers.coincidence import YEAR_S
from triggers.coincidence_config import CoincidenceBook, Stream, read_coincidence_book
from triggers.companions import Association, companions

START = datetime(2030, 1, 1, tzinfo=UTC)
#: Streams are this much denser than those of the book.
DENSER = 100.0
#: Simulated time by stream searched around gravitational waves, years of the dense streams.
YEARS = {"bursts": 150.0, "swift-subthreshold": 50.0, "neutrinos": 25.0}
#: Shares of all pairs at which rates are compared, and how many standard deviations of the count are allowed. They are
#: below one over the largest overlap (300): beyond, the best-placed pairs have no worse partners left to count, and the
#: joint FAR is too high, on the safe side. `SAFE_SHARE` shows that.
SHARES = (3e-4, 1e-3, 3e-3)
SAFE_SHARE = 3e-2
SIGMAS = 3.0
#: No pair further apart than this is looked at, s.
NEAR_S = 40.0
#: Whose time stands for a burst: most are seen near the Earth, some at Wind and some from INTEGRAL alone.
CRAFT = (("gbm", 0.7), ("konus", 0.2), ("integral-spiacs", 0.1))


@dataclass(frozen=True)
class Triggers:
    """Triggers of one stream: times in s, FARs in Hz (nan: none), directions (n, 3), concentrations of their maps."""

    t_s: FloatArray
    far_hz: FloatArray
    direction: FloatArray
    kappa: FloatArray


def run(seed: int = 1) -> list[Figure]:
    """Figures of three pairs of streams."""
    rng = np.random.default_rng(seed)
    book = _dense_book()
    untargeted = _Count(book, "bursts", rng, radius_deg=(4.0, 12.0)).all()
    targeted = _Count(book, "swift-subthreshold", rng, radius_deg=(2.0, 8.0), has_far=True).all()
    neutrinos = _Count(book, "neutrinos", rng, radius_deg=(2.0, 8.0)).all()
    figures = [_chance(untargeted)]
    for name, found in (("untargeted", untargeted), ("targeted", targeted)):
        figures += [_calibration(name, found, share, two_sided=True) for share in SHARES]
        figures.append(_calibration(name, found, SAFE_SHARE, two_sided=False))
    figures += [_calibration("two windows, both paid for", neutrinos, share, two_sided=False) for share in SHARES]
    figures.append(Figure(name="closed form of the overlap against maps, relative", value=_closed_form(rng), high=2e-3))
    return figures


@dataclass(frozen=True)
class Found:
    """Companions of the simulated gravitational waves."""

    associations: Sequence[Association]
    waves: int
    years: float
    rate_of_all_hz: float
    expected_with: float


class _Count:
    """One pair of streams: gravitational waves and another."""

    def __init__(
        self,
        book: CoincidenceBook,
        other: str,
        rng: np.random.Generator,
        *,
        radius_deg: tuple[float, float],
        has_far: bool = False,
    ) -> None:
        self._book, self._rng, self._stream = book, rng, book.streams[other]
        self._years = YEARS[other]
        waves = book.streams["gravitational-waves"]
        self._waves = self._draw(waves.rate_hz, waves.published_far_hz, (6.0, 30.0))
        rate_hz = self._stream.published_far_hz if has_far else self._stream.rate_hz
        # A stream ranked by FAR has as many candidates as its threshold says: both are the same number then.
        self._others = self._draw(rate_hz or 0.0, self._stream.published_far_hz if has_far else None, radius_deg)

    def all(self) -> Found:
        """Every pair within its windows."""
        found = [one for wave, other in self._near() for one in self._look(wave, other)]
        length_s = self._longest_s()
        waves_hz = self._waves.t_s.size / (self._years * YEAR_S)
        others_hz = self._others.t_s.size / (self._years * YEAR_S)
        mean_s = self._mean_length_s(found, length_s)
        return Found(
            associations=found,
            waves=self._waves.t_s.size,
            years=self._years,
            rate_of_all_hz=waves_hz * others_hz * mean_s,
            expected_with=self._waves.t_s.size * -np.expm1(-self._stream.rate_hz * mean_s),
        )

    def _draw(self, rate_hz: float, far_hz: float | None, radius_deg: tuple[float, float]) -> Triggers:
        span_s = self._years * YEAR_S
        n = self._rng.poisson(rate_hz * span_s)
        vectors = self._rng.normal(size=(n, 3))
        radius = np.radians(np.exp(self._rng.uniform(*np.log(radius_deg), n)))
        return Triggers(
            t_s=np.sort(self._rng.uniform(0.0, span_s, n)),
            far_hz=np.full(n, np.nan) if far_hz is None else self._rng.uniform(0.0, far_hz, n),
            direction=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
            kappa=np.log(10.0) / (1.0 - np.cos(radius)),  # the 90 % radius of a narrow Fisher distribution
        )

    def _near(self) -> Iterator[tuple[int, int]]:
        reach_s = NEAR_S if self._stream.kind is EventKind.GAMMA_RAY_BURST else 520.0
        low = np.searchsorted(self._others.t_s, self._waves.t_s - reach_s)
        high = np.searchsorted(self._others.t_s, self._waves.t_s + reach_s)
        for wave in np.flatnonzero(high > low):
            for other in range(low[wave], high[wave]):
                yield int(wave), other

    def _look(self, wave: int, other: int) -> tuple[Association, ...]:
        a = _event("gw", "lvk", self._waves, wave, EventKind.GRAVITATIONAL_WAVE)
        b = _event("other", self._craft(other), self._others, other, self._stream.kind)
        shared = _overlap(self._waves, wave, self._others, other)
        return companions(a, [b], book=self._book, overlaps={"other": shared})

    def _craft(self, other: int) -> str:
        if self._stream.name != "bursts":
            return min(self._stream.families)
        share, place = (other * 0.618034) % 1.0, 0.0
        for name, part in CRAFT:
            place += part
            if share < place:
                return name
        return CRAFT[-1][0]

    def _longest_s(self) -> float:
        return max(w.window.length_s for w in self._book.windows if w.second == self._stream)

    @staticmethod
    def _mean_length_s(found: Sequence[Association], longest_s: float) -> float:
        """Mean length of the widened window over triggers: pairs found weigh by length, so the harmonic mean."""
        lengths = [one.length_s for one in found if one.length_s is not None]
        return longest_s if not lengths else len(lengths) / sum(1.0 / one for one in lengths)


def _event(event_id: str, family: str, triggers: Triggers, k: int, kind: EventKind) -> Event:
    t0_utc = START + timedelta(seconds=float(triggers.t_s[k]))
    alias = f"{family}:{k}"
    details = {"families": family, f"trigger_utc.{alias}": iso_utc(t0_utc) or ""}
    if kind is EventKind.GRAVITATIONAL_WAVE:
        details["group"] = "CBC"
    far_hz = float(triggers.far_hz[k])
    return Event(
        id=event_id,
        name=event_id,
        kind=kind,
        t0_utc=t0_utc,
        far_hz=None if np.isnan(far_hz) else far_hz,
        aliases=(alias,),
        details=details,
    )


def _overlap(a: Triggers, i: int, b: Triggers, j: int) -> float:
    return fisher_overlap(a.kappa[i], b.kappa[j], float(a.direction[i] @ b.direction[j]))


def fisher_overlap(kappa_a: float, kappa_b: float, cosine: float) -> float:
    """Overlap I of two Fisher distributions at a cosine of their separation: ka kb sinh K / (K sinh ka sinh kb)."""
    joint = np.sqrt(kappa_a**2 + kappa_b**2 + 2.0 * kappa_a * kappa_b * cosine)
    log = _log_sinh(joint) - _log_sinh(kappa_a) - _log_sinh(kappa_b)
    return float(kappa_a * kappa_b / joint * np.exp(log))


def _log_sinh(x: float) -> float:
    return float(x + np.log1p(-np.exp(-2.0 * x)) - np.log(2.0))


def _calibration(name: str, found: Found, share: float, *, two_sided: bool) -> Figure:
    """Measured rate of a joint FAR below x over x, and what counting allows."""
    x_hz = share * found.rate_of_all_hz
    expected = x_hz * found.years * YEAR_S
    below = sum(one.joint_far_hz is not None and one.joint_far_hz < x_hz for one in found.associations)
    error = SIGMAS / np.sqrt(expected)
    return Figure(
        name=f"{name}: rate of joint FAR < {share:g} of all pairs, over it ({expected:.0f} expected)",
        value=below / expected,
        low=1.0 - error if two_sided else None,
        high=1.0 + error,
    )


def _chance(found: Found) -> Figure:
    """Waves with a burst in the window, over what the association chance without sky says."""
    seen = len({one.event_id + str(one.difference_s) for one in found.associations})
    error = SIGMAS / np.sqrt(found.expected_with)
    return Figure(
        name=f"gravitational waves with an unrelated burst, over the chance ({found.expected_with:.0f} expected)",
        value=seen / found.expected_with,
        low=1.0 - error,
        high=1.0 + error,
    )


def _dense_book() -> CoincidenceBook:
    file = Path(__file__).resolve().parent.parent / "config" / "coincidence.toml"
    book = read_coincidence_book(tomllib.loads(file.read_text(encoding="utf-8")), file=file.name)
    thick = {"gravitational-waves": DENSER, "bursts": DENSER, "neutrinos": DENSER, "swift-subthreshold": 1.0}
    streams = {name: _denser(stream, thick.get(name, 1.0)) for name, stream in book.streams.items()}
    windows = tuple(replace(w, first=streams[w.first.name], second=streams[w.second.name]) for w in book.windows)
    return replace(book, streams=streams, windows=windows)


def _denser(stream: Stream, factor: float) -> Stream:
    published = None if stream.published_far_hz is None else stream.published_far_hz * factor
    rate_hz = stream.rate_hz * factor
    if published is not None and stream.kind is EventKind.GRAVITATIONAL_WAVE:
        rate_hz = published  # noise alone: as many candidates as the threshold lets through
    return replace(stream, rate_hz=rate_hz, published_far_hz=published)


def _closed_form(rng: np.random.Generator) -> float:
    worst = 0.0
    for _ in range(4):
        kappa = rng.uniform(20.0, 200.0, 2)
        centres = rng.normal(size=(2, 3))
        centres[1] = centres[0] + 0.15 * rng.normal(size=3)
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        maps = [_fisher_map(k, c) for k, c in zip(kappa, centres, strict=True)]
        exact = fisher_overlap(kappa[0], kappa[1], float(centres[0] @ centres[1]))
        worst = max(worst, abs(overlap(*maps) / exact - 1.0))
    return worst


def _fisher_map(kappa: float, centre: FloatArray) -> SkyMap:
    order = 6
    pixel = np.arange(healpix.nside2npix(2**order))
    cosine = pixels.centres(order, pixel) @ centre
    return SkyMap(uniq=pixels.uniq_of(np.full(pixel.size, order), pixel), density_sr=np.exp(kappa * (cosine - 1.0)))
