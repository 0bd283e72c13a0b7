"""IceCube by JSON: gold and bronze tracks.

``event_name`` (IceCube-YYMMDDX) is the first identifier; ``id`` (run_event) joins the notice with the VOEvent of the
same neutrino. Rates are in Hz and energies in TeV; revision 0 has no sky map yet.

References
----------
https://gcn.nasa.gov/missions/icecube ; schema gcn/notices/icecube/single_neutrino_alerts.
"""

from listeners.json_message import JsonMessage, read_unified
from listeners.reading import Reading
from tocsin.domain.notices import Messenger

STREAM = "icecube"


def read_track(message: JsonMessage, reading: Reading) -> None:
    """Read a gold or bronze track alert."""
    fields = message.fields
    read_unified(message, reading)
    reading.messenger = Messenger.NEUTRINO
    reading.details["time_is_at"] = "icecube"
    p_astro = reading.details.get("p_astro")
    reading.detail("signalness", p_astro)
    reading.detail("neutrinos", fields.integer("number_of_events"))
    fields.expect("id", "trigger_time", "alert_datetime")
