"""Whatever goes wrong has one shape, and the schema tells the truth about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from .api_harness import QUESTION, V1, Api, Chat, running_api

HUGE = 10**40


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture
def chat(api: Api) -> Chat:
    return api.start()


def shaped(answered: Any, status: int, code: str) -> None:
    assert answered.status_code == status, answered.text
    body = answered.json()
    assert set(body) == {"error", "detail", "request_id"}
    assert body["error"] == code and body["detail"]
    assert body["request_id"] == answered.headers["x-request-id"]


class TestOneShape:
    @pytest.mark.parametrize(
        "body", [b"{", b"", b"[1, 2", b"null", b'"text"', b'{"text": 5}', b'{"txt": "a"}', b"\xff\xfe{"]
    )
    def test_bodies_that_are_not_what_they_should_be(self, chat: Chat, body: bytes) -> None:
        headers = chat.headers | {"Content-Type": "application/json"}
        answered = chat.client.post(f"{chat.path}/messages", content=body, headers=headers)
        assert answered.status_code in (400, 422)
        shaped(answered, answered.status_code, "invalid" if answered.status_code == 422 else "bad_request")

    @pytest.mark.parametrize("text", ["", "   \n", "a\0b", "a" * 5000])
    def test_texts_that_nobody_can_answer(self, chat: Chat, text: str) -> None:
        shaped(chat.post("/messages", {"text": text}), 422, "too_long" if len(text) > 4000 else "invalid")

    def test_half_a_character(self, chat: Chat) -> None:
        headers = chat.headers | {"Content-Type": "application/json"}
        answered = chat.client.post(f"{chat.path}/messages", content=b'{"text": "\\ud800"}', headers=headers)
        shaped(answered, 422, "invalid")

    @pytest.mark.parametrize("key", ["", "k" * 65, "with space", "ü", "a\nb"])
    def test_client_message_ids_that_do_not_fit(self, chat: Chat, key: str) -> None:
        shaped(chat.post("/messages", {"text": QUESTION, "client_message_id": key}), 422, "invalid")

    def test_what_was_sent_is_not_repeated(self, chat: Chat) -> None:
        answered = chat.post("/messages", {"text": ["my secret"]})
        shaped(answered, 422, "invalid")
        assert "secret" not in answered.text

    @pytest.mark.parametrize("path", ["tickets/{}", "documents/{}", "tickets?before={}"])
    def test_ids_that_no_database_holds(self, api: Api, path: str) -> None:
        shaped(api.client.get(f"{V1}/{path.format(HUGE)}", headers=api.agent), 422, "invalid")

    def test_positions_that_no_database_holds(self, chat: Chat) -> None:
        shaped(chat.get(f"/messages?after={HUGE}"), 422, "invalid")

    @pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", f"{V1}/nothing", "/api/v2/tickets", f"{V1}/tickets/"])
    def test_unknown_addresses(self, api: Api, path: str) -> None:
        shaped(api.client.get(path), 404, "not_found")

    def test_wrong_methods_name_the_right_ones(self, api: Api) -> None:
        answered = api.client.delete(f"{V1}/tickets")
        shaped(answered, 405, "method_not_allowed")
        assert answered.headers["allow"] == "GET"

    def test_something_that_broke(self, api: Api, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
        def broken(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError("a secret of ours")

        monkeypatch.setattr(api.app.tickets, "page", broken)
        client = TestClient(api.asgi, raise_server_exceptions=False)
        answered = client.get(f"{V1}/tickets", headers=api.agent | {"X-Request-ID": "broken-1"})
        shaped(answered, 500, "internal_error")
        assert answered.headers["x-request-id"] == "broken-1" and "secret" not in answered.text
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert "ZeroDivisionError" in caplog.text


class TestRequestIds:
    def test_come_back_as_they_were_given(self, api: Api) -> None:
        assert api.client.get("/health", headers={"X-Request-ID": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"

    @pytest.mark.parametrize("bad", ["", "a" * 65, "a b", "<script>"])
    def test_are_made_where_they_are_malformed(self, api: Api, bad: str) -> None:
        given = api.client.get("/health", headers={"X-Request-ID": bad}).headers["x-request-id"]
        assert given != bad and len(given) == 32


class TestSchema:
    def test_describes_every_error_in_its_shape(self, api: Api) -> None:
        schema = api.client.get("/openapi.json").json()
        assert "HTTPValidationError" not in schema["components"]["schemas"]
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                assert "500" in operation["responses"], (method, path)
                for status, response in operation["responses"].items():
                    if status >= "400" and path != "/ready":
                        shape = response["content"]["application/json"]["schema"]["$ref"]
                        name = "OpenAIErrorOut" if path.startswith("/v1/") else "ErrorOut"
                        assert shape == f"#/components/schemas/{name}", (method, path, status)

    def test_says_what_each_route_needs(self, api: Api) -> None:
        paths = api.client.get("/openapi.json").json()["paths"]
        names = {name for need in paths[f"{V1}/tickets"]["get"]["security"] for name in need}
        assert names == {"apiKey", "staffSession"}
        assert paths[f"{V1}/conversations/{{conversation_id}}/close"]["post"]["security"] == [{"conversationToken": []}]
        assert "security" not in paths[f"{V1}/conversations"]["post"]

    def test_every_operation_has_a_name_of_its_own(self, api: Api) -> None:
        operations = [o for p in api.asgi.openapi()["paths"].values() for o in p.values()]
        names = [operation["operationId"] for operation in operations]
        assert len(names) == len(set(names)) and all(o.get("description") for o in operations)

    def test_no_page_loads_it_from_a_foreign_host(self, api: Api) -> None:
        assert api.client.get("/docs").status_code == api.client.get("/redoc").status_code == 404


class TestOperations:
    def test_health_and_readiness(self, api: Api) -> None:
        assert api.client.get("/health").json()["status"] == "ok"
        assert api.client.get("/ready").json()["ok"] is True

    def test_not_ready_says_what_is_missing(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken() -> None:
            raise OSError("disk is full")

        monkeypatch.setitem(api.app.health._checks, "database", broken)  # type: ignore[index]
        answered = api.client.get("/ready")
        assert answered.status_code == 503 and "disk is full" in answered.json()["checks"]["database"]

    def test_counters_hold_patterns_and_no_ids(self, api: Api, chat: Chat) -> None:
        chat.get("/messages")
        api.client.get(f"{V1}/nothing/{chat.id}")
        counted = api.client.get("/metrics").text
        assert 'route="/api/v1/conversations/{conversation_id}/messages"' in counted
        assert chat.id not in counted

    def test_strict_headers_everywhere(self, api: Api) -> None:
        for path in ("/health", "/openapi.json", f"{V1}/nothing"):
            headers = api.client.get(path).headers
            assert (
                headers["x-content-type-options"] == "nosniff"
                and "frame-ancestors" in headers["content-security-policy"]
            )
