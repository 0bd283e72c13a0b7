"""Watching: what the store says of the service's own health, and the alarms that follow from it.

An alarm is owed to every admin by every door, as a page is: it is kept, and repeated until it is delivered; another one
says when all is well again. Signs of the machine (disk, clock, credentials) are gathered by the application.
"""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tocsin.domain.clock import iso_utc
from tocsin.domain.health import Sign
from tocsin.domain.jobs import JobKind, JobState
from tocsin.store import JobCount, UnitOfWork
from tocsin.workflow.announcing import tell_operator
from tocsin.workflow.context import Context

#: Work of these kinds wakes people: it waits for nothing but its turn.
NOTIFYING_KINDS = frozenset({JobKind.SEND, JobKind.ESCALATE, JobKind.REMIND, JobKind.ANNOUNCE})
#: How long due work may wait for its turn before something is wrong, s.
PATIENCE_OF_PAGES_S = 30.0
PATIENCE_OF_REACTIONS_S = 900.0
#: A silence that chance gives less often than this, a year and topic, is no chance.
FALSE_ALARMS_PER_YEAR = 0.05
#: Work given up is an alarm for so long.
MEMORY = timedelta(days=1)
#: Name under which the alarms that stand are kept in the store.
STANDING = "alarms"


def signs_of_store(work: UnitOfWork, now: datetime, expected_per_day: Mapping[str, float]) -> tuple[Sign, ...]:
    """Signs that can be read from the store.

    Parameters
    ----------
    work
        Read only.
    now
        The time.
    expected_per_day
        Notices a day that each topic is expected to bring, for the topics that are listened to.
    """
    counts = work.job_counts()
    last = {row.topic_or_stream: row.last_received_utc for row in work.feed_report()}
    return (
        _queue("pages", counts, now, NOTIFYING_KINDS, PATIENCE_OF_PAGES_S),
        _queue("reactions", counts, now, frozenset(JobKind) - NOTIFYING_KINDS, PATIENCE_OF_REACTIONS_S),
        _given_up(work.given_up_since(now - MEMORY)),
        *(silence(topic, last[topic], rate, now) for topic, rate in sorted(expected_per_day.items()) if topic in last),
    )


def silence(topic: str, last_utc: datetime, per_day: float, now: datetime) -> Sign:
    """Sign of a topic that has been silent since `last_utc`: which chance explains, or not, at `per_day` notices."""
    days = max(0.0, (now - last_utc) / timedelta(days=1))
    a_year = 365.25 * per_day * math.exp(-per_day * days)
    words = f"last notice at {iso_utc(last_utc)}, {days * 24:.1f} h ago"
    if a_year >= FALSE_ALARMS_PER_YEAR:
        return Sign(name=f"silence {topic}", is_ok=True, words=words)
    return Sign(
        name=f"silence {topic}",
        is_ok=False,
        words=f"{words}; at {per_day:g} a day chance gives so long a silence {a_year:.1g} times a year",
        remedy="look at https://gcn.nasa.gov for outages, then at the credentials' rights to this topic",
    )


def watch(context: Context, signs: Iterable[Sign]) -> tuple[str, ...]:
    """Owe an alarm for each sign that has turned bad, and word for each that is well again.

    Returns
    -------
    tuple
        Names of the alarms that stand now.
    """
    now_utc = context.clock.now().isoformat()
    with context.store.begin() as work:
        work.lock(STANDING)
        stood: dict[str, dict[str, str]] = json.loads(work.meta(STANDING) or "{}")
        standing = dict(stood)
        for sign in signs:
            if not sign.is_ok and sign.name not in stood:
                standing[sign.name] = {"since_utc": now_utc, "words": sign.words}
                _tell(context, work, sign, since_utc=now_utc)
            elif not sign.is_ok:
                standing[sign.name] = stood[sign.name] | {"words": sign.words}
            elif sign.name in stood:
                del standing[sign.name]
                _tell(context, work, sign, since_utc=stood[sign.name]["since_utc"])
        if standing != stood:
            work.set_meta(STANDING, json.dumps(standing, sort_keys=True))
    context.wake()
    return tuple(standing)


def standing_alarms(work: UnitOfWork) -> tuple[str, ...]:
    """Alarms that stand, each in one line: for the pages."""
    stood: dict[str, dict[str, str]] = json.loads(work.meta(STANDING) or "{}")
    return tuple(f"{name} since {one['since_utc']}: {one['words']}" for name, one in sorted(stood.items()))


def _tell(context: Context, work: UnitOfWork, sign: Sign, *, since_utc: str) -> None:
    turn, verdict = "begun", f"TOCSIN ITSELF: {sign.name}: {sign.words}"
    if sign.is_ok:
        turn, verdict = "over", f"Tocsin is well again: {sign.name}"
    fields = {"Found": sign.words, "Since": since_utc} | ({"Do": sign.remedy} if sign.remedy else {})
    tell_operator(context, work, key=f"{sign.name}/{since_utc}/{turn}", verdict=verdict, fields=fields)


def _queue(name: str, counts: Iterable[JobCount], now: datetime, kinds: frozenset[JobKind], patience_s: float) -> Sign:
    due = [
        (now - count.oldest_due_utc).total_seconds()
        for count in counts
        if count.kind in kinds and count.state is JobState.WAITING and count.oldest_due_utc is not None
    ]
    late_s = max(due, default=0.0)
    if late_s <= patience_s:
        return Sign(name=f"queue of {name}", is_ok=True, words=f"nothing is late by more than {patience_s:g} s")
    return Sign(
        name=f"queue of {name}",
        is_ok=False,
        words=f"the oldest has been due for {late_s:.0f} s",
        remedy="look into the log for failing jobs; a channel or the database may be away",
    )


def _given_up(failed: int) -> Sign:
    if not failed:
        return Sign(name="work given up", is_ok=True, words="none")
    return Sign(
        name="work given up",
        is_ok=False,
        words=f"{failed} jobs failed too often and were given up within a day",
        remedy="the event's time line names them; mend the cause, then react to the event again",
    )
