"""INTEGRAL as a mission: its orbit, the revolutions and their gaps around perigee, and what SPI-ACS counts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tocsin.domain.light_curves import FloatArray, LightCurve
from tocsin.simulate.counting import CountingStream
from tocsin.simulate.spacecraft import KeplerOrbit, position, ra_dec_deg, sun, unit
from triangulation.geometry import SpacecraftPosition

#: A revolution's science data begin and end at these phases after perigee.
DATA_PHASES = (0.1, 0.9)
#: Start of revolution 2643, from which numbers are counted.
KNOWN_REVOLUTION, KNOWN_START_UTC = 2643, datetime(2023, 5, 23, 1, 45, 39, tzinfo=UTC)
#: Error of the positions, km.
POSITION_ERROR_KM = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revolution:
    """One revolution: its number, and when its data begin and end."""

    number: int
    start_utc: datetime
    stop_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Integral:
    """The craft, as its science data centre knows it.

    Parameters
    ----------
    orbit
        About the Earth.
    acs
        Counts of SPI-ACS, at INTEGRAL's own times.
    outages
        Intervals without data outside the perigee gaps.
    axis
        Where it points, unit vector, shape (3,); None: nobody tells.
    """

    orbit: KeplerOrbit
    acs: CountingStream
    outages: tuple[tuple[datetime, datetime], ...] = ()
    axis: FloatArray | None = None

    def position(self, at_utc: datetime) -> SpacecraftPosition:
        """Place of INTEGRAL at a time."""
        return position("INTEGRAL", self.orbit, at_utc, error_km=POSITION_ERROR_KM)

    def axes_deg(self, at_utc: datetime) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """RA and Dec of its axes X (pointing) and Z (towards the Sun, as near as X allows), deg."""
        if self.axis is None:
            return None
        towards = sun(at_utc)
        return ra_dec_deg(self.axis), ra_dec_deg(unit(towards - (towards @ self.axis) * self.axis))

    def revolution(self, at_utc: datetime, *, later: int = 0) -> Revolution:
        """Revolution (perigee to perigee) that a time lies in, or one some revolutions later (earlier if negative)."""
        period = timedelta(seconds=self.orbit.period_s)
        perigee = at_utc - self.orbit.phase(at_utc) * period + later * period
        number = KNOWN_REVOLUTION + round((perigee - KNOWN_START_UTC) / period)
        return Revolution(
            number=number, start_utc=perigee + DATA_PHASES[0] * period, stop_utc=perigee + DATA_PHASES[1] * period
        )

    def data_intervals(self, start_utc: datetime, stop_utc: datetime) -> list[tuple[datetime, datetime]]:
        """Parts of an interval in which there are data, in order."""
        revolutions = [self.revolution(moment) for moment in (start_utc, stop_utc)]
        pieces = {(max(one.start_utc, start_utc), min(one.stop_utc, stop_utc)) for one in revolutions}
        kept = sorted((first, last) for first, last in pieces if first < last)
        for gap in self.outages:
            kept = [part for piece in kept for part in _without(piece, gap)]
        return kept

    def light_curves(self, start_utc: datetime, stop_utc: datetime) -> list[LightCurve]:
        """SPI-ACS light curves of the parts of an interval that have data, T0 at `start_utc`."""
        parts = self.data_intervals(start_utc, stop_utc)
        return [self.acs.light_curve(first, last, t0_utc=start_utc) for first, last in parts]

    def is_online(self, at_utc: datetime) -> bool:
        """Whether data are taken at a time."""
        return bool(self.data_intervals(at_utc, at_utc + timedelta(milliseconds=1)))

    def last_data_utc(self, now: datetime) -> datetime:
        """Latest time before `now` with data."""
        intervals = self.data_intervals(self.revolution(now).start_utc, now)
        return intervals[-1][1] if intervals else self.revolution(now, later=-1).stop_utc

    def next_data_utc(self, now: datetime) -> datetime:
        """Earliest time from `now` on with data."""
        intervals = self.data_intervals(now, self.revolution(now).stop_utc)
        return intervals[0][0] if intervals else self.revolution(now, later=1).start_utc


def _without(piece: tuple[datetime, datetime], gap: tuple[datetime, datetime]) -> list[tuple[datetime, datetime]]:
    parts = [(piece[0], min(piece[1], gap[0])), (max(piece[0], gap[1]), piece[1])]
    return [(first, last) for first, last in parts if first < last]
