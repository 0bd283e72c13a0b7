"""Types, units, events and errors shared by all of Tocsin: values only, no effects."""

from tocsin.domain.clock import Clock, ManualClock, iso_utc, to_utc
from tocsin.domain.light_curves import EventList, LightCurve, Timing

__all__ = ["Clock", "EventList", "LightCurve", "ManualClock", "Timing", "iso_utc", "to_utc"]
