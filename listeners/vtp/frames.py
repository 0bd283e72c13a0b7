"""Frames of VTP: four bytes of length, unsigned and big-endian, then as many bytes of payload."""

import struct

from tocsin.domain.errors import NoticeError

_HEADER = struct.Struct(">I")


def to_frame(payload: bytes) -> bytes:
    """Payload with its length before it."""
    return _HEADER.pack(len(payload)) + payload


class FrameReader:
    """Payloads of a stream of bytes, however it is cut into pieces.

    Never keeps more than one frame and what was fed last; a length above the limit is refused when its four bytes
    are there, before anything of the payload is kept.

    Parameters
    ----------
    largest_bytes
        Longest payload taken, bytes.
    """

    def __init__(self, *, largest_bytes: int) -> None:
        self._largest_bytes = largest_bytes
        self._buffer = bytearray()
        self._refusal: NoticeError | None = None

    @property
    def waiting_bytes(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what was received; nothing more once a length was refused."""
        if self._refusal is None:
            self._buffer += data

    def next_payload(self) -> bytes | None:
        """Next complete payload; None where more bytes are needed.

        Raises
        ------
        NoticeError
            The next frame is longer than allowed: there is no way to find the one after it.
        """
        if self._refusal is not None:
            raise self._refusal
        if len(self._buffer) < _HEADER.size:
            return None
        length = int.from_bytes(self._buffer[: _HEADER.size], "big")
        if length > self._largest_bytes:
            raise self._refuse(length)
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[_HEADER.size : end])
        del self._buffer[:end]
        return payload

    def _refuse(self, length: int) -> NoticeError:
        swapped = int.from_bytes(length.to_bytes(_HEADER.size, "big"), "little")
        hint = ", which is what a little-endian length looks like" if 0 < swapped <= self._largest_bytes else ""
        message = f"a frame of {length} bytes: the limit is {self._largest_bytes}{hint}"
        self._refusal = NoticeError(message, remedy="see what listens on that port; VTP lengths are big-endian")
        self._buffer.clear()
        return self._refusal
