"""Notices of a broker, in order, in one temporary file: each subscriber reads on from its own place.

Memory holds 12 bytes a notice. What was handed in by authors is known again by its digest for a while.
"""

import hashlib
import os
import tempfile
import threading
from array import array
from collections import OrderedDict

from tocsin.domain.errors import TocsinError

_MOST_DIGESTS = 10_000


class Spool:
    """An append-only list of payloads; safe for several threads.

    Parameters
    ----------
    most_bytes
        Largest size of the file.
    """

    def __init__(self, *, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._file = tempfile.TemporaryFile(prefix="tocsin-broker-")  # noqa: SIM115 - closed by close()
        self._starts = array("Q", [0])
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._starts) - 1

    def append(self, payload: bytes) -> None:
        """Add a payload at the end.

        Raises
        ------
        TocsinError
            The spool is full, or the disk is.
        """
        with self._lock:
            end = self._starts[-1] + len(payload)
            if end > self._most_bytes:
                raise TocsinError(f"the broker's spool of {self._most_bytes} bytes is full", remedy="start it anew")
            try:
                self._file.seek(self._starts[-1])
                self._file.write(payload)
                self._file.flush()
            except (OSError, ValueError) as error:  # a ValueError: it is closed
                raise TocsinError(f"the broker's spool cannot be written: {error}") from error
            self._starts.append(end)

    def append_once(self, payload: bytes) -> bool:
        """Add a payload unless the same bytes came lately; whether it was added. Raises as `append`."""
        digest = hashlib.sha256(payload).digest()
        if digest in self._digests:
            return False
        self.append(payload)
        self._digests[digest] = None
        if len(self._digests) > _MOST_DIGESTS:
            self._digests.popitem(last=False)
        return True

    def read(self, index: int) -> bytes:
        """Payload number `index`, from 0."""
        with self._lock:
            start, end = self._starts[index], self._starts[index + 1]
        return os.pread(self._file.fileno(), end - start, start)

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()
