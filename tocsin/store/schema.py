"""The schema's revisions: brings a database up to this code, and refuses one that is ahead of it.

Whether there is anything to do is seen without Alembic, which is slow to load and which a start seldom needs.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tocsin.domain.errors import ConfigurationError

MIGRATIONS = Path(__file__).parent / "migrations"
#: Advisory lock of PostgreSQL under which one process migrates at a time.
MIGRATION_LOCK = 7_062_026


@cache
def revisions() -> tuple[str, ...]:
    """Revisions this code knows, in order; files are named after them (``r0001_...``)."""
    known = sorted(file.name[1:5] for file in (MIGRATIONS / "versions").glob("r[0-9][0-9][0-9][0-9]_*.py"))
    if not known:
        raise ConfigurationError("no migrations are installed", file=str(MIGRATIONS), key="versions")
    return tuple(known)


def newest_revision() -> str:
    """Revision this code was written for."""
    return revisions()[-1]


def schema_revision(connection: Connection) -> str | None:
    """Revision of the database; None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def upgrade(connection: Connection) -> None:
    """Bring the database to `newest_revision`, within the transaction of `connection`.

    Raises
    ------
    ConfigurationError
        The database was written by a newer version of Tocsin.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    found = schema_revision(connection)
    if found is not None and found not in revisions():
        raise ConfigurationError(
            f"the database has schema {found}, newer than this version of Tocsin ({newest_revision()}): "
            "install the version that wrote it, or restore a backup that this one wrote",
            file="settings",
            key="store.url",
        )
    if found != newest_revision():
        _run_alembic(connection)


def _run_alembic(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
