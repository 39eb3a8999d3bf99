"""Where a command's request goes: to the server that owns the data folder, or to the same API within this process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from support_bot.errors import Invalid, NotFound, SupportBotError
from support_bot.storage.data_folder import DataFolder, Owner

ASGIApp = Callable[..., Any]
Here = Callable[[], AbstractContextManager[tuple[ASGIApp, str]]]
"""Makes the API in this process, and closes it: the ASGI app and the token that its owner sends."""

_OTHER_COMMAND_S = 5.0
_LOOK_S = 0.2
_LONGEST_PAUSE_S = 60.0
_PAGE = 500
_WAITING = ("pending", "processing")
# A server takes as long as it takes to read a document or to write an answer, but not to be connected to.
_TIMEOUT = httpx.Timeout(None, connect=5.0)


class Api:
    """Requests to the product's HTTP API as the owner of the data folder. Its errors are raised in its own words."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON at `path`. Raises SupportBotError."""
        return self.send("GET", path, params=parameters)

    def send(self, method: str, path: str, **content: Any) -> Any:
        """Send `json`, or `data` and `files`, as httpx does; where the server says "too many", wait and try again."""
        while True:
            try:
                response = self._client.request(method, path, **content)
            except httpx.TransportError as error:
                raise self._lost(error) from None
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return _body(response)
            time.sleep(min(float(response.headers.get("Retry-After", 1)), _LONGEST_PAUSE_S))

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

    @contextmanager
    def download(self, method: str, path: str, **content: Any) -> Iterator[Iterator[bytes]]:
        """The bytes of an answer as they come. Raises SupportBotError, also where they end too early."""
        try:
            with self._client.stream(method, path, **content) as response:
                if response.is_error:
                    response.read()
                    _body(response)
                yield response.iter_bytes()
        except httpx.TransportError as error:
            raise self._lost(error) from None

    # ---- what takes more than one request

    def ask(self, text: str, channel: str) -> Iterator[dict[str, Any]]:
        """The events of the answer to a customer's question, in a conversation of its own."""
        started = self.send("POST", "/conversations", json={"channel": channel})
        return self.events(f"/conversations/{started['id']}/messages", {"text": text}, started["token"])

    def ingest(
        self, files: Sequence[tuple[str, Path | str]], audience: str, progress: Callable[[str, int, int], None]
    ) -> list[dict[str, Any]]:
        """Add files under their names, and pages by their address: what became of each, when it is read.

        One that fails stops no other; a ZIP becomes a row for each file in it."""
        rows: list[dict[str, Any]] = []
        for number, (name, source) in enumerate(files, start=1):
            rows += self._upload(name, source, audience)
            progress("Sending files", number, len(files))
        for number, row in enumerate(rows, start=1):
            if row["id"] is not None:
                found = self._settled(row["id"])
                row |= {key: found[key] for key in ("status", "reason", "chunks")}
                if row["outcome"] == "duplicate":
                    row["reason"] = f"same content as {found['name']}"
            progress("Reading documents", number, len(rows))
        return rows

    def replace(self, document_id: int, file: Path) -> dict[str, Any]:
        """Give a document the content of a file, and wait until it is read."""
        self.send("PUT", f"/documents/{document_id}", files={"file": (file.name, _content(file))})
        return self._settled(document_id)

    def documents(self, search: str = "") -> list[dict[str, Any]]:
        """Every document whose name or title holds these words."""
        rows: list[dict[str, Any]] = []
        while page := self.get("/documents", search=search, limit=_PAGE, offset=len(rows))["documents"]:
            rows += page
        return rows

    def find_document(self, name_or_id: str) -> int:
        """The id of a document by its exact name or its id. Raises NotFound where no document has that name."""
        if name_or_id.isdigit():
            return int(name_or_id)
        found = self.documents(name_or_id)
        for document in found:
            if document["name"] == name_or_id:
                return int(document["id"])
        like = f" Did you mean {found[0]['name']}?" if found else ""
        raise NotFound(f"There is no document called {name_or_id}.{like}")

    def channel(self, slug: str) -> dict[str, Any]:
        """A channel with its settings. Raises NotFound."""
        for channel in self.get("/channels")["channels"]:
            if channel["slug"] == slug:
                return dict(channel)
        raise NotFound(f"There is no channel called {slug}.")

    def _upload(self, name: str, source: Path | str, audience: str) -> list[dict[str, Any]]:
        row: dict[str, Any] = {"name": name, "status": "failed", "outcome": "failed", "id": None, "chunks": 0}
        try:
            if isinstance(source, str):
                content: dict[str, Any] = {"data": {"audience": audience, "urls": source}}
            else:
                # `names` keeps the folders that programs cut off a file's name.
                form = {"audience": audience, "names": name}
                content = {"files": {"files": (name, _content(source))}, "data": form}
            answered = self.send("POST", "/documents", **content)["files"]
        except SupportBotError as error:
            return [row | {"reason": error.detail}]
        return [row | {"name": found["name"]} | _outcome(found) for found in answered]

    def _settled(self, document_id: int) -> dict[str, Any]:
        while True:
            document: dict[str, Any] = self.get(f"/documents/{document_id}")["document"]
            if document["status"] not in _WAITING:
                return document
            time.sleep(_LOOK_S)

    def _lost(self, error: httpx.TransportError) -> SupportBotError:
        return SupportBotError(
            f"The server at {self._client.base_url.copy_with(path='/')} owns the data folder but does not answer "
            f"({type(error).__name__}): wait until it has started, or restart it."
        )


@contextmanager
def connect(folder: DataFolder, here: Here) -> Iterator[Api]:
    """The API of whoever owns the folder; with `here` this process becomes the owner for as long as it needs.

    Raises DataFolderInUse when another command keeps the folder for more than five seconds."""
    if server := find_server(folder):
        with forward(server) as api:
            yield api
        return
    with (
        folder.own(),
        here() as (app, token),
        asyncio.Runner() as runner,
        _client("http://here", token, _InProcess(app, runner)) as client,
    ):
        yield Api(client)


@contextmanager
def forward(server: Owner) -> Iterator[Api]:
    """The API of a server that runs."""
    with _client(server.url, server.token) as client:
        yield Api(client)


def find_server(folder: DataFolder) -> Owner | None:
    """The server that owns the folder, or None. A command that owns it, or a server that starts, is waited for."""
    deadline = time.monotonic() + _OTHER_COMMAND_S
    while (owner := folder.find_owner()) is not None:
        if owner.url:
            return owner
        if time.monotonic() > deadline:
            break
        time.sleep(_LOOK_S)
    return None


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


def _client(url: str, token: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    # The server is on this machine: proxies of the environment are not for it, and packing would only cost time.
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
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


def _outcome(found: dict[str, Any]) -> dict[str, Any]:
    if found["error"]:
        return {"reason": found["error"]["detail"]}
    return {"outcome": found["outcome"], "id": found["document"]["id"]}


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from None


def readable_files(paths: Sequence[str], suffixes: Sequence[str]) -> list[tuple[str, Path | str]]:
    """Files with the names they get: a file its own, those in a folder theirs within it. Raises Invalid.

    Of a folder only what can be read is taken, without hidden files; a file that is named is always taken. A web
    address stays one."""
    addresses = [path for path in paths if path.lower().startswith(("http://", "https://"))]
    files: list[tuple[str, Path]] = []
    for path in map(Path, (path for path in paths if path not in addresses)):
        if path.is_file():
            files.append((path.name, path))
        elif path.is_dir():
            names = {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*")) if file.is_file()}
            files += [
                (name, file)
                for name, file in names.items()
                if name.lower().endswith(tuple(suffixes)) and not any(part.startswith(".") for part in name.split("/"))
            ]
        else:
            raise Invalid(f"{path} is no file and no folder.")
    places: dict[str, Path] = {}
    for name, file in files:
        if (other := places.setdefault(name, file)) != file:
            raise Invalid(f"{other} and {file} would both be called {name}; ingest the folder above them.")
    if not files and not addresses:
        raise Invalid(f"There is no file that can be read ({', '.join(suffixes)}).")
    return [*files, *((address, address) for address in addresses)]
