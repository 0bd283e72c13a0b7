"""Freed memory goes back to the machine where its C library can do that."""

import ctypes
import platform
from pathlib import Path

import pytest

from tocsin.app.memory import give_back, keep_few_arenas

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this machine's C library is not glibc")


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def test_what_was_freed_between_what_is_kept_is_given_back() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    assert keep_few_arenas()
    pieces = [library.malloc(64_000) for _ in range(1000)]
    for piece in pieces:
        ctypes.memset(piece, 1, 64_000)
    kept = pieces.pop()  # it lies at the top: the library alone would keep all that is below
    full = resident_bytes()
    for piece in pieces:
        library.free(piece)
    assert give_back()
    assert full - resident_bytes() > 32_000_000
    library.free(kept)
