"""The base install is for notebooks: no database, no Kafka, no web server, no XML parser needed."""

import subprocess
import sys

SERVER_ONLY = [
    "alembic", "apscheduler", "confluent_kafka", "fastapi", "gcn_kafka", "icalendar", "jinja2", "lxml", "mocpy",
    "orjson", "prometheus_client", "psycopg", "pyarrow", "slack_sdk", "sqlalchemy", "starlette", "structlog", "uvicorn",
]  # fmt: skip

BLOCKING = f"""
import sys
class Without:
    def __init__(self, finder):
        self._finder = finder
    def find_spec(self, name, path=None, target=None):
        absent = name.partition('.')[0] in {SERVER_ONLY!r}
        return None if absent else self._finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self._finder, name)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BLOCKING + code], capture_output=True, text=True, timeout=60, check=False
    )


def test_triangulation_search_and_simulation_import_without_the_service() -> None:
    code = (
        "import triangulation.delay, triangulation.skymap, acs_stream.burst_file, acs_stream.search_file\n"
        "import acs_stream.sources, tocsin.simulate.night, tocsin.pictures, triggers.rules\n"
    )
    done = _run(code)
    assert done.returncode == 0, done.stderr


def test_the_notebook_client_asks_a_service_without_being_one() -> None:
    code = """
import astropy.units as u
import httpx
from tocsin.client import Tocsin
row = {"id": "e1", "name": "GRB 1", "kind": "gamma_ray_burst", "t0_utc": "2026-11-22T03:04:05Z", "tier": 1,
       "state": "open", "is_test": False, "is_replay": False, "is_retracted": False, "ra_deg": 1.5, "dec_deg": None,
       "error_radius_deg": None, "far_hz": 1e-9, "streams": ["fermi_gbm"]}
answer = httpx.Response(200, json={"events": [row], "next": None})
found = Tocsin("http://nowhere.invalid", transport=httpx.MockTransport(lambda _request: answer)).events()
assert found["ra_deg"].unit == u.deg and found["t0"][0].isot == "2026-11-22T03:04:05.000"
"""
    done = _run(code)
    assert done.returncode == 0, done.stderr


def test_the_command_line_works_and_says_what_is_missing() -> None:
    done = _run("from tocsin.cli import main\nsys.argv = ['tocsin', 'triangulate', '--help']\nmain()\n")
    assert done.returncode == 0, done.stderr
    done = _run("from tocsin.cli import main\nsys.argv = ['tocsin', 'serve']\nmain()\n")
    assert done.returncode == 1
    assert "tocsin[server]" in done.stderr
