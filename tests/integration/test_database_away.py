"""A database that cannot be opened is said in words, with what to do; nobody is shown a traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest
from postgresql_server import administer
from sqlalchemy import make_url

from tocsin.domain.errors import RemoteError
from tocsin.store import Store

Open = Callable[[str], Store]


def test_a_server_that_is_not_there_is_said(open_store: Open) -> None:
    with pytest.raises(RemoteError, match=r"tocsin:\*\*\*@127.*Connection refused.*see whether it runs"):
        open_store("postgresql://tocsin:secret@127.0.0.1:1/tocsin").migrate()


def test_a_database_that_is_not_there_is_said(open_store: Open, postgresql_url: str) -> None:
    url = make_url(postgresql_url).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(RemoteError, match=r'database "nowhere" does not exist'):
        open_store(url).migrate()


def test_a_user_who_may_not_make_tables_is_said(open_store: Open, another_postgresql_url: str) -> None:
    administer(
        another_postgresql_url, "CREATE ROLE guest LOGIN", "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO guest",
    )  # fmt: skip
    url = make_url(another_postgresql_url).set(username="guest").render_as_string(hide_password=False)
    try:
        with pytest.raises(RemoteError, match=r"permission denied for schema public.*granted CREATE"):
            open_store(url).migrate()
    finally:
        administer(another_postgresql_url, "DROP OWNED BY guest", "DROP ROLE guest")


def test_a_file_that_is_no_database_is_said(open_store: Open, tmp_path: Path) -> None:
    (tmp_path / "tocsin.db").write_text("a letter, and by no means a database\n" * 100)
    with pytest.raises(RemoteError, match=r"file is not a database.*restore a backup"):
        open_store(f"sqlite:///{tmp_path / 'tocsin.db'}").migrate()


def test_a_file_cut_in_half_is_said(open_store: Open, tmp_path: Path, sqlite_template: Path) -> None:
    whole = sqlite_template.read_bytes()
    (tmp_path / "tocsin.db").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RemoteError, match=r"malformed.*restore a backup"):
        open_store(f"sqlite:///{tmp_path / 'tocsin.db'}").migrate()


def test_a_folder_in_the_place_of_the_file_is_said(open_store: Open, tmp_path: Path) -> None:
    (tmp_path / "tocsin.db").mkdir()
    with pytest.raises(RemoteError, match="this user may write there"):
        open_store(f"sqlite:///{tmp_path / 'tocsin.db'}").migrate()
