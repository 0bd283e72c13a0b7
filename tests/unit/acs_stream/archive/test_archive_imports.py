"""The base install has neither pyarrow nor fsspec: all but the modules that read and write Parquet import without."""

import subprocess
import sys
from pathlib import Path

import acs_stream

ROOT = Path(acs_stream.__file__).parent
NEED_THE_SERVER = {
    f"acs_stream.archive.{name}" for name in ("storage", "parts", "rate_archive", "importing", "source", "day_search")
}
CODE = """
import sys
sys.modules.update(pyarrow=None, fsspec=None)
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_the_rest_of_the_stream_needs_no_parquet() -> None:
    paths = (path.relative_to(ROOT.parent).with_suffix("") for path in ROOT.rglob("*.py"))
    names = {".".join(path.parts).removesuffix(".__init__") for path in paths}
    assert names > NEED_THE_SERVER
    wanted = sorted(names - NEED_THE_SERVER)
    done = subprocess.run(
        [sys.executable, "-c", CODE, *wanted], capture_output=True, text=True, check=False, cwd=ROOT.parent
    )
    assert done.returncode == 0, done.stderr
