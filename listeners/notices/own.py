"""Triggers of Tocsin's own continuous search of a followed stream."""

from listeners.json_message import JsonMessage, read_unified
from listeners.reading import Reading


def read_stream_trigger(message: JsonMessage, reading: Reading) -> None:
    """Read a trigger of our own search: the unified schema's fields, and what the search says besides."""
    fields = message.fields
    read_unified(message, reading)
    reading.detail("excess_counts", fields.number("excess_counts"))
    reading.detail("far_source", fields.text("far_source"))
    reading.detail("far_basis", fields.text("far_basis"))
    reading.detail("spike_score", fields.number("spike_score"))
    reading.detail("is_time_approximate", fields.flag("is_time_approximate"))
    if reading.event_ids:
        reading.notice_id = f"{reading.event_ids[0]}/{reading.details.get('rev', 1)}"
