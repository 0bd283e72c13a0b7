"""Stand-in for the far end of Slack's Socket Mode: a websocket server (RFC 6455) that delivers envelopes.

An envelope that is not acknowledged is delivered again, to whichever connection is up then, as Slack does it.
"""

import base64
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any, Self

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA


class SocketStandIn:
    """The server; `url` is what ``apps.connections.open`` tells."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._live: list[socket.socket] = []
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._is_open = True

    @property
    def url(self) -> str:
        """Address to connect to."""
        return f"ws://127.0.0.1:{self._listener.getsockname()[1]}/link/?ticket=stand-in"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        # A thread that waits in accept() is woken by a connection, not by close().
        with socket.create_connection(self._listener.getsockname()):
            pass
        self.drop()
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()

    def wait_connected(self, *, timeout_s: float, count: int = 1) -> bool:
        """Whether somebody is connected, for the `count`-th time at least, within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._live) and self.connections >= count, timeout_s)

    def deliver(self, payload: Mapping[str, Any], envelope_id: str, *, timeout_s: float) -> bool:
        """Deliver a button press to one connection; whether it was acknowledged within `timeout_s`."""
        envelope = {"type": "interactive", "envelope_id": envelope_id, "payload": payload}
        with self._changed:
            before = self.acknowledged.count(envelope_id)
            self._send(self._live[-1], _TEXT, json.dumps(envelope | {"accepts_response_payload": False}).encode())
            return self._changed.wait_for(lambda: self.acknowledged.count(envelope_id) > before, timeout_s)

    def ask_to_reconnect(self) -> None:
        """Tell the connections to come again elsewhere, as Slack does every few hours."""
        with self._changed:
            for live in self._live:
                self._send(live, _TEXT, json.dumps({"type": "disconnect", "reason": "refresh_requested"}).encode())

    def drop(self) -> None:
        """Cut all connections without a word."""
        with self._changed:
            for live in self._live:
                live.shutdown(socket.SHUT_RDWR)
                live.close()
            self._live.clear()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if not self._is_open:
                connection.close()
                return
            self._spawn(lambda taken=connection: self._serve(taken))

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._shake_hands(connection)
            with self._changed:
                self._live.append(connection)
                self.connections += 1
                self._send(connection, _TEXT, json.dumps({"type": "hello", "num_connections": 1}).encode())
                self._changed.notify_all()
            while self._hear(connection):
                pass
        except OSError:
            pass  # the client, or `drop`, has cut it
        finally:
            with self._changed:
                if connection in self._live:
                    self._live.remove(connection)
            connection.close()

    def _shake_hands(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(4096) or self._gone()
        headers = dict(line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if ": " in line)
        accept = base64.b64encode(hashlib.sha1(headers["Sec-WebSocket-Key"].encode() + _MAGIC).digest())  # noqa: S324 - RFC 6455
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def _hear(self, connection: socket.socket) -> bool:
        """Take one frame; False when the client closes."""
        first, second = self._exactly(connection, 2)
        length = second & 0x7F
        if length >= 126:
            size = 2 if length == 126 else 8
            (length,) = struct.unpack(">H" if size == 2 else ">Q", self._exactly(connection, size))
        mask = self._exactly(connection, 4)
        content = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self._exactly(connection, length)))
        match first & 0x0F:
            case 0x8:
                return False
            case 0x9:
                with self._changed:
                    self._send(connection, _PONG, content)
            case 0x1:
                with self._changed:
                    self.acknowledged.append(str(json.loads(content)["envelope_id"]))
                    self._changed.notify_all()
        return True

    def _exactly(self, connection: socket.socket, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            taken += connection.recv(count - len(taken)) or self._gone()
        return taken

    @staticmethod
    def _gone() -> bytes:
        raise ConnectionError("the client has gone")

    @staticmethod
    def _send(connection: socket.socket, opcode: int, content: bytes) -> None:
        size = len(content)
        head = bytes([0x80 | opcode, size]) if size < 126 else bytes([0x80 | opcode, 126]) + struct.pack(">H", size)
        connection.sendall(head + content)

    def _spawn(self, target: Any) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()
