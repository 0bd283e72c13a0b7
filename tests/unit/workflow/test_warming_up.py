"""What is done once after a start, so that the first event need not wait for it, leaves nothing behind."""

import threading

from workflow_desk import Desk

from tocsin.app.warming import warm
from tocsin.workflow.warming_up import NAME, warm_up


def test_an_alert_is_gone_through_to_its_card_and_nothing_of_it_is_kept(desk: Desk) -> None:
    before = desk.store.sums()
    assert warm_up(desk.context)
    assert desk.store.sums() == before
    assert desk.woken == 0
    assert desk.read(lambda work: work.events_by_alias(NAME)) == []
    assert warm_up(desk.context)


def test_a_service_that_ends_meanwhile_does_not_begin_with_it(desk: Desk) -> None:
    stop = threading.Event()
    stop.set()
    desk.store.close()
    warm(desk.context, stop)
    assert desk.event_ids() == []
