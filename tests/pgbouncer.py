"""PgBouncer itself before a PostgreSQL server of the tests."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

#: What a test says where there is none.
NO_PGBOUNCER = "no PgBouncer: install pgbouncer"
PATIENCE_S = 10.0


@contextmanager
def pgbouncer(server: str, pool_mode: str, *, pool_size: int = 20, settings: str = "") -> Iterator[str | None]:
    """URL of a PgBouncer before the database `server` names, until the block ends; None where it is not installed.

    Parameters
    ----------
    server
        URL of a database.
    pool_mode
        ``session``, ``transaction`` or ``statement``.
    pool_size
        Connections to the database.
    settings
        Further lines of its configuration.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-pgbouncer-", ignore_cleanup_errors=True) as name:
        yield from _running(program, Path(name), server, f"pool_mode = {pool_mode}\n{settings}", pool_size)


def _running(program: str, folder: Path, server: str, settings: str, pool_size: int) -> Iterator[str]:
    url, port = make_url(server), _free_port()
    host = url.host or url.query["host"]
    login = f"user={url.username}" + (f" password={url.password}" if url.password else "")
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
* = host={host} port={url.port or 5432} {login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
default_pool_size = {pool_size}
max_client_conn = 500
logfile = {folder / "log"}
{settings}
"""
    )
    start = partial(subprocess.Popen, [program, "-q", folder / "pgbouncer.ini"], stderr=subprocess.DEVNULL, text=True)
    if os.geteuid() == 0:  # it refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        start = partial(start, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    process = start()
    try:
        _wait_for(port, process)
        yield f"postgresql://{url.username}@127.0.0.1:{port}/{url.database}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            assert process.poll() is None, "PgBouncer has ended"
            assert time.monotonic() < until_s, "PgBouncer does not answer"
        else:
            return


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
