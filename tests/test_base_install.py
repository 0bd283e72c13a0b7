"""The base install is for notebooks: no database, no Kafka, no web server, no XML parser needed."""

import subprocess
import sys

SERVER_ONLY = [
    "alembic", "apscheduler", "confluent_kafka", "fastapi", "gcn_kafka", "icalendar", "jinja2", "lxml", "mocpy",
    "orjson", "prometheus_client", "psycopg", "pyarrow", "slack_sdk", "sqlalchemy", "starlette", "structlog", "uvicorn",
]  # fmt: skip

BLOCKING = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {SERVER_ONLY!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
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


def test_the_command_line_works_and_says_what_is_missing() -> None:
    done = _run("from tocsin.cli import main\nsys.argv = ['tocsin', 'triangulate', '--help']\nmain()\n")
    assert done.returncode == 0, done.stderr
    done = _run("from tocsin.cli import main\nsys.argv = ['tocsin', 'serve']\nmain()\n")
    assert done.returncode == 1
    assert "tocsin[server]" in done.stderr
