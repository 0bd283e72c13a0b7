"""Our broker and our subscriber over loopback, and each of them against somebody who misbehaves."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from vtp_values import (
    NIGHT,
    PATIENCE_S,
    POLL_S,
    Running,
    Shelf,
    Ward,
    Wire,
    ivorn_of,
    running_broker,
    running_listener,
    transport,
    voevent,
)

from listeners.health import FeedState
from listeners.vtp.broker import BrokerSettings
from listeners.vtp.frames import to_frame
from listeners.vtp.listener import VtpSettings
from listeners.vtp.transport import TransportRole
from tocsin.domain.clock import ManualClock

ME = "ivo://made.up/me"


def broker_settings(**values: object) -> BrokerSettings:
    return BrokerSettings(port=0, poll_s=POLL_S, **values)  # type: ignore[arg-type] # each test names what it needs


def settings(port: int, **values: object) -> VtpSettings:
    return VtpSettings(host="127.0.0.1", port=port, ivorn=ME, poll_s=POLL_S, **values)  # type: ignore[arg-type] # as above


@pytest.fixture
def running() -> Iterator[Running]:
    with running_broker(broker_settings()) as broker:
        yield broker


def test_what_a_broker_has_arrives_in_order_and_is_acknowledged(running: Running) -> None:
    for number in range(100):
        running.broker.publish(voevent(number))
    shelf, ward = Shelf(), Ward()
    with running_listener(settings(running.broker.port), shelf, ward):
        shelf.wait_for(100)
        running.broker.publish(voevent(100))
        shelf.wait_for(101)
        running.latch.wait(lambda: running.broker.place_of(ME) == 101)
    assert shelf.payloads == [voevent(number) for number in range(101)]
    assert {(raw.transport, raw.topic, raw.received_utc) for raw in shelf.kept} == {("vtp", "vtp", NIGHT)}
    assert [report.state for report in ward.reports] == [FeedState.STARTING, FeedState.LIVE, FeedState.STOPPED]


def test_a_store_that_fails_gets_no_acknowledgement_and_the_notice_again(running: Running) -> None:
    running.broker.publish(voevent(0))
    shelf, ward = Shelf(is_broken=True), Ward()
    with running_listener(settings(running.broker.port), shelf, ward):
        ward.wait_for(FeedState.STORE_ERROR, 3)
        assert running.broker.place_of(ME) == 0
        shelf.is_broken = False
        shelf.wait_for(1)
        running.latch.wait(lambda: running.broker.place_of(ME) == 1)
    assert shelf.payloads == [voevent(0)]
    assert "disk full" in ward.of(FeedState.STORE_ERROR)[0].message


def test_what_was_never_stored_is_delivered_again_to_the_next_subscriber_of_that_name(running: Running) -> None:
    for number in range(3):
        running.broker.publish(voevent(number))
    broken, ward = Shelf(is_broken=True), Ward()
    with running_listener(settings(running.broker.port), broken, ward):
        ward.wait_for(FeedState.STORE_ERROR)
    shelf = Shelf()
    with running_listener(settings(running.broker.port), shelf, Ward()):
        shelf.wait_for(3)
    assert broken.kept == []
    assert shelf.payloads == [voevent(number) for number in range(3)]


def test_what_was_acknowledged_is_not_sent_again_to_that_name_but_to_another() -> None:
    with running_broker(broker_settings()) as running:
        running.broker.publish(voevent(0))
        shelf = Shelf()
        with running_listener(settings(running.broker.port), shelf, Ward()):
            shelf.wait_for(1)
            running.latch.wait(lambda: running.broker.place_of(ME) == 1)
        running.broker.publish(voevent(1))
        with running_listener(settings(running.broker.port), shelf, Ward()):
            shelf.wait_for(2)
        other = Shelf()
        config = VtpSettings(host="127.0.0.1", port=running.broker.port, ivorn="ivo://other", poll_s=POLL_S)
        with running_listener(config, other, Ward()):
            other.wait_for(2)
    assert shelf.payloads == other.payloads == [voevent(0), voevent(1)]


def test_a_subscriber_outlives_its_broker_and_finds_the_next_one() -> None:
    shelf, ward = Shelf(), Ward()
    with running_broker(broker_settings()) as first:
        port = first.broker.port
        first.broker.publish(voevent(1))
        with running_listener(settings(port), shelf, ward):
            shelf.wait_for(1)
            first.end()
            ward.wait_for(FeedState.ERROR, 2)
            with running_broker(BrokerSettings(port=port, poll_s=POLL_S)) as second:
                second.broker.publish(voevent(2))
                shelf.wait_for(2)
    assert shelf.payloads == [voevent(1), voevent(2)]


def test_filters_reach_the_broker_and_choose(running: Running) -> None:
    for number in range(30):
        running.broker.publish(voevent(number))
    shelf = Shelf()
    filters = ('//Param[@name="number" and @value="7"]', '//Param[@value="11"]')
    with running_listener(settings(running.broker.port, filters=filters), shelf, Ward()):
        shelf.wait_for(2)
        running.broker.publish(voevent(7))
        shelf.wait_for(3)
    assert shelf.payloads == [voevent(7), voevent(11), voevent(7)]


@pytest.mark.parametrize("expression", ["//[", "//a//b//c", "x" * 501, "count(//*[count(//*[count(//*) > 1]) > 1])"])
def test_a_filter_that_is_none_or_costs_too_much_is_refused(running: Running, expression: str) -> None:
    with running_listener(settings(running.broker.port, filters=(expression,)), Shelf(), Ward()):
        running.wait_until_said("filter" if "//[" not in expression else "XPath")


def test_authors_hand_in_notices_that_reach_subscribers_once() -> None:
    with running_broker(broker_settings(author_port=0)) as running:
        shelf = Shelf()
        with (
            Wire.to(running.broker.author_port) as author,
            running_listener(settings(running.broker.port), shelf, Ward()),
        ):
            for payload in (voevent(1), voevent(1), b"no XML", voevent(2)[:-3], voevent(2)):
                author.send(to_frame(payload))
            answers = [author.transport() for _ in range(5)]
            shelf.wait_for(2)
    assert [(answer.role.value, answer.origin) for answer in answers] == [
        ("ack", ivorn_of(1)),
        ("ack", ivorn_of(1)),
        ("nak", ""),
        ("nak", ivorn_of(2)),
        ("ack", ivorn_of(2)),
    ]
    assert "no well-formed XML" in answers[3].result
    assert shelf.payloads == [voevent(1), voevent(2)]


# A broker and peers that misbehave


def introduced(running: Running, name: str = ME) -> Wire:
    """A subscriber played by hand, that has said who it is."""
    wire = Wire.to(running.broker.port)
    assert wire.transport().role is TransportRole.AUTHENTICATE
    wire.send(transport(TransportRole.AUTHENTICATE, response=name))
    return wire


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x80\0\0\0 two thousand million bytes", "limit"),
        (b"\x10\x27\0\0" + b"x" * 100, "limit"),
        (b"\0\x10\0\0", "little-endian"),
        (b"GET / HTTP/1.1\r\n\r\n", "limit"),
        (to_frame(b"garbage"), "XML"),
        (to_frame(b""), "XML"),
        (to_frame(voevent(1)), "no Transport"),
        (to_frame(b'<!DOCTYPE a [<!ENTITY b "c">]><Transport role="ack"/>'), "DOCTYPE"),
        (to_frame(b'<Transport role="friend"/>'), "role"),
    ],
)
def test_a_broker_drops_a_peer_that_speaks_something_else(running: Running, data: bytes, words: str) -> None:
    with Wire.to(running.broker.port) as wire:
        wire.transport()
        wire.send(data)
        assert wire.frame() is None
    running.wait_until_said(words)
    running.wait_until_empty()


def test_a_broker_says_it_is_alive_and_drops_who_is_not() -> None:
    clock = ManualClock(NIGHT)
    with running_broker(broker_settings(), clock=clock) as running, introduced(running) as wire:
        for _ in range(3):
            clock.advance(60)
            assert wire.transport().role is TransportRole.IAMALIVE
            wire.send(transport(TransportRole.IAMALIVE, response=ME))
            answer_was_heard(running, wire)
        clock.advance(60)
        assert wire.transport().role is TransportRole.IAMALIVE
        clock.advance(60)
        assert wire.frame() is None
        running.wait_until_said("no answer to iamalive")


def answer_was_heard(running: Running, wire: Wire) -> None:
    """Wait until a broker has read all that was sent to it: it answers a notice only after that."""
    before = len(running.broker.spool)
    running.broker.publish(voevent(before))
    assert wire.frame() == voevent(before)
    wire.send(transport(TransportRole.ACK, ivorn_of(before), response=ME))
    running.latch.wait(lambda: running.broker.place_of(ME) == before + 1)


def test_a_peer_that_sends_one_byte_a_minute_is_dropped() -> None:
    clock = ManualClock(NIGHT)
    with running_broker(broker_settings(), clock=clock) as running, introduced(running) as wire:
        running.broker.publish(voevent(0))
        assert wire.frame() == voevent(0)
        wire.send(transport(TransportRole.ACK, ivorn_of(0), response=ME) + b"\0")
        running.latch.wait(lambda: running.broker.place_of(ME) == 1)
        clock.advance(29)
        wire.send(b"\0")
        clock.advance(29)
        assert wire.frame() is None
        running.wait_until_said("not complete after 30 s")


def test_a_peer_that_acknowledges_nothing_gets_ten_notices_and_is_dropped() -> None:
    clock = ManualClock(NIGHT)
    with running_broker(broker_settings(), clock=clock) as running:
        for number in range(50):
            running.broker.publish(voevent(number))
        with introduced(running) as wire:
            assert [wire.frame() for _ in range(10)] == [voevent(number) for number in range(10)]
            clock.advance(59)
            wire.send(transport(TransportRole.ACK, ivorn_of(0)))
            assert wire.frame() == voevent(10)
            clock.advance(2)
            assert wire.frame() is None
        running.wait_until_said(f"no acknowledgement of {ivorn_of(1)}")
        assert running.broker.place_of(ME) == 1


def test_a_peer_that_does_not_say_who_it_is_is_served_as_nobody() -> None:
    clock = ManualClock(NIGHT)
    with running_broker(broker_settings(), clock=clock) as running, Wire.to(running.broker.port) as wire:
        wire.transport()
        running.broker.publish(voevent(0))
        running.latch.wait(lambda: running.broker.connections == 1)
        clock.advance(6)
        assert wire.frame() == voevent(0)


def test_when_all_places_are_taken_the_next_one_is_dropped_and_the_others_are_served() -> None:
    with running_broker(broker_settings(most_subscribers=3)) as running:
        guests = [introduced(running, f"ivo://guest/{number}") for number in range(3)]
        running.wait_until_said("serving ivo://guest", 3)
        with Wire.to(running.broker.port) as late:
            assert late.frame() is None
        running.wait_until_said("too many connections")
        running.broker.publish(voevent(0))
        assert [guest.frame() for guest in guests] == [voevent(0)] * 3
        for guest in guests:
            guest.close()
        running.wait_until_empty()


def test_a_thousand_silent_connections_keep_nobody_out_who_speaks() -> None:
    with running_broker(broker_settings(most_subscribers=50)) as running, ExitStack() as stack:
        guest = stack.enter_context(introduced(running))
        running.wait_until_said(f"serving {ME}")
        for _ in range(1000):
            stack.enter_context(Wire.to(running.broker.port))
        late = stack.enter_context(introduced(running, "ivo://late"))
        running.wait_until_said("serving ivo://late")
        running.wait_until_said("somebody else wants to come in", 952)
        assert running.broker.connections == 50
        running.broker.publish(voevent(0))
        assert guest.frame() == late.frame() == voevent(0)


# A subscriber and brokers that misbehave


@contextmanager
def played_broker(
    shelf: Shelf, ward: Ward, clock: ManualClock | None = None, **values: object
) -> Iterator[socket.socket]:
    """A listening socket that a subscriber connects to; the test plays the broker."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        with running_listener(settings(server.getsockname()[1], **values), shelf, ward, clock=clock):
            yield server


def accept(server: socket.socket) -> Wire:
    return Wire(server.accept()[0])


@pytest.mark.parametrize(
    "namespace",
    [
        "http://telescope-networks.org/schema/Transport/v1.1",
        "http://telescope-networks.org/xml/Transport/v1.1",
        "http://www.telescope-networks.org/xml/Transport/v1.1",
    ],
)
def test_a_subscriber_answers_in_the_namespace_it_is_spoken_to(namespace: str) -> None:
    with played_broker(Shelf(), Ward(), filters=("//a", "//b")) as server, accept(server) as wire:
        wire.send(transport(TransportRole.IAMALIVE, namespace=namespace))
        wire.send(transport(TransportRole.AUTHENTICATE, namespace=namespace))
        alive, authentic = wire.transport(), wire.transport()
    assert (alive.role, alive.origin, alive.response) == (TransportRole.IAMALIVE, "ivo://the/broker", ME)
    assert (authentic.role, authentic.response) == (TransportRole.AUTHENTICATE, ME)
    assert authentic.filters == ("//a", "//b")
    assert alive.namespace == authentic.namespace == namespace


def test_whatever_is_no_transport_is_stored_and_acknowledged_never_refused() -> None:
    payloads = [voevent(1), voevent(1), b"garbage", voevent(2)[:-9], b"<html/>", b"<!DOCTYPE a><a/>"]
    shelf = Shelf()
    with played_broker(shelf, Ward()) as server, accept(server) as wire:
        for payload in payloads:
            wire.send(to_frame(payload))
        answers = [wire.transport() for _ in payloads]
    assert shelf.payloads == payloads
    assert {answer.role for answer in answers} == {TransportRole.ACK}
    assert [answer.origin for answer in answers] == [ivorn_of(1), ivorn_of(1), "", ivorn_of(2), "", ""]


def test_a_subscriber_leaves_a_broker_that_trickles_or_is_silent() -> None:
    clock, ward = ManualClock(NIGHT), Ward()
    with played_broker(Shelf(), ward, clock) as server:
        with accept(server) as wire:
            wire.send(transport(TransportRole.IAMALIVE))
            wire.transport()
            clock.advance(121)
            assert wire.frame() is None
        ward.wait_for(FeedState.STALLED)
        with accept(server) as wire:
            wire.send(transport(TransportRole.IAMALIVE) + b"\0")
            wire.transport()
            clock.advance(61)
            assert wire.frame() is None
        ward.wait_for(FeedState.ERROR)
    assert "silent for 120 s" in ward.of(FeedState.STALLED)[0].message
    assert "not complete after 60 s" in ward.of(FeedState.ERROR)[0].message


@pytest.mark.parametrize("data", [b"\x7f\xff\xff\xff", b"\0\0\x10\0"[::-1], b"HTTP/1.1 400 Bad Request"])
def test_a_subscriber_leaves_a_broker_with_impossible_lengths(data: bytes) -> None:
    ward = Ward()
    with played_broker(Shelf(), ward, largest_frame_bytes=100_000) as server:
        with accept(server) as wire:
            wire.send(to_frame(voevent(1)) + data)
            assert wire.transport().origin == ivorn_of(1)
            assert wire.frame() is None
        ward.wait_for(FeedState.ERROR)
    assert "the limit is 100000" in ward.of(FeedState.ERROR)[0].message


class PausedClock(ManualClock):
    """A clock that is moved by hand and on which every wait is long enough to be seen, and written down."""

    def __init__(self) -> None:
        super().__init__(NIGHT)
        self.waits_s: list[float] = []

    def wall_s(self, clock_s: float) -> float:
        self.waits_s.append(clock_s)
        return 0.0


def test_pauses_double_while_the_broker_drops_right_after_accepting() -> None:
    clock, ward = PausedClock(), Ward()
    with played_broker(Shelf(), ward, clock, longest_pause_s=16.0) as server:
        for _ in range(4):
            accept(server).close()
        for _ in range(4):
            with accept(server) as wire:  # a greeting is no reason to trust it either
                wire.send(transport(TransportRole.AUTHENTICATE))
                wire.transport()
        with accept(server) as wire:
            wire.send(to_frame(voevent(1)))
            assert wire.transport().role is TransportRole.ACK
        ward.wait_for(FeedState.ERROR, 9)
    assert clock.waits_s[:9] == [1.0, 2.0, 4.0, 8.0, 16.0, 16.0, 16.0, 16.0, 1.0]


def test_what_was_received_is_stored_although_the_connection_is_gone() -> None:
    shelf, ward = Shelf(is_broken=True), Ward()
    with played_broker(shelf, ward) as server:
        with accept(server) as wire:
            wire.send(to_frame(voevent(1)))
            ward.wait_for(FeedState.STORE_ERROR)
        ward.wait_for(FeedState.ERROR)
        with accept(server) as wire:
            shelf.is_broken = False
            shelf.wait_for(1)
            wire.send(transport(TransportRole.IAMALIVE))
            assert wire.transport().role is TransportRole.IAMALIVE  # and not the acknowledgement of the lost connection
    assert shelf.payloads == [voevent(1)]


def test_signs_of_life_are_answered_while_the_store_is_in_trouble() -> None:
    shelf, ward = Shelf(is_broken=True), Ward()
    with played_broker(shelf, ward) as server, accept(server) as wire:
        wire.send(to_frame(voevent(1)))
        ward.wait_for(FeedState.STORE_ERROR)
        wire.send(transport(TransportRole.IAMALIVE))
        assert wire.transport().role is TransportRole.IAMALIVE
        shelf.is_broken = False
        assert wire.transport().role is TransportRole.ACK


def test_no_more_is_read_than_can_be_held_while_the_store_is_in_trouble() -> None:
    shelf, ward = Shelf(is_broken=True), Ward()
    with played_broker(shelf, ward, most_held=5) as server, accept(server) as wire:
        for number in range(5):
            wire.send(to_frame(voevent(number)))
        ward.wait_for(FeedState.STORE_ERROR, 10)
        wire.send(to_frame(voevent(5)))
        seen = shelf.attempts
        shelf.latch.wait(lambda: shelf.attempts > seen + 3)
        shelf.is_broken = False
        shelf.wait_for(6)
    assert shelf.payloads == [voevent(number) for number in range(6)]
