"""The schema: made from nothing, made once, never run by older code."""

import threading
from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tocsin.domain.errors import ConfigurationError
from tocsin.store import Store
from tocsin.store.schema import MIGRATIONS, newest_revision, revisions
from tocsin.store.tables import metadata


def test_an_empty_database_is_brought_up_to_the_code(
    open_store: Callable[[str], Store], empty_database_url: str
) -> None:
    store = open_store(empty_database_url)
    assert store.schema_revision() is None
    store.migrate()
    assert store.schema_revision() == newest_revision()


def test_migrating_again_changes_nothing(store: Store) -> None:
    with store.begin() as work:
        work.set_meta("kept", "yes")
    store.migrate()
    with store.read() as work:
        assert work.meta("kept") == "yes"


def test_a_database_of_a_newer_version_is_refused(open_store: Callable[[str], Store], empty_database_url: str) -> None:
    store = open_store(empty_database_url)
    store.migrate()
    with store.begin() as work:
        work._connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="schema 9999, newer than this version"):
        store.migrate()


def test_the_migrations_build_the_tables_the_code_uses(store: Store) -> None:
    with store.read() as work:
        context = MigrationContext.configure(work._connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_migration_that_fails_leaves_nothing(open_store: Callable[[str], Store], empty_database_url: str) -> None:
    store = open_store(empty_database_url)
    with store.begin() as work:
        work._connection.execute(text("CREATE TABLE jobs (in_the_way INTEGER)"))
    with pytest.raises(DatabaseError, match="jobs"):
        store.migrate()
    assert store.schema_revision() is None


def test_several_may_start_on_a_new_database_at_once(
    open_store: Callable[[str], Store], empty_database_url: str
) -> None:
    stores = [open_store(empty_database_url) for _ in range(4)]
    ready = threading.Barrier(4)
    found: list[str | None] = []

    def start(store: Store) -> None:
        ready.wait()
        store.migrate()
        found.append(store.schema_revision())

    threads = [threading.Thread(target=start, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert found == [newest_revision()] * 4


@pytest.mark.parametrize("table", ["audit", "decisions", "acknowledgements"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at_utc = 0", "DELETE FROM {}"])
def test_rows_that_are_kept_for_ever_can_be_neither_changed_nor_removed(
    store: Store, table: str, change: str, an_event_with_everything: str
) -> None:
    with pytest.raises(DatabaseError, match="append-only"), store.begin() as work:
        work._connection.execute(text(change.format(table)))
    with store.read() as work:
        rows = [work.audit_rows(), work.decisions(an_event_with_everything)]
        assert all(rows)
        assert work.acknowledgements(an_event_with_everything)


def test_the_revisions_are_those_that_alembic_finds() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(revisions())
    assert scripts.get_current_head() == newest_revision()
