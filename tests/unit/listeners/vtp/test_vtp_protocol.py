"""The protocol of VTP by bytes, without sockets: frames, Transport documents, sessions, filters, spool."""

from pathlib import Path
from time import process_time

import pytest
from vtp_values import NIGHT, at, documents, ivorn_of, transport, voevent

from listeners.vtp.actions import Deliver, HangUp, Send
from listeners.vtp.author_session import AuthorSession, Submitted
from listeners.vtp.broker import Broker, BrokerSettings
from listeners.vtp.filters import NoticeFilter
from listeners.vtp.frames import FrameReader, to_frame
from listeners.vtp.peer_session import Introduced, PeerLimits, PeerSession, Settled
from listeners.vtp.place import is_loopback
from listeners.vtp.spool import Spool
from listeners.vtp.subscriber_session import SubscriberSession
from listeners.vtp.transport import Root, TransportRole, read_root, read_transport
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError, NoticeError, TocsinError

COMET = """<?xml version='1.0' encoding='UTF-8'?>
<trn:Transport xmlns:trn="{namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="1.0"
 role="{role}"><Origin> ivo://org.example/broker </Origin><TimeStamp>2026-11-22T03:00:00Z</TimeStamp>
{more}</trn:Transport>"""
ANSWER_OF_AN_OLD_CLIENT = '<Meta><filter type="xpath">//a</filter><Param name="xpath-filter" value="//b"/></Meta>'


# Frames and documents


def test_a_frame_is_its_length_big_endian_and_its_payload() -> None:
    assert to_frame(b"abc") == b"\0\0\0\x03abc"
    assert to_frame(b"") == b"\0\0\0\0"


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"\xff\xff\xff\xff", "4294967295"),
        (b"\x00\x10\x00\x00", "little-endian"),
        (b"HTTP/1.1 400 Bad Request", "1213486160"),
    ],
)
def test_a_length_above_the_limit_is_refused_at_its_fourth_byte(start: bytes, words: str) -> None:
    reader = FrameReader(largest_bytes=5000)
    reader.feed(to_frame(b"before") + start[:3])
    assert [reader.next_payload(), reader.next_payload()] == [b"before", None]
    reader.feed(start[3:])
    for _ in range(2):
        with pytest.raises(NoticeError, match=words):
            reader.next_payload()
        reader.feed(b"x" * 10_000)
    assert reader.waiting_bytes == 0


@pytest.mark.parametrize("role", TransportRole)
@pytest.mark.parametrize(
    "namespace",
    [
        "http://telescope-networks.org/schema/Transport/v1.1",
        "http://telescope-networks.org/xml/Transport/v1.1",
        "http://www.telescope-networks.org/xml/Transport/v1.1",
    ],
)
def test_documents_are_read_in_each_namespace(namespace: str, role: TransportRole) -> None:
    document = read_transport(COMET.format(namespace=namespace, role=role, more=ANSWER_OF_AN_OLD_CLIENT).encode())
    assert (document.role, document.origin, document.namespace) == (role, "ivo://org.example/broker", namespace)
    assert document.filters == ("//b", "//a")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0",
        b"<Transport role='ack'>",
        b"<Transport/>",
        b"<Transport role='nack'/>",
        b"<VOEvent role='test'/>",
        b"<!DOCTYPE Transport SYSTEM 'file:///etc/passwd'><Transport role='ack'/>",
        "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a [<!ENTITY b 'c'>]><Transport role='ack'/>".encode("utf-16"),
        b"<Transport role='ack'><!--" + b"x" * 17_000 + b"--></Transport>",
    ],
)
def test_what_is_no_transport_document_is_refused(payload: bytes) -> None:
    with pytest.raises(NoticeError):
        read_transport(payload)


def test_entities_are_neither_expanded_nor_fetched() -> None:
    secret = Path(__file__).as_uri()
    payload = f'<!DOCTYPE a [<!ENTITY b SYSTEM "{secret}">]><VOEvent ivorn="ivo://a/b">&b;</VOEvent>'.encode()
    assert read_root(payload) == Root()
    with pytest.raises(NoticeError, match="DOCTYPE"):
        read_transport(payload)


@pytest.mark.parametrize(
    ("payload", "root"),
    [
        (voevent(1), Root(name="VOEvent", ivorn=ivorn_of(1))),
        (voevent(1)[:-20], Root(name="VOEvent", ivorn=ivorn_of(1))),
        (
            voevent(1).replace(b"<VOEvent", b'<voe:VOEvent xmlns:voe="https://x"'),
            Root(name="VOEvent", ivorn=ivorn_of(1)),
        ),
        (b"<VOEvent/>", Root(name="VOEvent")),
        (b"<VOEvent ivorn='", Root()),
        (b"{}", Root()),
        (b"<a b='" + b"x" * 100_000 + b"'/>", Root()),
    ],
)
def test_the_root_of_a_broken_notice_is_read_as_far_as_it_goes(payload: bytes, root: Root) -> None:
    assert read_root(payload) == root


def test_real_notices_of_a_closed_broker_have_their_identifiers(samples: Path) -> None:
    folder = samples / "alerts" / "vtp"
    assert read_root((folder / "kill_socket.xml").read_bytes()).ivorn == "ivo://nasa.gsfc.gcn/gcn"
    assert read_root((folder / "gbm_flt_pos.xml").read_bytes()).ivorn.endswith("_336801278_45-956")


# Subscriber


def subscriber() -> SubscriberSession:
    return SubscriberSession(
        ivorn="ivo://me", filters=("//a",), largest_frame_bytes=5000, silence_s=120.0, frame_s=60.0, begun=at(0)
    )


def test_a_notice_is_delivered_and_acknowledged_when_asked() -> None:
    session = subscriber()
    assert session.receive(to_frame(voevent(1)), at(1)) == [Deliver(payload=voevent(1), ivorn=ivorn_of(1))]
    (answer,) = documents(session.acknowledge(ivorn_of(1), at(2)).data)
    assert (answer.role, answer.origin, answer.response) == (TransportRole.ACK, ivorn_of(1), "ivo://me")


def test_a_question_is_answered_with_the_filters_and_answers_are_not_answered() -> None:
    session = subscriber()
    (send,) = session.receive(transport(TransportRole.AUTHENTICATE), at(1))
    assert isinstance(send, Send)
    assert documents(send.data)[0].filters == ("//a",)
    assert session.receive(transport(TransportRole.ACK) + transport(TransportRole.NAK) + b"\0\0\0\0", at(1)) == []
    assert session.receive(to_frame(b"<Transport role='?'/>"), at(1)) == []


def test_bytes_that_trickle_are_no_sign_of_life() -> None:
    session = subscriber()
    frame = transport(TransportRole.IAMALIVE)
    session.receive(frame, at(100))
    assert session.tick(at(219)) is None
    for number, byte in enumerate(frame[:3]):
        session.receive(bytes([byte]), at(180 + 20 * number))
    ending = session.tick(at(221))
    assert ending == HangUp(reason="silent for 120 s", is_silence=True)
    assert session.receive(frame, at(222)) == []
    assert session.tick(at(1000)) is None


def test_the_clock_of_a_frame_begins_with_its_own_first_byte() -> None:
    session = subscriber()
    frame = transport(TransportRole.IAMALIVE)
    for second in range(0, 300, 50):  # always in the middle of a frame, never long in the same one
        session.receive(frame[10:] + frame[:10] if second else frame[:10], at(second))
        assert session.tick(at(second + 49)) is None
    ending = session.tick(at(311))
    assert ending is not None
    assert "not complete after 60 s" in ending.reason


# Broker


def peer(**limits: float) -> PeerSession:
    session = PeerSession(ivorn="ivo://the/broker", limits=PeerLimits(**limits), begun=at(0))  # type: ignore[arg-type] # floats do
    session.greet(at(0))
    return session


def acknowledgement(number: int) -> bytes:
    return transport(TransportRole.ACK, ivorn_of(number), response="ivo://me")


def test_a_peer_introduces_itself_once_with_whatever_it_says_first() -> None:
    hello = transport(TransportRole.AUTHENTICATE, response="ivo://me")
    assert peer().receive(hello * 2, at(1)) == [Introduced(ivorn="ivo://me")]
    assert peer().receive(transport(TransportRole.IAMALIVE, response="ivo://me"), at(1)) == [
        Introduced(ivorn="ivo://me")
    ]
    silent = peer()
    assert silent.tick(at(4.9)) == []
    assert silent.tick(at(5)) == [Introduced(ivorn="")]


def test_acknowledgements_in_any_order_settle_what_is_before_the_first_gap() -> None:
    session = peer()
    session.receive(transport(TransportRole.IAMALIVE), at(0))
    session.serve_from(7)
    for index in range(7, 10):
        session.send_notice(index, voevent(index), ivorn_of(index), at(1))
    assert session.receive(acknowledgement(8), at(2)) == [Settled(next_index=7)]
    assert session.receive(acknowledgement(99), at(2)) == []
    refusal = transport(TransportRole.NAK, ivorn_of(7), response="ivo://me")
    assert session.receive(refusal, at(2)) == [Settled(next_index=9)]
    assert session.receive(acknowledgement(9), at(2)) == [Settled(next_index=10)]


def test_two_notices_of_one_identifier_need_two_acknowledgements() -> None:
    session = peer()
    session.receive(transport(TransportRole.IAMALIVE), at(0))
    for index in range(2):
        session.send_notice(index, voevent(5), ivorn_of(5), at(1))
    assert session.receive(acknowledgement(5), at(2)) == [Settled(next_index=1)]
    assert session.receive(acknowledgement(5), at(2)) == [Settled(next_index=2)]


def test_no_more_is_sent_than_may_be_owed() -> None:
    session = peer(most_owed=2)
    assert not session.may_send
    session.receive(transport(TransportRole.IAMALIVE), at(0))
    for index in range(2):
        assert session.may_send
        session.send_notice(index, voevent(index), ivorn_of(index), at(1))
    assert not session.may_send
    session.receive(acknowledgement(0), at(2))
    assert session.may_send


def test_an_author_is_refused_what_is_no_notice_and_dropped_when_it_takes_too_long() -> None:
    session = AuthorSession(ivorn="ivo://the/broker", largest_frame_bytes=5000, patience_s=30.0, begun=at(0))
    doctype = b"<!DOCTYPE VOEvent><VOEvent ivorn='ivo://a/b'/>"
    actions = session.receive(b"".join(map(to_frame, (voevent(1), b"<VOEvent/>", doctype))), at(1))
    assert actions[0] == Submitted(payload=voevent(1), ivorn=ivorn_of(1))
    assert [isinstance(action, Send) for action in actions[1:]] == [True, True]
    session.receive(b"\0", at(20))
    assert session.tick(at(31)) is None
    assert session.tick(at(32)) == HangUp(reason="no complete notice within 30 s")
    assert session.receive(to_frame(voevent(2)), at(33)) == []


def test_a_filter_chooses_by_any_expression_and_lets_pass_what_it_cannot_judge() -> None:
    chosen = NoticeFilter(["//Param[@value='1']", "count(//Param) > 5", "//x:y"])
    assert [chosen.wants(voevent(number)) for number in (1, 2)] == [True, True]  # the unknown prefix cannot be judged
    chosen = NoticeFilter(["//Param[@value='1']", "count(//Param) > 5"])
    assert [chosen.wants(voevent(number)) for number in (1, 2)] == [True, False]
    assert chosen.wants(voevent(2, padding=200_000))
    assert chosen.wants(b"no XML")
    with pytest.raises(NoticeError, match="limit is 10"):
        NoticeFilter(["//a"] * 11)


def test_a_spool_keeps_order_knows_what_came_lately_and_has_an_end() -> None:
    spool = Spool(most_bytes=100)
    for payload in (b"one", b"", b"three"):
        spool.append(payload)
    assert spool.append_once(b"four")
    assert not spool.append_once(b"four")
    assert [spool.read(index) for index in range(len(spool))] == [b"one", b"", b"three", b"four"]
    with pytest.raises(TocsinError, match="full"):
        spool.append(bytes(100))
    spool.close()
    with pytest.raises(TocsinError, match="cannot be written"):
        spool.append(b"late")


def test_a_broker_without_certificate_stays_on_this_machine() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(ConfigurationError, match="TLS"):
            Broker(BrokerSettings(host=host), clock=ManualClock(NIGHT))
    assert all(map(is_loopback, ("127.0.0.1", "::1", "localhost", "127.9.9.9", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.0.2.1", "example.org", "", "::ffff:192.0.2.1")))


@pytest.mark.parametrize(
    "expression",
    [
        "//*[count(//*[count(//*) > 1]) > 1]",
        "//a[../b[../c[../d]]]",
        "/*[/*/*[/*/*/*]]",
        "//a[following::b[preceding::c]]",
        "//a | //b | //c",
    ],
)
def test_a_filter_whose_work_multiplies_is_refused(expression: str) -> None:
    with pytest.raises(NoticeError, match="more than 2 times"):
        NoticeFilter([expression])


def test_the_costliest_filter_that_is_allowed_is_quick_on_the_largest_notice_that_is_filtered() -> None:
    chosen = NoticeFilter(["//*[count(//*[@a = 'x']) > 5000]"] * 10)
    notice = b"<VOEvent ivorn='ivo://a/b'>" + b"<Param a='x'/>" * 590 + b"</VOEvent>"
    begun_s = process_time()
    assert not chosen.wants(notice)
    assert process_time() - begun_s < 5.0
    assert chosen.wants(notice.replace(b"</VOEvent>", b"<Param/>" * 20 + b"</VOEvent>"))
