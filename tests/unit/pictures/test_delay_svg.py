"""Pictures of delays: one panel a pair, the 90 % intervals filled, quantiles marked, all of it in words, too."""

import numpy as np

from tocsin.pictures.delay import DrawnDelay, delays_svg
from tocsin.pictures.png import png
from triangulation.delay import DelayPosterior


def drawn(posterior: DelayPosterior, label: str = "A to B") -> DrawnDelay:
    middle = posterior.median_s
    return DrawnDelay(
        label=label,
        delay_s=posterior.delay_s,
        density=posterior.density,
        median_s=middle,
        minus_3sigma_s=middle - posterior.quantile(0.00135),
        plus_3sigma_s=posterior.quantile(0.99865) - middle,
        interval_90_s=posterior.hpd(0.9),
        remark="sigma 1 ms",
        classical=[("chi2", posterior.delay_s, posterior.density)],
    )


def two_modes() -> DelayPosterior:
    grid = np.linspace(-1.0, 1.0, 4001)
    density = np.exp(-0.5 * ((grid - 0.3) / 0.01) ** 2) + 0.6 * np.exp(-0.5 * ((grid + 0.4) / 0.02) ** 2)
    return DelayPosterior(delay_s=grid, density=density)


def regions(svg: str) -> int:
    return svg.count('class="region"')


def test_each_pair_has_a_panel_with_its_value_in_words() -> None:
    svg = delays_svg([drawn(DelayPosterior.gaussian(0.5, 0.01)), drawn(DelayPosterior.gaussian(-2.0, 0.1), "B to C")])
    assert "+0.5000 s" in svg
    assert "B to C: -2 s, 3 sigma from -2.3 to -1.7 s" in svg
    assert regions(svg) == 2


def test_two_modes_are_two_filled_intervals() -> None:
    assert regions(delays_svg([drawn(two_modes())])) == 2


def test_the_picture_stays_small_and_becomes_a_png() -> None:
    svg = delays_svg([drawn(two_modes())] * 3)
    assert len(svg) < 60_000
    assert png(svg).startswith(b"\x89PNG")


def test_text_in_labels_is_escaped() -> None:
    assert "<script>" not in delays_svg([drawn(DelayPosterior.gaussian(0.0, 1.0), "<script>")])
