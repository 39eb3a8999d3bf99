"""docs/api.md names every endpoint that the schema has, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from fastapi import FastAPI

from support_bot.api.app import _ROUTERS

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
OF_THE_SERVER = {
    "GET /openapi.json", "GET /widget.js", "GET /embed/{channel}", "GET /copilot", "GET /copilot.js", "POST /mcp",
}  # fmt: skip


def _paths() -> dict[str, dict[str, dict[str, object]]]:
    api = FastAPI()
    for router in _ROUTERS:
        api.include_router(router)
    return cast(dict[str, dict[str, dict[str, object]]], api.openapi()["paths"])


def test_whatever_takes_a_body_says_what_happens_to_one_that_is_broken_or_too_large() -> None:
    operations = [(path, method, about) for path, methods in _paths().items() for method, about in methods.items()]
    with_body = [(path, method, about) for path, method, about in operations if "requestBody" in about]
    assert len(with_body) > 10
    silent = [f"{method} {path}" for path, method, about in with_body if not {"400", "413"} <= set(about["responses"])]  # type: ignore[call-overload]
    assert silent == []


def test_every_endpoint_has_a_row_and_every_row_an_endpoint() -> None:
    paths = _paths()
    there = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`", text, re.MULTILINE)) - OF_THE_SERVER
    assert {row.replace("{id}", "{conversation_id}") for row in rows} == there
