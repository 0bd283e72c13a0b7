"""Runs the notebook tutorials against a small service, and compares what they print with what the pages say.

``python docs/run_tutorials.py`` fails where they differ; ``--update`` writes what they print into the pages.
"""
# ruff: noqa: INP001, T201 - a tool beside the pages, run by itself: no package, and it speaks to people

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "tests"))

from api_night import Night, fill_night  # noqa: E402 - the tests' night stands for a service
from served_app import served  # noqa: E402 - as above

from tocsin.api import build_app  # noqa: E402 - after the path was set
from tocsin.domain.products import ProductKind  # noqa: E402 - as above

PAGES = ("react_to_an_alert.md", "triangulate_your_own.md", "limits_of_a_region.md")
URL = "http://127.0.0.1:8000"
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def run_page(text: str, url: str) -> str:
    """The page with what its code prints now."""
    known: dict[str, Any] = {}

    def run(match: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(match[1].replace(URL, url), "tutorial", "exec"), known)  # noqa: S102 - our own pages
        shown = f"\n\n```text\n{printed.getvalue()}```" if printed.getvalue() else ""
        return f"```python\n{match[1]}```{shown}"

    return BLOCK.sub(run, text)


def main(*, update: bool) -> int:
    """Number of pages that say something else than their code prints."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        night = Night(Path(folder))
        fill_night(night)
        night.product("grb-1", ProductKind.LIMIT, "SPI-ACS", {"hard_1s_erg_cm2": 2.41e-7, "hard_8s_erg_cm2": 6.7e-7})
        shutil.copy(DOCS / "tutorials" / "make_burst.py", folder)
        before = Path.cwd()
        os.chdir(folder)
        try:
            with served(build_app(night.services())) as url:
                for name in PAGES:
                    page = DOCS / "tutorials" / name
                    said, found = page.read_text(encoding="utf-8"), ""
                    found = run_page(said, url)
                    if update:
                        page.write_text(found, encoding="utf-8")
                    elif found != said:
                        print(f"{name} says something else than its code prints: python docs/run_tutorials.py --update")
                        wrong += 1
        finally:
            os.chdir(before)
            night.store.close()
    return wrong


if __name__ == "__main__":
    sys.exit(main(update="--update" in sys.argv))
