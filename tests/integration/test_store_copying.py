"""Copying a store: everything goes over, between databases of either kind."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from store_values import START, add_event, at

from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError, ConflictError
from tocsin.store import Store


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path, open_store: Callable[[str], Store]) -> Store:
    """An empty store of each kind, with its schema."""
    url = f"sqlite:///{tmp_path / 'target.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("another_postgresql_url")
    store = open_store(url)
    store.migrate()
    return store


@pytest.mark.usefixtures("an_event_with_everything")
def test_everything_goes_over_between_databases_of_either_kind(store: Store, target: Store) -> None:
    sums = store.copy_into(target)
    assert target.sums() == store.sums() == sums
    assert sums["events"].rows == sums["audit"].rows == sums["raw_blobs"].rows == 1
    with store.read() as old, target.read() as new:
        assert new.audit_rows() == old.audit_rows()
        assert new.decisions("grb-1") == old.decisions("grb-1")


@pytest.mark.usefixtures("an_event_with_everything")
def test_the_copy_goes_on_numbering_where_the_original_would(store: Store, target: Store) -> None:
    store.copy_into(target)
    with target.begin() as work:
        work.audit("bvance", "looked", "again", {}, at(200))
        assert work._connection.execute(text("SELECT max(id) FROM audit")).scalar_one() == 2


def test_a_store_that_holds_something_is_not_copied_into(store: Store, target: Store) -> None:
    with target.begin() as work:
        add_event(work)
    with pytest.raises(ConflictError, match="not empty: event_index has rows"):
        store.copy_into(target)


def test_a_store_of_another_schema_is_not_copied(store: Store, tmp_path: Path) -> None:
    bare = Store(f"sqlite:///{tmp_path / 'bare.db'}", clock=ManualClock(START))
    with pytest.raises(ConfigurationError, match="has schema none"):
        store.copy_into(bare)
    bare.close()


def test_progress_is_told_by_table(store: Store, target: Store, an_event_with_everything: str) -> None:
    told: list[tuple[str, int]] = []
    store.copy_into(target, lambda table, rows: told.append((table, rows)))
    assert ("events", 1) in told
    assert an_event_with_everything
