"""What a start leaves undone so that pages go out soon again is done right after it: see `tocsin.domain.late`."""

import gc
import threading

import structlog

from tocsin.domain.late import load_the_rest
from tocsin.workflow.context import Context
from tocsin.workflow.warming_up import warm_up

log = structlog.get_logger()

#: So long after the start, s: what was owed meanwhile, and whoever asks whether we serve again, come first.
AFTER_S = 1.0


def warm(context: Context, stop: threading.Event) -> None:
    """Go once the way of an event, then load what only computations need; a failure is logged and hurts nothing."""
    if stop.wait(AFTER_S):
        return
    try:
        context.store.connect()
        warm_up(context)
    except Exception:  # process boundary: the first event does this again, and its own failure is dealt with there
        log.warning("could not warm up", exc_info=True)
    load_the_rest()
    gc.freeze()  # as for what was loaded before: it stays, so nothing among it is looked through again
