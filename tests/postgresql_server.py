"""A PostgreSQL server of our own for tests: the given one, or one started from the system's packages."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy import make_url

#: What a test says where there is none.
NO_SERVER = "no PostgreSQL server: install postgresql-15, or set TOCSIN_TEST_POSTGRESQL_URL"


@contextmanager
def postgresql_server() -> Iterator[str | None]:
    """URL of a server: the one TOCSIN_TEST_POSTGRESQL_URL names, or one started until the block ends; None without."""
    given = os.environ.get("TOCSIN_TEST_POSTGRESQL_URL")
    binaries = None if given else _binaries()
    if given or binaries is None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-postgresql-", ignore_cleanup_errors=True) as folder:
        yield from _server(binaries, Path(folder))


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """URL of a new database, removed at the end."""
    name = f"tocsin_{uuid.uuid4().hex}"
    administer(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def administer(url: str, *statements: str) -> None:
    """Execute statements, each by itself."""
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _binaries() -> Path | None:
    """Folder of the server's programs."""
    folders = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    config = shutil.which("pg_config")
    if config:
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(answer.stdout.strip()))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in folders if (one / "initdb").exists() and (one / "postgres").exists()), None)


def _server(binaries: Path, folder: Path) -> Iterator[str]:
    """URL of a private server on a socket in `folder`, stopped at the end; PostgreSQL refuses to run as root."""
    data = folder / "data"
    run = partial(subprocess.run, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        run = partial(run, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    run([binaries / "initdb", "-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"])
    settings = f"-k {folder} -c listen_addresses='' -c max_connections=40 -c fsync=off"
    control = [binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", settings]
    run([*control, "start"])
    try:
        yield f"postgresql://tocsin@/postgres?host={folder}"
    finally:
        run([*control, "-m", "immediate", "stop"])
