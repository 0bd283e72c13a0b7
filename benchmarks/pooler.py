"""PgBouncer before the PostgreSQL server of a bench: the one that the tests start."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig import Postgresql

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from pgbouncer import NO_PGBOUNCER, pgbouncer

#: What may stand before the database.
POOL_MODES = ("session", "transaction")
#: Connections to the server that it has for us; each process of Tocsin needs 12 and some.
POOL_SIZE = 100


@contextmanager
def pooled(database: Postgresql, pool_mode: str) -> Iterator[dict[str, str]]:
    """Environment of a service that uses a database through a PgBouncer of its own, or directly without a `pool_mode`.

    Raises
    ------
    RuntimeError
        It is not installed.
    """
    if not pool_mode:
        yield {"TOCSIN_STORE_URL": database.url}
        return
    with pgbouncer(database.url, pool_mode, pool_size=POOL_SIZE) as url:
        if url is None:
            raise RuntimeError(NO_PGBOUNCER)
        yield {"TOCSIN_STORE_URL": url, "TOCSIN_STORE_LISTEN_URL": database.url}
