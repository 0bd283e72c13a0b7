"""Schemathesis reads the whole OpenAPI and asks what it allows, and what it does not: no fault of ours, no surprise."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from api_night import Night, fill_night
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tocsin.api import build_app
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
    config = SchemathesisConfig()
    made = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config)
    # A stream never ends: `test_stream.py` reads it.
    return made.exclude(path="/api/v1/stream")


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_operation_answers_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate(
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ]
    )
