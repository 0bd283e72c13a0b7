"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of real notices and light curves, named by TOCSIN_SAMPLES; the test is skipped loudly without it."""
    folder = Path(os.environ.get("TOCSIN_SAMPLES", ROOT.parent / "shared"))
    if not (folder / "alerts" / "INDEX.csv").exists():
        pytest.skip(f"no samples in {folder}: set TOCSIN_SAMPLES to the folder that holds alerts/ and data/")
    return folder


@pytest.fixture(scope="session")
def effort() -> float:
    """Share of the full work that a long test does: a quarter where TOCSIN_LONG=short, as in continuous integration."""
    return 0.25 if os.environ.get("TOCSIN_LONG") == "short" else 1.0


@pytest.fixture
def fresh_metrics() -> None:
    """Metrics of this process without what other tests left in them: channels and streams of theirs."""
    from tocsin.workflow import metrics

    for one in vars(metrics).values():
        if isinstance(one, MetricWrapperBase):
            one.clear()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A case of bytes is named by its argument: bytes may differ from run to run, and workers compare the names."""
    return argname if isinstance(val, bytes) else None
