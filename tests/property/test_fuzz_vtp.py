"""VTP by bytes alone: any cut of the stream gives the same frames; no input crashes a session or grows its memory."""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from vtp_values import NIGHT, at, documents, transport, voevent

from listeners.vtp.actions import Deliver, HangUp, Send
from listeners.vtp.author_session import AuthorSession, Submitted
from listeners.vtp.filters import NoticeFilter
from listeners.vtp.frames import FrameReader, to_frame
from listeners.vtp.peer_session import PeerLimits, PeerSession
from listeners.vtp.subscriber_session import SubscriberSession
from listeners.vtp.transport import Transport, TransportRole, read_root, read_transport, write_transport
from tocsin.domain.errors import NoticeError

LIMIT = 5000
QUICK = settings(max_examples=200, deadline=None)
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)
PIECES = st.lists(st.integers(1, 300), max_size=60)
PAYLOADS = st.one_of(
    st.binary(max_size=200),
    st.integers(0, 99).map(voevent),
    st.sampled_from(
        [b"<Transport/>", b'<Transport role="ack"><Origin/></Transport>', b"<!DOCTYPE a><Transport/>", b"<a", b""]
    ),
    st.sampled_from(TransportRole).map(lambda role: transport(role)[4:]),
    st.builds(lambda role, text: transport(role, text, response=text)[4:], st.sampled_from(TransportRole), XML_TEXT),
)
STREAMS = st.one_of(
    st.lists(PAYLOADS, max_size=8).map(lambda payloads: b"".join(map(to_frame, payloads))),
    st.builds(
        lambda payloads, tail: b"".join(map(to_frame, payloads)) + tail,
        st.lists(PAYLOADS, max_size=5),
        st.binary(max_size=60),
    ),
    st.binary(max_size=300),
)


def pieces_of(data: bytes, lengths: Sequence[int]) -> list[bytes]:
    """The data in pieces of those lengths, the rest in one."""
    found, start = [], 0
    for length in lengths:
        found.append(data[start : start + length])
        start += length
    return [*found, data[start:]]


def frames_of(pieces: Sequence[bytes]) -> tuple[list[bytes], str]:
    """Payloads of a stream, and the refusal that ended it."""
    reader, found = FrameReader(largest_bytes=LIMIT), list[bytes]()
    try:
        for piece in pieces:
            reader.feed(piece)
            found.extend(iter(reader.next_payload, None))
            assert reader.waiting_bytes <= LIMIT + 4
    except NoticeError as error:
        return found, str(error)
    return found, ""


@QUICK
@given(STREAMS, PIECES)
def test_frames_are_the_same_however_the_stream_is_cut(stream: bytes, lengths: list[int]) -> None:
    assert frames_of(pieces_of(stream, lengths)) == frames_of([stream])


@QUICK
@given(st.lists(st.binary(max_size=400), max_size=10), PIECES)
def test_what_is_framed_comes_out_again(payloads: list[bytes], lengths: list[int]) -> None:
    assert frames_of(pieces_of(b"".join(map(to_frame, payloads)), lengths)) == (payloads, "")


def subscriber() -> SubscriberSession:
    return SubscriberSession(
        ivorn="ivo://me", filters=("//a",), largest_frame_bytes=LIMIT, silence_s=120.0, frame_s=60.0, begun=at(0)
    )


def peer() -> PeerSession:
    return PeerSession(ivorn="ivo://the/broker", limits=PeerLimits(), begun=at(0))


def author() -> AuthorSession:
    return AuthorSession(ivorn="ivo://the/broker", largest_frame_bytes=LIMIT, patience_s=30.0, begun=at(0))


@QUICK
@given(STREAMS, PIECES)
def test_a_subscriber_survives_any_stream_and_never_refuses(stream: bytes, lengths: list[int]) -> None:
    cut, whole = subscriber(), subscriber()
    actions = [action for piece in pieces_of(stream, lengths) for action in cut.receive(piece, at(1))]
    assert actions == whole.receive(stream, at(1))
    for action in actions:
        if isinstance(action, Deliver):
            (answer,) = documents(cut.acknowledge(action.ivorn, at(2)).data)
            assert (answer.role, answer.origin) == (TransportRole.ACK, action.ivorn)
        elif isinstance(action, Send):
            assert all(answer.role is not TransportRole.NAK for answer in documents(action.data))
    assert sum(isinstance(action, HangUp) for action in actions) <= 1


@QUICK
@given(STREAMS, PIECES, st.lists(st.floats(0, 200), max_size=4))
def test_a_broker_survives_any_peer(stream: bytes, lengths: list[int], waits_s: list[float]) -> None:
    session, now_s = peer(), 0.0
    session.greet(at(0))
    session.serve_from(0)
    for piece in pieces_of(stream, lengths):
        session.receive(piece, at(now_s))
        if session.may_send:
            session.send_notice(session.next_index, voevent(0), "ivo://made.up/stream#0", at(now_s))
        now_s += waits_s.pop() if waits_s else 0.0
        session.tick(at(now_s))
        assert 0 <= session.settled_index <= session.next_index


@QUICK
@given(STREAMS, PIECES)
def test_an_authors_any_stream_gives_whole_notices_and_refusals_only(stream: bytes, lengths: list[int]) -> None:
    session = author()
    for piece in pieces_of(stream, lengths):
        for action in session.receive(piece, at(1)):
            if isinstance(action, Submitted):
                assert read_root(action.payload).ivorn == action.ivorn
            elif isinstance(action, Send):
                assert [answer.role for answer in documents(action.data)] == [TransportRole.NAK]


@QUICK
@given(st.builds(Transport, role=st.sampled_from(TransportRole), origin=XML_TEXT, response=XML_TEXT, result=XML_TEXT))
def test_a_transport_document_survives_its_bytes(document: Transport) -> None:
    back = read_transport(write_transport(document, now=NIGHT))
    assert (back.role, back.origin, back.response, back.result) == (
        document.role,
        document.origin.strip(),
        document.response.strip(),
        document.result.strip(),
    )


@QUICK
@given(st.text(max_size=60), st.binary(max_size=60))
def test_no_filter_and_no_notice_break_the_choice(expression: str, payload: bytes) -> None:
    try:
        chosen = NoticeFilter([expression])
    except NoticeError:
        return
    assert chosen.wants(payload) in {True, False}
    assert chosen.wants(voevent(1)) in {True, False}


HEADERS = (b"\x7f\xff\xff\xff", b"\0\0\x13\x88")


def test_an_endless_stream_leaves_nothing_behind() -> None:
    """In frames, in empty ones, behind an impossible length, in garbage: the second half adds nothing."""
    alive = transport(TransportRole.IAMALIVE)
    streams = [alive * 20, bytes(400), *(header + b"x" * 5000 for header in HEADERS)]
    makers: tuple[Callable[[], SubscriberSession | PeerSession | AuthorSession], ...] = (subscriber, peer, author)
    for make, stream in product(makers, streams):
        session, kept_bytes = make(), list[int]()
        tracemalloc.start()
        for _ in range(2):
            for _ in range(20):
                session.receive(stream, at(1))
            gc.collect()
            kept_bytes.append(tracemalloc.get_traced_memory()[0])
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert kept_bytes[1] - kept_bytes[0] < 60_000  # lxml remembers its last hundred errors; 100 kB were fed
        assert peak_bytes < 1_000_000
