"""Signs of the machine: disk, clock, certificates. Each says what it found; none raises."""

import ctypes
import shutil
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from tocsin.domain.clock import iso_utc
from tocsin.domain.health import Sign
from tocsin.domain.late import x509

GIGABYTE = 1e9
#: `adjtimex` answers this where the kernel's clock is not disciplined by anything.
NOT_SYNCHRONISED = 5
CONNECT_S = 5.0
#: Name of the clock's sign.
CLOCK = "clock"


def disk_sign(folder: Path, least_free_gb: float) -> Sign:
    """Sign of the disk that `folder` is on."""
    free_gb = shutil.disk_usage(folder).free / GIGABYTE
    words = f"{free_gb:.1f} GB free for {folder}"
    if free_gb >= least_free_gb:
        return Sign(name="disk", is_ok=True, words=words)
    remedy = "make room: nothing can be stored on a full disk, and listeners then stop where they are"
    return Sign(name="disk", is_ok=False, words=words, remedy=remedy)


class _Timex(ctypes.Structure):
    """``struct timex`` of adjtimex(2), 64 bit: the fields we read, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("most_error_us", ctypes.c_long),
        ("error_us", ctypes.c_long),
        ("rest", ctypes.c_byte * 256),
    )


def clock_sign(most_error_s: float) -> Sign:
    """Sign of this machine's clock, as its kernel states it (adjtimex(2)): its state and its largest error."""
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (AttributeError, OSError):
        state = -1
    return clock_sign_of(state, timex.most_error_us / 1e6, most_error_s)


def clock_sign_of(state: int, error_s: float, most_error_s: float) -> Sign:
    """Sign of a clock in a state of adjtimex(2): -1 not known, 5 not synchronised."""
    if state == -1:
        return Sign(name=CLOCK, is_ok=True, words="this system does not say how good its clock is")
    if state != NOT_SYNCHRONISED and error_s <= most_error_s:
        return Sign(name=CLOCK, is_ok=True, words=f"synchronised, at most {error_s * 1e3:.0f} ms wrong")
    how = "nothing synchronises it" if state == NOT_SYNCHRONISED else f"it may be {error_s:.2f} s wrong"
    remedy = "start chrony or systemd-timesyncd: delays, ages and escalations are told by this clock"
    return Sign(name=CLOCK, is_ok=False, words=how, remedy=remedy)


def certificate_signs(places: tuple[str, ...], least_days: int, now: datetime) -> Iterator[Sign]:
    """Signs of certificates: PEM files, and servers named ``host:port``."""
    for place in places:
        try:
            ends = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(_pem(place)))
        except (OSError, ValueError) as error:
            words = f"cannot be read: {error}"
            yield Sign(name=f"certificate {place}", is_ok=False, words=words, remedy="correct watchdog.certificates")
            continue
        words = f"ends {iso_utc(ends)}"
        if ends - now >= timedelta(days=least_days):
            yield Sign(name=f"certificate {place}", is_ok=True, words=words)
        else:
            yield Sign(name=f"certificate {place}", is_ok=False, words=words, remedy="renew it")


def _pem(place: str) -> bytes:
    host, separator, port = place.rpartition(":")
    if separator and port.isdigit() and not Path(place).exists():
        return ssl.get_server_certificate((host, int(port)), timeout=CONNECT_S).encode()
    return Path(place).read_bytes()
