"""Whatever is sent, by whoever may come in: an answer that the schema describes, and never a broken request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .api_harness import Api, Chat, running_api

TEXTS = st.sampled_from(
    ["", " ", "a\0b", "é", "\u202e", "𝒳" * 300, "x" * 5000, "../..", "%00", "'; --", "NULL", "1e9", "-1", "{}", "null"]
)
PLAIN = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False))
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4
)


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture(scope="module")
def chat(api: Api) -> Chat:
    chat = api.start()
    chat.post("/handoff")  # nobody answers, so that no test waits for an answer
    return chat


def operations(api: Api) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, template, body schema) of every route but the endless stream and the choice of a model."""
    schema = api.asgi.openapi()
    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] in ("read_events", "use_model", "revoke_key"):
                continue
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            reference = content.get("schema", {}).get("$ref", "")
            found.append((method, path, schema["components"]["schemas"].get(reference.rpartition("/")[2], {})))
    return found


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_breaks_a_request(api: Api, chat: Chat, data: st.DataObject) -> None:
    method, template, schema = data.draw(st.sampled_from(operations(api)))
    parts = TEXTS.map(lambda text: text[:100].replace("/", "").replace("\0", "%00").replace("..", "") or "1")
    path = template.replace("{conversation_id}", chat.id) if data.draw(st.booleans()) else template
    path = re.sub(r"\{\w+\}", lambda _: data.draw(parts | st.integers(0, 5).map(str)), path)
    fields = {name: data.draw(VALUES) for name in schema.get("properties", {}) if data.draw(st.booleans())}
    query = {
        name: data.draw(TEXTS)
        for name in ("q", "view", "before", "after", "limit", "search")
        if data.draw(st.booleans())
    }
    headers = chat.headers if template.startswith("/api/v1/conversations/{") else api.admin
    answered = api.client.request(method.upper(), path, json=fields, params=query, headers=headers)
    assert answered.status_code < 500, answered.text


@pytest.mark.parametrize("secret", ["é", "a b", "\x7f", "." * 3, "a.b.c", "x" * 5000, "eyJhbGciOiJub25lIn0.e30."])
def test_no_token_breaks_a_request(api: Api, chat: Chat, secret: str) -> None:
    header = {"Authorization": f"Bearer {secret}".encode("latin-1")}
    for path in (f"{chat.path}/messages", "/api/v1/me"):
        assert api.client.get(path, headers=header).status_code == 401  # type: ignore[arg-type]
