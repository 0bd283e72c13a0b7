"""Backups: taken under load, restored whole, refused where they are not."""

import json
import resource
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from store_values import START, raw

from tocsin.app.build import build_store
from tocsin.app.folder import LOCK, UNFINISHED, locked, refuse_unfinished
from tocsin.app.keeping import Keeper
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError, ConflictError, NotNowError, RemoteError
from tocsin.settings import Settings, load_settings
from tocsin.store import Store
from tocsin.store.schema import revisions


def settings_of(folder: Path, url: str = "") -> Settings:
    return load_settings({"TOCSIN_DATA_DIR": str(folder)} | ({"TOCSIN_STORE_URL": url} if url else {}))


def keeper_of(folder: Path, url: str = "") -> Keeper:
    return Keeper(settings=settings_of(folder, url), clock=ManualClock(START))


@pytest.fixture
def no_file_over() -> Iterator[Callable[[int], None]]:
    """Lets no file grow beyond so many bytes: as near to a full disk as one comes without a disk of one's own."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda most_bytes: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def backup(store: Store, tmp_path: Path, database_url: str, an_event_with_everything: str) -> Path:
    """A backup of a store of each kind, with a file in the inbox."""
    assert store
    assert an_event_with_everything
    inbox = tmp_path / "data" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "kw.thr").write_text("12 13\n")
    keeper_of(tmp_path / "data", database_url).back_up(tmp_path / "backup")
    return tmp_path / "backup"


def test_a_backup_is_restored_whole_and_the_restoring_is_in_the_audit(
    backup: Path, store: Store, tmp_path: Path, open_store: Callable[[str], Store]
) -> None:
    kept = keeper_of(tmp_path / "new").restore(backup)
    assert (kept.files, (tmp_path / "new" / "inbox" / "kw.thr").read_text()) == (1, "12 13\n")
    restored = open_store(settings_of(tmp_path / "new").store_url)
    was, now = dict(store.sums()), dict(restored.sums())
    for changed in ("audit", "meta"):  # both say that it was restored
        was.pop(changed), now.pop(changed)
    assert now == was
    with restored.read() as work:
        assert [line.action for line in work.audit_rows()] == ["looked", "restored"]


def test_a_backup_taken_while_notices_arrive_holds_one_state_of_the_store(
    store: Store, database_url: str, tmp_path: Path, open_store: Callable[[str], Store]
) -> None:
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        for number in count():
            if stop.is_set():
                return
            with store.begin() as work:
                work.add_raw(raw(f"<a n='{number}'/>".encode(), offset=number))
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(30)
    try:
        keeper_of(tmp_path / "data", database_url).back_up(tmp_path / "backup")
    finally:
        stop.set()
        writer.join(30)
    keeper_of(tmp_path / "new").restore(tmp_path / "backup")
    sums = open_store(settings_of(tmp_path / "new").store_url).sums()
    assert sums["raw_blobs"].rows == sums["notices"].rows == sums["receptions"].rows > 0


def test_a_damaged_backup_is_refused_before_anything_is_written(backup: Path, tmp_path: Path) -> None:
    (backup / "files" / "inbox" / "kw.thr").write_text("12 14\n")
    with pytest.raises(ConflictError, match=r"kw\.thr is damaged"):
        keeper_of(tmp_path / "new").restore(backup)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", ["{}", "[]", '{"files": []}', '{"files": {}}'])
def test_a_manifest_that_names_nothing_is_damaged(backup: Path, tmp_path: Path, content: str) -> None:
    (backup / "manifest.json").write_text(content)
    with pytest.raises(ConflictError, match=r"manifest\.json is damaged"):
        keeper_of(tmp_path / "new").restore(backup)


def test_a_backup_that_finds_no_room_says_so_and_leaves_nothing(
    store: Store, database_url: str, tmp_path: Path, no_file_over: Callable[[int], None]
) -> None:
    with store.begin() as work:
        work.add_raw(raw(b"<a>" + bytes(1_000_000)))
    no_file_over(800_000)
    with pytest.raises(RemoteError, match=r"unfinished/store\.sqlite cannot be used.*whether its disk is full"):
        keeper_of(tmp_path / "data", database_url).back_up(tmp_path / "backups" / "monday")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_is_not_restored_where_it_has_no_room(backup: Path, tmp_path: Path) -> None:
    with (backup / "store.sqlite").open("r+b") as large:
        large.truncate(10**12)  # a hole: it takes no room here
    (tmp_path / "new").mkdir()
    with pytest.raises(ConflictError, match="MB free, and restoring needs 3000000 MB"):
        keeper_of(tmp_path / "new").require_room(backup)


def test_an_unfinished_backup_is_no_backup(backup: Path, tmp_path: Path) -> None:
    (backup / "manifest.json").unlink()
    with pytest.raises(ConflictError, match=r"manifest\.json is missing"):
        keeper_of(tmp_path / "new").restore(backup)


def test_a_folder_in_use_is_not_restored_into(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="is not empty"):
        keeper_of(tmp_path / "data").restore(backup)


def test_a_backup_never_replaces_another(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="exists"):
        keeper_of(tmp_path / "data").back_up(backup)
    assert json.loads((backup / "manifest.json").read_text())["tables"]["events"]["rows"] == 1


def test_the_service_refuses_a_folder_that_is_half_restored(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / UNFINISHED).write_text(f"from {backup}, begun 2026-11-22T20:00:00Z")
    with pytest.raises(ConfigurationError, match="restored only in part"):
        refuse_unfinished(settings_of(tmp_path / "new"))
    with pytest.raises(ConflictError, match="empty this folder and the database"):
        keeper_of(tmp_path / "new").restore(backup)


def test_the_service_waits_while_a_backup_is_being_restored(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / UNFINISHED).write_text(f"from {backup}, begun 2026-11-22T20:00:00Z")
    with locked(tmp_path / "new"), pytest.raises(NotNowError, match="is being restored into this folder"):
        refuse_unfinished(settings_of(tmp_path / "new"))


def test_a_folder_that_a_service_works_in_is_not_restored_into(backup: Path, tmp_path: Path) -> None:
    with locked(tmp_path / "new"), pytest.raises(ConflictError, match=r"another service works in .*stop it first"):
        keeper_of(tmp_path / "new").restore(backup)
    assert not (tmp_path / "new" / UNFINISHED).exists()


def test_a_store_is_not_moved_while_a_service_works_on_it(
    store: Store, database_url: str, tmp_path: Path, another_postgresql_url: str
) -> None:
    assert store
    keeper = keeper_of(tmp_path / "data", database_url)
    with locked(tmp_path / "data"), pytest.raises(ConflictError, match=r"another service works in .*stop it first"):
        keeper.move_store(another_postgresql_url)


def test_a_store_moves_to_a_database_of_the_other_kind(
    store: Store, database_url: str, tmp_path: Path, another_postgresql_url: str, open_store: Callable[[str], Store]
) -> None:
    with store.begin() as work:
        work.set_meta("kept", "yes")
    keeper_of(tmp_path / "data", database_url).move_store(another_postgresql_url)
    assert open_store(another_postgresql_url).sums() == store.sums()


def test_the_store_of_a_service_of_an_older_version_is_not_changed_beneath_it(
    tmp_path: Path, open_store: Callable[[str], Store]
) -> None:
    settings, older = settings_of(tmp_path / "data"), revisions()[-2]
    with locked(tmp_path / "data"):
        (tmp_path / "data" / LOCK).write_text("1\n")  # it is another process's
        store = open_store(settings.store_url)
        store.migrate()
        with store.begin() as work:
            work._connection.execute(text("UPDATE alembic_version SET version_num = :older"), {"older": older})
        for use in (
            lambda: keeper_of(tmp_path / "data").back_up(tmp_path / "backup"),
            lambda: keeper_of(tmp_path / "data").outlook(),
            lambda: build_store(settings, ManualClock(START)),
        ):
            with pytest.raises(NotNowError, match=rf"older version \(process 1\) .*schema {older}.*stop that service"):
                use()
        assert store.schema_revision() == older
