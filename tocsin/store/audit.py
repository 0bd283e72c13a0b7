"""The audit, to which lines are only ever added, and small facts by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from tocsin.store.prepared import kept
from tocsin.store.rows import AuditRow
from tocsin.store.tables import audit, meta
from tocsin.store.topic import Topic

_ADD = kept(audit.insert())
_ALL = select(audit).order_by(audit.c.id)
_OF_SUBJECT = kept(_ALL.where(audit.c.subject == bindparam("of_subject")))
_FACT = kept(select(meta.c.value).where(meta.c.key == bindparam("of_key")))


class AuditTrail(Topic):
    """Who did what to what, when; and facts about the store itself."""

    def audit(self, actor: str, action: str, subject: str, detail: Mapping[str, Any], at_utc: datetime) -> None:
        """Add a line to the audit."""
        row = {"actor": actor, "action": action, "subject": subject, "detail": detail, "at_utc": at_utc}
        self._statements.execute(_ADD, row)

    def audit_rows(self, subject: str | None = None) -> list[AuditRow]:
        """Lines of the audit (about `subject`, if told), oldest first."""
        rows = self._all(_ALL) if subject is None else self._all(_OF_SUBJECT, of_subject=subject)
        return [
            AuditRow(at_utc=row.at_utc, actor=row.actor, action=row.action, subject=row.subject, detail=row.detail)
            for row in rows
        ]

    def set_meta(self, key: str, value: str) -> None:
        """Keep a small fact under a name, in place of what was there."""
        self._replace(meta, [{"key": key, "value": value}])

    def meta(self, key: str) -> str | None:
        """Fact kept under a name."""
        return self._statements.execute(_FACT, {"of_key": key}).scalar_one_or_none()
