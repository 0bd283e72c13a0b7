"""Scripts of others that travel with us: where they are, and the hash that browsers hold them against."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "vendor"
FILES = {
    "htmx": "htmx-2.0.11.min.js",
    "uplot": "uplot-1.6.32.iife.min.js",
    "uplot-css": "uplot-1.6.32.min.css",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendored:
    """A file of others, and its hash as browsers want it."""

    path: str
    integrity: str


@cache
def vendored(name: str) -> Vendored:
    """A file of others by its short name."""
    known = json.loads((FOLDER / "VENDORED.json").read_text(encoding="utf-8"))
    file = FILES[name]
    return Vendored(path=f"/static/vendor/{file}", integrity=f"sha384-{known[file]['sha384']}")
