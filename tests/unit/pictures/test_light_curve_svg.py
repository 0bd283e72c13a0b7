"""Light-curve pictures: small, well-formed, and no spike lost."""

from datetime import UTC, datetime

import numpy as np
import pytest
from lxml import etree

from tocsin.domain.light_curves import LightCurve
from tocsin.pictures import ExcessMark, light_curve_svg
from tocsin.pictures.envelope import envelope

T0 = datetime(2020, 4, 15, 8, 48, 5, 563746, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def curve(
    n: int = 12000, *, width_s: float = 0.05, name: str = "SPI-ACS", mask: np.ndarray | None = None
) -> LightCurve:
    counts = np.random.default_rng(1).poisson(4350.0, n).astype(float)
    start = (np.arange(n) - n // 2) * width_s
    return LightCurve(name, T0, start_s=start, width_s=width_s, counts=counts, mask=mask, energy_kev=(75, 2000))


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in etree.fromstring(svg).iter(f"{SVG}text")]


def test_a_picture_of_three_instruments_is_well_formed_and_small() -> None:
    curves = [curve(65536, name=name) for name in ("SPI-ACS", "Fermi-GBM", "Konus-Wind")]
    svg = light_curve_svg(curves, t0_utc=T0)
    assert len(svg.encode()) < 60_000
    assert {"SPI-ACS", "Fermi-GBM", "Konus-Wind", "counts/s"} <= set(texts(svg))


def test_twelve_noisy_instruments_still_stay_below_60_kb() -> None:
    svg = light_curve_svg([curve(20000, name=f"craft {i}") for i in range(12)], t0_utc=T0)
    assert len(svg.encode()) < 60_000


def test_a_single_bin_spike_among_65536_is_still_drawn_at_its_full_height() -> None:
    quiet = curve(65536)
    counts = quiet.counts.copy()
    counts[40000] = 99999.0
    drawn = envelope(quiet.replace(counts=counts), start_s=-1638.4, stop_s=1638.4, columns=400)
    assert drawn.range_cts_s[1] == pytest.approx(99999.0 / 0.05)
    assert drawn.bins_per_column > 100


def test_few_bins_are_drawn_as_they_are() -> None:
    drawn = envelope(curve(100), start_s=-2.5, stop_s=2.5, columns=400)
    assert drawn.bins_per_column == 1
    assert [len(segment.low_cts_s) for segment in drawn.segments] == [100]
    assert drawn.unusable_s == ()


def test_masked_bins_gaps_and_times_outside_the_data_are_hatched() -> None:
    mask = np.zeros(1000, dtype=bool)
    mask[200:300] = True
    gappy = curve(1000, mask=mask).select((np.arange(1000) < 600) | (np.arange(1000) >= 700))
    drawn = envelope(gappy, start_s=-30.0, stop_s=30.0, columns=2000)
    assert np.ravel(drawn.unusable_s) == pytest.approx([-30.0, -25.0, -15.0, -10.0, 5.0, 10.0, 25.0, 30.0])
    assert light_curve_svg([gappy], t0_utc=T0, window_s=(-30, 30)).count('class="unusable"') == 4


def test_a_curve_of_masked_nan_says_that_it_has_nothing() -> None:
    blind = curve(50).replace(counts=np.full(50, np.nan), mask=np.ones(50, dtype=bool))
    svg = light_curve_svg([blind], t0_utc=T0)
    assert any("no usable data here" in text for text in texts(svg))
    assert "nan" not in svg


def test_no_curves_and_empty_curves_make_a_picture_and_no_error() -> None:
    empty = curve(10).select(np.zeros(10, dtype=bool))
    for curves in ([], [empty]):
        etree.fromstring(light_curve_svg(curves, t0_utc=T0))


def test_the_excess_says_its_signal_to_noise_and_scale_in_its_own_panel() -> None:
    mark = ExcessMark(instrument="SPI-ACS", start_s=0.0, stop_s=0.25, snr=21.34, scale_s=0.25)
    svg = light_curve_svg([curve(), curve(name="Fermi-GBM")], t0_utc=T0, marks=[mark])
    assert texts(svg).count("S/N 21.3, 250 ms") == 1
    assert "excess of S/N 21.3" in (etree.fromstring(svg).findtext(f"{SVG}desc") or "")


def test_times_are_shown_relative_to_the_t0_asked_for() -> None:
    moved = curve(100).with_t0("2020-04-15T08:47:05.563746")
    svg = light_curve_svg([moved], t0_utc=T0, window_s=(-2.5, 2.5))
    assert "no usable data" not in svg
    assert any("2020-04-15 08:48:05.563" in text for text in texts(svg))


def test_markup_in_an_instrument_name_is_text() -> None:
    svg = light_curve_svg([curve(10, name="<script>alert(1)</script>\x07&\"'")], t0_utc=T0, title="</title><b>")
    assert "<script" not in svg
    assert "<script>alert(1)</script>\ufffd&\"'" in texts(svg)


def test_there_are_no_inline_styles_which_the_pages_policy_would_refuse() -> None:
    svg = light_curve_svg([curve()], t0_utc=T0)
    assert "style=" not in svg
    assert "<style" not in svg
