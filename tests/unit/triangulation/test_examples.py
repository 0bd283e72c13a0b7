"""The examples in the docstrings of triangulation/ are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["annulus", "boxes", "ephemeris_file", "geometry", "posterior", "skymap"])
def test_examples_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"triangulation.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
