"""``tocsin archive``: import, read, export, status, from the files of a partner and back."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from unit.acs_stream.isdc_server import IsdcState, genlc, ipnlc
from unit.acs_stream.test_sources import T0, curve

from acs_stream.readers import read_light_curve
from tocsin.cli.main import app


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("TOCSIN_CONFIG_DIR", raising=False)
    return lambda *arguments: CliRunner().invoke(app, ["archive", *map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "received"
    folder.mkdir()
    state = IsdcState(curve=curve(seconds=120.0))
    (folder / "a.genlc").write_text(genlc(state, T0, 100.0))
    (folder / "b_INT.thr").write_text(ipnlc(state, T0, 100.0))
    (folder / "c.html").write_text("<html>proxy error</html>")
    return folder


def span(seconds: float) -> list[str]:
    return [
        "--start",
        (T0 - timedelta(seconds=seconds)).isoformat(),
        "--stop",
        (T0 + timedelta(seconds=seconds)).isoformat(),
    ]


def test_files_go_in_once_and_what_is_no_data_is_named(run: Any, files: Path) -> None:
    first = run("import", files, "--json")
    assert first.exit_code == 1
    found = {Path(row["path"]).name: row for row in json.loads(first.stdout)}
    assert found["a.genlc"]["new"] == 4000
    assert (found["b_INT.thr"]["format"], found["b_INT.thr"]["new"]) == ("ipnlc", 0)
    assert "HTML" in found["c.html"]["refused"] or "not known" in found["c.html"]["refused"]
    again = run("import", files / "a.genlc", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)[0]["new"] == 0


def test_what_went_in_is_read_and_written_in_every_form(run: Any, files: Path, tmp_path: Path) -> None:
    run("import", files / "a.genlc")
    said = json.loads(run("read", "SPI-ACS", *span(50.0), "--json").stdout)
    assert said["bins"] == len(said["counts"]) == 2000
    assert (said["product"], said["is_time_approximate"]) == ("consolidated", False)
    wide = json.loads(run("read", "SPI-ACS", *span(50.0), "--bin", "1", "--json").stdout)
    assert wide["bins"] in {99, 100}
    text = run("export", "SPI-ACS", *span(50.0), "--t0", T0.isoformat()).stdout
    assert text.startswith("'INTEGRAL  ' '25/05/23' 72000.00000")
    assert len(read_light_curve(text.encode(), format="ipnlc")) == 2000
    for form in ("csv", "json", "arrow", "msgpack", "fits", "parquet"):
        out = tmp_path / f"x.{form}"
        assert run("export", "SPI-ACS", *span(50.0), "--form", form, "--out", out).exit_code == 0
        assert out.stat().st_size > 1000
    shown = json.loads(run("status", "--json").stdout)
    assert shown["instruments"][0]["instrument"] == "SPI-ACS"
    assert shown["instruments"][0]["first_day"] == shown["instruments"][0]["last_day"] == "2023-05-25"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["read", "SPI-ACS", "--start", "2020-01-01", "--stop", "2020-01-02"], 1, "holds no SPI-ACS data"),
        (["read", "SPI-ACS", "--start", "soon", "--stop", "2020-01-02"], 2, "--start"),
        (["export", "SPI-ACS", *span(1.0), "--form", "word"], 2, "none of"),
        (["import", "nowhere"], 1, "nowhere"),
    ],
)
def test_what_cannot_be_done_says_why(run: Any, arguments: list[str], status: int, words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == status
    assert words in done.output
