"""Which web pages may call: none but our own and those a channel lists, with or without a preflight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support_bot.models import Channel

from .api_harness import QUESTION, SHOP, V1, Api, Chat, running_api

FOREIGN = "https://evil.example.net"
OTHER_SHOP = "https://other.example.org"
CORS = "access-control-allow-origin"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        with api.app._parts.db.transaction() as tx:
            tx.channels.add(Channel(slug="second", name="Second", allowed_origins=[OTHER_SHOP]))
        yield api


@pytest.fixture
def chat(api: Api) -> Chat:
    return api.start()


def preflight(api: Api, path: str, origin: str) -> Any:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    return api.client.options(path, headers=asked)


class TestPreflight:
    def test_a_listed_origin_may_send_a_token(self, api: Api) -> None:
        answered = preflight(api, f"{V1}/conversations", SHOP)
        assert answered.status_code == 204
        assert answered.headers[CORS] == SHOP and answered.headers["vary"] == "Origin"
        assert "Authorization" in answered.headers["access-control-allow-headers"]
        assert "Last-Event-ID" in answered.headers["access-control-allow-headers"]

    @pytest.mark.parametrize("origin", [FOREIGN, "null", SHOP.replace("https", "http"), SHOP + ":8443"])
    def test_others_may_not(self, api: Api, origin: str) -> None:
        answered = preflight(api, f"{V1}/conversations", origin)
        assert answered.status_code == 403 and CORS not in answered.headers

    def test_staff_routes_have_none(self, api: Api) -> None:
        answered = preflight(api, f"{V1}/tickets", SHOP)
        assert answered.status_code == 405 and CORS not in answered.headers


class TestRequests:
    def test_a_listed_origin_starts_and_reads_its_answer(self, api: Api) -> None:
        answered = api.client.post(f"{V1}/conversations", json={"channel": "web"}, headers={"Origin": SHOP})
        assert answered.status_code == 201 and answered.headers[CORS] == SHOP
        assert "access-control-allow-credentials" not in answered.headers

    def test_a_stream_carries_the_header_too(self, chat: Chat) -> None:
        assert chat.post("/messages", {"text": QUESTION}, headers={"Origin": SHOP}).headers[CORS] == SHOP

    def test_errors_can_be_read_by_the_page(self, api: Api) -> None:
        answered = api.client.get(f"{V1}/conversations/abc/messages", headers={"Origin": SHOP})
        assert answered.status_code == 401 and answered.headers[CORS] == SHOP

    @pytest.mark.parametrize("origin", [FOREIGN, "null"])
    def test_unlisted_origins_are_refused(self, api: Api, chat: Chat, origin: str) -> None:
        started = api.client.post(f"{V1}/conversations", json={"channel": "web"}, headers={"Origin": origin})
        asked = chat.post("/messages", {"text": QUESTION}, headers={"Origin": origin})
        shown = api.client.get(f"{V1}/channels/web/public", headers={"Origin": origin})
        for answered in (started, asked, shown):
            assert (answered.status_code, answered.json()["error"]) == (403, "forbidden")
            assert CORS not in answered.headers
        assert chat.get("/messages").json()["messages"] == []

    def test_our_own_pages_need_not_be_listed(self, api: Api, chat: Chat) -> None:
        own = {"Origin": "http://testserver"}
        assert api.client.post(f"{V1}/conversations", json={"channel": "web"}, headers=own).status_code == 201
        assert chat.get("/messages", headers=own).status_code == 200

    def test_a_channel_that_is_switched_off_says_so(self, api: Api) -> None:
        api.app.channels.update("web", enabled=False)
        try:
            answered = api.client.get(f"{V1}/channels/web/public")
        finally:
            api.app.channels.update("web", enabled=True)
        assert (answered.status_code, answered.json()["error"]) == (403, "channel_off")

    def test_programs_send_no_origin_and_are_not_held_back(self, api: Api) -> None:
        assert api.client.get(f"{V1}/channels/web/public").status_code == 200

    def test_the_public_address_is_our_own_too(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(api.app.settings.server, "public_url", "https://help.example.com/")
        own = {"Origin": "https://help.example.com"}
        assert api.client.post(f"{V1}/conversations", json={"channel": "web"}, headers=own).status_code == 201

    def test_what_widgets_may_know_of_a_channel(self, api: Api) -> None:
        shown = api.client.get(f"{V1}/channels/web/public", headers={"Origin": SHOP})
        assert set(shown.json()) == {"slug", "name", "greeting", "suggested_questions", "accent"}


class TestTwoChannels:
    """An origin of one channel may not use another's conversations."""

    def test_the_other_channels_origin_is_refused(self, api: Api, chat: Chat) -> None:
        assert preflight(api, f"{V1}/conversations", OTHER_SHOP).status_code == 204
        asked = chat.post("/messages", {"text": QUESTION}, headers={"Origin": OTHER_SHOP})
        started = api.client.post(f"{V1}/conversations", json={"channel": "web"}, headers={"Origin": OTHER_SHOP})
        for answered in (asked, started):
            assert answered.status_code == 403 and CORS not in answered.headers

    def test_its_own_origin_is_welcome(self, api: Api) -> None:
        own = api.client.post(f"{V1}/conversations", json={"channel": "second"}, headers={"Origin": OTHER_SHOP})
        assert own.status_code == 201 and own.headers[CORS] == OTHER_SHOP
