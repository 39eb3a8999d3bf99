"""A real app behind the HTTP API for tests: real database and index, scripted engine, no network but loopback."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from support_bot.api.app import build_api
from support_bot.assembly import App, build_app
from support_bot.server import build_server
from support_bot.settings import AnsweringSettings, EngineSettings, SecuritySettings, Settings
from support_bot.values import Role
from tests.factories import make_database
from tests.integration.gradio_loop import built

ARTICLE = b"""# Shipping

Delivery takes three to five working days in Germany. Express delivery costs 9.90 euros.
"""
QUESTION = "How long does delivery take?"
PASSWORD = "a long enough password"
SHOP = "https://shop.example.com"
V1 = "/api/v1"


@dataclass
class Api:
    """An app, its ASGI side, a client that checks each answer against the schema, and who may come in."""

    app: App
    asgi: FastAPI
    client: TestClient
    keys: dict[Role, dict[str, str]] = field(default_factory=dict)

    @property
    def agent(self) -> dict[str, str]:
        return self.keys[Role.AGENT]

    @property
    def admin(self) -> dict[str, str]:
        return self.keys[Role.ADMIN]

    def start(self, channel: str = "web") -> Chat:
        answered = self.client.post(f"{V1}/conversations", json={"channel": channel})
        assert answered.status_code == 201, answered.text
        return Chat(self.client, answered.json()["id"], {"Authorization": f"Bearer {answered.json()['token']}"})

    def sign_in(self, role: Role) -> TestClient:
        """A browser that is signed in: its client keeps the cookie."""
        session = self.app.staff.sign_in(f"{role}@example.com", PASSWORD)
        return TestClient(self.asgi, cookies={"support_bot_session": session.token})


@dataclass
class Chat:
    """One conversation with its token, as a customer's page holds it."""

    client: TestClient
    id: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return f"{V1}/conversations/{self.id}"

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(self.path + path, headers=self.headers | more.pop("headers", {}), **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.client.post(self.path + path, json=body, headers=self.headers | more.pop("headers", {}), **more)

    def ask(self, text: str = QUESTION, key: str | None = None) -> dict[str, Any]:
        answered = self.post("/messages", {"text": text, "client_message_id": key}, headers=AS_JSON)
        assert answered.status_code == 200, answered.text
        return dict(answered.json())


AS_JSON = {"Accept": "application/json"}


class CheckedClient(TestClient):
    """Fails when an answer of the API is not what its OpenAPI schema says: status, media type, JSON."""

    def request(self, method: str, url: Any, **more: Any) -> Any:
        response = super().request(method, url, **more)
        check(self.app.openapi(), method, str(url).partition("?")[0], response)  # type: ignore[attr-defined]
        return response


def check(schema: dict[str, Any], method: str, path: str, response: Any) -> None:
    operation = _operation(schema, method.lower(), path)
    if operation is None:
        return
    said = operation["responses"].get(str(response.status_code))
    assert said is not None, f"{method} {path} answers {response.status_code}, which the schema does not mention"
    if response.status_code == 204:
        assert response.content == b"" and "content" not in said
        return
    media = response.headers["content-type"].partition(";")[0]
    assert media in said["content"], f"{method} {path} answers {media}, the schema says {list(said['content'])}"
    if media == "application/json" and said["content"][media].get("schema"):
        jsonschema.validate(response.json(), {**said["content"][media]["schema"], "components": schema["components"]})


def _operation(schema: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    for template, operations in schema["paths"].items():
        if method in operations and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return dict(operations[method])
    return None


def settings(folder: Path, **security: Any) -> Settings:
    """Settings of a test: nothing is loaded, nothing limits, every question is answered."""
    loose = {"conversations_per_minute": 10_000, "messages_per_minute": 10_000, "sign_ins_per_minute": 10_000}
    return Settings(
        data_dir=folder,
        cache_dir=folder / "cache",
        sample_data=False,
        offline=True,
        engine=EngineSettings(kind="fake"),
        answering=AnsweringSettings(answer_threshold=0.0),
        security=SecuritySettings(**(loose | {"requests_per_minute": 100_000} | security)),
    )


@contextmanager
def running_api(folder: Path, **security: Any) -> Iterator[Api]:
    """The API over a fresh data folder with one article, an agent and an admin; `web` allows pages of the shop."""
    make_database(chosen := settings(folder, **security))
    app = build_app(chosen)
    app.channels.ensure_default()
    app.channels.update("web", allowed_origins=[SHOP])
    app.knowledge.process(app.knowledge.add("shipping.md", ARTICLE).document.id)
    asgi = build_api(app)
    api = Api(app, asgi, CheckedClient(asgi))
    for role in Role:
        staff = app.staff.add(f"{role}@example.com", role.title(), role, PASSWORD)
        _, key = app.staff.create_key(f"{role} key", role, staff.id)
        api.keys[role] = {"Authorization": f"Bearer {key}"}
    try:
        yield api
    finally:
        app.close()


def whole_server(app: App) -> FastAPI:
    """The server with its pages."""
    return built(lambda: build_server(app))


@contextmanager
def listening(config: uvicorn.Config) -> Iterator[str]:
    """A real server on a loopback port: endless streams need one. Gives its URL."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def frames(text: str) -> list[tuple[int | None, str, Any]]:
    """Server-sent events as (id, kind, data); comments are left out."""
    found = []
    for block in re.split(r"\r?\n\r?\n", text):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "event" in fields:
            found.append((int(fields["id"]) if "id" in fields else None, fields["event"], json.loads(fields["data"])))
    return found
