"""The whole month of May 2023, 4,635 notices, against its manifest: with their topics and without."""

import csv
import io
import tarfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listeners.decode import decode
from listeners.files import SkippedFile, read_paths
from listeners.times import parse_time
from tocsin.domain.clock import ManualClock
from tocsin.domain.notices import Notice

#: Topic, field and reason where the notice is right and the manifest is not.
THE_NOTICE_IS_RIGHT = {("gcn.classic.voevent.TEST_COORDS", "event_id"): "TrigID -1 means none, as in IPN_RAW"}


def archive_of(samples: Path) -> Path:
    return samples / "alerts" / "replay" / "gcn_voevents_2023-05.tar.xz"


def manifest_of(archive: Path) -> list[dict[str, str]]:
    with tarfile.open(archive) as tar:
        file = tar.extractfile("MANIFEST.csv")
        assert file is not None
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))


def differing(row: dict[str, str], notice: Notice) -> list[str]:
    expected = parse_time(row["event_time"])
    found = {
        "is_test": notice.is_test != (row["is_test"] == "1"),
        "is_retraction": notice.is_retraction != (row["is_retraction"] == "1"),
        "event_id": (notice.event_ids[0] if notice.event_ids else "") != row["event_id"],
        "event_time": (expected is None) != (notice.t0_utc is None)
        or (
            expected is not None
            and notice.t0_utc is not None
            and abs((expected - notice.t0_utc).total_seconds()) > 0.01
        ),
        "ivorn": notice.notice_id != row["ivorn"],
        "role": notice.role != row["role"],
    }
    return [name for name, differs in found.items() if differs]


@pytest.mark.samples
def test_the_month_agrees_with_its_manifest(samples: Path) -> None:
    archive = archive_of(samples)
    rows = {row["file"]: row for row in manifest_of(archive)}
    clock = ManualClock(datetime(2023, 6, 1, tzinfo=UTC))
    wrong: Counter[tuple[str, str]] = Counter()
    skipped, read = [], 0
    for item in read_paths([archive], clock=clock):
        if isinstance(item, SkippedFile):
            skipped.append(item.origin.rpartition("!")[2])
            continue
        row = rows[item.origin.rpartition("!")[2]]
        read += 1
        # Whichever way it comes, the same is read: alternately with its topic and without.
        notice = decode(item.payload, topic=row["topic"] if read % 2 else None)
        assert not notice.is_unknown, row
        wrong.update((row["topic"], name) for name in differing(row, notice))
    assert read == len(rows) == 4635
    assert skipped == ["MANIFEST.csv"]
    assert set(wrong) <= set(THE_NOTICE_IS_RIGHT)
