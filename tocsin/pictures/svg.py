"""SVG text: elements with everything escaped, short numbers, short paths. Knows nothing of astronomy."""

import hashlib
import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Characters XML 1.0 forbids even when escaped: a notice may hold them, a picture must not.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def escape(text: str) -> str:
    """`text` safe between tags and in attributes; characters that XML forbids become U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text).translate(_ESCAPES)


def number(value: float, digits: int = 1) -> str:
    """Coordinate with at most `digits` decimals and nothing superfluous: ``12``, ``0.5``, ``-3.1``."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def element(name: str, *children: str, **attributes: str | float | None) -> str:
    """One element; `attributes` with underscores become hyphens (``class_`` is ``class``), None is left out.

    `children` are markup already: text goes through `text_element`.
    """
    written = "".join(f' {_attribute(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None)
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text_element(text: str, x: float, y: float, **attributes: str | float | None) -> str:
    """A text at (x, y), escaped."""
    return element("text", escape(text), x=x, y=y, **attributes)


def document(*children: str, width: float, height: float, title: str, description: str, class_: str) -> str:
    """A whole picture: scales with its place, says what it shows to those who cannot see it."""
    mark = picture_id(title + description)
    return element(
        "svg",
        element("title", escape(title), id=f"{mark}t"),
        element("desc", escape(description), id=f"{mark}d"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        class_=class_,
        role="img",
        aria_labelledby=f"{mark}t {mark}d",
        font_family="system-ui, sans-serif",
        font_size=12,
        fill="currentColor",
    )


def picture_id(seed: str) -> str:
    """Prefix for ids inside a picture: the same picture has the same, two on a page differ."""
    return "p" + hashlib.sha256(seed.encode()).hexdigest()[:8]


def path(x: FloatArray, y: FloatArray, *, closed: bool = False) -> str:
    """Path data through points, in relative steps of a tenth of a unit (rounding does not add up).

    Parameters
    ----------
    x, y
        Points, shape (n,), user units.
    closed
        Ends with a Z.
    """
    points = np.rint(np.column_stack([x, y]) * 10.0).astype(np.int64)
    if not len(points):
        return ""
    steps = np.diff(points, axis=0)
    steps = steps[(steps != 0).any(axis=1)]
    start = f"M{_tenths(points[0, 0])} {_tenths(points[0, 1])}"
    body = "".join(f"l{_tenths(dx)}{_second(_tenths(dy))}" for dx, dy in steps)
    # A path of one point would draw nothing: a dot is drawn by round caps on a step of no length.
    return start + (body or "h0") + ("z" if closed else "")


def _tenths(value: int) -> str:
    sign, whole, tenth = "-" if value < 0 else "", abs(int(value)) // 10, abs(int(value)) % 10
    return f"{sign}{whole}" if tenth == 0 else f"{sign}{whole or ''}.{tenth}"


def _second(text: str) -> str:
    return text if text.startswith("-") else f" {text}"


def simplify(x: FloatArray, y: FloatArray, tolerance: float) -> tuple[FloatArray, FloatArray]:
    """Fewer points, none of those left out further than `tolerance` from the line drawn (Douglas and Peucker 1973)."""
    n = len(x)
    if n <= 2:
        return x, y
    keep = np.zeros(n, dtype=bool)
    keep[[0, n - 1]] = True
    pending = [(0, n - 1)]
    while pending:
        first, last = pending.pop()
        if last - first < 2:
            continue
        offset = _offsets(x[first : last + 1], y[first : last + 1])
        at = first + int(np.argmax(offset))
        if offset[at - first] > tolerance:
            keep[at] = True
            pending += [(first, at), (at, last)]
    return x[keep], y[keep]


def _offsets(x: FloatArray, y: FloatArray) -> FloatArray:
    """Distances of points from the segment between the first and the last of them."""
    dx, dy = x[-1] - x[0], y[-1] - y[0]
    length2 = dx * dx + dy * dy
    along = np.zeros_like(x) if length2 == 0 else np.clip(((x - x[0]) * dx + (y - y[0]) * dy) / length2, 0.0, 1.0)
    return np.asarray(np.hypot(x - x[0] - along * dx, y - y[0] - along * dy))


def join(parts: Iterable[str]) -> str:
    """Markup of all parts, in order."""
    return "".join(parts)


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else number(value, 2)
