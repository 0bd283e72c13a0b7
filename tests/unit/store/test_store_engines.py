"""Database URLs: what is taken and what is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError
from tocsin.store import Store
from tocsin.store.engines import parse_url
from tocsin.store.private import private_folder

CLOCK = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("url", ["postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"])
def test_postgresql_is_spoken_to_by_psycopg_3(url: str) -> None:
    assert parse_url(url).render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "not a database URL"),
        ("tocsin.db", "not a database URL"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///file:x?mode=memory&uri=true", "needs a file"),
        ("mysql://h/d", "mysql is not supported"),
        ("oracle://h/d", "oracle is not supported"),
    ],
)
def test_other_databases_are_refused_with_the_setting_named(url: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as refusal:
        parse_url(url)
    assert refusal.value.key == "database_url"


def test_sqlite_is_durable_and_strict(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'new folder' / 'tocsin.db'}", clock=CLOCK)
    settings = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with store.begin() as work:
        found = {name: work._connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in settings}
    store.close()
    assert found == settings


def test_the_url_shown_hides_the_password() -> None:
    store = Store("postgresql://tocsin:secret@127.0.0.1:1/none", clock=CLOCK)
    assert "secret" not in str(store.url)
    store.close()


def test_a_new_data_folder_is_for_its_owner_alone_and_one_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    new, old = tmp_path / "deep" / "new", tmp_path / "old"
    old.mkdir()
    old.chmod(0o755)
    assert (private_folder(new).stat().st_mode & 0o777, private_folder(old).stat().st_mode & 0o777) == (0o700, 0o755)
