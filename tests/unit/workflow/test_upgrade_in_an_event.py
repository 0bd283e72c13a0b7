"""An upgrade in the midst of an event: messages that were named by a notice's row are not sent once more."""

from sqlalchemy import text
from workflow_desk import Desk, merger

from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.attach import regrouped

S = "s241017ab"


def as_before(desk: Desk) -> None:
    """Let the messages be named as the version before named them."""
    with desk.store.begin() as work:
        ask = work._connection.execute
        for key, sha256 in ask(text("SELECT key, raw_sha256 FROM notices")).all():
            for table in ("jobs", "messages"):
                names = {"new": f"/notice-{sha256[:12]}", "old": f"/notice-{key}"}
                ask(text(f"UPDATE {table} SET key = replace(key, :new, :old)"), names)  # noqa: S608 - our own words


def upgrade(desk: Desk) -> None:
    """Migrate from that version, which had no tables of later ones."""
    with desk.store.begin() as work:
        work._connection.execute(text("DROP TABLE shift_offers"))
        work._connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))
    desk.store.migrate()


def judged_again(desk: Desk) -> None:
    """What a merge, a corrected time or a label taken off lead to: the newest notice is followed once more."""
    with desk.store.begin() as work:
        regrouped(desk.context, work, S)
    desk.work()


def pages(desk: Desk) -> int:
    return sum(message.purpose is MessagePurpose.PAGE for message in desk.recorder.sent)


def test_a_page_that_was_sent_before_is_not_sent_again_after_it(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    before = desk.jobs(S, JobKind.SEND)
    as_before(desk)
    assert [job.key for job in desk.jobs(S, JobKind.SEND)] == [f"{S}/page/vance/recorder/notice-1"]
    upgrade(desk)
    assert [job.key for job in desk.jobs(S, JobKind.SEND)] == [job.key for job in before]
    assert [row.message.key for row in desk.read(lambda work: work.messages(S))] == [job.key for job in before]
    judged_again(desk)
    assert pages(desk) == 1


def test_a_page_that_is_still_owed_keeps_the_name_that_the_channel_may_know(desk: Desk) -> None:
    desk.take(merger())
    as_before(desk)
    upgrade(desk)
    old, new = desk.jobs(S, JobKind.SEND)
    assert (old.key, old.state, new.state) == (f"{S}/page/vance/recorder/notice-1", JobState.WAITING, JobState.DONE)
    judged_again(desk)
    assert pages(desk) == 1


def test_without_the_renaming_the_page_would_come_again(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    as_before(desk)
    judged_again(desk)
    assert pages(desk) == 2
