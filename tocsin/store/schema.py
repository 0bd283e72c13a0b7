"""The schema's revisions: brings a database up to this code, and refuses one that is ahead of it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tocsin.domain.errors import ConfigurationError

MIGRATIONS = Path(__file__).parent / "migrations"
#: Advisory lock of PostgreSQL under which one process migrates at a time.
MIGRATION_LOCK = 7_062_026


def _config() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """Revision this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise ConfigurationError("no migrations are installed", file=str(MIGRATIONS), key="versions")
    return head


def schema_revision(connection: Connection) -> str | None:
    """Revision of the database; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection) -> None:
    """Bring the database to `newest_revision`, within the transaction of `connection`.

    Raises
    ------
    ConfigurationError
        The database was written by a newer version of Tocsin.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    found = schema_revision(connection)
    known = {script.revision for script in scripts.walk_revisions()}
    if found is not None and found not in known:
        raise ConfigurationError(
            f"the database has schema {found}, newer than this version of Tocsin ({scripts.get_current_head()})",
            file="settings",
            key="database_url",
        )
    if found != scripts.get_current_head():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
