"""Messages that a notice led to are named by its bytes, no more by its row: what was sent before is not sent again.

Of a message that is still owed, the channel may know the old name: it keeps that, and under the new one stands that
there is nothing more to be done.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Purposes that were named by the row of the notice, and characters of the digest that names it now.
PURPOSES, DIGITS = ("page", "update", "retraction"), 12
OWED = ("waiting", "leased")


def upgrade() -> None:
    connection = op.get_bind()
    jobs = sa.Table("jobs", sa.MetaData(), autoload_with=connection)
    messages = sa.Table("messages", sa.MetaData(), autoload_with=connection)
    for row, key in list(_renamed(connection, jobs)):
        if connection.execute(sa.select(jobs.c.id).where(jobs.c.key == key)).first() is not None:
            continue
        if row["state"] in OWED:
            done = {name: value for name, value in row.items() if name != "id"} | {"key": key, "state": "done"}
            connection.execute(jobs.insert().values(done | {"lease_until_utc": None}))
        else:
            connection.execute(jobs.update().where(jobs.c.id == row["id"]).values(key=key))
            connection.execute(messages.update().where(messages.c.key == row["key"]).values(key=key))


def _renamed(connection: sa.Connection, jobs: sa.Table) -> Iterator[tuple[sa.RowMapping, str]]:
    """Jobs with an old name, and the new one."""
    digest = sa.text("SELECT raw_sha256 FROM notices WHERE key = :key")
    named = sa.select(jobs).where(jobs.c.kind == "send", jobs.c.key.like("%/notice-%"))
    for row in connection.execute(named).mappings().all():
        head, _, number = row["key"].rpartition("-")
        if head.split("/")[1] not in PURPOSES or not number.isdecimal() or len(number) >= DIGITS:
            continue
        sha256 = connection.execute(digest, {"key": int(number)}).scalar()
        if sha256 is not None:
            yield row, f"{head}-{sha256[:DIGITS]}"
