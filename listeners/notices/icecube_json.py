"""IceCube by JSON: gold and bronze tracks, and the search for tracks with each LVK alert.

``event_name`` (IceCube-YYMMDDX) is the first identifier; ``id`` (run_event) joins the notice with the VOEvent of the
same neutrino. Rates are in Hz and energies in TeV; revision 0 has no sky map yet.

References
----------
https://gcn.nasa.gov/missions/icecube ; schema gcn/notices/icecube/single_neutrino_alerts.
"""

from listeners.json_message import JsonMessage, read_schema, read_unified
from listeners.reading import MOCK_SUPEREVENT, Reading
from listeners.times import parse_time

STREAM = "icecube"


def read_track(message: JsonMessage, reading: Reading) -> None:
    """Read a gold or bronze track alert."""
    fields = message.fields
    read_unified(message, reading, identifiers=("event_name", "id"))
    reading.detail("signalness", reading.details.get("p_astro"))
    fields.expect("id", "alert_datetime")


def read_follow_up(message: JsonMessage, reading: Reading) -> None:
    """Read the search for tracks with an LVK alert: a follow-up, no detection; positions are the neutrinos' own."""
    fields = message.fields
    read_schema(message, reading)
    superevent = fields.text("ref_ID")
    reading.identify(superevent)
    if superevent is not None and MOCK_SUPEREVENT.match(superevent):
        reading.test(f"superevent {superevent}")
    reading.issued_utc = parse_time(fields.text("alert_datetime"))
    reading.t0_utc = parse_time(fields.text("trigger_time"))
    reading.judge_tense(fields.text("alert_tense"))
    reading.details["is_follow_up"] = True
    reading.detail("p_value", fields.number("pval_generic"))
    reading.detail("p_value_bayesian", fields.number("pval_bayesian"))
    reading.detail("neutrinos", fields.integer("n_events_coincident"))
    reference = fields.inside("reference")
    for name in reference if reference is not None else ():
        reading.references.extend(reference.texts(name) if reference is not None else ())
    fields.expect("ref_ID", "trigger_time")
