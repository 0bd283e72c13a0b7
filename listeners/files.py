"""Notices from files, folders, tar and zip archives, one after the other; nothing is unpacked to disk."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from tocsin.domain.clock import Clock
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import RawNotice

#: Members of archives and files of folders that can be notices; others are skipped. A file named by itself is always
#: read.
NOTICE_SUFFIXES = frozenset({".xml", ".json", ".avro", ".bin"})
_ZIP_SUFFIX = ".zip"
_ARCHIVE_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", _ZIP_SUFFIX)
#: No more than this is read of one file, so that an archive cannot fill the memory; the decoder refuses far less.
_MOST_BYTES = 64 * 1024 * 1024
#: Bit of a zip member's flags.
_ENCRYPTED = 0x1
#: A tar ends with two blocks of zeros.
_END_BYTES = 1024
_BROKEN_ARCHIVE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    NotImplementedError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file or member that was not read.

    Parameters
    ----------
    origin
        Its path, or archive and member.
    reason
        Why, in words.
    """

    origin: str
    reason: str


def read_paths(paths: Sequence[Path], *, clock: Clock, topic: str | None = None) -> Iterator[RawNotice | SkippedFile]:
    """Raw notices of files, folders (in order of path), tar and zip archives (in their own order).

    Parameters
    ----------
    paths
        What to read, in this order.
    clock
        Says when each was received.
    topic
        Kafka topic they came on once, where that is known.

    Yields
    ------
    RawNotice or SkippedFile
        A `SkippedFile` for each member of an archive, or file of a folder, that can be no notice.

    Raises
    ------
    NoticeError
        A path does not exist or cannot be read, or an archive is broken; what came before has been given.
    """
    for path in paths:
        if path.is_dir():
            for file in sorted(item for item in path.rglob("*") if item.is_file()):
                yield from _read_found(file, clock, topic)
        else:
            yield from _read_named(path, clock, topic)


def _read_named(path: Path, clock: Clock, topic: str | None) -> Iterator[RawNotice | SkippedFile]:
    if path.name.lower().endswith(_ARCHIVE_SUFFIXES):
        yield from _read_archive(path, clock, topic)
        return
    try:
        with path.open("rb") as file, _decompress(file) as content:
            payload = content.read(_MOST_BYTES)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        words = getattr(error, "strerror", None) or error
        raise NoticeError(f"{path}: {words}", remedy="name a readable file") from error
    yield _raw(payload, "file", str(path), clock, topic)


def _read_found(path: Path, clock: Clock, topic: str | None) -> Iterator[RawNotice | SkippedFile]:
    is_archive = path.name.lower().endswith(_ARCHIVE_SUFFIXES)
    if is_archive or path.suffix.lower() in NOTICE_SUFFIXES:
        yield from _read_named(path, clock, topic)
    else:
        yield SkippedFile(origin=str(path), reason=f"{path.suffix or 'no suffix'} is no notice")


def _read_archive(path: Path, clock: Clock, topic: str | None) -> Iterator[RawNotice | SkippedFile]:
    try:
        if path.name.lower().endswith(_ZIP_SUFFIX):
            with zipfile.ZipFile(path) as packed:
                yield from _read_packed(packed, path, clock, topic)
            return
        with path.open("rb") as file, _decompress(file) as content:
            stream = _Stream(content)
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                yield from _read_members(archive, path, clock, topic)
            stream.check_end()
    except _BROKEN_ARCHIVE as error:
        message = f"{path}: broken archive: {str(error) or type(error).__name__}"
        raise NoticeError(message, remedy="fetch the archive again") from error


def _read_members(
    archive: tarfile.TarFile, path: Path, clock: Clock, topic: str | None
) -> Iterator[RawNotice | SkippedFile]:
    for member in archive:
        origin = f"{path}!{member.name}"
        suffix = Path(member.name).suffix.lower()
        if member.isdir():
            continue
        file = archive.extractfile(member) if member.isreg() and suffix in NOTICE_SUFFIXES else None
        if file is None:
            yield SkippedFile(origin=origin, reason=f"{suffix or 'no suffix'} is no notice")
        else:
            yield _raw(_read_member(file, member), "archive", origin, clock, topic)


def _read_packed(
    packed: zipfile.ZipFile, path: Path, clock: Clock, topic: str | None
) -> Iterator[RawNotice | SkippedFile]:
    for member in packed.infolist():
        origin = f"{path}!{member.filename}"
        suffix = Path(member.filename).suffix.lower()
        if member.is_dir():
            continue
        if suffix not in NOTICE_SUFFIXES:
            yield SkippedFile(origin=origin, reason=f"{suffix or 'no suffix'} is no notice")
        elif member.flag_bits & _ENCRYPTED:
            yield SkippedFile(origin=origin, reason="it is encrypted")
        else:
            with packed.open(member) as file:
                payload = file.read(_MOST_BYTES)
            yield _raw(payload, "archive", origin, clock, topic)


class _Stream(io.RawIOBase):
    """A stream that remembers its end: a tar cut off between two members looks complete but for that."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self._tail = b""

    def read(self, size: int = -1) -> bytes:
        """Next bytes of the content."""
        found = self._content.read(size)
        self._tail = (self._tail + found[-_END_BYTES:])[-_END_BYTES:]
        return found

    def check_end(self) -> None:
        """Read to the end, so that checksums are checked, and see that the end is there."""
        while self.read(1 << 16):
            pass
        if self._tail != bytes(_END_BYTES):
            raise EOFError("it ends before its end")


def _decompress(file: IO[bytes]) -> IO[bytes]:
    """Content of a file, decompressed by what its first bytes say it is."""
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.open(file))
    if start.startswith(b"BZh"):
        return bz2.open(file)
    if start.startswith(b"\xfd7zXZ\0"):
        return lzma.open(file)
    return file


def _read_member(file: IO[bytes], member: tarfile.TarInfo) -> bytes:
    payload = file.read(_MOST_BYTES)
    if len(payload) < min(member.size, _MOST_BYTES):
        raise EOFError(f"{member.name} is cut off after {len(payload)} of {member.size} bytes")
    return payload


def _raw(payload: bytes, transport: str, origin: str, clock: Clock, topic: str | None) -> RawNotice:
    return RawNotice(
        payload=payload,
        transport=transport,
        origin=origin,
        topic=topic,
        received_utc=clock.now(),
        received_monotonic_s=clock.monotonic_s(),
    )
