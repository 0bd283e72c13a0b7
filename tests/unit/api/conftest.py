"""A night in a store, and a browser to look at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_night import Night
from asgi_browser import Browser

from tocsin.api import build_app


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def client(night: Night) -> Browser:
    """A browser, not signed in."""
    return Browser(build_app(night.services()))
