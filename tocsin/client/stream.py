"""The stream of changes: read for as long as wanted, gone on with after a break without missing or repeating."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tocsin.client.connection import Connection, check
from tocsin.domain.errors import BusyError

#: The service gives a sign of life every 5 s: silence for so long is a broken line, s.
SILENCE_S = 20.0
#: Pauses before connecting again, s.
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedEvent:
    """A change of an event.

    Parameters
    ----------
    id
        Number to go on from.
    event
        The event as a list shows it now, plain JSON.
    """

    id: int
    event: dict[str, Any]


def follow(
    connection: Connection, *, last_id: int | None, pause: Callable[[float], None], reconnect: bool
) -> Iterator[StreamedEvent]:
    """Changes as they come; after a break from where it stopped."""
    failures = 0
    while True:
        try:
            for number, kind, data in _read(connection, last_id):
                failures = 0
                last_id = number if number is not None else last_id
                if kind == "event" and number is not None:
                    yield StreamedEvent(id=number, event=json.loads(data))
        except (httpx.HTTPError, BusyError):
            if not reconnect:
                raise
        if not reconnect:
            return
        pause(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
        failures += 1


def _read(connection: Connection, last_id: int | None) -> Iterator[tuple[int | None, str, str]]:
    headers = {"Accept": "text/event-stream"} | ({} if last_id is None else {"Last-Event-ID": str(last_id)})
    timeout = httpx.Timeout(SILENCE_S)
    with connection.http.stream("GET", "/api/v1/stream", headers=headers, timeout=timeout) as answer:
        if not answer.is_success:
            answer.read()
            check(answer)
        yield from messages(answer.iter_lines())


def messages(lines: Iterable[str]) -> Iterator[tuple[int | None, str, str]]:
    """Number (None without), kind and data of each message, as the standard for Server-Sent Events reads lines."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            if name:
                fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if "data" in fields:
            number = fields.get("id", [""])[-1]
            yield (
                int(number) if number.isdecimal() else None,
                fields.get("event", ["message"])[-1],
                "\n".join(fields["data"]),
            )
        fields = {}
