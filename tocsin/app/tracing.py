"""Traces to an OpenTelemetry collector: off unless OTEL_EXPORTER_OTLP_ENDPOINT names one.

The standard variables hold (``OTEL_SERVICE_NAME``, ``OTEL_EXPORTER_OTLP_HEADERS``, ``OTEL_TRACES_SAMPLER`` ...). Needs
the extra ``tocsin[otel]``.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import tocsin
from tocsin.domain.errors import ConfigurationError
from tocsin.workflow.tracing import trace_by

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def start_tracing(environment: Mapping[str, str], *, name: str = "tocsin") -> Callable[[], None]:
    """Trace from now on, if a collector is named; what is called at the end, to send the last spans.

    Raises
    ------
    ConfigurationError
        A collector is named, and the extra is not installed.
    """
    if not any(environment.get(one) for one in ENDPOINTS):
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
    except ImportError as error:
        raise ConfigurationError(
            "traces need an extra: pip install 'tocsin[otel]'", file="environment", key=ENDPOINTS[0]
        ) from error
    about = {"service.name": "tocsin", "service.version": tocsin.__version__, "service.instance.id": name}
    provider = TracerProvider(resource=Resource.create({**about, **_named(environment)}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=_endpoint(environment))))
    tracer = provider.get_tracer("tocsin", tocsin.__version__)

    def span(words: str, attributes: dict[str, str | int]) -> AbstractContextManager[object]:
        # What an exception says may name what not all may know of: it stays in the log.
        return tracer.start_as_current_span(
            words, attributes=attributes, record_exception=False, set_status_on_exception=False
        )

    def end() -> None:
        trace_by(None)
        provider.shutdown()

    trace_by(span)
    return end


def _endpoint(environment: Mapping[str, str]) -> str:
    """Address for traces: its own, or below the common one."""
    base, own = (environment.get(one, "") for one in ENDPOINTS)
    return own or base.rstrip("/") + "/v1/traces"


def _named(environment: Mapping[str, str]) -> dict[str, str]:
    name = environment.get("OTEL_SERVICE_NAME")
    return {"service.name": name} if name else {}
