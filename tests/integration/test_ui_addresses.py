"""The mounted pages as requests meet them: their public address, and what is shut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from support_bot.assembly import App
from tests.factories import make_app
from tests.integration.gradio_loop import built
from ui.mount import mount


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    yield app
    app.close()


class TestAddresses:
    def get(self, app: App, path: str, public_url: str = "") -> Any:
        server_settings = app.settings.server.model_copy(update={"public_url": public_url})
        chosen = app.settings.model_copy(update={"server": server_settings})
        server = FastAPI()
        server.add_api_route("/health", lambda: "well")
        built(lambda: mount(server, replace(app, settings=chosen)))
        return TestClient(server, follow_redirects=False).get(path)

    @pytest.mark.parametrize(
        ("path", "public", "root"),
        [
            ("/", "", "http://testserver"),
            ("/desk/", "", "http://testserver/desk"),
            ("/desk/", "https://help.example.com", "https://help.example.com/desk"),
            ("/", "https://help.example.com/chat/", "https://help.example.com/chat"),
            ("/admin/", "https://help.example.com/chat", "https://help.example.com/chat/admin"),
        ],
    )
    def test_each_page_knows_the_address_that_browsers_see(self, app: App, path: str, public: str, root: str) -> None:
        answer = self.get(app, path, public)
        assert answer.status_code == 200
        assert f'"root":"{root}"' in answer.text

    def test_the_servers_own_routes_come_first_and_staff_pages_get_their_slash(self, app: App) -> None:
        assert self.get(app, "/health").json() == "well"
        led = self.get(app, "/desk?ticket=7")
        assert (led.status_code, led.headers["location"]) == (307, "desk/?ticket=7")

    @pytest.mark.parametrize("page", ["", "/desk", "/admin"])
    @pytest.mark.parametrize("way", ["file=", "file/", "proxy=", "proxy/"])
    def test_the_server_fetches_no_address_for_anybody(self, app: App, page: str, way: str) -> None:
        for path in (f"{page}/gradio_api/{way}http://127.0.0.1:9/x.png", f"{page}/{way}http://127.0.0.1:9/x.png"):
            assert self.get(app, path).text == "There is nothing here."

    @pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/deep_link", "/monitoring"])
    def test_customers_are_not_offered_what_they_do_not_need(self, app: App, path: str) -> None:
        assert self.get(app, path).status_code == 404
