"""PgBouncer before the PostgreSQL server of a bench."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from rig import PATIENCE_S, POLL_S, Postgresql, free_port, pause

#: What may stand before the database.
POOL_MODES = ("session", "transaction")
#: Connections to the server that it has for us; each process of Tocsin needs 12 and some.
POOL_SIZE = 100


@contextmanager
def pooled(database: Postgresql, pool_mode: str, folder: Path) -> Iterator[dict[str, str]]:
    """Environment of a service that uses a database through a PgBouncer of its own, or directly without a `pool_mode`.

    Raises
    ------
    RuntimeError
        It is not installed, or does not start.
    """
    if not pool_mode:
        yield {"TOCSIN_STORE_URL": database.url}
        return
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise RuntimeError("no PgBouncer: install pgbouncer")
    folder.mkdir()
    port, socket_folder = free_port(), database.url.rpartition("=")[2]
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
* = host={socket_folder} user=tocsin
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {pool_mode}
default_pool_size = {POOL_SIZE}
max_client_conn = 1000
logfile = {folder / "log"}
""",
        encoding="utf-8",
    )
    start = partial(subprocess.Popen, [program, "-q", folder / "pgbouncer.ini"], stderr=subprocess.DEVNULL, text=True)
    if os.geteuid() == 0:  # it refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        start = partial(start, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    process = start()
    try:
        _wait_for(port, process)
        url = f"postgresql://tocsin@127.0.0.1:{port}/postgres"
        yield {"TOCSIN_STORE_URL": url, "TOCSIN_STORE_LISTEN_URL": database.url}
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    for _ in range(int(PATIENCE_S / POLL_S)):
        if process.poll() is not None:
            break
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        pause(POLL_S)
    raise RuntimeError("PgBouncer does not start")
