"""The real workflow, twice on one night: with restricted notices among the public ones, and without them.

Everything that a stranger may fetch, or is sent, must be the same byte for byte, headers too: also how much there is,
under which names and numbers, and when it changed. `test_embargo_crawl` asks what may stand in answers; this asks
whether what the workflow makes of hidden notices can be told from what is not hidden.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from asgi_browser import Browser
from embargo_nights import NIGHTS, Played, played
from fastapi import FastAPI
from test_embargo_crawl import VALUES, routes

PUBLIC: frozenset[str] = frozenset()
#: A restricted event's own identifier, which is opaque: a stranger can learn of it only from us.
OPAQUE = re.compile(rb"event-[0-9a-f]{12}")


def addresses(app: FastAPI, event_ids: Sequence[str]) -> Iterator[str]:
    """Every path with every value that may stand in it."""
    for path in routes(app):
        filled = [path]
        for name in re.findall(r"{(\w+)(?::\w+)?}", path):
            values = event_ids if name == "event_id" else VALUES.get(name, ("abc",))
            filled = [re.sub(rf"{{{name}(?::\w+)?}}", value, one) for one in filled for value in values]
        yield from filled


def answers(night: Played, event_ids: Sequence[str]) -> dict[str, tuple[int, Mapping[str, str], bytes]]:
    """All that a stranger may fetch, by address."""
    browser = Browser(night.app)
    found: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
    for address in addresses(night.app, event_ids):
        told = browser.get(address)
        found[address] = told.status_code, dict(told.headers), told.content
    return found


def sent(night: Played) -> list[Any]:
    """All that was said where everybody reads."""
    return [(one.key, one.purpose, one.recipient, one.also, one.replaces, one.card) for one in night.chat.sent]


def changes(night: Played) -> set[tuple[int, str]]:
    """What the stream of changes has for a stranger: when, to a millisecond (the clock stands), and of which event."""
    rows = night.desk.read(lambda work: work.changes_after(0, clearance=PUBLIC))
    return {(row.id // 1000, row.event_id) for row in rows if OPAQUE.fullmatch(row.event_id.encode()) is None}


def last_change(night: Played) -> int:
    """From where a stranger's stream begins, to a millisecond."""
    number: int = night.desk.read(lambda work: work.last_change_id(clearance=PUBLIC))
    return number // 1000


@pytest.mark.parametrize("name", NIGHTS)
def test_a_stranger_cannot_tell_a_night_with_restricted_notices_from_one_without(tmp_path: Path, name: str) -> None:
    with (
        played(tmp_path / "with", name, with_restricted=True) as mixed,
        played(tmp_path / "without", name, with_restricted=False) as plain,
    ):
        event_ids = plain.desk.event_ids()
        assert event_ids
        assert mixed.inner.sent != plain.inner.sent, "else nothing restricted came"
        expected, found = answers(plain, event_ids), answers(mixed, event_ids)
        assert len(expected) > 60
        assert [address for address in expected if found[address] != expected[address]] == []
        assert [address for address, (_, _, content) in found.items() if OPAQUE.search(content)] == []
        assert sent(mixed) == sent(plain)
        assert changes(mixed) == changes(plain)
        assert last_change(mixed) == last_change(plain)
