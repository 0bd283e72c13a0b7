"""Simulated instruments: SPI-ACS, a Fermi GBM sodium-iodide detector, Konus-Wind and HEND on Mars Odyssey.

Numbers are typical of each: rates, bins, over-dispersion, and how many counts a fluence of 1 erg/cm2 (75-2000 keV)
gives in the best direction.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from tocsin.domain.light_curves import EventList, FloatArray, IntArray, LightCurve
from tocsin.simulate.bursts import Burst
from tocsin.simulate.counting import Arrival, Background, CountingStream


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentModel:
    """What an instrument is to a burst.

    Parameters
    ----------
    name
        Instrument name as Tocsin uses it.
    energy_kev
        Energy band of its counts, keV.
    bin_s
        Width of its bins, s.
    counts_per_fluence_cm2_erg
        Counts per erg/cm2 in the best direction.
    background
        See `Background`.
    """

    name: str
    energy_kev: tuple[float, float]
    bin_s: float
    counts_per_fluence_cm2_erg: float
    background: Background

    def arrival(self, burst: Burst, at_utc: datetime, *, response: float = 1.0) -> Arrival:
        """Burst as this instrument sees it.

        Parameters
        ----------
        burst
            The burst.
        at_utc
            Time at which its zero passes the craft.
        response
            Response relative to the best direction (and a typical spectrum).
        """
        counts = burst.fluence_erg_cm2 * self.counts_per_fluence_cm2_erg * response
        return Arrival(at_utc=at_utc, profile=burst.profile(self.energy_kev), counts=counts)

    def stream(self, arrivals: tuple[Arrival, ...], *, seed: int, spikes_per_day: float = 0.0) -> CountingStream:
        """Counts of this instrument for ever, with these bursts in them."""
        return CountingStream(
            self.name,
            bin_s=self.bin_s,
            background=replace(self.background, spikes_per_day=spikes_per_day),
            arrivals=arrivals,
            seed=seed,
            energy_kev=self.energy_kev,
        )

    def signal_to_noise(self, arrival: Arrival) -> float:
        """Expected signal-to-noise ratio of an arrival in the window that suits it best."""
        start_s, width_s = arrival.profile.best_window()
        gained = arrival.counts * float(np.diff(arrival.profile.share_before([start_s, start_s + width_s]))[0])
        variance = self.background.variance_factor * self.background.rate_cts_s * max(width_s, self.bin_s)
        return gained / float(np.sqrt(variance))

    def fluence_for(self, burst: Burst, signal_to_noise: float, at_utc: datetime, *, response: float = 1.0) -> float:
        """Fluence (erg/cm2) at which `burst` would have this expected signal-to-noise ratio here."""
        now = self.signal_to_noise(self.arrival(burst, at_utc, response=response))
        return burst.fluence_erg_cm2 * signal_to_noise / now


SPI_ACS = InstrumentModel(
    name="SPI-ACS",
    energy_kev=(75.0, 2000.0),
    bin_s=0.05,
    counts_per_fluence_cm2_erg=1.0 / 1.5e-10,
    background=Background(rate_cts_s=90_000.0, variance_factor=1.3, drift=0.01, is_even=True),
)
GBM_NAI = InstrumentModel(
    name="Fermi-GBM",
    energy_kev=(8.0, 1000.0),
    bin_s=0.004,
    counts_per_fluence_cm2_erg=6.5e8,
    background=Background(rate_cts_s=1100.0, drift=0.05),
)
KONUS_WIND = InstrumentModel(
    name="Konus-Wind",
    energy_kev=(20.0, 1600.0),
    bin_s=0.002,
    counts_per_fluence_cm2_erg=6.7e8,
    background=Background(rate_cts_s=1500.0, drift=0.005),
)
HEND = InstrumentModel(
    name="Mars-Odyssey-HEND",
    energy_kev=(50.0, 3000.0),
    bin_s=0.25,
    counts_per_fluence_cm2_erg=1.2e8,
    background=Background(rate_cts_s=195.0, drift=0.03),
)

#: Energy edges of the 128 channels of a simulated sodium-iodide detector, keV, shape (129,).
GBM_EDGES_KEV: FloatArray = np.geomspace(4.5, 990.0, 129)
#: Dead time of a GBM detector per event, s.
GBM_DEAD_TIME_S = 2.6e-6
#: Dead time of Konus-Wind per count, s: two counts in 2 ms are printed as 2.01 once corrected.
KONUS_DEAD_TIME_S = 4.2e-6
#: Bands of Konus-Wind: G1, G2, G3, keV.
KONUS_BANDS_KEV = ((20.0, 90.0), (90.0, 380.0), (380.0, 1600.0))
#: Share of background and of burst counts in each band of Konus-Wind.
KONUS_BACKGROUND_SHARE, KONUS_BURST_SHARE = (0.66, 0.25, 0.09), (0.40, 0.42, 0.18)
#: Record of Konus-Wind around its trigger, s: 2 ms bins.
KONUS_SPAN_S = (-0.512, 0.512)
#: Natural logarithm of the photon energies (keV) of a burst in GBM: mean and standard deviation.
BURST_LOG_KEV, BURST_LOG_KEV_SD = float(np.log(130.0)), 0.85


def draw_gbm_events(
    arrival: Arrival, burst: Burst, rng: np.random.Generator, *, t0_utc: datetime, span_s: tuple[float, float]
) -> EventList:
    """Photons of one GBM sodium-iodide detector around `t0_utc`, with the burst in them.

    Parameters
    ----------
    arrival
        The burst at Fermi, as `GBM_NAI.arrival` gives it.
    burst
        The burst, for its profiles at each energy.
    rng
        Source of all random numbers.
    t0_utc
        Time zero of the list (the trigger), true UTC at Fermi.
    span_s
        First and last time, s since T0.
    """
    n_background = rng.poisson(GBM_NAI.background.rate_cts_s * (span_s[1] - span_s[0]))
    background_s = rng.uniform(*span_s, n_background)
    background_channel = rng.choice(128, n_background, p=_background_spectrum())
    zero_s = (arrival.at_utc - t0_utc).total_seconds()
    channel = _burst_channels(rng, rng.poisson(arrival.counts))
    times_s = zero_s + _burst_times(burst, channel, rng)
    keep = (times_s >= span_s[0]) & (times_s < span_s[1])
    all_s = np.concatenate([background_s, times_s[keep]])
    order = np.argsort(all_s, kind="stable")
    return EventList(
        GBM_NAI.name,
        t0_utc,
        times_s=np.round(all_s[order] / 2e-6) * 2e-6,
        channel=np.concatenate([background_channel, channel[keep]])[order].astype(np.int64),
        channel_edges_kev=np.stack([GBM_EDGES_KEV[:-1], GBM_EDGES_KEV[1:]], axis=1),
        good_s=np.array([span_s]),
        dead_time_s=GBM_DEAD_TIME_S,
    )


def _background_spectrum() -> FloatArray:
    """Probability of each channel for background counts: falling towards high energies."""
    weight = np.sqrt(GBM_EDGES_KEV[1:] * GBM_EDGES_KEV[:-1]) ** -0.6
    return np.asarray(weight / weight.sum())


def _burst_channels(rng: np.random.Generator, n: int) -> IntArray:
    energy = np.exp(rng.normal(BURST_LOG_KEV, BURST_LOG_KEV_SD, n))
    return np.clip(np.searchsorted(GBM_EDGES_KEV, energy) - 1, 0, 127).astype(np.int64)


def _burst_times(burst: Burst, channel: IntArray, rng: np.random.Generator) -> FloatArray:
    """Times of burst photons, from the profile at their energy (eight groups of sixteen channels)."""
    times = np.zeros(channel.size)
    for group in range(8):
        mine = channel // 16 == group
        band = (float(GBM_EDGES_KEV[16 * group]), float(GBM_EDGES_KEV[16 * group + 16]))
        times[mine] = rng.permutation(burst.profile(band).draw_times(rng, int(mine.sum())))
    return times


def draw_konus_bands(
    arrival: Arrival, burst: Burst, rng: np.random.Generator, *, t0_utc: datetime
) -> tuple[LightCurve, LightCurve, LightCurve]:
    """Light curves G1, G2, G3 of a triggered record of Konus-Wind: counts as recorded, some lost in dead time.

    Parameters
    ----------
    arrival
        The burst at Wind, as `KONUS_WIND.arrival` gives it (counts of the three bands together).
    burst
        The burst, for its profile in each band.
    rng
        Source of all random numbers.
    t0_utc
        The trigger, true UTC at Wind.
    """
    n = round((KONUS_SPAN_S[1] - KONUS_SPAN_S[0]) / KONUS_WIND.bin_s)
    edges_s: FloatArray = np.asarray(KONUS_SPAN_S[0] + KONUS_WIND.bin_s * np.arange(n + 1), dtype=np.float64)
    since_zero_s = edges_s - (arrival.at_utc - t0_utc).total_seconds()
    quiet = KONUS_WIND.background.rate_cts_s * KONUS_WIND.bin_s * np.array(KONUS_BACKGROUND_SHARE)
    shares = zip(KONUS_BANDS_KEV, KONUS_BURST_SHARE, strict=True)
    burst_counts = [arrival.counts * share * burst.profile(band).share_in(since_zero_s) for band, share in shares]
    mean = quiet[:, None] + np.array(burst_counts)
    recorded = rng.poisson(mean / (1.0 + mean.sum(axis=0) * KONUS_DEAD_TIME_S / KONUS_WIND.bin_s))
    g1, g2, g3 = (
        LightCurve(
            KONUS_WIND.name,
            t0_utc,
            start_s=edges_s[:-1],
            width_s=np.full(n, KONUS_WIND.bin_s),
            counts=counts.astype(np.float64),
            energy_kev=band,
            dead_time_s=KONUS_DEAD_TIME_S,
        )
        for counts, band in zip(recorded, KONUS_BANDS_KEV, strict=True)
    )
    return g1, g2, g3


def acs_response(angle_deg: float) -> float:
    """Response of SPI-ACS relative to its best direction, at an angle (deg) from the pointing axis.

    Notes
    -----
    Interpolated from published circulars (55-157 deg); below 55 deg the masks and detectors in front shade it, here
    by a guess. The real response also depends on the azimuth.
    """
    angles = (0.0, 30.0, 60.0, 75.0, 94.0, 120.0, 145.0, 180.0)
    shares = (0.55, 0.80, 0.94, 0.97, 0.81, 0.52, 0.41, 0.38)
    return float(np.interp(angle_deg, angles, shares))
