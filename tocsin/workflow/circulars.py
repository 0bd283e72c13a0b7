"""Circulars of GCN as they were heard: those on an event, those of the same night, and ours among them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from advocates.approval import text_sha256
from advocates.facts_follow import OwnCircular
from advocates.gcn_subject import predicted_event
from tocsin.domain.clock import to_utc
from tocsin.domain.drafts import Draft
from tocsin.domain.events import Event, EventState
from tocsin.domain.jobs import JobKind
from tocsin.store import NoticeRow, UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.owing import owe_draft, owe_update

STREAM = "gcn_circulars"
#: Circulars on an event come within this time; older ones are of other events of the same name.
REACH = timedelta(days=60)
#: What an audit line of a circular of ours is called.
SEEN = "circular_seen"
#: Body characters compared where the subject was changed on GCN's form.
_COMPARED_CHARACTERS = 400
_SETTLED = frozenset({EventState.RETRACTED, EventState.NOT_ASTROPHYSICAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Circular:
    """A circular, in its newest version heard.

    Parameters
    ----------
    number
        GCN's.
    subject, body
        The text.
    event
        Event GCN files it under, as its subject says; None where it says none.
    created_utc
        When it was published.
    source
        ``notice:<sha256>``.
    """

    number: int
    subject: str
    body: str
    event: str | None
    created_utc: datetime | None
    source: str


def heard(work: UnitOfWork, *, since_utc: datetime, about: frozenset[str] | None = None) -> list[Circular]:
    """Circulars heard since a time, by number (those on the events called `about` alone, if told)."""
    newest: dict[int, NoticeRow] = {}
    for row in work.notice_rows_of_stream(STREAM, since_utc):
        details = row.record.get("details", {})
        number = details.get("circular_id")
        if isinstance(number, int) and (about is None or _key(_event_of(details)) in about):
            newest[number] = row
    return [_circular(work, number, row) for number, row in sorted(newest.items())]


def circulars_on(work: UnitOfWork, event: Event, now: datetime) -> list[Circular]:
    """Circulars on an event, by number."""
    since = (event.t0_utc or now) - timedelta(days=1)
    return heard(work, since_utc=max(since, now - REACH), about=names_of(event))


def bursts_of_the_day(work: UnitOfWork, event: Event, now: datetime) -> list[Circular]:
    """Circulars on bursts named after the day of an event."""
    if event.t0_utc is None:
        return []
    prefix = f"grb{event.t0_utc:%y%m%d}"
    since = max(event.t0_utc - timedelta(days=1), now - REACH)
    return [one for one in heard(work, since_utc=since) if _key(one.event).startswith(prefix)]


def own_circulars(work: UnitOfWork, event_id: str) -> list[OwnCircular]:
    """Circulars of ours on an event that were seen on GCN, oldest first, with the text that was approved."""
    drafts: dict[tuple[object, object], Draft] = {(one.kind.value, one.revision): one for one in work.drafts(event_id)}
    found = []
    for line in work.audit_rows(event_id):
        draft = drafts.get((line.detail.get("kind"), line.detail.get("revision"))) if line.action == SEEN else None
        if draft is not None:
            found.append(OwnCircular(number=int(line.detail["number"]), draft=draft, source=line.detail["source"]))
    return found


def hear_circular(context: Context, work: UnitOfWork, key: int) -> bool:
    """Take a circular that has just come: ours closes its event, others' are cited; True if work is owed."""
    row = work.notice_row(key)
    number = None if row is None else row.record.get("details", {}).get("circular_id")
    if row is None or not isinstance(number, int):
        return False
    circular = _circular(work, number, row)
    owed = False
    for event_id in _events_of(work, circular):
        owed |= _see_own(context, work, event_id, circular)
        if work.drafts(event_id):
            owed |= owe_draft(context, work, event_id, cause=f"circular-{number}-{key}")
    return owed


def names_of(event: Event) -> frozenset[str]:
    """Keys of the names that circulars may call an event by."""
    aliases = [alias.rpartition(":")[2] for alias in event.aliases]
    return frozenset(found for name in (event.name, *aliases) if len(found := _key(name)) >= 6)


def _events_of(work: UnitOfWork, circular: Circular) -> Iterator[str]:
    wanted = _key(circular.event)
    if not wanted:
        return
    for row in work.event_rows(limit=200)[0]:
        names = {_key(row.name), *(_key(alias.rpartition(":")[2]) for alias in row.summary_record.get("aliases", ()))}
        if wanted in names and not row.is_test:
            yield row.id


def _see_own(context: Context, work: UnitOfWork, event_id: str, circular: Circular) -> bool:
    """Whether a circular is one that we approved: then the loop is closed."""
    now = context.clock.now()
    if any(line.action == SEEN and line.detail.get("number") == circular.number for line in work.audit_rows(event_id)):
        return False
    approved = {(one.kind, one.revision) for one in work.approvals(event_id) if one.voided_utc is None}
    ours = [one for one in work.drafts(event_id) if (one.kind, one.revision) in approved and _is_same(one, circular)]
    if not ours:
        return False
    draft = ours[-1]
    detail = {
        "kind": draft.kind.value,
        "revision": draft.revision,
        "number": circular.number,
        "source": circular.source,
        "is_exact": text_sha256(draft.subject, draft.body) == text_sha256(circular.subject, circular.body),
    }
    work.audit("gcn", SEEN, event_id, detail, circular.created_utc or now)
    work.cancel_jobs(event_id, (JobKind.REMIND,))
    row = work.event_row(event_id)
    if row is not None and row.state not in _SETTLED:
        work.set_event_state(event_id, EventState.CLOSED)
    owe_update(context, work, event_id, cause=f"seen-{circular.number}")
    return True


def _is_same(draft: Draft, circular: Circular) -> bool:
    if _words(draft.subject) == _words(circular.subject):
        return True
    mine, theirs = (_words(text)[:_COMPARED_CHARACTERS] for text in (draft.body, circular.body))
    return len(mine) > 100 and mine == theirs


def _circular(work: UnitOfWork, number: int, row: NoticeRow) -> Circular:
    details = row.record.get("details", {})
    try:
        body = str(json.loads(work.raw_payload(row.key)).get("body", ""))
    except (ValueError, AttributeError):
        body = ""
    created = details.get("created_utc")
    return Circular(
        number=number,
        subject=str(details.get("subject", "")),
        body=body,
        event=_event_of(details),
        created_utc=to_utc(created) if isinstance(created, str) else row.issued_utc,
        source=f"notice:{row.raw_sha256}",
    )


def _event_of(details: dict[str, object]) -> str | None:
    return predicted_event(str(details.get("subject", "")))


def _key(name: str | None) -> str:
    """Name without what writers differ in: ``LIGO/Virgo/KAGRA S241017ab`` is ``s241017ab``."""
    words = re.sub(r"^(?:(?:LIGO|Virgo|KAGRA)[/-]?)+", "", name or "", flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9.]", "", words.lower())


def _words(text: str) -> str:
    return " ".join(text.casefold().split())
