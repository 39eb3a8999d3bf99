"""Links that work once: by them people join the team and set new passwords, and nobody else does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, LimitExceeded, NotFound, Unauthorized
from support_bot.services import staff_links
from support_bot.values import LinkKind, Role
from tests.factories import PASSWORD, add_staff, make_app
from tests.integration.api_harness import whole_server

ANA, BO = "ana@example.com", "bo@example.com"
OTHER = "another long password"


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[App]:
    app = make_app(tmp_path_factory.mktemp(database), start=False)
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, TestClient]]:
    app = make_app(tmp_path_factory.mktemp("site"), start=False)
    yield app, TestClient(whole_server(app), follow_redirects=False)
    app.close()


def token_of(made: staff_links.MadeLink) -> str:
    return made.path.removeprefix("/join/")


def later(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    monkeypatch.setattr(staff_links, "utcnow", lambda: moment)


class TestInvitation:
    def test_brings_somebody_in_once(self, app: App) -> None:
        made = app.accounts.links.invite(f" {ANA} ", "Ana", Role.VIEWER, None)
        token = token_of(made)
        assert app.accounts.links.get(token) == made.details
        joined = app.accounts.links.follow(token, PASSWORD, " Ana Lee ")
        assert (joined.email, joined.name, joined.role) == (ANA, "Ana Lee", Role.VIEWER)
        assert app.staff.sign_in(ANA, PASSWORD).staff.id == joined.id
        for again in (lambda: app.accounts.links.follow(token, OTHER, "Eve"), lambda: app.accounts.links.get(token)):
            with pytest.raises(NotFound):
                again()
        assert app.accounts.links.page() == [] and app.staff.sign_in(ANA, PASSWORD)

    def test_is_nowhere_in_the_database(self, app: App) -> None:
        token = token_of(app.accounts.links.invite(ANA, "", Role.AGENT, None))
        with app._parts.db.reading() as tx:
            (stored,) = tx.staff_links.page_open(dt.datetime.now(dt.UTC))
        assert token not in {str(value) for value in vars(stored).values()} and len(stored.token_hash) == 64

    def test_ends_by_itself_by_an_admin_and_by_the_next_one(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        links = app.accounts.links
        first = links.invite(ANA, "Ana", Role.AGENT, None)
        second = links.invite(ANA.upper(), "Ana", Role.AGENT, None)
        third = links.invite(BO, "Bo", Role.AGENT, None)
        links.withdraw(third.details.id)
        links.withdraw(third.details.id)
        assert [view.id for view in links.page()] == [second.details.id]
        later(monkeypatch, app.settings.security.link_hours + 1)
        assert links.page() == []
        told = set()
        for ended in (token_of(first), token_of(second), token_of(third), "made-up", ""):
            with pytest.raises(NotFound) as refused:
                links.follow(ended, PASSWORD, "Ana")
            told.add(refused.value.detail)
        assert len(told) == 1, "what a link once was is nobody's business"
        with pytest.raises(NotFound):
            links.withdraw(999_999)

    def test_ends_with_the_access_of_who_made_it(self, app: App) -> None:
        bo = app.staff.add(BO, "Bo", Role.ADMIN, PASSWORD)
        token = token_of(app.accounts.links.invite(ANA, "Ana", Role.ADMIN, bo.id))
        app.staff.deactivate(BO, None)
        with pytest.raises(NotFound):
            app.accounts.links.follow(token, PASSWORD, "Ana")

    @pytest.mark.parametrize(("password", "name"), [("short", "Ana"), ("x" * 1001, "Ana"), (PASSWORD, " \x00 ")])
    def test_stays_good_when_what_was_typed_is_not(self, app: App, password: str, name: str) -> None:
        token = token_of(app.accounts.links.invite(ANA, "", Role.AGENT, None))
        with pytest.raises(Invalid):
            app.accounts.links.follow(token, password, name)
        assert app.accounts.links.follow(token, PASSWORD, "Ana").name == "Ana"

    def test_is_for_addresses_that_are_free_and_are_addresses(self, app: App) -> None:
        add_staff(app)
        with pytest.raises(Conflict):
            app.accounts.links.invite(ANA.title(), "", Role.AGENT, None)
        for wrong in ("", "ana", "a@" + "x" * 300):
            with pytest.raises(Invalid):
                app.accounts.links.invite(wrong, "", Role.AGENT, None)
        token = token_of(app.accounts.links.invite(BO, "", Role.AGENT, None))
        add_staff(app, email=BO)
        with pytest.raises(Conflict):
            app.accounts.links.follow(token, PASSWORD, "Bo")

    def test_is_used_by_one_of_many_at_once(self, app: App) -> None:
        token = token_of(app.accounts.links.invite(ANA, "Ana", Role.AGENT, None))

        def follow(number: int) -> str:
            try:
                return app.accounts.links.follow(token, f"{PASSWORD} {number}", "Ana").email
            except (NotFound, Conflict):
                return ""

        with ThreadPoolExecutor(6) as threads:
            assert sorted(threads.map(follow, range(6))) == [""] * 5 + [ANA]
        assert [person.email for person in app.staff.page()].count(ANA) == 1


class TestNewPassword:
    def test_takes_the_old_ones_place_when_it_is_used(self, app: App) -> None:
        add_staff(app)
        session = app.staff.sign_in(ANA, PASSWORD)
        made = app.accounts.links.offer_password(ANA, None)
        assert made.details.kind is LinkKind.NEW_PASSWORD and app.staff.find_session(session.token)
        app.accounts.links.follow(token_of(made), OTHER)
        assert app.staff.find_session(session.token) is None
        with pytest.raises(Unauthorized):
            app.staff.sign_in(ANA, PASSWORD)
        assert app.staff.sign_in(ANA, OTHER).staff.name == "Ana"

    def test_lets_a_locked_out_admin_in(self, app: App) -> None:
        for _ in range(app.settings.security.lockout_failures):
            with pytest.raises(Unauthorized):
                app.staff.sign_in("al@example.com", "wrong")
        with pytest.raises(LimitExceeded):
            app.staff.sign_in("al@example.com", PASSWORD)
        app.accounts.links.follow(token_of(app.accounts.links.offer_password("al@example.com", None)), OTHER)
        assert app.staff.sign_in("al@example.com", OTHER)

    def test_is_for_who_is_there(self, app: App) -> None:
        add_staff(app)
        token = token_of(app.accounts.links.offer_password(ANA, None))
        app.staff.deactivate(ANA, None)
        app.staff.reactivate(ANA)
        with pytest.raises(NotFound):
            app.accounts.links.follow(token, OTHER)
        app.staff.deactivate(ANA, None)
        with pytest.raises(Conflict):
            app.accounts.links.offer_password(ANA, None)
        with pytest.raises(NotFound):
            app.accounts.links.offer_password("nobody@example.com", None)


class TestViewer:
    def test_cannot_be_given_a_ticket_nor_take_one(self, app: App) -> None:
        viewer = app.staff.add(ANA, "Ana", Role.VIEWER, PASSWORD)
        bo = add_staff(app, email=BO)
        app.channels.ensure_default()
        conversation = app.chat.start("web").id
        ticket = app.handoff.request(conversation).row.id
        with pytest.raises(Conflict):
            app.handoff.take(conversation, viewer.id)
        with pytest.raises(Conflict):
            app.tickets.assign(ticket, viewer.id, bo.id)
        assert [person.email for person in app.staff.assignees()] == ["al@example.com", BO]

    def test_may_what_the_role_includes(self) -> None:
        may = {role: [other for other in Role if role.includes(other)] for role in Role}
        assert may == {
            Role.VIEWER: [Role.VIEWER], Role.AGENT: [Role.VIEWER, Role.AGENT], Role.ADMIN: list(Role)
        }  # fmt: skip


class TestPages:
    def test_join_by_a_form_and_are_not_signed_in_by_it(self, site: tuple[App, TestClient]) -> None:
        app, browser = site
        path = app.accounts.links.invite(ANA, "<b>", Role.AGENT, None).path
        form = browser.get(path)
        assert form.status_code == 200 and ANA in form.text and "&lt;b&gt;" in form.text and "<b>" not in form.text
        assert form.headers["cache-control"] == "no-store" and path not in form.text
        typed = {"name": "Ana", "new": PASSWORD, "again": "something else"}
        assert browser.post(path, data=typed).status_code == 422
        foreign = browser.post(path, data=typed | {"again": PASSWORD}, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        done = browser.post(path, data=typed | {"again": PASSWORD})
        assert done.status_code == 200 and "set-cookie" not in done.headers
        assert app.staff.sign_in(ANA, PASSWORD)
        for again in (browser.get(path, headers={"Accept": "text/html"}), browser.post(path, data=typed)):
            assert again.status_code == 410 and "cannot be used any more" in again.text
        assert browser.get("/join/" + "x" * 500).status_code == 422

    def test_a_viewer_opens_the_desk_and_not_the_admins_pages(self, site: tuple[App, TestClient]) -> None:
        app, browser = site
        app.staff.add("vi@example.com", "Vi", Role.VIEWER, PASSWORD)
        cookie = {"Cookie": f"support_bot_session={app.staff.sign_in('vi@example.com', PASSWORD).token}"}
        assert browser.get("/desk/", headers=cookie).status_code == 200
        assert browser.get("/admin/", headers=cookie).headers["location"] == "/desk"


class TestKeys:
    def test_of_a_viewer_do_not_more_than_the_viewer(self, app: App) -> None:
        viewer = app.staff.add(ANA, "Ana", Role.VIEWER, PASSWORD)
        with pytest.raises(Invalid):
            app.staff.create_key("k", Role.AGENT, viewer.id)
        _, key = app.staff.create_key("k", Role.VIEWER, viewer.id)
        found = app.staff.find_key(key)
        assert found is not None and found.role is Role.VIEWER
