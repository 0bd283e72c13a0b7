"""PNG of our own SVG, for places that show no SVG (chat, mail): the same picture, on white. Pure.

It knows the elements that `tocsin.pictures` draws with, and nothing else of SVG: paths of straight lines, rectangles,
ellipses, texts, groups, one clip. Colours are those of the light theme, by class.
"""

import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree

from tocsin.domain.late import Image, ImageChops, ImageDraw, ImageFont

#: Pixels for one unit of the SVG, and how much finer it is drawn before it is scaled down.
SCALE, FINER = 2.0, 2
_INK = (28, 33, 40)
#: Colour by class: the light theme of the pages.
_COLOURS = {
    "small": (92, 101, 112), "tick": (92, 101, 112), "unit": (92, 101, 112), "rate": (0, 92, 170),
    "region": (0, 92, 170), "excess": (190, 80, 0), "excess-tip": (190, 80, 0), "excess-words": (190, 80, 0),
    "annulus": (190, 80, 0), "band": (190, 80, 0), "t0": (160, 0, 90), "t0-words": (160, 0, 90),
    "error-circle": (160, 0, 90), "diamond": (160, 0, 90), "star": (160, 0, 90), "galactic": (0, 120, 90),
}  # fmt: skip
_STEP = re.compile(r"([MmLlHhVvZz])|(-?\d*\.?\d+)")
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")
#: Signs that the built-in font does not have.
_PLAIN = str.maketrans(
    {
        "\u2212": "-",
        "\u2013": "-",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u03c3": " sigma",
        "\u00b2": "^2",
        "\u2265": ">=",
    }
)
Points = list[tuple[float, float]]
Colour = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """What an element inherits from those around it."""

    ink: tuple[int, int, int] = _INK
    fill: bool = True
    stroke: bool = False
    fill_opacity: float = 1.0
    stroke_opacity: float = 1.0
    width: float = 1.0
    dashes: tuple[float, ...] = ()
    font_size: float = 12.0
    anchor: str = "start"
    dx: float = 0.0
    dy: float = 0.0


def png(svg: str) -> bytes:
    """Picture of an SVG that this package has drawn."""
    root = etree.fromstring(svg.encode(), parser=etree.XMLParser(resolve_entities=False, no_network=True))
    width, height = (float(value) for value in root.get("viewBox", "0 0 480 240").split()[2:])
    unit = SCALE * FINER
    image = Image.new("RGB", (round(width * unit), round(height * unit)), "white")
    _Painter(image, unit, root).paint(root, _Style())
    small = image.resize((round(width * SCALE), round(height * SCALE)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


class _Painter:
    def __init__(self, image: "Image.Image", unit: float, root: Any) -> None:
        self._image = image
        self._unit = unit
        self._clips = {one.get("id"): one for one in root.iter("{*}clipPath")}

    def paint(self, node: Any, style: _Style) -> None:
        """Draw an element and what is in it."""
        kind = etree.QName(node).localname
        if kind in {"title", "desc", "defs", "clipPath", "pattern"}:
            return
        style = _styled(node, style)
        clip = self._clips.get((node.get("clip-path") or "").removeprefix("url(#").removesuffix(")"))
        if clip is not None:
            self._clipped(node, style, clip)
            return
        if kind == "text":
            self._text(node, style)
        elif kind not in {"svg", "g"}:
            self._shape([*_outline(node, style)], style)
        for child in node.iterchildren(tag=etree.Element):
            self.paint(child, style)

    def _clipped(self, node: Any, style: _Style, clip: Any) -> None:
        whole, layer = self._image, self._image.copy()
        mask = Image.new("L", whole.size, 0)
        for shape in clip:
            for points in _outline(shape, style):
                ImageDraw.Draw(mask).polygon(self._scaled(points), fill=255)
        self._image = layer
        kind = etree.QName(node).localname
        if kind != "g":
            self._shape([*_outline(node, style)], style)
        for child in node.iterchildren(tag=etree.Element):
            self.paint(child, style)
        self._image = whole
        self._image.paste(layer, mask=mask)

    def _shape(self, outlines: list[Points], style: _Style) -> None:
        if style.fill and (closed := [points for points in outlines if len(points) > 2]):
            self._fill(closed, (*style.ink, round(255 * style.fill_opacity)))
        if style.stroke:
            colour = (*style.ink, round(255 * style.stroke_opacity))
            draw = ImageDraw.Draw(self._image, "RGBA")
            width = max(1, round(style.width * self._unit))
            for points in outlines:
                for line in _dashed(points, style.dashes):
                    draw.line(self._scaled(line), fill=colour, width=width, joint="curve")

    def _fill(self, outlines: list[Points], colour: Colour) -> None:
        """Fill, even-odd: what lies within two outlines is a hole."""
        if len(outlines) == 1:
            ImageDraw.Draw(self._image, "RGBA").polygon(self._scaled(outlines[0]), fill=colour)
            return
        mask = Image.new("1", self._image.size, 0)
        for points in outlines:
            one = Image.new("1", self._image.size, 0)
            ImageDraw.Draw(one).polygon(self._scaled(points), fill=1)
            mask = ImageChops.logical_xor(mask, one)
        share = colour[3]
        self._image.paste(colour[:3], mask=mask.convert("L").point(lambda value: share if value else 0))

    def _text(self, node: Any, style: _Style) -> None:
        words = "".join(node.itertext()).translate(_PLAIN)
        font = ImageFont.load_default(style.font_size * self._unit)
        x, y = (float(node.get(name) or 0.0) for name in ("x", "y"))
        place = ((x + style.dx) * self._unit, (y + style.dy) * self._unit)
        anchor = {"middle": "ms", "end": "rs"}.get(style.anchor, "ls")
        turn = re.match(r"rotate\((-?[\d.]+)", node.get("transform") or "")
        if turn is None:
            ImageDraw.Draw(self._image).text(place, words, fill=style.ink, font=font, anchor=anchor)
            return
        length, size = round(font.getlength(words)) + 4, round(2 * style.font_size * self._unit)
        strip = Image.new("L", (length, size), 0)
        ImageDraw.Draw(strip).text((length / 2, size * 0.7), words, fill=255, font=font, anchor="ms")
        turned = strip.rotate(-float(turn[1]), expand=True)
        corner = (round(place[0] - turned.width / 2), round(place[1] - turned.height / 2))
        self._image.paste(style.ink, (*corner, corner[0] + turned.width, corner[1] + turned.height), mask=turned)

    def _scaled(self, points: Points) -> Points:
        return [(x * self._unit, y * self._unit) for x, y in points]


def _styled(node: Any, style: _Style) -> _Style:
    get = node.get
    classes = (get("class") or "").split()
    inks = [_COLOURS[one] for one in classes if one in _COLOURS]
    changes: dict[str, Any] = {"ink": inks[0]} if inks else {}
    for name in ("fill", "stroke"):
        if get(name) is not None:
            changes[name] = get(name) != "none" and not get(name).startswith("url(")
    for name, key in (("fill-opacity", "fill_opacity"), ("stroke-opacity", "stroke_opacity"),
                      ("stroke-width", "width"), ("font-size", "font_size")):  # fmt: skip
        if get(name) is not None:
            changes[key] = float(get(name))
    if get("stroke-dasharray"):
        changes["dashes"] = tuple(float(value) for value in _NUMBERS.findall(get("stroke-dasharray")))
    if get("text-anchor"):
        changes["anchor"] = get("text-anchor")
    if (get("transform") or "").startswith("translate("):
        dx, dy = (float(value) for value in _NUMBERS.findall(get("transform"))[:2])
        changes |= {"dx": style.dx + dx, "dy": style.dy + dy}
    return replace(style, **changes)


def _outline(node: Any, style: _Style) -> Iterator[Points]:
    """Corners of a shape, one list for each stroke of the pen."""

    def value(name: str) -> float:
        return float(node.get(name) or 0.0)

    match etree.QName(node).localname:
        case "path":
            for points in _walked(node.get("d") or ""):
                yield [(x + style.dx, y + style.dy) for x, y in points]
        case "rect":
            left, top = value("x") + style.dx, value("y") + style.dy
            right, bottom = left + value("width"), top + value("height")
            yield [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        case "ellipse" | "circle":
            rx, ry = (value("r"), value("r")) if node.get("r") else (value("rx"), value("ry"))
            yield [*_round(value("cx") + style.dx, value("cy") + style.dy, rx, ry)]


def _round(x: float, y: float, rx: float, ry: float) -> Iterator[tuple[float, float]]:
    for i in range(121):
        turn = 1j ** (i / 30)
        yield x + rx * turn.real, y + ry * turn.imag


def _walked(data: str) -> Iterator[Points]:
    """Points of a path of straight lines."""
    tokens = _STEP.findall(data)
    points: Points = []
    x = y = 0.0
    i, order = 0, "M"
    while i < len(tokens):
        if tokens[i][0]:
            order = tokens[i][0]
            i += 1
            if order in "Zz":
                if points:
                    x, y = points[0]
                    points.append(points[0])
                continue
            if order in "Mm" and points:
                yield points
                points = []
            continue
        number = float(tokens[i][1])
        if order in "HhVv":
            x = {"H": number, "h": x + number}.get(order, x)
            y = {"V": number, "v": y + number}.get(order, y)
            i += 1
        else:
            second = float(tokens[i + 1][1])
            x, y = (x + number, y + second) if order in "lm" else (number, second)
            i += 2
        points.append((x, y))
        order = {"M": "L", "m": "l"}.get(order, order)
    if points:
        yield points


def _dashed(points: Points, dashes: tuple[float, ...]) -> Iterator[Points]:
    """The line as it is, or cut into dashes."""
    if not dashes:
        yield points
        return
    pattern = dashes if len(dashes) % 2 == 0 else dashes * 2
    index, left, line = 0, pattern[0], points[:1]
    for (x, y), (to_x, to_y) in itertools.pairwise(points):
        length = abs(complex(to_x - x, to_y - y))
        done = 0.0
        while length - done > left:
            done += left
            place = (x + (to_x - x) * done / length, y + (to_y - y) * done / length)
            if index % 2 == 0:
                yield [*line, place]
            line, index = [place], (index + 1) % len(pattern)
            left = pattern[index]
        left -= length - done
        line.append((to_x, to_y))
    if index % 2 == 0 and len(line) > 1:
        yield line
