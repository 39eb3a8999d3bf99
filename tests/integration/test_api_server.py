"""The whole server: signing in, the door of the staff's pages, the widget's files, starting and stopping."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from anyio import to_thread
from fastapi.testclient import TestClient

from support_bot import server
from support_bot.api.routes.sign_in import sign_in_router
from support_bot.settings import ServerSettings
from support_bot.values import Role

from .api_harness import PASSWORD, SHOP, V1, Api, listening, running_api, whole_server

ADMIN = {"email": "admin@example.com", "password": PASSWORD}
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data"), sign_ins_per_minute=1000) as api:
        api.asgi = whole_server(api.app)
        yield api


@pytest.fixture
def browser(api: Api) -> TestClient:
    return TestClient(api.asgi, follow_redirects=False)


def signed_in(browser: TestClient) -> bool:
    return browser.get(f"{V1}/me").status_code == 200


class TestSigningIn:
    def test_leads_where_one_wanted_to_go(self, browser: TestClient) -> None:
        answered = browser.post("/login", data=ADMIN | {"next": "/admin?tab=channels"})
        assert answered.status_code == 303 and answered.headers["location"] == "/admin?tab=channels"
        cookie = answered.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
        assert signed_in(browser)

    def test_below_a_proxys_path_it_stays_there(
        self, api: Api, browser: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(api.app.settings.server, "public_url", "https://example.com/help/")
        for asked, leads in (("/desk/", "/help/login?next=/desk/"), ("/admin/", "/help/login?next=/admin/")):
            assert browser.get(asked, headers=PAGE).headers["location"] == leads
        assert 'action="login"' in browser.get("/login").text
        for wish, leads in (("/desk/", "/help/desk/"), ("/help/admin/", "/help/admin/"), ("//evil", "/help/desk")):
            assert browser.post("/login", data=ADMIN | {"next": wish}).headers["location"] == leads
        assert browser.post("/logout").headers["location"] == "/help/login"

    def test_over_tls_the_cookie_is_secure(
        self, api: Api, browser: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(api.app.settings.server, "secure_cookies", True)
        assert "Secure" in browser.post("/login", data=ADMIN).headers["set-cookie"]

    @pytest.mark.parametrize(
        "target", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"]
    )
    def test_never_leads_to_another_site(self, browser: TestClient, target: str) -> None:
        assert browser.post("/login", data=ADMIN | {"next": target}).headers["location"] == "/desk"
        assert "evil" not in browser.get("/login", params={"next": target}).text

    @pytest.mark.parametrize(
        "form", [ADMIN | {"password": "wrong"}, {"email": "nobody@example.com", "password": "x"}, {}]
    )
    def test_what_is_wrong_shows_the_form_again(self, browser: TestClient, form: dict[str, str]) -> None:
        answered = browser.post("/login", data=form | {"next": "/desk?ticket=7"})
        assert answered.status_code == 401 and "set-cookie" not in answered.headers
        assert "<form" in answered.text and 'value="/desk?ticket=7"' in answered.text and "wrong" in answered.text
        kept = re.findall(r'value="(.*?)"', answered.text)
        assert kept == ["/desk?ticket=7", form.get("email", "")]  # and no password
        assert answered.text.count(" autofocus") == 1

    def test_too_many_wrong_passwords_pause_the_account(self, api: Api, browser: TestClient) -> None:
        api.app.staff.add("clumsy@example.com", "Clumsy", Role.AGENT, PASSWORD)
        form = {"email": "clumsy@example.com", "password": "wrong"}
        statuses = [browser.post("/login", data=form).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        answered = browser.post("/login", data=form | {"password": PASSWORD})
        assert answered.status_code == 429 and int(answered.headers["retry-after"]) > 60 and "<form" in answered.text
        assert f"Try again in {api.app.settings.security.lockout_minutes:g} minutes." in answered.text

    def test_is_limited_by_address(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        with running_api(tmp_path_factory.mktemp("data"), sign_ins_per_minute=2) as limited:
            limited.asgi.include_router(sign_in_router(lambda _target, error, _email: error, lambda *_: ""))
            strangers = [{"email": f"{number}@example.com", "password": "x"} for number in range(3)]
            answers = [limited.client.post("/login", data=stranger) for stranger in strangers]
            assert [answer.status_code for answer in answers] == [401, 401, 429]
            assert 1 <= int(answers[-1].headers["retry-after"]) <= 60

    @pytest.mark.parametrize(
        "headers",
        [{"Origin": SHOP}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
    )
    def test_forms_of_other_sites_are_refused(self, browser: TestClient, headers: dict[str, str]) -> None:
        assert browser.post("/login", data=ADMIN, headers=headers).status_code == 403
        browser.post("/login", data=ADMIN, headers={"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"})
        assert browser.post("/logout", headers=headers).status_code == 403
        assert signed_in(browser)

    def test_signing_out_ends_the_session(self, browser: TestClient) -> None:
        browser.post("/login", data=ADMIN)
        token = browser.cookies["support_bot_session"]
        answered = browser.post("/logout")
        assert answered.status_code == 303 and answered.headers["location"] == "/login"
        assert not signed_in(browser)
        browser.cookies.set("support_bot_session", token)
        assert not signed_in(browser)


class TestDoor:
    @pytest.mark.parametrize("path", ["/desk", "/desk/", "/admin", "/admin/"])
    def test_strangers_are_led_to_the_sign_in_page(self, browser: TestClient, path: str) -> None:
        answered = browser.get(path, headers=PAGE)
        assert answered.status_code == 303
        assert answered.headers["location"].startswith(f"/login?next={path.rstrip('/')}")

    @pytest.mark.parametrize("area", ["/desk", "/admin"])
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/gradio_api/queue/join"),
            ("POST", "/gradio_api/upload"),
            ("GET", "/gradio_api/info"),
            ("GET", "/config"),
        ],
    )
    def test_strangers_calls_are_refused(self, browser: TestClient, area: str, method: str, path: str) -> None:
        assert browser.request(method, area + path).status_code in (401, 404)

    def test_agents_see_the_desk_only(self, api: Api) -> None:
        agent = TestClient(api.asgi, follow_redirects=False)
        agent.post("/login", data={"email": "agent@example.com", "password": PASSWORD})
        assert agent.get("/desk/", headers=PAGE).status_code == 200
        assert agent.get("/admin/", headers=PAGE).headers["location"].startswith("/desk")
        assert agent.get("/admin/config").status_code == 403

    def test_other_sites_cannot_act_through_a_signed_in_browser(self, browser: TestClient) -> None:
        browser.post("/login", data=ADMIN)
        answered = browser.post("/desk/gradio_api/queue/join", json={}, headers={"Sec-Fetch-Site": "same-site"})
        assert answered.status_code == 403

    def test_the_customers_page_is_open(self, browser: TestClient) -> None:
        assert browser.get("/", headers=PAGE).status_code == 200

    def test_the_api_is_not_hidden_behind_pages(self, browser: TestClient) -> None:
        assert browser.get(f"{V1}/nothing").json()["error"] == "not_found"
        assert browser.post("/api/nothing").status_code == 404


class TestWidget:
    def test_its_script_is_for_every_page(self, browser: TestClient) -> None:
        answered = browser.get("/widget.js", headers={"Origin": "https://any.example"})
        assert answered.headers["content-type"].startswith("text/javascript")
        assert answered.headers["access-control-allow-origin"] == "*"
        assert answered.headers["cross-origin-resource-policy"] == "cross-origin"

    def test_unchanged_files_are_not_sent_again(self, browser: TestClient) -> None:
        tag = browser.get("/widget.js").headers["etag"]
        again = browser.get("/widget.js", headers={"If-None-Match": f'"other", W/{tag}'})
        assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag

    def test_they_travel_packed_where_the_browser_takes_that(self, browser: TestClient) -> None:
        plain = browser.get("/widget.js", headers={"Accept-Encoding": "gzip;q=0, br"})
        packed = browser.get("/widget.js", headers={"Accept-Encoding": "br, GZip;q=0.5"})
        assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content and packed.headers["etag"] != plain.headers["etag"]
        assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
        assert "Accept-Encoding" in plain.headers["vary"] and "Accept-Encoding" in packed.headers["vary"]

    def test_what_is_asked_for_by_version_is_kept_for_good(self, browser: TestClient) -> None:
        assert "immutable" in browser.get("/widget/panel.js?v=abc").headers["cache-control"]
        assert "immutable" not in browser.get("/widget.js?v=abc").headers["cache-control"]

    def test_its_modules_and_nothing_else(self, browser: TestClient) -> None:
        assert browser.get("/widget/panel.js").status_code == 200
        for name in ("embed.html", "..%2Fpage.js", "none.js", "element.js", "built.json", "..%2Fbuild.cjs"):
            assert browser.get(f"/widget/{name}").status_code == 404

    def test_may_be_framed_by_the_channels_pages(self, browser: TestClient) -> None:
        answered = browser.get("/embed/web")
        assert 'data-channel="web"' in answered.text
        assert answered.headers["content-security-policy"].endswith(f"frame-ancestors 'self' {SHOP}")
        assert browser.get("/embed/none").status_code == 404

    def test_other_pages_may_not_be_framed(self, browser: TestClient) -> None:
        for path in ("/", "/login"):
            assert "frame-ancestors 'self'" in browser.get(path, headers=PAGE).headers["content-security-policy"]


class TestRunning:
    def test_starts_works_and_closes(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        with running_api(tmp_path_factory.mktemp("data")) as api, TestClient(whole_server(api.app)) as client:
            assert client.portal is not None
            assert client.portal.call(_threads) == api.app.settings.server.threads
            files = {"files": ("late.md", b"# Late\n\nLate parcels are refunded.\n")}
            uploaded = client.post(f"{V1}/documents", files=files, headers=api.admin).json()["files"][0]
            ready = api.app.knowledge.wait_until_ready([uploaded["document"]["id"]], 20)
            assert ready[0].status == "ready"

    def test_says_where_it_answers(
        self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found: dict[str, Any] = {}
        told = threading.Event()
        monkeypatch.setattr(server, "_Server", _stoppable(found))
        with running_api(tmp_path_factory.mktemp("data")) as api:
            monkeypatch.setattr(api.app.settings, "server", ServerSettings(port=0))

            def ready(url: str) -> None:
                found["url"] = url
                told.set()

            monkeypatch.setattr(server, "build_server", whole_server)
            thread = threading.Thread(target=server.run_server, args=(api.app, ready))
            thread.start()
            assert told.wait(30)
            assert httpx.get(f"{found['url']}/health", trust_env=False).json()["status"] == "ok"
            found["server"].should_exit = True
            thread.join(30)
            assert not thread.is_alive()


class TestProxies:
    """`X-Forwarded-For` counts only when a trusted proxy says it: else everybody would choose their own address."""

    @pytest.mark.parametrize(("trusted", "last"), [([], 429), (["192.0.2.1"], 429), (["127.0.0.1"], 201)])
    def test_are_believed_when_trusted(
        self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, trusted: list[str], last: int
    ) -> None:
        with running_api(tmp_path_factory.mktemp("data"), conversations_per_minute=2) as api:
            monkeypatch.setattr(api.app.settings, "server", ServerSettings(port=0, trusted_proxies=trusted))
            monkeypatch.setattr(server, "build_server", lambda app: api.asgi)
            with listening(server._config(api.app)) as url:
                statuses = [
                    httpx.post(
                        f"{url}{V1}/conversations",
                        json={"channel": "web"},
                        headers={"X-Forwarded-For": f"198.51.100.{number}"},
                        trust_env=False,
                    ).status_code
                    for number in range(3)
                ]
            assert statuses == [201, 201, last]


async def _threads() -> float:
    return to_thread.current_default_thread_limiter().total_tokens


def _stoppable(found: dict[str, Any]) -> type[server._Server]:
    class Stoppable(server._Server):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            found["server"] = self

    return Stoppable
