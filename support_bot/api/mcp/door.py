"""`/mcp`: the MCP server over streamable HTTP, for whoever sends a key. Each request stands alone: no session."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from mcp_types import Tool as ToolOut
from pydantic import ValidationError
from starlette.requests import Request
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from support_bot.api.auth import caller_of
from support_bot.api.errors import problem
from support_bot.api.mcp.tools import CALLER, Who, caller, tools_of
from support_bot.api.origins import is_same_origin
from support_bot.assembly import App
from support_bot.errors import EngineUnavailable, Forbidden, SupportBotError, Unauthorized
from support_bot.services.views import ChannelKeyView

logger = logging.getLogger(__name__)

PATH = "/mcp"
_ABOUT = (
    "Answers questions of customers from a company's help articles. Facts come only from those articles: quote what "
    "the citations say, and where the status is not `answered`, say so instead of answering yourself."
)


class McpDoor:
    """An ASGI app that lets callers with a key in, and a lifespan during which it works."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._channel, self._staff = tools_of(app)
        self._manager: StreamableHTTPSessionManager | None = None
        self._server: Server[Any] = Server(
            "support-bot",
            version=version("support-bot"),
            instructions=_ABOUT,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )

    def beside(self, lifespan: Lifespan[FastAPI] | None) -> Lifespan[FastAPI]:
        """The lifespan of a server, with ours within it."""

        @asynccontextmanager
        async def live(server: FastAPI) -> AsyncIterator[None]:
            self._manager = StreamableHTTPSessionManager(self._server, json_response=True, stateless=True)
            try:
                async with self._manager.run():
                    if lifespan is None:
                        yield
                    else:
                        async with lifespan(server):
                            yield
            finally:
                self._manager = None

        return live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            if self._manager is None:
                raise EngineUnavailable("The server is starting or stopping.", retry_after=5)
            scope[CALLER] = await to_thread.run_sync(self._caller, request)
        except SupportBotError as error:
            return await problem(scope["path"], error)(scope, receive, send)
        inner: ASGIApp = self._manager.handle_request
        await inner(scope, receive, send)

    def _caller(self, request: Request) -> Who:
        """Raises Forbidden for a web page of another site, which might use somebody's browser to get here."""
        if not is_same_origin(request, self._app):
            raise Forbidden("Web pages of other sites may not use this.")
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Unauthorized("Send an API key, or a key of a channel, as `Authorization: Bearer`.")
        return caller_of(self._app, self._app.limits, secret.strip())

    async def _list(
        self, ctx: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[_shown(tool) for tool in self._tools(ctx).values()])

    async def _call(self, ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        tool = self._tools(ctx).get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool {params.name[:100]!r} for this key.")
        try:
            said: CallToolResult = await tool.run(
                params.arguments or {}, Context(request_context=ctx), convert_result=True
            )
            return said
        except ToolError as error:
            if isinstance(error, UnexpectedToolError):
                logger.error("The tool %s broke.", tool.name, exc_info=error)
            return CallToolResult(content=[TextContent(type="text", text=_in_words(error))], is_error=True)

    def _tools(self, ctx: ServerRequestContext[Any, Any]) -> dict[str, Tool]:
        who = caller(Context(request_context=ctx))
        return self._channel if isinstance(who, ChannelKeyView) else self._staff


def _in_words(error: ToolError) -> str:
    """What went wrong, without what was sent: it may be personal, or huge."""
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        return "; ".join(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in cause.errors()[:5])
    if isinstance(error, UnexpectedToolError):
        return "Something went wrong on our side; it has been logged."
    return str(cause or error)


def _shown(tool: Tool) -> ToolOut:
    return ToolOut(
        name=tool.name,
        description=tool.description,
        input_schema=tool.parameters,
        output_schema=tool.output_schema,
        annotations=tool.annotations,
    )
