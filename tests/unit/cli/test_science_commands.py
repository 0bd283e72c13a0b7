"""`tocsin delay`, `triangulate`, `overlap`: JSON keys that others rely on, tables that cut nothing off, pictures."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from tocsin.cli import output, science
from tocsin.cli.main import app
from triangulation.geometry import arrival_minus_geocentre_s, unit_vector
from triangulation.skymap import SkyMap

SOURCE = (83.6, 22.0)
T0 = "2020-04-15T08:48:05"
CRAFT = {
    "Konus-Wind": (2.147, 1.947, 1428868.0),
    "Fermi-GBM": (58.14, -23.94, 6913.6),
    "SPI-ACS": (222.7, 52.7, 132658.0),
}


@pytest.fixture(scope="module")
def burst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("burst")
    text = 'name = "A pulse"\n'
    for seed, (name, (ra, dec, distance)) in enumerate(CRAFT.items()):
        rng = np.random.default_rng(seed)
        edges = np.arange(-12.0, 12.0, 0.016)
        t = edges - arrival_minus_geocentre_s(distance * unit_vector(ra, dec), *SOURCE)
        shape = np.where(t > 0, t / 0.3 * np.exp(1 - np.maximum(t, 0) / 0.3), 0.0)
        counts = rng.poisson((900.0 + 9000.0 * shape) * 0.016)
        rows = "\n".join(f"{s:.4f},0.016,{c}" for s, c in zip(edges, counts, strict=True))
        (folder / f"{name}.csv").write_text(f"# t0_utc: {T0}\nstart_s,width_s,counts\n{rows}\n")
        text += (
            f'[[observation]]\ninstrument = "{name}"\nlightcurve = "{name}.csv"\nformat = "csv"\nt0_utc = "{T0}"\n'
            f"position = {{ ra_deg = {ra}, dec_deg = {dec}, distance_km = {distance} }}\nclock_error_s = 0.001\n"
        )
    (folder / "burst.toml").write_text(text)
    return folder / "burst.toml"


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A terminal of 80 columns that remembers what it shows."""
    console = Console(width=80, record=True, highlight=False, quiet=False)
    for module in (output, science):
        monkeypatch.setattr(module, "console", console)
    return console


def test_triangulate_prints_the_keys_of_the_contract_and_holds_the_source(burst: Path, tmp_path: Path) -> None:
    found = json.loads(
        run(
            *("triangulate", burst, "--json", "--check", str(SOURCE[0]), str(SOURCE[1])),
            *("--skymap", tmp_path / "m.fits", "--plot", tmp_path / "m.svg", "--near", tmp_path / "n.png"),
        )
    )
    assert {"a", "b", "delay_s", "minus_3sigma_s", "plus_3sigma_s"} <= set(found["delays"][0])
    assert len(found["delays"]) == 3
    assert len(found["annuli"]) == 2
    keys = {"a", "b", "ra_deg", "dec_deg", "radius_deg", "minus_3sigma_deg", "plus_3sigma_deg"}
    assert keys <= set(found["annuli"][0])
    assert {"area_50_deg2", "area_90_deg2", "peak_ra_deg", "peak_dec_deg"} <= set(found["skymap"])
    assert found["containment"]["level"] < 0.9973
    assert all(abs(offset["half_widths"]) < 1 for offset in found["containment"]["offsets"])
    assert {"ra_deg", "dec_deg", "area_deg2", "extent_deg", "corners_deg"} <= set(found["regions"][0])
    skymap = SkyMap.read(tmp_path / "m.fits")
    assert {name[:6] for name in skymap.sources} == {"delay:"}
    assert (tmp_path / "m.svg").read_text().startswith("<svg")
    assert (tmp_path / "n.png").read_bytes().startswith(b"\x89PNG")


def test_delay_takes_one_pair_and_shows_the_classical_widths_where_asked(burst: Path, tmp_path: Path) -> None:
    (row,) = json.loads(
        run(
            *("delay", burst, "--pair", "Konus-Wind", "Fermi-GBM", "--classical", "--json"),
            *("--plot", tmp_path / "d.svg", "--plot-curves", tmp_path / "c.png"),
        )
    )["delays"]
    assert (row["a"], row["b"]) == ("Konus-Wind", "Fermi-GBM")
    assert set(row["classical"]) == {"ccf", "chi2"}
    drawn = (tmp_path / "d.svg").read_text()
    assert "Konus-Wind to Fermi-GBM" in drawn
    assert ">chi2<" in drawn
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_tables_fit_a_narrow_terminal_and_cut_no_number_off(burst: Path, narrow: Console) -> None:
    run("triangulate", burst, "--check", "83.6", "22.0")
    shown = narrow.export_text()
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown
    for words in ("Delays", "Annuli (3 sigma", "not a region of 99.73 %", "Sky map", "half-widths off"):
        assert words in shown
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80


def test_overlap_prints_one_number_and_its_meaning(tmp_path: Path, narrow: Console) -> None:
    paths = [tmp_path / "a.fits", tmp_path / "b.fits"]
    for path, ra in zip(paths, (10.0, 12.0), strict=True):
        SkyMap.from_position(ra, 0.0, error_radius_deg=3.0).write(path)
    value = float(run("overlap", *paths).split()[0])
    assert json.loads(run("overlap", *paths, "--json"))["overlap"] == pytest.approx(value, rel=1e-5)
    assert json.loads(run("overlap", *reversed(paths), "--json"))["overlap"] == pytest.approx(value, rel=1e-5)
    assert "one source favoured" in narrow.export_text()


def test_a_picture_of_another_kind_is_refused(burst: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["triangulate", str(burst), "--plot", str(tmp_path / "m.pdf")])
    assert result.exit_code == 2


@pytest.mark.parametrize("command", [("delay",), ("triangulate",)])
def test_a_burst_file_that_is_not_there_ends_with_status_two(command: Sequence[str], tmp_path: Path) -> None:
    assert CliRunner().invoke(app, [*command, str(tmp_path / "none.toml")]).exit_code == 2
