"""Messages, acknowledgements, drafts, the audit and the time line."""

import hashlib
import threading
from dataclasses import replace

import pytest
from store_values import PUBLIC, SECRET, add_event, add_notice, at, card, decision, draft, message, product

from tocsin.domain.clock import ManualClock
from tocsin.domain.drafts import DraftKind, Fact, Severity, first_revision
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.notices import notice_number
from tocsin.domain.people import Acknowledgement, MessagePurpose
from tocsin.store import MessageCounts, MessageState, Store, draft_sha256

KIND = DraftKind.SPIACS_UPPER_LIMIT


def test_a_message_is_kept_once_and_comes_back_with_its_card(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        assert work.add_message(message(), at(1))
        assert not work.add_message(message(), at(2))
    with store.read() as work:
        row = work.message(message().key)
        assert work.message("nothing") is None
    assert row is not None
    assert row.message == message()
    assert list(row.message.card.fields) == list(card().fields), "the order of the fields is their importance"
    assert (row.state, row.created_utc, row.sent_utc, row.reference) == (MessageState.PENDING, at(1), None, None)


def test_the_message_to_update_is_the_one_sent_last_to_that_recipient(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        for number in (1, 2, 3):
            work.add_message(message(f"k{number}"), at(number))
        work.add_message(message("k4", recipient="#grb"), at(4))
        assert work.last_reference("grb-1", "slack", "bvance") is None
        work.mark_sent("k1", "ts-1", at(11))
        work.mark_sent("k2", "ts-2", at(10))
        work.mark_sent("k4", "ts-4", at(12))
        work.mark_failed("k3", "500", at(13))
        assert work.last_reference("grb-1", "slack", "bvance") == "ts-1"
        assert work.last_reference("grb-1", "email", "bvance") is None
        failed = work.message("k3")
        assert failed is not None
        assert failed.state is MessageState.FAILED
        assert failed.error is not None
        assert failed.error.startswith("500")
        assert [row.message.key for row in work.messages("grb-1")] == ["k1", "k2", "k3", "k4"]
        with pytest.raises(LookupError, match="no message k9"):
            work.mark_sent("k9", "ts", at(1))


def test_pages_are_counted_and_those_for_tests_apart(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        add_event(work, "mock", is_test=True)
        work.add_message(message("page"), at(1))
        work.add_message(message("escalation", purpose=MessagePurpose.ESCALATION), at(1))
        work.add_message(message("update", purpose=MessagePurpose.UPDATE), at(1))
        for key in ("page", "update"):
            work.mark_sent(key, "ts", at(2))
        work.add_message(message("told", event_id="mock", purpose=MessagePurpose.UPDATE), at(1))
        assert work.message_counts() == MessageCounts(pending=2, sent=2, failed=0, pages=1, pages_for_tests=0)
        work.add_message(message("wrong", event_id="mock"), at(1))
        assert work.message_counts().pages_for_tests == 1


def test_the_first_to_acknowledge_has_the_event_and_later_ones_are_told(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        first = work.acknowledge("grb-1", "bvance", "slack", at(1))
    with store.begin() as work:
        late = work.acknowledge("grb-1", "asato", "page", at(0.5))
        assert work.acknowledgements("grb-1") == [first, late]
        with pytest.raises(LookupError, match="no event nowhere"):
            work.acknowledge("nowhere", "asato", "page", at(2))
    assert first == Acknowledgement(
        event_id="grb-1",
        person_id="bvance",
        via="slack",
        at_utc=at(1),
        is_first=True,
        first_person_id="bvance",
        first_at_utc=at(1),
    )
    assert (late.is_first, late.first_person_id, late.first_at_utc) == (False, "bvance", at(1))


def test_of_many_who_acknowledge_at_once_one_is_first_and_all_are_told(store: Store, second_store: Store) -> None:
    stores = [store, second_store]
    with stores[0].begin() as work:
        add_event(work)
    answers: list[Acknowledgement] = []
    ready = threading.Barrier(8)

    def press(number: int) -> None:
        ready.wait()
        with stores[number % 2].begin() as work:
            answers.append(work.acknowledge("grb-1", f"p{number}", "page", at(number)))

    people = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=30)
    (first,) = [one for one in answers if one.is_first]
    assert len(answers) == 8
    assert {one.first_person_id for one in answers} == {first.person_id}
    assert {one.first_at_utc for one in answers} == {first.at_utc}


def test_each_text_of_a_draft_is_a_revision_and_the_same_text_is_not(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        assert work.add_draft(draft()) == 1
        assert work.add_draft(replace(draft(), made_utc=at(99))) == 1
        assert work.add_draft(draft("We found something.")) == 2
        assert work.add_draft(replace(draft("We found something."), author="bvance")) == 3
        assert work.add_draft(replace(draft(), kind=DraftKind.IPN_ANNULUS)) == 1
        kept = work.drafts("grb-1")
    assert kept[0] == draft()
    assert [(one.kind, one.revision) for one in kept] == [(KIND, 1), (KIND, 2), (KIND, 3), (DraftKind.IPN_ANNULUS, 1)]


def test_a_person_approves_the_exact_text_of_the_newest_revision(store: Store) -> None:
    digest = draft_sha256(draft())
    with store.begin() as work:
        add_event(work)
        work.add_draft(draft("first"))
        work.add_draft(draft())
        with pytest.raises(ConflictError, match="revision 1 is not the newest: that is 2"):
            work.approve_draft("grb-1", KIND, 1, "bvance", draft_sha256(draft("first")), at(1))
        with pytest.raises(ConflictError, match="not the one that was read"):
            work.approve_draft("grb-1", KIND, 2, "bvance", draft_sha256(draft("another")), at(1))
        with pytest.raises(ConflictError, match="no revision 1"):
            work.approve_draft("grb-1", DraftKind.IPN_ANNULUS, 1, "bvance", digest, at(1))
        work.approve_draft("grb-1", KIND, 2, "bvance", digest, at(1))
        work.approve_draft("grb-1", KIND, 2, "bvance", digest, at(2))
        work.approve_draft("grb-1", KIND, 2, "asato", digest, at(3))
        rows = work.approvals("grb-1")
    assert [(row.person_id, row.at_utc, row.sha256, row.voided_utc) for row in rows] == [
        ("bvance", at(1), digest, None),
        ("asato", at(3), digest, None),
    ]


def test_drafts_of_replays_and_with_lint_errors_cannot_be_approved(store: Store) -> None:
    replayed, faulty = draft("replayed", is_replay=True), draft("faulty", severity=Severity.BLOCKING)
    with store.begin() as work:
        add_event(work)
        revision = work.add_draft(replayed)
        with pytest.raises(NotAllowedError, match="replayed"):
            work.approve_draft("grb-1", KIND, revision, "bvance", draft_sha256(replayed), at(1))
        revision = work.add_draft(faulty)
        with pytest.raises(ConflictError, match="lint"):
            work.approve_draft("grb-1", KIND, revision, "bvance", draft_sha256(faulty), at(1))
        assert work.approvals("grb-1") == []


def test_a_draft_from_restricted_facts_is_a_variant_beside_the_public_one(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        work.add_product(product("p1"))
        work.add_product(product("p2", labels=SECRET))
        public = draft()
        restricted = replace(draft("With ANTARES."), facts={"a": Fact(name="a", value=1, product_id="p2")})
        assert work.add_draft(public) == 1
        own = work.add_draft(restricted)
        assert own == first_revision(SECRET) > 1000
        assert work.add_draft(public) == 1
        work.approve_draft("grb-1", KIND, 1, "bvance", draft_sha256(public), at(1))
        work.approve_draft("grb-1", KIND, own, "bvance", draft_sha256(restricted), at(1))
        assert work.add_draft(replace(public, body="another")) == 2, "how often the other was written is not told"
        assert [one.revision for one in work.drafts("grb-1", clearance=PUBLIC)] == [1, 2]
        assert [one.revision for one in work.drafts("grb-1", clearance=SECRET)] == [1, own, 2]


def test_approvals_are_void_when_the_facts_change_and_can_be_given_again(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        revision = work.add_draft(draft())
        work.approve_draft("grb-1", KIND, revision, "bvance", draft_sha256(draft()), at(1))
        assert work.void_approvals("grb-1", "the notice was updated") == 1
        assert work.void_approvals("grb-1", "again") == 0
        work.approve_draft("grb-1", KIND, revision, "bvance", draft_sha256(draft()), at(5))
        rows = work.approvals("grb-1")
    assert [(row.at_utc, row.voided_utc, row.void_reason) for row in rows] == [
        (at(1), at(0), "the notice was updated"),
        (at(5), None, None),
    ]


def test_the_audit_says_who_did_what_in_order(store: Store) -> None:
    with store.begin() as work:
        work.audit("bvance", "token.add", "token-1", {"scope": ["read"]}, at(2))
        work.audit("tocsin", "start", "service", {}, at(1))
        assert [row.action for row in work.audit_rows()] == ["token.add", "start"]
        (row,) = work.audit_rows("token-1")
    assert (row.actor, row.detail, row.at_utc) == ("bvance", {"scope": ["read"]}, at(2))


def test_small_facts_are_replaced(store: Store) -> None:
    with store.begin() as work:
        assert work.meta("name") is None
        work.set_meta("name", "one")
        work.set_meta("name", "two")
        assert work.meta("name") == "two"


def test_the_time_line_merges_all_that_happened(store: Store, an_event_with_everything: str) -> None:
    with store.read() as work:
        rows = work.timeline(an_event_with_everything)
        assert work.timeline("nowhere") == []
    assert [(row.at_utc, row.kind) for row in rows] == [
        (at(0), "notice"),
        (at(30), "product"),
        (at(60), "draft"),
        (at(100), "event"),
        (at(101), "decision"),
        (at(103), "message"),
        (at(110), "acknowledgement"),
        (at(120), "audit"),
    ]
    texts = {row.kind: row.text for row in rows}
    assert texts["decision"] == "tier 1: It is bright; Nobody knew of it"
    assert texts["message"] == "page to bvance by slack: sent"
    assert rows[-1].detail == {"page": 1}


def test_the_time_line_leaves_out_what_the_asker_may_not_see(store: Store) -> None:
    with store.begin() as work:
        add_event(work, labels=SECRET)
        public, secret = add_notice(work, "grb-1", b"1"), add_notice(work, "grb-1", b"2", labels=SECRET)
        work.add_decision("grb-1", public, decision(), at(1))
        work.add_decision("grb-1", secret, decision(), at(2))
        work.add_product(product(labels=SECRET))
        work.add_message(message(), at(3))
        work.add_message(replace(message(), key="secret", audience=SECRET), at(3))
        work.add_message(replace(message(), key="public", audience=PUBLIC, recipient="#all"), at(3))
        work.mark_failed("public", "why ANTARES is slow", at(3))
        work.add_draft(replace(draft(), facts={"a": Fact(name="a", value=1, product_id="p1")}))
        work.audit("tocsin", "joined ANTARES-1", "grb-1", {}, at(4))
    with store.read() as work:
        seen = work.timeline("grb-1", clearance=PUBLIC)
        everything = work.timeline("grb-1", clearance=SECRET)
        assert [(row.kind, row.detail.get("key")) for row in seen] == [
            ("notice", notice_number(hashlib.sha256(b"1").hexdigest())),
            ("decision", None),
            ("message", None),
            ("event", None),
        ]
        assert seen[2].text == "page to #all by slack: failed"
        assert {row.kind for row in work.timeline("grb-1")} - {row.kind for row in everything} == {"audit"}
        assert len(work.timeline("grb-1")) == 11


def test_approvals_are_told_to_those_who_see_what_was_approved(store: Store, clock: ManualClock) -> None:
    with store.begin() as work:
        add_event(work, labels=SECRET)
        add_notice(work, "grb-1", b"1"), add_notice(work, "grb-1", b"2", labels=SECRET)
        work.add_product(product(labels=SECRET))
        work.add_draft(replace(draft(), facts={}, made_utc=at(3)))
        bound = replace(draft(), facts={"a": Fact(name="a", value=1, product_id="p1")}, made_utc=at(4))
        restricted = work.add_draft(bound)
        for revision, one in ((1, replace(draft(), facts={})), (restricted, bound)):
            work.approve_draft("grb-1", one.kind, revision, "bvance", draft_sha256(one), at(5))
        work.void_approvals("grb-1", "a secret neutrino was withdrawn")

    def told() -> list[str]:
        with store.read() as work:
            return [row.text for row in work.timeline("grb-1", clearance=PUBLIC) if row.kind == "approval"]

    clock.advance(1000)
    assert told() == [f"bvance approved {draft().kind.value}, revision 1"]
    with store.begin() as work:
        work.add_draft(replace(draft(), facts={}, body="another", made_utc=at(6)))
        newest = work.drafts("grb-1", clearance=PUBLIC)[-1]
        work.approve_draft("grb-1", newest.kind, newest.revision, "bvance", draft_sha256(newest), at(7))
        work.add_draft(replace(draft(), facts={}, body="a third", made_utc=at(8)))
        work.void_approvals("grb-1", "edited")
    assert told()[1:] == [
        f"bvance approved {newest.kind.value}, revision {newest.revision}",
        "approval by bvance void: there is a newer revision",
    ]
