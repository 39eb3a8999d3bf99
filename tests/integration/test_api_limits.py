"""Limits: how often and how much; what is too much is refused with the time to wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .api_harness import V1, Api, running_api


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    few = {"conversations_per_minute": 2, "messages_per_minute": 2, "requests_per_minute": 5}
    with running_api(tmp_path_factory.mktemp("data"), **few) as limited:
        yield limited


def refused(answered: Any) -> None:
    assert answered.status_code == 429
    assert answered.json()["error"] == "rate_limited" and answered.json()["request_id"]
    assert 1 <= int(answered.headers["retry-after"]) <= 60


class TestHowOften:
    def test_conversations_by_address(self, limited: Api) -> None:
        for _ in range(2):
            limited.start()
        refused(limited.client.post(f"{V1}/conversations", json={"channel": "web"}))

    def test_messages_by_conversation(self, limited: Api) -> None:
        one, other = limited.start(), limited.start()
        for _ in range(2):
            one.ask()
        refused(one.post("/messages", {"text": "And?"}))
        other.ask()

    def test_requests_by_conversation(self, limited: Api) -> None:
        chat = limited.start()
        for _ in range(5):
            assert chat.get("/messages").status_code == 200
        refused(chat.get("/messages"))

    def test_requests_by_key(self, limited: Api) -> None:
        for _ in range(5):
            assert limited.client.get(f"{V1}/me", headers=limited.agent).status_code == 200
        refused(limited.client.get(f"{V1}/me", headers=limited.agent))
        assert limited.client.get(f"{V1}/me", headers=limited.admin).status_code == 200


class TestHowMuch:
    def test_a_text_longer_than_the_setting_is_invalid(self, api: Api) -> None:
        answered = api.start().post("/messages", {"text": "a" * 4001})
        assert answered.status_code == 422 and "4000" in answered.json()["detail"]

    def test_a_body_larger_than_a_megabyte_is_too_large(self, api: Api) -> None:
        answered = api.start().post("/messages", {"text": "a" * 1_100_000})
        assert (answered.status_code, answered.json()["error"]) == (413, "too_large")

    def test_an_unannounced_large_body_is_too_large(self, api: Api) -> None:
        chat = api.start()
        pieces = (b" " * 65_536 for _ in range(32))
        headers = chat.headers | {"Content-Type": "application/json"}
        answered = api.client.post(f"{chat.path}/messages", content=pieces, headers=headers)
        assert (answered.status_code, answered.json()["error"]) == (413, "too_large")

    def test_uploads_may_be_larger(self, api: Api) -> None:
        files = {"files": ("big.txt", b"A word. " * 250_000)}
        answered = api.client.post(f"{V1}/documents", files=files, headers=api.admin)
        assert answered.json()["files"][0]["outcome"] == "created"
