"""Schemathesis reads the whole OpenAPI and asks what it allows, and what it does not: no fault of ours, no surprise."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from api_night import T0, Night, fill_night
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tocsin.api import ApiServices, build_app
from tocsin.domain.clock import ManualClock
from tocsin.domain.tokens import Scope
from tocsin.workflow.access import Gate

EXAMPLES = 15


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with tempfile.TemporaryDirectory() as folder:
        made = Night(Path(folder))
        fill_night(made)
        yield made
        made.store.close()


@pytest.fixture(scope="module")
def api(night: Night) -> schemathesis.BaseSchema:
    gate = Gate(night.store, night.clock, tuple, anonymous_scopes=frozenset(Scope))
    app = build_app(night.services(gate=gate, press=lambda *_: "done"))
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


def operations() -> list[tuple[str, str]]:
    """Every path and method of the OpenAPI; the stream never ends, and is read by `test_stream.py`."""
    store: Any = None
    app = build_app(ApiServices(store=store, clock=ManualClock(T0), acknowledge=lambda *_: None))
    paths = app.openapi()["paths"]
    return [(path, method) for path, verbs in paths.items() for method in verbs if path != "/api/v1/stream"]


def test_there_is_much_to_ask() -> None:
    assert len(operations()) >= 25


@pytest.mark.parametrize(("path", "method"), operations())
def test_every_operation_answers_as_documented(api: schemathesis.BaseSchema, path: str, method: str) -> None:
    @given(case=api[path][method].as_strategy())
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ]
        )

    ask()
