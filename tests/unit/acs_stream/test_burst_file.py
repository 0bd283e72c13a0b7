"""Burst files: what they may say, and what is made of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acs_stream.burst_file import delays_to_json, load_burst, measure_delays, result_to_json, triangulate_burst
from acs_stream.burst_result import arrival_utc
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ConfigurationError, ScienceError
from triangulation.geometry import SpacecraftPosition, arrival_minus_geocentre_s, unit_vector

SOURCE = (83.6, 22.0)
TRUE_T0 = "2020-04-15T08:48:05"
CRAFT = {
    "Konus-Wind": (2.147, 1.947, 1428868.0),
    "Fermi-GBM": (58.14, -23.94, 6913.6),
    "SPI-ACS": (222.7, 52.7, 132658.0),
}


def position(name: str) -> Any:
    ra, dec, distance = CRAFT[name]
    return SpacecraftPosition.from_radec(name, TRUE_T0, ra_deg=ra, dec_deg=dec, distance_km=distance)


def write_curve(path: Any, name: str, *, bin_s: Any, background: Any, amplitude: Any, seed: int) -> None:
    """A pulse that reaches each craft at its own time."""
    rng = np.random.default_rng(seed)
    edges = np.arange(-12.0, 12.0, bin_s)
    arrival = arrival_minus_geocentre_s(position(name), *SOURCE)
    t = edges + bin_s / 2 - arrival
    shape = np.where(t > 0, t / 0.3 * np.exp(1 - np.maximum(t, 0) / 0.3), 0.0)
    counts = rng.poisson((background + amplitude * shape) * bin_s)
    rows = "\n".join(f"{s:.4f},{bin_s},{c}" for s, c in zip(edges, counts, strict=True))
    path.write_text(f"# t0_utc: {TRUE_T0}\nstart_s,width_s,counts\n{rows}\n")


def observation(name: str, file: Any, extra: str = "") -> str:
    ra, dec, distance = CRAFT[name]
    return (
        f'[[observation]]\ninstrument = "{name}"\nlightcurve = "{file}"\nformat = "csv"\nclock_error_s = 0.0005\n'
        f"position = {{ ra_deg = {ra}, dec_deg = {dec}, distance_km = {distance} }}\n{extra}\n"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = tmp_path_factory.mktemp("burst")
    write_curve(made / "kw.csv", "Konus-Wind", bin_s=0.016, background=800, amplitude=8000, seed=1)
    write_curve(made / "gbm.csv", "Fermi-GBM", bin_s=0.016, background=1000, amplitude=20000, seed=2)
    write_curve(made / "acs.csv", "SPI-ACS", bin_s=0.05, background=84000, amplitude=40000, seed=3)
    return made


def burst_file(folder: Path, text: str, name: str = "b.toml") -> Any:
    path = folder / name
    path.write_text('name = "GRB X"\n' + text)
    return path


ALL = (("Konus-Wind", "kw.csv"), ("Fermi-GBM", "gbm.csv"), ("SPI-ACS", "acs.csv"))


@pytest.fixture(scope="module")
def result(folder: Path) -> Any:
    path = burst_file(folder, "".join(observation(*pair) for pair in ALL), "all.toml")
    return triangulate_burst(load_burst(path), check=SOURCE)


def test_delays_are_arrival_at_b_minus_arrival_at_a(result: Any) -> None:
    for delay in result.delays:
        expected = sum(s * arrival_minus_geocentre_s(position(n), *SOURCE) for s, n in ((1, delay.b), (-1, delay.a)))
        low, high = delay.posterior.interval(0.9973)
        assert low - 0.005 < expected < high + 0.005


def test_the_map_holds_the_source_and_comes_from_a_star_of_pairs(result: Any) -> None:
    assert len(result.delays) == 3
    assert len(result.annuli) == 2
    assert result.containment.level < 0.999
    assert all(abs(offset) < 1.3 for _, _, offset in result.containment.offsets)


def test_the_json_form_has_the_names_of_the_contract(result: Any) -> None:
    record = json.loads(json.dumps(result_to_json(result)))
    assert {"a", "b", "delay_s", "minus_3sigma_s", "plus_3sigma_s"} <= set(record["delays"][0])
    assert {"a", "b", "ra_deg", "dec_deg", "radius_deg", "minus_3sigma_deg", "plus_3sigma_deg"} <= set(
        record["annuli"][0]
    )
    assert {"area_50_deg2", "area_90_deg2", "peak_ra_deg", "peak_dec_deg"} <= set(record["skymap"])
    assert record["containment"]["offsets"]
    assert record["delays"][0]["minus_3sigma_s"] > 0


def test_one_pair_can_be_asked_for_in_either_order(folder: Path) -> None:
    burst = load_burst(burst_file(folder, "".join(observation(*pair) for pair in ALL[:2])))
    (forth,), (back,) = (delays_to_json(measure_delays(burst, pair=p)) for p in (("Wind", "Fermi"), ("Fermi", "Wind")))
    assert forth["delay_s"] == pytest.approx(-back["delay_s"], abs=0.004)
    with pytest.raises(ScienceError, match="no observation"):
        measure_delays(burst, pair=("Wind", "Voyager"))


def test_a_spike_in_one_light_curve_does_not_move_the_craft(folder: Path) -> None:
    burst = load_burst(burst_file(folder, "".join(observation(*pair) for pair in ALL[:2])))
    a, b = burst.observations
    counts = a.light_curve.counts.copy()
    counts[30] += 5000
    spiked = replace(a, light_curve=a.light_curve.replace(counts=counts))
    delay_s = measure_delays(burst)[0].posterior.median_s
    moment, other = arrival_utc(spiked, b, delay_s), arrival_utc(a, b, delay_s)
    assert abs((moment - other).total_seconds()) < 0.1


def test_without_positions_there_are_delays_and_no_annulus(folder: Path) -> None:
    text = "".join(
        "\n".join(line for line in observation(*pair).splitlines() if not line.startswith("position")) + "\n"
        for pair in ALL[1:]
    )
    burst = load_burst(burst_file(folder, text, "bare.toml"))
    assert measure_delays(burst)[0].baseline_light_s is None
    with pytest.raises(ScienceError, match="no annulus"):
        triangulate_burst(burst)


def test_one_observation_is_too_few(folder: Path) -> None:
    burst = load_burst(burst_file(folder, observation(*ALL[0]), "one.toml"))
    with pytest.raises(ScienceError, match="two observations"):
        triangulate_burst(burst)


def test_a_stated_t0_wins_and_the_difference_is_reported(folder: Path) -> None:
    text = observation(*ALL[0], 't0_utc = "2020-04-15T08:48:05.25"') + observation(*ALL[1])
    burst = load_burst(burst_file(folder, text, "t0.toml"))
    assert burst.observation("Konus-Wind").light_curve.t0_utc == to_utc("2020-04-15T08:48:05.25")
    assert any("+0.250000 s" in report for report in burst.observations[0].reports)


def test_positions_may_be_a_list_or_a_file(folder: Path) -> None:
    (folder / "wind.eph").write_text("20200415 31685.000 08:48:05.000 2.147 1.947 1428868.0\n")
    ra, dec, distance = CRAFT["Konus-Wind"]
    plain = "\n".join(line for line in observation(*ALL[0]).splitlines() if not line.startswith("position")) + "\n"
    places = ", ".join(
        f'{{ utc = "2020-04-15T08:{m}:00", ra_deg = {ra}, dec_deg = {dec}, distance_km = {distance} }}'
        for m in (47, 50)
    )
    for extra, n in (('ephemeris = "wind.eph"', 1), (f"positions = [{places}]", 2)):
        burst = load_burst(burst_file(folder, plain + extra + "\n", "pos.toml"))
        assert len(burst.observations[0].positions) == n
        vector = burst.observations[0].positions[0].vector_km
        assert vector == pytest.approx(distance * unit_vector(ra, dec))


@pytest.mark.parametrize(
    ("extra", "key"),
    [
        ("nonsense = 1", "observation[1].nonsense"),
        ('format = "doc"', "observation[1].format"),
        ("energy_kev = [300, 50]", "observation[1].energy_kev"),
        ("energy_kev = 50", "observation[1].energy_kev"),
        ("columns = 3", "observation[1].columns"),
        ("clock_error_s = -1", "observation[1].clock_error_s"),
        ('clock_error_s = "x"', "observation[1].clock_error_s"),
        ('t0_utc = "soon"', "observation[1].t0_utc"),
        ('ephemeris = "x.eph"', "observation[1].ephemeris"),
        ("position = { ra_deg = 1 }", "observation[1].position.dec_deg"),
        ("position = { ra_deg = 1, dec_deg = 2, distance_km = 3, moon = 4 }", "observation[1].position.moon"),
        ("position = 3", "observation[1].position"),
        ("position = { ra_deg = 361, dec_deg = 2, distance_km = 9000 }", "observation[1].position.ra_deg"),
        ("position = { ra_deg = 1, dec_deg = -120, distance_km = 9000 }", "observation[1].position.dec_deg"),
        ("position = { ra_deg = 1, dec_deg = 2, distance_km = -9000 }", "observation[1].position.distance_km"),
        ("position = { ra_deg = 1, dec_deg = 2, distance_km = nan }", "observation[1].position.distance_km"),
        (
            "position = { ra_deg = 1, dec_deg = 2, distance_km = 9000, error_km = -1 }",
            "observation[1].position.error_km",
        ),
        ("bin_s = 0.0", "observation[1].bin_s"),
        ("bin_s = -0.064", "observation[1].bin_s"),
        ("lightcurve = 3", "observation[1].lightcurve"),
    ],
)
def test_a_wrong_setting_names_file_and_key(folder: Path, extra: str, key: str) -> None:
    name = extra.split(" = ", maxsplit=1)[0]
    kept = [line for line in observation(*ALL[0]).splitlines() if not line.startswith(f"{name} =")]
    with pytest.raises(ConfigurationError) as caught:
        load_burst(burst_file(folder, "\n".join([*kept, extra]) + "\n", "bad.toml"))
    assert (caught.value.file, caught.value.key) == ("bad.toml", key)


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("= 3")
    for path in (tmp_path / "x.toml", tmp_path / "none.toml"):
        with pytest.raises(ConfigurationError):
            load_burst(path)
    (tmp_path / "y.toml").write_text("unknown = 3")
    with pytest.raises(ConfigurationError, match="unknown"):
        load_burst(tmp_path / "y.toml")


def test_two_observations_of_one_name_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="one instrument name"):
        load_burst(burst_file(folder, observation(*ALL[0]) + observation(*ALL[0]), "twice.toml"))


def test_a_missing_light_curve_is_a_result_not_a_crash(folder: Path) -> None:
    with pytest.raises(ScienceError, match="cannot read"):
        load_burst(burst_file(folder, observation("Konus-Wind", "none.csv"), "missing.toml"))
