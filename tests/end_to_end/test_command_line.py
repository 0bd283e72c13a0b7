"""The commands as people and scripts call them: what they print, and how they end."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NGC_253 = ("11.888", "-25.288")


def _tocsin(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "tocsin", *arguments],
        cwd=folder,
        env=environment | {"TOCSIN_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def _json(done: subprocess.CompletedProcess[str], status: int = 0) -> Any:
    assert done.returncode == status, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture
def burst_file(samples: Path, tmp_path: Path) -> Path:
    """GRB 200415A, Konus-Wind and Fermi-GBM."""
    data = samples / "data" / "ipn" / "GRB20200415_T31685"
    text = f"""
name = "GRB 200415A"
[[observation]]
instrument = "Konus-Wind"
lightcurve = "{data / "kw20200415_31681_rc2.thr"}"
format = "ipn-thr"
columns = ["G2"]
t0_utc = "2020-04-15T08:48:01.403392"
position = {{ ra_deg = 2.14708, dec_deg = 1.94712, distance_km = 1428868.0 }}
clock_error_s = 0.001
[[observation]]
instrument = "Fermi-GBM"
lightcurve = "{data / "GBM" / "GRB200415_GBM_1ms.thr"}"
format = "ipn-thr"
columns = [2]
t0_utc = "2020-04-15T08:48:05.563746"
position = {{ ra_deg = 58.14031, dec_deg = -23.94317, distance_km = 6913.6 }}
"""
    path = tmp_path / "burst.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_annulus_of_grb_200415a_contains_ngc_253(burst_file: Path, tmp_path: Path) -> None:
    arguments = ("triangulate", str(burst_file), "--json", "--check", *NGC_253)
    outputs = ("--skymap", str(tmp_path / "map.fits"), "--plot", str(tmp_path / "map.svg"))
    result = _json(_tocsin(*arguments, *outputs, folder=tmp_path))
    (delay,), (annulus,) = result["delays"], result["annuli"]
    assert abs(delay["delay_s"] - 4.1585) < 0.002
    assert abs(annulus["ra_deg"] - 1.936) < 0.01
    assert abs(annulus["dec_deg"] - 2.065) < 0.01
    assert annulus["minus_3sigma_deg"] + annulus["plus_3sigma_deg"] < 0.2
    assert abs(result["containment"]["offsets"][0]["half_widths"]) < 1.0
    assert result["containment"]["level"] < 0.9973
    assert (tmp_path / "map.svg").read_text(encoding="utf-8").startswith("<svg")
    overlap = _json(
        _tocsin("overlap", str(tmp_path / "map.fits"), str(tmp_path / "map.fits"), "--json", folder=tmp_path)
    )
    assert overlap["overlap"] > 100


def test_a_delay_alone_can_be_asked_for(burst_file: Path, tmp_path: Path) -> None:
    pair = ("--pair", "Konus-Wind", "Fermi-GBM")
    (delay,) = _json(_tocsin("delay", str(burst_file), *pair, "--json", folder=tmp_path))["delays"]
    assert delay["a"] == "Konus-Wind"
    assert abs(delay["delay_s"] - 4.1585) < 0.002


def test_a_burst_file_with_an_unknown_key_names_file_and_key(burst_file: Path, tmp_path: Path) -> None:
    burst_file.write_text(burst_file.read_text(encoding="utf-8").replace("columns", "colums"), encoding="utf-8")
    done = _tocsin("triangulate", str(burst_file), "--json", folder=tmp_path)
    assert done.returncode == 2
    assert "burst.toml" in done.stderr
    assert "colums" in done.stderr


def test_a_real_light_curve_is_searched(samples: Path, tmp_path: Path) -> None:
    curve = samples / "data" / "spiacs" / "spiacs_lc_query-3.1.fits"
    done = _tocsin("search", str(curve), "--t0", "2023-03-07T15:44:06.67", "--window", "200", "--json", folder=tmp_path)
    best = max(_json(done)["excesses"], key=lambda row: row["snr"])
    assert best["snr"] > 100
    assert 0 < best["t_s"] < 60


def test_notices_are_decoded_in_the_order_given_and_a_bad_file_does_not_hide_the_rest(
    samples: Path, tmp_path: Path
) -> None:
    good = samples / "alerts" / "igwn_gwalert" / "S241126dm-retraction.json"
    bad = tmp_path / "bad.xml"
    bad.write_bytes(b"\x00\x01nonsense")
    result = _json(_tocsin("notice", str(bad), f"igwn.gwalert={good}", "--json", folder=tmp_path), status=1)
    assert "error" in result[0]
    assert result[1]["event_ids"][0] == "S241126dm"
    assert result[1]["is_retraction"] is True


def test_a_circular_is_linted(tmp_path: Path) -> None:
    circular = tmp_path / "circular.txt"
    circular.write_text("DRAFT: GRB 230101A\n\nWe report TBD counts.\n", encoding="utf-8")
    findings = _json(_tocsin("lint", str(circular), "--json", folder=tmp_path), status=1)["findings"]
    assert {"rule", "severity", "place", "message", "remedy"} <= set(findings[0])


def test_the_configuration_that_travels_with_tocsin_is_right(tmp_path: Path) -> None:
    done = _tocsin("check", folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_wrong_setting_refuses_to_start_and_names_file_and_key(tmp_path: Path) -> None:
    overlay = tmp_path / "config"
    overlay.mkdir()
    (overlay / "tocsin.toml").write_text("[api]\nport = 99999999\n", encoding="utf-8")
    environment = os.environ | {"TOCSIN_CONFIG_DIR": str(overlay), "TOCSIN_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "serve"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "api.port" in done.stderr
    assert "tocsin.toml" in done.stderr


def test_a_search_states_both_limits_tries_bursts_and_compares_another_instruments_spectrum(
    samples: Path, tmp_path: Path
) -> None:
    curve = samples / "data" / "spiacs" / "spiacs_lc_query-3.1.fits"
    near = ("--t0", "2023-03-07T15:43:00", "--window", "60", "--direction", "75", "0", "--distance", "300", "50")
    burst = ("--expect", "1.4e-7", "3e-8", "-0.62", "185", "--interval", "0", "0.6")
    shown = _json(_tocsin("search", str(curve), *near, *burst, "--json", folder=tmp_path))
    limits = shown["limits"]
    assert limits["upper_limit_90"]["counts_1s"] > limits["sensitivity_3sigma"]["counts_1s"]
    assert limits["isotropic_energy_erg"]["low"] < limits["isotropic_energy_erg"]["high"]
    assert limits["response"]["kind"] == "parametric"
    assert [row["name"] for row in shown["trial_bursts"]] == ["like GRB 170817A", "typical short burst"]
    assert shown["agreement"]["agrees"] is True
    assert {"t_s", "scale_s", "snr", "far_hz", "fap", "sigma", "spike_score", "far_source"} <= set(shown["excesses"][0])
