"""A process that has come to lead ticks at once: what the dead leader left undone does not wait for the next round."""

import threading
from pathlib import Path

from workflow_desk import Desk, settings

from tocsin.app.leading import Lead
from tocsin.app.service import Role, Service

#: Longest wait, s; by itself the tick would come in an hour.
PATIENCE_S, ROUND_S = 30.0, 3600.0


def test_a_process_ticks_as_soon_as_it_leads(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        other = Lead(desk.store, desk.clock, name="tick", holder="other")
        assert other.beat()
        lead = Lead(desk.store, desk.clock, name="tick", holder="we")
        service = Service(desk.context, settings(), roles=frozenset({Role.TICK}), lead=lead)
        ticked = threading.Event()
        service.every(ROUND_S, lambda _context: ticked.set())
        service.start()
        try:
            assert not lead.is_mine()
            assert not ticked.is_set()
            other.give_up()
            assert ticked.wait(PATIENCE_S)
        finally:
            service.stop()
