"""Stand-in for a mail server: takes what it is given, one thread a connection; can be told to fail."""

import email
import socket
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from typing import IO, Self, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """A mail as taken: the addresses of the envelope, and the letter."""

    recipients: tuple[str, ...]
    letter: EmailMessage

    @property
    def message_id(self) -> str:
        """The same for a repetition."""
        return str(self.letter["Message-ID"])


class MailStandIn:
    """The server.

    `wrong` is the answer to a command (``MAIL``, ``RCPT``, ``DATA``, ``END`` of the letter) instead of the good one;
    None hangs up without an answer.
    """

    def __init__(self) -> None:
        self.mails: list[StoredMail] = []
        self.wrong: dict[str, str | None] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._is_open = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        with socket.create_connection(self._listener.getsockname()):
            pass
        self._thread.join(timeout=5)
        self._listener.close()

    def to(self, address: str) -> list[StoredMail]:
        """Mails to an address, in order."""
        with self._changed:
            return [mail for mail in self.mails if address in mail.recipients]

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if not self._is_open:
                connection.close()
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            try:
                self._talk(cast("IO[bytes]", stream))
            except OSError:
                return  # the client was killed

    def _talk(self, stream: IO[bytes]) -> None:
        recipients: list[str] = []
        _say(stream, "220 stand-in")
        for line in iter(stream.readline, b""):
            word = line.split()[0].decode("ascii", "replace").upper() if line.split() else ""
            if word == "RCPT":
                recipients.append(line.decode().partition("<")[2].partition(">")[0])
            if word == "DATA" and word not in self.wrong:
                _say(stream, "354 go on")
                self._take(stream, recipients)
                word = "END"
            answer = self.wrong.get(word, "221 bye" if word == "QUIT" else "250 ok")
            if answer is None:
                return
            _say(stream, answer)
            if word == "QUIT":
                return

    def _take(self, stream: IO[bytes], recipients: list[str]) -> None:
        lines: list[bytes] = []
        while (line := stream.readline()) != b".\r\n":
            if not line:
                return  # cut off within the letter: nothing was taken
            lines.append(line)
        letter = email.message_from_bytes(b"".join(lines), policy=default)
        with self._changed:
            self.mails.append(StoredMail(recipients=tuple(recipients), letter=letter))
            self._changed.notify_all()
        recipients.clear()


def _say(stream: IO[bytes], line: str) -> None:
    stream.write(line.encode() + b"\r\n")
    stream.flush()
