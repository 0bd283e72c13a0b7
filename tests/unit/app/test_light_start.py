"""A start loads only what serving needs; the rest is there when it is asked for."""

import subprocess
import sys

import pytest

from tocsin.domain import late

HEAVY = ("scipy", "astropy", "pyarrow", "PIL", "alembic", "icalendar", "joserfc", "fsspec", "mocpy", "apprise", "dask")
SEEN = "import sys, tocsin.app.serving; print(*{name.split('.')[0] for name in sys.modules})"


def test_what_only_computations_and_pictures_need_is_not_loaded_by_a_start() -> None:
    ran = subprocess.run([sys.executable, "-c", SEEN], check=True, capture_output=True, text=True)
    assert "tocsin" in ran.stdout.split()
    assert sorted(set(ran.stdout.split()) & set(HEAVY)) == []


def test_a_late_module_gives_what_the_module_itself_gives() -> None:
    assert late.special.ndtr(0.0) == 0.5
    assert late.fits.Card("A", 1).value == 1


def test_a_late_module_is_not_loaded_by_those_who_look_modules_through() -> None:
    with pytest.raises(AttributeError):
        _ = late.special.__wrapped__


def test_all_that_is_late_is_loaded_when_there_is_time() -> None:
    late.load_the_rest()
    assert {"scipy.special", "astropy.io.fits", "pyarrow.parquet"} <= set(sys.modules)
