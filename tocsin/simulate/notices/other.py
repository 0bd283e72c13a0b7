"""What else comes over the wire: heartbeats, types nobody decodes, and bytes that are no notice."""

import json
from datetime import datetime

import numpy as np

from tocsin.simulate.notices.voevent import Message, iso_seconds


def heartbeat(issued_utc: datetime) -> Message:
    """The broker's heartbeat: its absence is the only sure sign of a silent stall."""
    beat = {
        "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/core/Alert.schema.json",
        "alert_datetime": f"{iso_seconds(issued_utc, 3)}Z",
    }
    return Message(topic="gcn.heartbeat", payload=json.dumps(beat).encode())


def unknown_type(issued_utc: datetime, *, rng: np.random.Generator) -> Message:
    """A notice of a mission that no decoder knows (yet)."""
    notice = {
        "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/nimbus/survey/alert.schema.json",
        "mission": "Nimbus",
        "instrument": "Survey",
        "alert_datetime": f"{iso_seconds(issued_utc, 3)}Z",
        "alert_tense": "current",
        "ra": round(float(rng.uniform(0.0, 360.0)), 3),
        "dec": round(float(rng.uniform(-60.0, 60.0)), 3),
        "ra_dec_error": 0.2,
    }
    return Message(topic="gcn.notices.nimbus.survey.alert", payload=json.dumps(notice).encode())


def garbage(rng: np.random.Generator) -> Message:
    """A VOEvent cut off in the middle, as a broken connection leaves it, with a few damaged bytes."""
    start = b"<?xml version='1.0' encoding='UTF-8'?>\n<voe:VOEvent xmlns:voe=\"http://www.ivoa.net/xml/VOEvent/v2.0\" "
    return Message(topic="gcn.classic.voevent.FERMI_GBM_FLT_POS", payload=start + rng.bytes(24))
