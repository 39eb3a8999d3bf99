"""docs/api.md names every endpoint that the schema has, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from fastapi import FastAPI

from support_bot.api.app import _ROUTERS

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
OF_THE_SERVER = {"GET /openapi.json", "GET /widget.js", "GET /embed/{channel}"}


def test_every_endpoint_has_a_row_and_every_row_an_endpoint() -> None:
    api = FastAPI()
    for router in _ROUTERS:
        api.include_router(router)
    paths = cast(dict[str, dict[str, object]], api.openapi()["paths"])
    there = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`", text, re.MULTILINE)) - OF_THE_SERVER
    assert {row.replace("{id}", "{conversation_id}") for row in rows} == there
