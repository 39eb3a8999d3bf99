"""MCP over standard input and output: passes every call on to `/mcp` of the server that owns the data folder."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any, TypeVar

import anyio
import httpx2
from anyio import to_thread
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp_types import INTERNAL_ERROR, CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams

from support_bot.commands.forward import ASGIApp, Here, find_server
from support_bot.errors import SupportBotError
from support_bot.storage.data_folder import DataFolder

Connect = Callable[[], AbstractAsyncContextManager[Client]]
_NOBODY = "The server of this data folder does not answer: start it again with `support-bot serve`."
_Result = TypeVar("_Result")
# An answer takes as long as it takes, but a server on this machine is connected to at once.
_TIMEOUT = httpx2.Timeout(None, connect=5.0)


def serve(folder: DataFolder, here: Here) -> None:
    """Serve until standard input ends, as the owner of the folder. Raises DataFolderInUse, as other commands do."""
    if find_server(folder):
        anyio.run(_serve, functools.partial(_to_server, folder))
        return
    with folder.own(), here() as (app, token):
        anyio.run(_serve_here, app, token)


async def _serve(connect: Connect) -> None:
    server = _forwarding(connect)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


async def _serve_here(app: ASGIApp, token: str) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))  # type: ignore[attr-defined]
        transport = httpx2.ASGITransport(app)
        await _serve(lambda: _client("http://here", token, transport))


@asynccontextmanager
async def _to_server(folder: DataFolder) -> AsyncIterator[Client]:
    """Looks anew each time: a server that was restarted has another token. Raises SupportBotError."""
    owner = await to_thread.run_sync(find_server, folder)
    if owner is None:
        raise SupportBotError(_NOBODY)
    async with _client(owner.url, owner.token) as client:
        yield client


@asynccontextmanager
async def _client(url: str, token: str, transport: httpx2.AsyncBaseTransport | None = None) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=_TIMEOUT, trust_env=False, transport=transport) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
    ):
        yield client


def _forwarding(connect: Connect) -> Server[Any]:
    async def list_tools(_: ServerRequestContext[Any, Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return await _asked(connect, lambda client: client.list_tools())

    async def call_tool(_: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        return await _asked(connect, lambda client: client.call_tool(params.name, params.arguments))

    return Server("support-bot", version=version("support-bot"), on_list_tools=list_tools, on_call_tool=call_tool)


async def _asked(connect: Connect, ask: Callable[[Client], Awaitable[_Result]]) -> _Result:
    """What the server answers. Raises MCPError: its own, or one that says that it does not answer."""
    try:
        async with connect() as client:
            try:
                return await ask(client)
            except MCPError as error:  # kept from the client's task group, which would wrap it
                refusal = error
    except (SupportBotError, httpx2.HTTPError, ExceptionGroup):
        raise MCPError(INTERNAL_ERROR, _NOBODY) from None
    raise refusal
