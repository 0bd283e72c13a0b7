"""A whole simulated night: notices and files at their times, the counts of SPI-ACS all along, and the truth apart."""

from datetime import UTC, datetime, timedelta

import numpy as np

from tocsin.domain.clock import to_utc
from tocsin.simulate.instruments import SPI_ACS
from tocsin.simulate.integral import Integral
from tocsin.simulate.network import draw_network, draw_well_placed
from tocsin.simulate.scenes.bright_burst import BrightBurst, bright_burst_scene
from tocsin.simulate.scenes.gravitational_wave import draw_merger, merger_scene
from tocsin.simulate.scenes.others import mock_scene, neutrino_scene, noise_scene, retracted_scene
from tocsin.simulate.spacecraft import direction, ra_dec_deg
from tocsin.simulate.timeline import DeliveryItem, Item, NightTruth, NoticeItem, Scene

#: A night when INTEGRAL was alive and Mars stood well away from the Sun.
DEFAULT_START_UTC = datetime(2024, 10, 17, 2, 0, tzinfo=UTC)
#: Minutes after the start at which each event happens.
MERGER_MIN, MOCK_MIN, BURST_MIN, NEUTRINO_MIN, RETRACTED_MIN = 4.0, 9.0, 15.0, 21.0, 26.0
#: Each up to this much later, s.
LATE_S = 45.0
#: The night is over this long after its last item, min: the window after the last event must have come down.
AFTERMATH_MIN = 3.0
#: Cosmic-ray spikes of SPI-ACS a day.
SPIKES_PER_DAY = 60.0


class Night:
    """A night, the same for the same seed.

    Parameters
    ----------
    seed
        Of every random number.
    start_utc
        When it begins: after 2017 (leap seconds), and while INTEGRAL lived to be plausible.

    Attributes
    ----------
    timeline
        Notices and deliveries in order of time.
    integral
        The craft and the counts of SPI-ACS, for the stand-in data centre.
    truth
        For the checker alone.
    """

    def __init__(self, seed: int, start_utc: datetime = DEFAULT_START_UTC) -> None:
        self.seed = seed
        self.start_utc = to_utc(start_utc)
        late_s = self._rng(10).uniform(0.0, LATE_S, 5)
        merger = draw_merger(self._rng(0), self._at(MERGER_MIN, late_s[0]))
        burst = _place_burst(self._at(BURST_MIN, late_s[1]), self._rng(1))
        seen = [
            (direction(merger.ra_deg, merger.dec_deg), merger.burst_utc),
            (direction(burst.ra_deg, burst.dec_deg), burst.t0_utc),
        ]
        self.network = draw_network(self._rng(2), self._at(BURST_MIN), seen=seen)
        names = _superevent_names(self.start_utc, self._rng(3))
        scenes = (
            merger_scene(merger, self.network, f"S{names[0]}", self._rng(4)),
            bright_burst_scene(burst, self.network, seed=seed, rng=self._rng(5)),
            neutrino_scene(self._at(NEUTRINO_MIN, late_s[2]), self._rng(6)),
            mock_scene(self._at(MOCK_MIN, late_s[3]), f"MS{names[1]}", self._rng(7)),
            retracted_scene(self._at(RETRACTED_MIN, late_s[4]), f"S{names[2]}", self._rng(8)),
            noise_scene(self.start_utc, self._rng(9)),
        )
        self.timeline = _in_order(scenes)
        self.truth = NightTruth(events={scene.truth.hint: scene.truth for scene in scenes if scene.truth})
        arrivals = tuple(arrival for scene in scenes for arrival in scene.acs_arrivals)
        self.integral = Integral(
            orbit=self.network.integral,
            acs=SPI_ACS.stream(arrivals, seed=seed, spikes_per_day=SPIKES_PER_DAY),
            axis=self.network.integral_axis,
        )

    @property
    def notices(self) -> tuple[NoticeItem, ...]:
        """Notices in order of time."""
        return tuple(item for item in self.timeline if isinstance(item, NoticeItem))

    @property
    def deliveries(self) -> tuple[DeliveryItem, ...]:
        """Files in order of time."""
        return tuple(item for item in self.timeline if isinstance(item, DeliveryItem))

    @property
    def topics(self) -> tuple[str, ...]:
        """Kafka topics of its notices, sorted."""
        return tuple(sorted({notice.topic for notice in self.notices}))

    @property
    def stop_utc(self) -> datetime:
        """When it is over."""
        return self.timeline[-1].at_utc + timedelta(minutes=AFTERMATH_MIN)

    def _at(self, minute: float, late_s: float = 0.0) -> datetime:
        return self.start_utc + timedelta(minutes=minute, seconds=float(late_s))

    def _rng(self, part: int) -> np.random.Generator:
        """Generator of one part: a change in one leaves the others as they are."""
        return np.random.default_rng((self.seed, part))


def _place_burst(t0_utc: datetime, rng: np.random.Generator) -> BrightBurst:
    ra, dec = ra_dec_deg(draw_well_placed(rng, t0_utc))
    return BrightBurst(ra_deg=ra, dec_deg=dec, t0_utc=t0_utc)


def _in_order(scenes: tuple[Scene, ...]) -> tuple[Item, ...]:
    items: list[Item] = [item for scene in scenes for item in scene.items]
    return tuple(sorted(items, key=lambda item: item.at_utc))


def _superevent_names(start_utc: datetime, rng: np.random.Generator) -> tuple[str, ...]:
    """Date and letters of three superevents, in LVK's way of counting, in order."""
    numbers = np.cumsum(rng.integers(3, 60, 3))
    return tuple(f"{start_utc:%y%m%d}{_letters(int(number))}" for number in numbers)


def _letters(number: int) -> str:
    """Letters of the n-th superevent of a day: a, b, ... z, aa, ab, ..."""
    text = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
