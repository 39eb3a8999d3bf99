"""The pages that need no scripts, on the whole server: one's own password, and where there is nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from support_bot.values import Role
from ui.pages.nothing import nothing_page

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


class TestNothing:
    BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    @pytest.mark.parametrize("path", ["/nothing", "/a/b/c", "/embed/none", "/widget/none.js", "/gradio_api/upload"])
    def test_people_get_a_page_that_leads_on(self, browser: TestClient, path: str) -> None:
        answered = browser.get(path, headers=self.BROWSER)
        assert answered.status_code == 404 and answered.headers["content-type"] == "text/html; charset=utf-8"
        assert "There is no such page" in answered.text and 'href="/"' in answered.text
        assert "script" not in answered.text and answered.headers["x-request-id"]
        head = browser.head(path, headers=self.BROWSER)
        assert (head.status_code, head.content) == (404, b"")

    @pytest.mark.parametrize("path", [f"{V1}/nothing", "/v1/nothing", "/api/nothing", f"{V1}/channels/none/public"])
    def test_the_api_stays_json_whoever_asks(self, browser: TestClient, path: str) -> None:
        assert browser.get(path, headers=self.BROWSER).json()["error"]

    @pytest.mark.parametrize("accept", ["*/*", "application/json", "image/png", ""])
    def test_programs_get_what_they_got(self, browser: TestClient, accept: str) -> None:
        answered = browser.get("/embed/none", headers={"Accept": accept})
        assert answered.status_code == 404 and answered.json()["error"] == "not_found"

    def test_what_is_there_is_left_alone(self, browser: TestClient) -> None:
        for path, words in (("/", "gradio"), ("/login", "Sign in"), ("/embed/web", 'data-channel="web"')):
            answered = browser.get(path, headers=self.BROWSER)
            assert answered.status_code == 200 and words in answered.text
        assert browser.post("/nothing", headers=self.BROWSER).status_code in (404, 405)

    def test_the_companys_name_is_escaped(self) -> None:
        assert "<script" not in nothing_page("<script>alert(1)</script>", '"><script>')
