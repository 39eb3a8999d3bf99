"""Where a command's request goes: to the server that owns the data folder, or to the same API within this process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx

from support_bot.errors import SupportBotError
from support_bot.storage.data_folder import DataFolder, Owner

ASGIApp = Callable[..., Any]
Here = Callable[[], AbstractContextManager[tuple[ASGIApp, str]]]
"""Makes the API in this process, and closes it: the ASGI app and the token that its owner sends."""

_OTHER_COMMAND_S = 5.0
_LONGEST_PAUSE_S = 60.0
# A server takes as long as it takes to read a document or to write an answer, but not to be connected to.
_TIMEOUT = httpx.Timeout(None, connect=5.0)


class Api:
    """Requests to the product's HTTP API as the owner of the data folder. Errors come back as they were raised."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON at `path`. Raises SupportBotError with the server's own words."""
        return self.send("GET", path, params=parameters)

    def send(self, method: str, path: str, **content: Any) -> Any:
        """Send `json`, `data`, `files` as httpx does; where the server says "too many", wait and try again."""
        while True:
            response = self._checked(lambda: self._client.request(method, path, **content))
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            time.sleep(min(float(response.headers.get("Retry-After", 1)), _LONGEST_PAUSE_S))
        return _body(response)

    def events(self, path: str, body: Mapping[str, Any], token: str) -> Iterator[dict[str, Any]]:
        """Post `body` and give each server-sent event as `{"id", "event", "data"}` when it comes."""
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        try:
            with self._client.stream("POST", path, json=body, headers=headers) as response:
                if response.is_error:
                    response.read()
                    _body(response)
                yield from _frames(response.iter_lines())
        except httpx.TransportError as error:
            raise self._lost(error) from None

    def _checked(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            return request()
        except httpx.TransportError as error:
            raise self._lost(error) from None

    def _lost(self, error: httpx.TransportError) -> SupportBotError:
        return SupportBotError(
            f"The server at {self._client.base_url} owns the data folder but does not answer ({type(error).__name__}): "
            "wait until it has started, or restart it."
        )


@contextmanager
def connect(folder: DataFolder, here: Here) -> Iterator[Api]:
    """The API of whoever owns the folder; with `here` this process becomes the owner for as long as it needs.

    Raises DataFolderInUse when another command keeps the folder for more than five seconds."""
    server = _find_server(folder)
    if server is not None:
        with _client(server.url, server.token) as client:
            yield Api(client)
        return
    with folder.own(), here() as (app, token), asyncio.Runner() as runner:
        with _client("http://here", token, _InProcess(app, runner)) as client:
            yield Api(client)


class _InProcess(httpx.BaseTransport):
    """Calls an ASGI app where httpx would open a socket. A response is given when it is whole."""

    def __init__(self, app: ASGIApp, runner: asyncio.Runner) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._runner = runner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._runner.run(self._answer(request.method, request.url, request.headers, request.read()))

    async def _answer(self, method: str, url: httpx.URL, headers: httpx.Headers, body: bytes) -> httpx.Response:
        answered = await self._transport.handle_async_request(httpx.Request(method, url, headers=headers, content=body))
        return httpx.Response(answered.status_code, headers=answered.headers, content=await answered.aread())


def _find_server(folder: DataFolder) -> Owner | None:
    """The server that owns the folder, or None. A command that owns it, or a server that starts, is waited for."""
    deadline = time.monotonic() + _OTHER_COMMAND_S
    while (owner := folder.find_owner()) is not None:
        if owner.url:
            return owner
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return None


def _client(url: str, token: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    # The server is on this machine: proxies of the environment are not for it.
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(
        base_url=f"{url}/api/v1", headers=headers, timeout=_TIMEOUT, trust_env=False, transport=transport
    )


def _body(response: httpx.Response) -> Any:
    """The JSON of a response, None where it has none. Raises SupportBotError for an error."""
    try:
        body = response.json() if response.content else None
    except ValueError:
        body = None
    if not response.is_error:
        return body
    detail = body.get("detail") if isinstance(body, dict) else None
    raise SupportBotError(str(detail or f"The server answered {response.status_code} to {response.request.url.path}."))


def _frames(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Server-sent events; comments, which keep the connection awake, are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif not line and "event" in fields:
            number = int(fields["id"]) if "id" in fields else None
            yield {"id": number, "event": fields["event"], "data": json.loads(fields["data"])}
            fields = {}
