"""Raw notices: bytes once, every road, how far each was read, and what could not be read."""

import hashlib
from datetime import UTC, datetime

import pytest
from store_values import PUBLIC, SECRET, add_event, add_notice, at, file, raw

from tocsin.store import NoticeStatus, RawKept, Store


def test_bytes_come_back_as_they_were(store: Store) -> None:
    payload = bytes(range(256)) * 10
    with store.begin() as work:
        kept = work.add_raw(raw(payload))
    with store.read() as work:
        assert work.raw_payload(kept.key) == payload
        row = work.notice_row(kept.key)
    assert row is not None
    assert row.raw_sha256 == hashlib.sha256(payload).hexdigest()
    assert row.status is NoticeStatus.RECEIVED


def test_the_same_bytes_on_two_roads_are_one_notice_with_two_source_positions(store: Store) -> None:
    with store.begin() as work:
        first = work.add_raw(raw(b"x", topic="gcn.a", offset=7))
    with store.begin() as work:
        second = work.add_raw(file(b"x", "night/x.xml", seconds=5))
    assert first == RawKept(key=first.key, is_new=True, duplicate_of=None)
    assert second == RawKept(key=first.key, is_new=False, duplicate_of=first.key)
    with store.read() as work:
        roads = [
            (one.transport, one.origin, one.topic, one.partition, one.offset, one.received_utc)
            for one in work.source_positions(first.key)
        ]
    assert roads == [
        ("kafka", "broker", "gcn.a", 0, 7, at(0)),
        ("file", "night/x.xml", None, None, None, at(5)),
    ]


def test_duplicates_within_a_batch_are_found_and_numbers_grow_in_order_of_reception(store: Store) -> None:
    with store.begin() as work:
        work.add_raw(raw(b"old"))
        kept = work.add_raws([raw(p, offset=n) for n, p in enumerate([b"b", b"a", b"b", b"old", b"c"])])
    assert [one.is_new for one in kept] == [True, True, False, False, True]
    assert kept[2].duplicate_of == kept[0].key
    assert kept[0].key < kept[1].key < kept[4].key


def test_a_batch_larger_than_a_statement_is_kept_whole(store: Store) -> None:
    with store.begin() as work:
        kept = work.add_raws([raw(f"{n % 2000}".encode(), offset=n) for n in range(2500)])
        assert work.add_raws([]) == []
    assert sum(one.is_new for one in kept) == 2000
    with store.read() as work:
        counts = work.notice_counts()
        assert (counts.received, counts.stored) == (2500, 2000)
        assert work.kafka_offsets() == {("gcn.a", 0): 2499}


def test_an_identifier_used_again_with_other_bytes_is_another_notice(store: Store) -> None:
    with store.begin() as work:
        keys = [work.add_raw(raw(payload)).key for payload in (b"ivo://a 2024", b"ivo://a 2026")]
        for key in keys:
            work.set_decoded(
                key,
                {},
                stream="s",
                notice_type="t",
                notice_id="ivo://a",
                is_test=False,
                labels=PUBLIC,
                issued_utc=None,
                event_id=None,
            )
    with store.read() as work:
        assert [row.key for row in work.notice_rows_by_id("ivo://a")] == keys


def test_reading_goes_on_where_the_last_stored_notice_was_even_on_a_topic_made_anew(store: Store) -> None:
    with store.begin() as work:
        work.add_raws([raw(b"1", offset=41), raw(b"2", offset=42), raw(b"3", partition=1, offset=5)])
    with store.begin() as work:
        work.add_raw(raw(b"4", partition=1, offset=0))
        work.add_raw(file(b"5"))
    with store.read() as work:
        assert work.kafka_offsets() == {("gcn.a", 0): 42, ("gcn.a", 1): 0}


def test_two_brokers_with_a_topic_of_one_name_are_kept_apart(store: Store) -> None:
    with store.begin() as work:
        work.add_raws([raw(b"1", offset=900, origin="gcn"), raw(b"2", offset=3, origin="ours")])
    with store.read() as work:
        assert work.kafka_offsets("gcn") == {("gcn.a", 0): 900}
        assert work.kafka_offsets("ours") == {("gcn.a", 0): 3}
        assert work.kafka_offsets() == {("gcn.a", 0): 3}


def test_the_offset_is_lost_together_with_its_notice(store: Store) -> None:
    def receive_and_fail() -> None:
        with store.begin() as work:
            work.add_raw(raw(b"x", offset=1))
            raise ConnectionError

    with pytest.raises(ConnectionError):
        receive_and_fail()
    with store.read() as work:
        assert work.kafka_offsets() == {}
        assert work.notice_counts().received == 0


def test_what_was_decoded_comes_back(store: Store) -> None:
    record = {"t0": "2026-11-22T20:00:00Z", "far_hz": 1e-7, "nested": {"list": [1, 2.5, None, True]}, "text": "Σ\x00\n"}
    with store.begin() as work:
        add_event(work)
        key = work.add_raw(raw(b"x")).key
        work.set_decoded(
            key,
            record,
            stream="fermi_gbm",
            notice_type="FLT",
            notice_id="ivo://x",
            is_test=True,
            labels=frozenset({"b", "a"}),
            issued_utc=datetime(2026, 11, 22, 19, 59, 59, 999999, tzinfo=UTC),
            event_id="grb-1",
        )
    with store.read() as work:
        (row,) = work.notice_rows("grb-1")
    assert row.record == record
    assert (row.stream, row.notice_type, row.notice_id, row.is_test) == ("fermi_gbm", "FLT", "ivo://x", True)
    assert row.labels == {"a", "b"}
    assert row.issued_utc == datetime(2026, 11, 22, 19, 59, 59, 999999, tzinfo=UTC)
    assert row.status is NoticeStatus.DECODED


def test_notices_of_an_event_are_listed_in_order_and_only_those_that_may_be_seen(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        keys = [
            add_notice(work, "grb-1", b"1"),
            add_notice(work, "grb-1", b"2", labels=SECRET),
            add_notice(work, "grb-1", b"3", labels=SECRET | {"internal"}),
            add_notice(work, "grb-1", b"4"),
        ]
    with store.read() as work:
        assert [row.key for row in work.notice_rows("grb-1")] == keys
        assert [row.key for row in work.notice_rows("grb-1", clearance=PUBLIC)] == [keys[0], keys[3]]
        assert [row.key for row in work.notice_rows("grb-1", clearance=SECRET)] == [keys[0], keys[1], keys[3]]
        assert work.notice_row(keys[1], clearance=PUBLIC) is None


def test_an_event_may_be_made_after_its_notice_in_the_same_transaction_but_must_be_made(store: Store) -> None:
    with store.begin() as work:
        add_notice(work, "grb-1", b"1")
        add_event(work, "grb-1")
    with pytest.raises(Exception, match=r"(?i)foreign key"), store.begin() as work:
        add_notice(work, "never-made", b"2")


def test_nonsense_is_quarantined_with_bytes_and_reason(store: Store) -> None:
    with store.begin() as work:
        keys = [work.add_raw(raw(payload, offset=n)).key for n, payload in enumerate((b"", b"\xff\xfe nonsense"))]
        for key in keys:
            work.quarantine(key, f"no notice: \x00 \ud800 {key}")
    with store.read() as work:
        newest, oldest = work.quarantined(10)
        assert work.raw_payload(oldest.key) == b""
        assert (newest.size_bytes, newest.origin, newest.topic) == (11, "broker", "gcn.a")
        assert newest.reason.startswith("no notice: ")
        assert [row.key for row in work.quarantined(1)] == [newest.key]


def test_what_failed_or_was_not_reached_is_listed_to_be_tried_again(store: Store) -> None:
    with store.begin() as work:
        failed, waiting, done = [work.add_raw(raw(p, offset=n)).key for n, p in enumerate((b"1", b"2", b"3"))]
        work.mark_undecoded(failed, "KeyError: 'x'")
        work.quarantine(done, "nonsense")
    with store.read() as work:
        rows = work.notice_rows_undecoded()
        assert [(row.key, row.status, row.reason) for row in rows] == [
            (failed, NoticeStatus.UNDECODED, "KeyError: 'x'"),
            (waiting, NoticeStatus.RECEIVED, None),
        ]
    with store.begin() as work:
        work.set_decoded(
            failed,
            {},
            stream="s",
            notice_type="t",
            notice_id="i",
            is_test=False,
            labels=PUBLIC,
            issued_utc=None,
            event_id=None,
        )
        assert [row.key for row in work.notice_rows_undecoded()] == [waiting]
        assert work.notice_row(failed).reason is None


def test_the_feed_report_counts_every_road_and_the_totals_agree(store: Store) -> None:
    with store.begin() as work:
        bad, unknown, *_ = work.add_raws(
            [
                raw(b"bad", topic="gcn.a", offset=0, seconds=1),
                raw(b"unknown", topic="gcn.a", offset=1, seconds=3),
                raw(b"good", topic="gcn.a", offset=2, seconds=2),
                raw(b"good", topic="gcn.b", offset=0, seconds=4),
            ]
        )
        work.quarantine(bad.key, "bad")
        work.set_decoded(
            unknown.key,
            {},
            stream="unknown",
            notice_type="unknown",
            notice_id="u",
            is_test=False,
            labels=PUBLIC,
            issued_utc=None,
            event_id=None,
        )
        add_event(work)
        in_file = work.add_raw(file(b"from a file", seconds=9)).key
        work.set_decoded(
            in_file,
            {},
            stream="igwn_gwalert",
            notice_type="t",
            notice_id="i",
            is_test=False,
            labels=PUBLIC,
            issued_utc=None,
            event_id="grb-1",
        )
        work.add_raw(file(b"from a file", "again.xml", seconds=10))
        work.add_raw(file(b"not decoded yet", seconds=11))
    with store.read() as work:
        report = {
            row.topic_or_stream: (
                row.received,
                row.stored,
                row.duplicates,
                row.quarantined,
                row.unknown,
                row.last_received_utc,
            )
            for row in work.feed_report()
        }
        counts = work.notice_counts()
    assert report == {
        "gcn.a": (3, 3, 0, 1, 1, at(3)),
        "gcn.b": (1, 0, 1, 0, 0, at(4)),
        "igwn_gwalert": (2, 1, 1, 0, 0, at(10)),
        "file": (1, 1, 0, 0, 0, at(11)),
    }
    assert (counts.received, counts.stored, counts.duplicates) == (7, 5, 2)
    assert (counts.quarantined, counts.unknown, counts.undecoded) == (1, 1, 2)


def test_bytes_that_are_not_there_are_an_error_that_says_so(store: Store) -> None:
    with store.read() as work, pytest.raises(LookupError, match="no notice 77"):
        work.raw_payload(77)
    with pytest.raises(LookupError, match="no notice 77"), store.begin() as work:
        work.quarantine(77, "nothing")
