"""The pages that need no scripts, on the whole server: one's own password."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from support_bot.values import Role

from .api_harness import PASSWORD, V1, Api, running_api, whole_server

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        api.asgi = whole_server(api.app)
        yield api


@pytest.fixture
def browser(api: Api) -> TestClient:
    return TestClient(api.asgi, follow_redirects=False)


class TestOwnPassword:
    """On a page of its own, which needs no scripts."""

    NEW = "another long password"

    @pytest.fixture
    def browser(self, api: Api, browser: TestClient) -> TestClient:
        email = f"{uuid.uuid4().hex}@example.com"
        api.app.staff.add(email, "Bo", Role.AGENT, PASSWORD)
        browser.post("/login", data={"email": email, "password": PASSWORD})
        return browser

    def form(self, **more: str) -> dict[str, str]:
        return {"old": PASSWORD, "new": self.NEW, "again": self.NEW} | more

    def test_is_changed_and_this_browser_stays_signed_in(self, browser: TestClient) -> None:
        assert 'action="password"' in browser.get("/password", headers=PAGE).text
        answered = browser.post("/password", data=self.form())
        assert (answered.status_code, answered.headers["location"]) == (303, "/password?changed=yes")
        assert "Your password is changed" in browser.get("/password?changed=yes").text
        assert browser.get(f"{V1}/me").status_code == 200
        assert browser.post("/password", data=self.form(old=self.NEW, new=PASSWORD, again=PASSWORD)).status_code == 303

    @pytest.mark.parametrize(
        ("typed", "words"),
        [({"old": "wrong"}, "The old password is wrong."), ({"again": "other"}, "not the same in both"),
         ({"new": "short", "again": "short"}, "at least 10 characters"), ({"new": "", "again": ""}, "at least")],
    )  # fmt: skip
    def test_says_what_is_wrong_and_repeats_no_password(
        self, browser: TestClient, typed: dict[str, str], words: str
    ) -> None:
        answered = browser.post("/password", data=self.form(**typed))
        assert (
            answered.status_code == 422 and words in answered.text and answered.headers["cache-control"] == "no-store"
        )
        assert PASSWORD not in answered.text and self.NEW not in answered.text
        assert browser.post("/password", data=self.form()).status_code == 303

    def test_strangers_are_led_to_the_sign_in(self, api: Api) -> None:
        stranger = TestClient(api.asgi, follow_redirects=False)
        for answered in (stranger.get("/password"), stranger.post("/password", data=self.form())):
            assert answered.headers["location"] == "/login?next=/password"

    @pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
    def test_another_sites_form_changes_nothing(self, browser: TestClient, headers: dict[str, str]) -> None:
        assert browser.post("/password", data=self.form(), headers=headers).status_code == 403
        assert browser.post("/password", data=self.form()).status_code == 303
