"""For those who run the product: is it alive, is it ready, what does it count."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from starlette.status import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.schemas import HealthOut, ReadinessOut

router = APIRouter(tags=["operations"])

_METRICS_TYPE = "text/plain; version=0.0.4"


@router.get("/health", responses=error_responses())
def health() -> HealthOut:
    """The process lives."""
    return HealthOut(version=version("support-bot"))


@router.get(
    "/ready",
    response_model=ReadinessOut,
    responses=error_responses() | {503: {"model": ReadinessOut, "description": "Something is missing; see `checks`."}},
)
def ready(app: Bot) -> JSONResponse:
    """Whether database, index, weights and job queue are there, so that traffic may come."""
    found = ReadinessOut.model_validate(app.health.ready())
    return JSONResponse(found.model_dump(), HTTP_200_OK if found.ok else HTTP_503_SERVICE_UNAVAILABLE)


@router.get(
    "/metrics",
    response_class=Response,
    responses=error_responses() | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(app: Bot) -> Response:
    """Counters in Prometheus' text format; no personal data."""
    return Response(app.measures.text(), media_type=_METRICS_TYPE)
