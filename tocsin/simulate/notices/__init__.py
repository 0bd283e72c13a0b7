"""Simulated notices: bytes in the real formats, each with the Kafka topic it comes on."""

from tocsin.simulate.notices.gbm import GbmLocation, GbmTrigger, gbm_alert, gbm_final, gbm_flight, gbm_ground, gbm_test
from tocsin.simulate.notices.icecube import Track, TrackPosition, icecube_gold_json, icecube_gold_voevent
from tocsin.simulate.notices.lvk import ExternalCoincidence, Superevent, lvk_alert, lvk_retraction
from tocsin.simulate.notices.other import garbage, heartbeat, unknown_type
from tocsin.simulate.notices.timing_only import ipn_raw, konus_light_curve, spiacs, spiacs_test
from tocsin.simulate.notices.voevent import Message

__all__ = [
    "ExternalCoincidence",
    "GbmLocation",
    "GbmTrigger",
    "Message",
    "Superevent",
    "Track",
    "TrackPosition",
    "garbage",
    "gbm_alert",
    "gbm_final",
    "gbm_flight",
    "gbm_ground",
    "gbm_test",
    "heartbeat",
    "icecube_gold_json",
    "icecube_gold_voevent",
    "ipn_raw",
    "konus_light_curve",
    "lvk_alert",
    "lvk_retraction",
    "spiacs",
    "spiacs_test",
    "unknown_type",
]
