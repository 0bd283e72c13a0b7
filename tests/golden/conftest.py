"""Golden specimens: ``pytest tests/golden --update-golden`` writes what is expected; read it before committing it."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the expected files from what the code does now"
    )


@pytest.fixture
def updates_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be written; False where the option is not known (tests run from further up)."""
    return bool(request.config.getoption("--update-golden", default=False))
