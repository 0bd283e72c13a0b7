"""Quiet hours: when a person is told of low tiers only afterwards. Nothing is lost in them, and tier 1 ignores them."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Hours of the day, in a person's own time zone.

    Parameters
    ----------
    begins, ends
        Wall-clock times; `ends` at or before `begins` is on the next day.
    zone
        Time zone of both.
    """

    begins: time
    ends: time
    zone: ZoneInfo

    def until_utc(self, now: datetime) -> datetime | None:
        """End of the quiet hours that `now` falls in, UTC; None outside of them."""
        today = now.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today):
            last = day if self.ends > self.begins else day + timedelta(days=1)
            start = datetime.combine(day, self.begins, tzinfo=self.zone).astimezone(UTC)
            stop = datetime.combine(last, self.ends, tzinfo=self.zone).astimezone(UTC)
            if start <= now < stop:
                return stop
        return None
