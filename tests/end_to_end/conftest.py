"""What tests with a real browser share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium
from selenium.webdriver.remote.webdriver import WebDriver


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Folder for pictures of what was seen, where TOCSIN_TEST_PICTURES names one."""
    named = os.environ.get("TOCSIN_TEST_PICTURES")
    return Path(named) if named else None


@pytest.fixture
def browser() -> Iterator[WebDriver]:
    """A browser of one test's own."""
    with chromium() as made:
        yield made
