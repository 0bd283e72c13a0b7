"""For machines that watch or call this one: health, metrics, Slack's interactions."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool

from tocsin.api.access import Asker, Services, Watching, not_found, parts_for
from tocsin.api.responses import json_bytes, json_response
from tocsin.api.security import bounded_body

router = APIRouter(tags=["operation"])

#: Slack's interaction payloads are some kilobytes.
MAX_SLACK_BYTES = 1_000_000


@router.get("/healthz")
def healthy(request: Request, services: Services) -> Response:
    """The process answers."""
    return json_response(request, {"status": "ok", "version": services.version})


@router.get("/readyz")
def ready(request: Request, services: Services, asker: Asker) -> Response:
    """The store can be read and every part works; 503 otherwise.

    Which part does not is told to people of the team and with the scope `metrics`.
    """
    health = services.health()
    parts = {part.name: {"is_ok": part.is_ok, "words": part.words} for part in parts_for(health, asker)}
    status = "ok" if health.is_ready else "not ready"
    return json_response(request, {"status": status, "parts": parts}, status=200 if health.is_ready else 503)


@router.get("/metrics")
def metrics(services: Services, _asker: Watching) -> Response:
    """Prometheus metrics: figures alone, never a name of an event; counted over restricted notices too.

    Needs the scope `metrics`; who asks a service on its own machine, without sign-in, has it.
    """
    return Response(services.metrics(), media_type=CONTENT_TYPE_LATEST)


@router.post("/slack/interactions")
async def slack(request: Request, services: Services) -> Response:
    """A button pressed in Slack; the signature covers the raw body, so that is read first."""
    if services.slack_interaction is None:
        raise not_found()
    body = await bounded_body(request, MAX_SLACK_BYTES)
    headers = {name.lower(): value for name, value in request.headers.items()}
    words = await run_in_threadpool(services.slack_interaction, body, headers)
    answer = {"response_type": "ephemeral", "replace_original": False, "text": words} if words else {}
    return Response(json_bytes(answer), media_type="application/json")
