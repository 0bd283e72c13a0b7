"""Owners to be told, from the command line: the configured store's tasks, and that one is done."""

from collections.abc import Mapping
from datetime import datetime

from tocsin.app.build import build_store
from tocsin.app.by_hand import with_context
from tocsin.app.clocks import SystemClock
from tocsin.settings import load_settings
from tocsin.workflow.informing import task_json, told_owner


def owner_tasks(
    environment: Mapping[str, str], event_id: str | None = None, *, with_done: bool = False
) -> list[dict[str, object]]:
    """Tasks of the configured store (of one event), as JSON; the operator of the machine sees all labels."""
    clock = SystemClock()
    store = build_store(load_settings(environment), clock)
    try:
        with store.read() as work:
            rows = work.owner_tasks(event_id)
    finally:
        store.close()
    return [task_json(row, clock.now()) for row in rows if with_done or row.done_utc is None]


def finish_owner_task(
    environment: Mapping[str, str], task_id: int, person_id: str, via: str, *, told_utc: datetime | None, note: str
) -> dict[str, object]:
    """Keep that a person told an owner; the task as it stands then. Errors: see `told_owner`."""
    row = with_context(
        environment, lambda context: told_owner(context, task_id, person_id, via, told_utc=told_utc, note=note)
    )
    return task_json(row, SystemClock().now())
