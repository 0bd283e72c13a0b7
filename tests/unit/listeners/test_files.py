"""Files, folders and archives: what is read, in which order, what is skipped, what is an error."""

import gzip
import io
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listeners.files import SkippedFile, read_paths
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import RawNotice

CLOCK = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
MEMBERS = {
    "b.xml": b"<b/>",
    "README": b"read me",
    "deep/a.JSON": b"{}",
    "notes.csv": b"1,2",
    "c.bin": b"\0" * 160,
    "d.avro": b"Obj\x01",
}


def make_archive(path: Path, mode: str) -> Path:
    with tarfile.open(path, f"w:{mode}" if mode else "w") as archive:
        for name, content in MEMBERS.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("evil.xml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


def split(paths: list[Path]) -> tuple[list[RawNotice], list[SkippedFile]]:
    items = list(read_paths(paths, clock=CLOCK, topic="some.topic"))
    raws = [item for item in items if isinstance(item, RawNotice)]
    return raws, [item for item in items if isinstance(item, SkippedFile)]


@pytest.mark.parametrize(("name", "mode"), [("x.tar", ""), ("x.tgz", "gz"), ("x.tar.xz", "xz"), ("x.TAR.BZ2", "bz2")])
def test_an_archive_gives_its_notices_in_its_own_order(tmp_path: Path, name: str, mode: str) -> None:
    raws, skipped = split([make_archive(tmp_path / name, mode)])
    assert [raw.payload for raw in raws] == [MEMBERS[key] for key in ("b.xml", "deep/a.JSON", "c.bin", "d.avro")]
    assert [item.origin.rpartition("!")[2] for item in skipped] == ["README", "notes.csv", "evil.xml"]
    assert raws[0].origin == f"{tmp_path / name}!b.xml"
    assert (raws[0].transport, raws[0].topic, raws[0].received_utc) == ("archive", "some.topic", CLOCK.now())


def test_a_folder_is_read_in_order_of_path_with_archives_in_it(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "1.xml").write_bytes(b"<z/>")
    (tmp_path / "a.json").write_bytes(b"{}")
    (tmp_path / "INDEX.csv").write_bytes(b"")
    make_archive(tmp_path / "m.tar", "")
    raws, skipped = split([tmp_path])
    assert raws[0].payload == b"{}"
    assert raws[-1].payload == b"<z/>"
    assert len(raws) == 6
    assert len(skipped) == 4


def test_a_file_named_by_itself_is_read_whatever_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "notice").write_bytes(b"<a/>")
    raws, _ = split([tmp_path / "notice"])
    assert [(raw.payload, raw.transport) for raw in raws] == [(b"<a/>", "file")]


@pytest.mark.parametrize("kept", [10, 200, 600])
@pytest.mark.parametrize(
    ("name", "mode"), [("x.tar", ""), ("x.tar.gz", "gz"), ("x.tar.xz", "xz"), ("x.tar.bz2", "bz2")]
)
def test_a_broken_archive_is_an_error_that_names_it(tmp_path: Path, name: str, mode: str, kept: int) -> None:
    path = make_archive(tmp_path / name, mode)
    path.write_bytes(path.read_bytes()[: min(kept, path.stat().st_size - 8)])
    with pytest.raises(NoticeError, match=name):
        split([path])


def test_an_archive_cut_off_between_two_members_is_an_error_too(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "x.tar", "")
    path.write_bytes(path.read_bytes()[: 4 * 512])  # two members of a header and a block each
    items = []
    with pytest.raises(NoticeError, match=r"x\.tar: broken archive: it ends before its end"):
        items.extend(read_paths([path], clock=CLOCK))


def test_what_is_no_archive_at_all_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"<html>not found</html>" * 100)
    with pytest.raises(NoticeError, match=r"x\.tar: broken archive"):
        split([tmp_path / "x.tar"])


def test_a_path_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(NoticeError, match=r"absent\.xml"):
        split([tmp_path / "absent.xml"])


def make_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("deep")
        for name, content in MEMBERS.items():
            archive.writestr(name, content)
    return path


def test_a_zip_archive_gives_its_notices_in_its_own_order(tmp_path: Path) -> None:
    raws, skipped = split([make_zip(tmp_path / "x.ZIP")])
    assert [raw.payload for raw in raws] == [MEMBERS[key] for key in ("b.xml", "deep/a.JSON", "c.bin", "d.avro")]
    assert [item.origin.rpartition("!")[2] for item in skipped] == ["README", "notes.csv"]
    assert (raws[0].transport, raws[0].origin) == ("archive", f"{tmp_path / 'x.ZIP'}!b.xml")


@pytest.mark.parametrize("kept", [0, 200, 330])
def test_a_zip_archive_cut_off_is_an_error_that_names_it(tmp_path: Path, kept: int) -> None:
    whole = make_zip(tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(whole[:kept])
    with pytest.raises(NoticeError, match=r"x\.zip: broken archive"):
        split([tmp_path / "x.zip"])


def test_a_compressed_notice_named_by_itself_is_read_and_a_cut_one_is_an_error(tmp_path: Path) -> None:
    packed = gzip.compress(b"<b/>" * 40)
    (tmp_path / "b.xml.gz").write_bytes(packed)
    (tmp_path / "cut.xml.gz").write_bytes(packed[:-12])
    assert [raw.payload for raw in split([tmp_path / "b.xml.gz"])[0]] == [b"<b/>" * 40]
    with pytest.raises(NoticeError, match=r"cut\.xml\.gz"):
        split([tmp_path / "cut.xml.gz"])
