"""Short forms of the benches of bad nights: everything fails in turn, and the link between two hosts is cut."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
POSTGRESQL = Path("/usr/lib/postgresql")
#: What a bench ends with where the machine does not allow what it needs.
SKIPPED = 75
PATIENCE_S = 1800.0

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not POSTGRESQL.is_dir(), reason="no PostgreSQL server: install postgresql"),
]


def figures(name: str, *arguments: str) -> tuple[int, str]:
    """Exit status and words of a bench."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / f"{name}.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return done.returncode, "\n".join(line for line in done.stdout.splitlines() if '"met": false' in line) + done.stderr


def test_minutes_of_a_night_in_which_everything_fails_lose_double_and_leak_nothing(effort: float) -> None:
    status, words = figures("chaos", "--seed", "7", "--minutes", f"{24 * effort:.0f}", "--any-wall")
    assert status == 0, words


def test_a_link_between_two_hosts_that_is_cut_costs_no_page(effort: float) -> None:
    status, words = figures("two_hosts", "--seed", "7", "--cut-s", f"{60 * effort:.0f}")
    if status == SKIPPED:
        pytest.skip(f"network namespaces are refused here: {words}")
    assert status == 0, words
