"""Health of the feeds, as the last sign of each says; on a board that listeners write and the API reads."""

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from listeners.health import FeedHealth, FeedState
from tocsin.app.feeds import FeedBoard, health_of
from tocsin.store.schema import newest_revision

NOW = datetime(2024, 10, 17, 2, 0, tzinfo=UTC)


class PaperStore:
    """A store whose schema is asked for."""

    def __init__(self, revision: str | None = newest_revision(), error: Exception | None = None) -> None:
        self._revision = revision
        self._error = error

    def schema_revision(self) -> str | None:
        if self._error is not None:
            raise self._error
        return self._revision


def sign(state: FeedState, *, topic: str | None = None, message: str = "") -> FeedHealth:
    return FeedHealth(feed="kafka:gcn", state=state, at_utc=NOW, topic=topic, message=message)


def health(board: FeedBoard, store: Any = None) -> Any:
    return health_of(store or PaperStore(), board)


@pytest.mark.parametrize(
    ("state", "is_ready"),
    [(FeedState.LIVE, True), (FeedState.STARTING, True), (FeedState.STALLED, False), (FeedState.ERROR, False)],
)
def test_a_feed_counts_as_well_while_it_starts_or_lives(state: FeedState, is_ready: bool) -> None:
    board = FeedBoard()
    with structlog.testing.capture_logs():
        board.hear(sign(state))
    assert health(board).is_ready is is_ready
    assert board.is_live is (state is FeedState.LIVE)


def test_one_missing_topic_is_shown_beside_the_feed_and_does_not_stop_it() -> None:
    board = FeedBoard()
    with structlog.testing.capture_logs():
        board.hear(sign(FeedState.LIVE))
        board.hear(sign(FeedState.TOPIC_ERROR, topic="gcn.old", message="no such topic"))
    parts = health(board).parts
    assert [part.name for part in parts] == ["store", "kafka:gcn", "kafka:gcn gcn.old"]
    assert all(part.is_ok for part in parts)
    assert "no such topic" in parts[-1].words


def test_the_last_word_of_a_feed_counts() -> None:
    board = FeedBoard()
    with structlog.testing.capture_logs():
        board.hear(sign(FeedState.ERROR, message="token refused"))
        assert not health(board).is_ready
        board.hear(sign(FeedState.LIVE))
    assert health(board).is_ready


@pytest.mark.parametrize("store", [PaperStore(revision=None), PaperStore(error=OSError("disk gone"))])
def test_a_store_in_trouble_is_said_and_never_raised(store: PaperStore) -> None:
    with structlog.testing.capture_logs():
        found = health(FeedBoard(), store)
    assert not found.is_ready


def test_a_schema_that_a_newer_version_made_beneath_us_is_said() -> None:
    found = health(FeedBoard(), PaperStore(revision="9999"))
    assert not found.is_ready
    assert f"schema 9999, and this version of Tocsin works with {newest_revision()}" in found.parts[0].words
    assert "install the version that changed it" in found.parts[0].words
