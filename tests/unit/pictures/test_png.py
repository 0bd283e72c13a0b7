"""PNG of our own SVG: what is drawn is there, in its place and colour."""

import io

import pytest
from PIL import Image

from tocsin.pictures import DrawnAnnulus, SkyPoint, sky_map_svg
from tocsin.pictures.png import png

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50" fill="currentColor">{}</svg>'


def drawn(markup: str) -> Image.Image:
    return Image.open(io.BytesIO(png(SVG.format(markup)))).convert("RGB")


def is_dark(image: Image.Image, x: float, y: float) -> bool:
    return sum(image.getpixel((round(2 * x), round(2 * y)))) < 300


def test_it_is_twice_as_large_and_white() -> None:
    image = drawn("")
    assert image.size == (200, 100)
    assert image.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "markup",
    [
        '<path d="M10 10l20 0l0 20l-20 0z"/>',
        '<path d="M10 10H30V30H10z"/>',
        '<path d="M10 10h20v20h-20z"/>',
        '<rect x="10" y="10" width="20" height="20"/>',
        '<g transform="translate(5 5)"><rect x="5" y="5" width="20" height="20"/></g>',
    ],
)
def test_a_square_is_a_square_however_it_is_written(markup: str) -> None:
    image = drawn(markup)
    assert is_dark(image, 20, 20)
    assert is_dark(image, 12, 28)
    assert not is_dark(image, 8, 20)
    assert not is_dark(image, 32, 20)


def test_two_outlines_leave_a_hole() -> None:
    image = drawn('<path d="M5 5h40v40h-40zM15 15h20v20h-20z"/>')
    assert is_dark(image, 10, 10)
    assert not is_dark(image, 25, 25)


def test_dashes_leave_gaps_and_a_clip_cuts() -> None:
    image = drawn('<path d="M0 25H100" stroke="currentColor" stroke-width="4" stroke-dasharray="20 20" fill="none"/>')
    assert [is_dark(image, x, 25) for x in (10, 30, 50, 70)] == [True, False, True, False]
    clipped = drawn(
        '<clipPath id="c"><ellipse cx="50" cy="25" rx="20" ry="20"/></clipPath>'
        '<g clip-path="url(#c)"><rect x="0" y="0" width="100" height="50"/></g>'
    )
    assert is_dark(clipped, 50, 25)
    assert not is_dark(clipped, 10, 25)


def test_words_stand_where_they_should_turned_or_not() -> None:
    image = drawn('<text x="50" y="30" text-anchor="middle">HHHH</text>')
    assert any(is_dark(image, x, 26) for x in range(36, 64))
    assert not any(is_dark(image, x, 26) for x in range(20))
    turned = drawn('<text x="10" y="25" transform="rotate(-90 10 25)" text-anchor="middle">HHHH</text>')
    assert any(is_dark(turned, x, y) for x in range(4, 16) for y in (15, 35))


def test_a_map_has_the_colour_of_its_annulus() -> None:
    ring = DrawnAnnulus(label="a - b", ra_deg=180, dec_deg=0, radius_deg=40, minus_3sigma_deg=2, plus_3sigma_deg=2)
    svg = sky_map_svg(None, [ring], [SkyPoint(label="GRB", ra_deg=100, dec_deg=20)], title="Sky")
    image = Image.open(io.BytesIO(png(svg))).convert("RGB")
    colours = image.getcolors(maxcolors=2**24) or []
    orange = sum(count for count, (red, green, blue) in colours if red > 150 and green < 140 and blue < 90)
    assert orange > 100
