"""Memory given back: what a search or a picture needed for a moment is not kept from the machine for ever.

The C library keeps freed memory in arenas, several for a process of many threads, each as large as it ever was. Few
arenas, and giving back once a minute, keep a process that has searched for a day as small as one that has searched
once. Where there is no such library, nothing is done.
"""

import ctypes

#: `M_ARENA_MAX` of glibc's malloc.h, and how many arenas are enough where one thread computes at a time.
_M_ARENA_MAX, ARENAS = -8, 2
#: How often memory is given back, s.
EVERY_S = 60.0


def keep_few_arenas() -> bool:
    """Let threads share arenas, from now on; whether the library can."""
    library = _library()
    return library is not None and bool(library.mallopt(_M_ARENA_MAX, ARENAS))


def give_back() -> bool:
    """Give freed memory back to the machine; whether the library can, and had any."""
    library = _library()
    return library is not None and bool(library.malloc_trim(0))


def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
        library.malloc_trim.argtypes = [ctypes.c_size_t]
        library.mallopt.argtypes = [ctypes.c_int, ctypes.c_int]
    except (OSError, AttributeError, TypeError):
        return None
    return library
