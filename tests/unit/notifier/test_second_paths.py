"""E-mail and webhook: the roads that are there when Slack is not."""

import email
import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from notifier_values import card, message

from notifier.email import EmailChannel, Security
from notifier.webhook import WebhookChannel
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import RemoteError
from tocsin.domain.people import MessagePurpose

CLOCK = ManualClock(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))


class MailServer:
    """A mail server of one connection at a time: takes mails, or answers one command wrongly."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.wrong: dict[str, str | None] = {}
        self.port = 0

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self.talk(stream)

    def talk(self, stream: object) -> None:
        def say(line: str) -> None:
            stream.write(line.encode() + b"\r\n")  # type: ignore[attr-defined]
            stream.flush()  # type: ignore[attr-defined]

        say("220 stand-in")
        for line in iter(stream.readline, b""):  # type: ignore[attr-defined]
            word = line.split()[0].decode().upper() if line.split() else ""
            if word == "DATA" and word not in self.wrong:
                say("354 go on")
                self.mails.append(b"".join(iter(stream.readline, b".\r\n")))  # type: ignore[attr-defined]
                word = "END"
            answer = self.wrong.get(word, "221 bye" if word == "QUIT" else "250 ok")
            if answer is None:
                return  # hangs up
            say(answer)
            if word == "QUIT":
                return


@pytest.fixture
def server() -> Iterator[MailServer]:
    running = MailServer()
    listening = socket.create_server(("127.0.0.1", 0))
    running.port = listening.getsockname()[1]
    thread = threading.Thread(target=running.serve, args=(listening,), daemon=True)
    thread.start()
    yield running
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def mail_channel(port: int) -> EmailChannel:
    return EmailChannel(
        "127.0.0.1",
        port,
        sender="tocsin@example.org",
        addresses={"vance": "b.vance@example.org"},
        clock=CLOCK,
        security=Security.NONE,
        timeout_s=2.0,
    )


def test_a_mail_says_the_verdict_first_and_repeats_with_the_same_id(server: MailServer) -> None:
    page = message(recipient="vance", card=card(verdict="T1 S230518h\r\nBcc: everybody@example.org"))
    channel = mail_channel(server.port)
    assert channel.send(page) == channel.send(page)
    first, second = (email.message_from_bytes(mail, policy=default) for mail in server.mails)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Subject"] == "T1 S230518h Bcc: everybody@example.org"
    assert first["Bcc"] is None
    assert first["Importance"] == "high"
    assert first["Date"] == "Sun, 22 Nov 2026 12:00:00 +0000"
    assert "https://tocsin.example.org/events/s230518h" in first.get_content()
    assert channel.find_sent(page) is None


@pytest.mark.parametrize(
    ("command", "answer", "is_ambiguous"),
    [
        ("RCPT", "550 no such user", False),
        ("MAIL", "451 later", False),
        ("END", "451 later", False),
        ("END", None, True),
    ],
)
def test_a_refusal_is_told_apart_from_silence(
    server: MailServer, command: str, answer: str | None, *, is_ambiguous: bool
) -> None:
    server.wrong[command] = answer
    with pytest.raises(RemoteError) as caught:
        mail_channel(server.port).send(message(recipient="vance"))
    assert caught.value.ambiguous is is_ambiguous


def test_a_person_without_an_address_is_named(server: MailServer) -> None:
    with pytest.raises(RemoteError, match="okafor"):
        mail_channel(server.port).send(message(recipient="okafor"))


def test_a_mail_server_that_is_away_is_not_ambiguous() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(RemoteError) as caught:
        mail_channel(port).send(message(recipient="vance"))
    assert not caught.value.ambiguous


@contextmanager
def push_server(
    status: int = 200, headers: dict[str, str] | None = None
) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    received: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}/tocsin-vance", received
        httpd.shutdown()
        thread.join()


@contextmanager
def webhook(url: str) -> Iterator[WebhookChannel]:
    channel = WebhookChannel({"vance": url}, secret="made-up", clock=CLOCK, timeout_s=2.0)
    yield channel
    channel.close()


def test_a_push_is_signed_loud_and_repeats_with_the_same_key() -> None:
    with push_server() as (url, received), webhook(url) as channel:
        page = message(recipient="vance", card=card(verdict="T1 \u00e9toile"))
        assert channel.send(page) == channel.send(page)
        assert channel.find_sent(page) is None
    (headers, body), (again, _) = received
    assert headers["Idempotency-Key"] == again["Idempotency-Key"]
    assert headers["Priority"] == "5"
    assert headers["Title"].isascii()
    assert headers["Click"] == "https://tocsin.example.org/events/s230518h"
    base = b"v1:" + headers["X-Tocsin-Timestamp"].encode() + b":" + body
    assert headers["X-Tocsin-Signature"] == "v1=" + hmac.new(b"made-up", base, hashlib.sha256).hexdigest()


def test_a_test_never_breaks_do_not_disturb() -> None:
    with push_server() as (url, received), webhook(url) as channel:
        channel.send(message(recipient="vance", card=card(is_test=True)))
        channel.send(message(recipient="vance", purpose=MessagePurpose.UPDATE))
    assert [headers["Priority"] for headers, _ in received] == ["2", "3"]
    assert "test_tube" in received[0][0]["Tags"]


@pytest.mark.parametrize(("status", "is_ambiguous"), [(404, False), (429, False), (302, False), (503, True)])
def test_a_push_that_is_refused_is_told(status: int, *, is_ambiguous: bool) -> None:
    with push_server(status, {"Retry-After": "9", "Location": "/"}) as (url, received), webhook(url) as channel:
        with pytest.raises(RemoteError) as caught:
            channel.send(message(recipient="vance"))
        assert (caught.value.ambiguous, caught.value.retry_after_s) == (is_ambiguous, 9.0)
    assert len(received) == 1


def test_a_push_server_that_is_away_or_silent_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        channel = WebhookChannel({"vance": f"http://127.0.0.1:{port}/"}, secret="s", clock=CLOCK, timeout_s=0.05)
        with pytest.raises(RemoteError) as quiet:
            channel.send(message(recipient="vance"))
    with pytest.raises(RemoteError) as away:
        channel.send(message(recipient="vance"))
    channel.close()
    assert (quiet.value.ambiguous, away.value.ambiguous) == (True, False)


def test_a_person_without_a_webhook_is_named() -> None:
    with webhook("http://127.0.0.1:1/") as channel, pytest.raises(RemoteError, match="okafor"):
        channel.send(message(recipient="okafor"))
