"""The HTTP API as one FastAPI app. Wires routes, errors and layers together; holds no rule of its own."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount, Route
from starlette.types import ASGIApp, Lifespan

from support_bot.api.errors import install_error_handlers
from support_bot.api.mcp.door import PATH as MCP
from support_bot.api.mcp.door import McpDoor
from support_bot.api.middleware import BodyLimit, Observe, RequestId, SecurityHeaders
from support_bot.api.origins import ChannelCors
from support_bot.api.routes import (
    backup,
    channels,
    completions,
    connectors,
    conversations,
    copilot,
    customers,
    documents,
    macros,
    many_tickets,
    models,
    operations,
    panel,
    pinned_answers,
    promises,
    risk,
    search,
    staff,
    staff_conversations,
    staff_links,
    teams,
    tickets,
    trials,
    two_factor,
    visitors,
)
from support_bot.api.sse import Bells
from support_bot.assembly import App

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_ROUTERS = (
    conversations.router,
    visitors.router,
    channels.router,
    connectors.router,
    panel.router,
    promises.router,
    many_tickets.router,
    tickets.router,
    macros.router,
    copilot.router,
    customers.router,
    staff_conversations.router,
    documents.router,
    search.router,
    trials.router,
    pinned_answers.router,
    staff.router,
    staff_links.router,
    two_factor.router,
    teams.router,
    models.router,
    risk.router,
    backup.router,
    completions.router,
    operations.router,
)
_DESCRIPTION = """
Customers' routes need the token of their conversation, staff's routes an API key (or a signed-in browser), routes for
OpenAI clients (`/v1`) a key of a channel, all as `Authorization: Bearer`. Every error has the shape
`{"error", "detail", "request_id"}`, but below `/v1` the one that OpenAI clients read.
"""


class Api(FastAPI):
    """A FastAPI app whose outermost layers also see the answer to an unexpected error."""

    def build_middleware_stack(self) -> ASGIApp:
        inner: ASGIApp = super().build_middleware_stack()
        return RequestId(Observe(SecurityHeaders(inner), self.state.bot))


def build_api(app: App, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Everything under `/api/v1` and `/v1`, and `/health`, `/ready`, `/metrics`, `/openapi.json`.

    There is no page that shows the schema: the usual ones load their scripts from a foreign host."""
    api = Api(
        title="support-bot",
        version=version("support-bot"),
        description=_DESCRIPTION.strip(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=(mcp := McpDoor(app)).beside(lifespan),
        generate_unique_id_function=_operation_id,
    )
    api.state.bot = app
    api.state.bells = Bells()
    install_error_handlers(api)
    for router in _ROUTERS:
        api.include_router(router)
    api.router.routes.append(Route(MCP, mcp, methods=["POST"]))
    for below in ("/api", "/v1"):
        api.add_api_route(f"{below}/{{rest:path}}", _unknown, methods=list(_METHODS), include_in_schema=False)
    api.add_middleware(BodyLimit, settings=app.settings)
    api.add_middleware(ChannelCors, app=app)  # outermost, so that pages can read every refusal
    return api


def _operation_id(route: APIRoute) -> str:
    return route.name


async def _unknown(request: Request) -> None:
    """What no route takes is answered here, and not by a page that is mounted at `/`."""
    others = [
        r for r in request.app.routes if getattr(r, "endpoint", None) is not _unknown and not isinstance(r, Mount)
    ]
    allowed = [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in others)
    ]
    if allowed:
        raise HTTPException(405, f"Only {', '.join(allowed)} here.", {"Allow": ", ".join(allowed)})
    raise HTTPException(404, "There is no such address in this API; /openapi.json lists what there is.")
