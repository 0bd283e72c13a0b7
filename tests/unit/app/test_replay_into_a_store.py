"""A replay into a store that holds something already counts what came of this replay alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.app.replay import Replay

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def notices() -> list[Path]:
    found = sorted(path for path in GOLDEN.rglob("*.xml") if path.stat().st_size < 20_000)[:6]
    assert len(found) == 6
    return found


def test_what_was_there_before_is_not_counted_again(
    notices: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path))
    junk = tmp_path / "junk.json"
    junk.write_text("{")

    def replayed(*paths: Path) -> dict[str, Any]:
        result: dict[str, Any] = Replay(paths=paths, into_live=True, quiet=True).run()
        return dict(json.loads(json.dumps(result)))

    first = replayed(*notices[:4], junk)
    assert first["notices"] == {
        **dict.fromkeys(("duplicates", "unknown", "skipped", "lost"), 0),
        "received": 5,
        "stored": 5,
        "quarantined": 1,
    }
    again = replayed(*notices)
    assert again["notices"] == {
        **dict.fromkeys(("unknown", "skipped", "lost", "quarantined"), 0),
        "received": 6,
        "stored": 2,
        "duplicates": 4,
    }
    nothing = replayed(*notices)
    assert (nothing["pages"], nothing["messages"]) == (0, [])
    assert (nothing["events"], nothing["test_events"]) == ([], 0)
    assert len(first["events"]) + first["test_events"] >= 1


def test_wakings_of_before_are_not_counted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path))
    waking = GOLDEN / "ICECUBE_ASTROTRACK_BRONZE" / "second_revision" / "notice.xml"
    wakings = [Replay(paths=[waking], into_live=True, quiet=True).run()["wakings"] for _ in range(2)]
    assert wakings == [{"icecube-likely-astrophysical": 1}, {}]
