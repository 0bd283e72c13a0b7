"""Traces: off by default; where a collector is named, spans of what was done and never of what it was about."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from workflow_desk import MERGER, SECRET_TOPIC, Desk, merger, track

from tocsin.app.tracing import start_tracing
from tocsin.demo.stand_ins.server import LoopbackServer, Reply, Request
from tocsin.workflow.tracing import traced

pytest.importorskip("opentelemetry.sdk", reason="no OpenTelemetry: pip install 'tocsin[otel]'")


class Collector(LoopbackServer):
    """Takes what exporters send."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[tuple[str, bytes]] = []

    def handle(self, request: Request) -> Reply:
        self.bodies.append((request.target, request.body))
        return Reply(content_type="application/x-protobuf")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        yield server


def names(collector: Collector) -> list[str]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found = []
    for target, body in collector.bodies:
        assert target == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            found += [span.name for scope in resource.scope_spans for span in scope.spans]
    return found


def test_nothing_is_traced_unless_a_collector_is_named() -> None:
    end = start_tracing({})
    with traced("nothing") as span:
        assert span is None
    end()


def test_a_notice_and_its_page_are_spans_that_do_not_say_whose(tmp_path: Path, collector: Collector) -> None:
    with Desk(tmp_path) as desk:
        end = start_tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}, name="first")
        desk.take(merger())
        desk.take(track(), topic=SECRET_TOPIC)
        desk.work()
        end()
        with traced("after the end") as span:
            assert span is None
    found = names(collector)
    assert found.count("ingest") == 2
    assert "work send" in found
    sent = b"".join(body for _, body in collector.bodies)
    assert b"first" in sent
    for secret in (MERGER.id, MERGER.id.lower(), "IC", "icecube", SECRET_TOPIC):
        assert secret.encode() not in sent
