"""`tocsin search` on files that do not say when their time zero was."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tocsin.cli.main import app

FILE_T0 = "2024-03-05T10:20:30.250"


@pytest.fixture
def curve(tmp_path: Path) -> Path:
    """Counts in bins of 0.1 s with 2 s of a burst at +40 s, times relative to nothing said."""
    rng = np.random.default_rng(11)
    start = np.arange(-300.0, 300.0, 0.1)
    counts = rng.poisson(np.where((start >= 40) & (start < 42), 260.0, 100.0))
    path = tmp_path / "relative.csv"
    rows = "\n".join(f"{s:.1f},0.1,{c}" for s, c in zip(start, counts, strict=True))
    path.write_text(f"start_s,width_s,counts\n{rows}\n")
    return path


def search(path: Path, *options: str) -> tuple[int, dict[str, object] | None, str]:
    done = CliRunner().invoke(app, ["search", str(path), "--json", *options])
    return done.exit_code, json.loads(done.stdout), done.stderr


def test_a_file_without_time_zero_is_searched_with_the_one_given(curve: Path) -> None:
    options = ("--t0", "2024-03-05T10:21:00.250", "--window", "60", "--file-t0", FILE_T0)
    status, found, words = search(curve, *options)
    assert status == 0, words
    assert isinstance(found, dict)
    loudest = max(found["excesses"], key=lambda one: one["snr"])  # type: ignore[call-overload]
    assert 9.0 <= loudest["t_s"] <= 12.0
    assert loudest["snr"] > 30


def test_without_one_the_option_is_named(curve: Path) -> None:
    status, found, words = search(curve, "--t0", FILE_T0)
    assert status == 1
    assert "--file-t0" in words
    assert found is not None
    assert "error" in found


@pytest.mark.parametrize("option", ["--t0", "--file-t0"])
def test_a_time_that_is_none_is_named_with_its_option(curve: Path, option: str) -> None:
    options = {"--t0": FILE_T0, "--file-t0": FILE_T0} | {option: "yesterday"}
    status, _, words = search(curve, *(word for pair in options.items() for word in pair))
    assert status == 2
    assert f"tocsin: {option}: 'yesterday' is no time" in words
