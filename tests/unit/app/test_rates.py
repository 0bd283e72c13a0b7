"""What a configuration follows, said before anything is started; what cannot be followed is refused with its key."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from integration.followed_service import settings_for

from tocsin.app.rates import RateBoard, build_following, rates_in_words
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError
from tocsin.settings import load_settings

NOW = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))


def following(settings: Any, board: RateBoard) -> Any:
    return build_following(settings, clock=NOW, board=board, tell=lambda _found: None)


def test_by_default_nothing_is_followed_and_nobody_asked(tmp_path: Path) -> None:
    settings = load_settings({"TOCSIN_DATA_DIR": str(tmp_path)})
    assert following(settings, RateBoard()).runs == ()
    words = rates_in_words(settings, NOW)
    assert "followed: nothing; no service on the network is asked" in words
    assert list(tmp_path.iterdir()) == []


def test_a_stream_with_its_search_its_days_and_its_consolidation_is_followed(tmp_path: Path) -> None:
    follow = {"instruments": ["SPI-ACS-stream"], "consolidate_from": "SPI-ACS-genlc", "dumps": str(tmp_path / "dumps")}
    settings = settings_for(tmp_path, "http://127.0.0.1:9", archive={"follow": follow})
    made = following(settings, RateBoard())
    made.close()
    # the stream, the dumps, the consolidation, the search of both, and of their days
    assert len(made.runs) == 5
    assert made.is_idle()
    assert "followed: SPI-ACS-stream, dump files" in rates_in_words(settings, NOW)


def test_a_service_beyond_this_machine_is_not_followed_while_the_network_is_off(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "https://example.org")
    board = RateBoard()
    assert following(settings, board).runs == ()
    (part,) = board.parts()
    assert part.is_ok
    assert "sources.network is off" in part.words


@pytest.mark.parametrize(
    ("follow", "key"),
    [
        ({"instruments": ["Nobody"]}, "archive.follow.instruments"),
        ({"instruments": ["SPI-ACS-genlc"]}, "archive.follow.instruments"),
        ({"consolidate_from": "SPI-ACS-stream"}, "archive.follow.consolidate_from"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_key(tmp_path: Path, follow: dict[str, Any], key: str) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:9", archive={"follow": follow})
    with pytest.raises(ConfigurationError) as caught:
        following(settings, RateBoard())
    assert caught.value.key == key
