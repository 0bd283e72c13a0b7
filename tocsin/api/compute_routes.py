"""REST: computations on request, kept under the hash of what was asked."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tocsin.api import forms
from tocsin.api.access import Asker, Computing, Services, not_found
from tocsin.api.responses import json_response, tagged
from tocsin.api.science_routes import Level, moc_response
from tocsin.api.security import bounded_body, check_same_origin
from tocsin.api.services import ApiServices
from tocsin.store import Computation
from tocsin.workflow.computing import Computer, CurveInput, MapInput
from triangulation.skymap import SkyMap

router = APIRouter(prefix="/api/v1", tags=["computations"])

MOST_BODY_BYTES = 32 * 1024 * 1024
Identifier = Annotated[str, Field(max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Model):
    """Where a craft was, geocentric J2000."""

    utc: Annotated[str, Field(max_length=40)] | None = None
    ra_deg: Number
    dec_deg: Number
    distance_km: Number
    error_km: Number | None = None


class ObservationRequest(_Model):
    """One instrument's view: keys as of a burst file; the light curve uploaded (base64) or stored with an event."""

    instrument: Annotated[str, Field(min_length=1, max_length=64)]
    spacecraft: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    content: str | None = Field(default=None, description="the file, base64; gzip is unpacked")
    event_id: Identifier | None = Field(default=None, description="event whose light curve of this instrument is meant")
    format: Annotated[str, Field(max_length=20)] | None = None
    columns: Annotated[list[Annotated[str, Field(max_length=40)] | int], Field(max_length=200)] | None = None
    energy_kev: tuple[Number, Number] | None = None
    bin_s: Number | None = None
    t0_utc: Annotated[str, Field(max_length=40)] | None = None
    position: Place | None = None
    positions: Annotated[list[Place], Field(max_length=10_000)] | None = None
    clock_error_s: Number | None = None
    simultaneity: Annotated[str, Field(max_length=20)] | None = None

    def to_input(self) -> CurveInput:
        """What the workflow takes."""
        settings = self.model_dump(exclude={"content", "event_id"}, exclude_none=True)
        if "energy_kev" in settings:
            settings["energy_kev"] = list(settings["energy_kev"])
        return CurveInput(settings=settings, content=self.content, event_id=self.event_id)


class TriangulationRequest(_Model):
    """A burst seen by several instruments."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = "burst"
    observations: Annotated[list[ObservationRequest], Field(min_length=2, max_length=12)]
    check: tuple[Annotated[Number, Field(ge=0, le=360)], Annotated[Number, Field(ge=-90, le=90)]] | None = None

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "name": "GRB 241017A",
                "observations": [
                    {"instrument": "SPI-ACS", "event_id": "grb-241017-01"},
                    {"instrument": "Konus-Wind", "event_id": "grb-241017-01"},
                ],
                "check": [123.4, -45.6],
            }
        },
    )


class MapRequest(_Model):
    """A sky map: of an event, of a triangulation, or uploaded (FITS, base64)."""

    event_id: Identifier | None = None
    triangulation_id: Identifier | None = None
    content: str | None = None


class OverlapRequest(_Model):
    """Two sky maps."""

    a: MapRequest
    b: MapRequest


def computer_of(services: ApiServices) -> Computer:
    """What computes; 404 where nothing does."""
    if services.computer is None:
        raise not_found()
    return services.computer


def schema_of_body(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI of a body that is read within bounds, and only then understood."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def whole(node: Any) -> Any:
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            return whole(parts[name]) if name else {key: whole(value) for key, value in node.items()}
        return [whole(one) for one in node] if isinstance(node, list) else node

    return {"requestBody": {"required": True, "content": {"application/json": {"schema": whole(schema)}}}}


async def json_body(request: Request, model: type[BaseModel]) -> Any:
    """Body of a request as a model, read within bounds.

    Raises
    ------
    HTTPException
        413, 415, 422: too long, no JSON, not as the model wants it.
    """
    check_same_origin(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "a body of application/json is needed")
    body = await bounded_body(request, MOST_BODY_BYTES)
    try:
        return await run_in_threadpool(model.model_validate_json, body)
    except ValidationError as error:
        words = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:5]]
        raise HTTPException(422, "; ".join(words)) from error


@router.post("/triangulations", openapi_extra=schema_of_body(TriangulationRequest))
async def triangulate(request: Request, services: Services, asker: Computing) -> Response:
    """Delays, annuli and sky map of uploaded or stored light curves; the same request is answered from the store."""
    asked: TriangulationRequest = await json_body(request, TriangulationRequest)
    computer = computer_of(services)
    made = await run_in_threadpool(
        computer.triangulate,
        asked.name,
        [one.to_input() for one in asked.observations],
        check=asked.check,
        clearance=asker.clearance,
    )
    return _answer(request, made)


@router.get("/triangulations/{triangulation_id}")
def triangulation(request: Request, triangulation_id: str, services: Services, asker: Asker) -> Response:
    """A triangulation that was made before."""
    return _answer(request, _found(services, asker.clearance, triangulation_id, "triangulation"))


@router.get("/triangulations/{triangulation_id}/skymap")
def triangulation_map(request: Request, triangulation_id: str, services: Services, asker: Asker) -> Response:
    """Its sky map: multi-order FITS."""
    blob = _blob(services, asker.clearance, triangulation_id)
    headers = {"Content-Disposition": f'attachment; filename="{triangulation_id}.multiorder.fits"'}
    return tagged(request, blob, "application/fits", headers=headers)


@router.get("/triangulations/{triangulation_id}/moc")
def triangulation_moc(
    request: Request,
    triangulation_id: str,
    services: Services,
    asker: Asker,
    level: Level = 0.9,
    form: Annotated[str, Query(pattern="^(json|fits)$")] = "json",
) -> Response:
    """Credible region of its sky map as a multi-order coverage (MOC 2.0)."""
    skymap = SkyMap.from_bytes(_blob(services, asker.clearance, triangulation_id))
    return moc_response(request, skymap, level, form, name=triangulation_id)


@router.post("/overlaps", openapi_extra=schema_of_body(OverlapRequest))
async def overlap(request: Request, services: Services, asker: Computing) -> Response:
    """Overlap of two sky maps: 4 pi times the integral of the product of their densities; 1 for unrelated ones."""
    asked: OverlapRequest = await json_body(request, OverlapRequest)
    a, b = (MapInput(**one.model_dump()) for one in (asked.a, asked.b))
    made = await run_in_threadpool(computer_of(services).overlap, a, b, clearance=asker.clearance)
    return _answer(request, made)


@router.get("/overlaps/{overlap_id}")
def overlap_by_id(request: Request, overlap_id: str, services: Services, asker: Asker) -> Response:
    """An overlap that was computed before."""
    return _answer(request, _found(services, asker.clearance, overlap_id, "overlap"))


def _found(services: ApiServices, clearance: frozenset[str], computation_id: str, kind: str) -> Computation:
    found = computer_of(services).find(computation_id, kind, clearance=clearance)
    if found is None:
        raise not_found()
    return found


def _blob(services: ApiServices, clearance: frozenset[str], triangulation_id: str) -> bytes:
    blob = _found(services, clearance, triangulation_id, "triangulation").blob
    if blob is None:
        raise not_found()
    return blob


def _answer(request: Request, made: Computation) -> Response:
    response = json_response(request, forms.computation_json(made))
    response.headers["Location"] = f"/api/v1/{made.kind}s/{made.id}"
    return response
