"""The team on the admin's pages: people come, get new passwords, leave and come back, without the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from support_bot.assembly import App
from support_bot.errors import Unauthorized
from support_bot.services.views import StaffView
from support_bot.values import Role
from tests.factories import PASSWORD, add_staff, make_app
from tests.integration.test_ui_knowledge import Tab
from ui.parts.team import MemberForm, NewPassword, deactivate_dialog, password_dialog, team_page

ANA = "ana@example.com"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


@pytest.fixture
def tab(app: App) -> Tab:
    tab = Tab(app)
    tab.press("view", view="team")
    return tab


def shown(tab: Tab) -> str:
    return tab.seen["admin-team"]


def password(tab: Tab) -> str:
    (made,) = re.findall(r"<code>(.*?)</code>", shown(tab))
    return str(made)


def test_somebody_new_signs_in_with_the_password_that_is_shown_once(app: App, tab: Tab) -> None:
    tab.press("member-add", name="Ana", email=f" {ANA} ", role="agent")
    made = app.staff.sign_in(ANA, password(tab)).staff
    assert (made.name, made.role) == ("Ana", Role.AGENT)
    tab.press("view", view="team")
    assert "<code>" not in shown(tab) and ANA in shown(tab)


def test_a_new_password_takes_the_old_ones_place(app: App, tab: Tab) -> None:
    ana = add_staff(app)
    session = app.staff.sign_in(ANA, PASSWORD)
    tab.press("member-ask-password", member=str(ana.id))
    assert "A new password for Ana?" in tab.seen["admin-dialog"]
    assert app.staff.find_session(session.token)
    tab.press("member-password", member=str(ana.id))
    assert app.staff.find_session(session.token) is None
    with pytest.raises(Unauthorized):
        app.staff.sign_in(ANA, PASSWORD)
    assert app.staff.sign_in(ANA, password(tab)).staff.id == ana.id


def test_access_ends_after_one_more_question_and_comes_back(app: App, tab: Tab) -> None:
    ana = add_staff(app)
    session = app.staff.sign_in(ANA, PASSWORD)
    tab.press("member-ask-deactivate", member=str(ana.id))
    assert "Deactivate Ana?" in tab.seen["admin-dialog"] and app.staff.find_session(session.token)
    tab.press("member-deactivate", member=str(ana.id))
    assert tab.seen["admin-dialog"] == "" and app.staff.find_session(session.token) is None
    assert "Deactivated" in shown(tab) and "member-ask-deactivate" not in shown(tab)
    tab.press("member-reactivate", member=str(ana.id))
    assert app.staff.sign_in(ANA, PASSWORD) and "Deactivated" not in shown(tab)


def test_nobody_is_offered_to_end_their_own_access_and_who_tries_is_told(app: App, tab: Tab) -> None:
    own = app.staff.page()[0]
    assert "member-ask" not in shown(tab) and "This is you." in shown(tab)
    tab.press("member-deactivate", member=str(own.id))
    assert "You cannot deactivate yourself" in shown(tab)
    assert app.staff.page()[0].active


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "not an e-mail address"),
        ({"name": "Ana", "email": "ana"}, "not an e-mail address"),
        ({"name": "Al again", "email": "AL@example.com"}, "already exists"),
        ({"name": "x" * 5000, "email": "x" * 5000 + "@example.com"}, "not an e-mail address"),
        ({"name": "\x00", "email": "\x00"}, "not an e-mail address"),
    ],
)
def test_what_is_refused_stays_in_the_form_with_the_reason(
    app: App, tab: Tab, typed: dict[str, str], words: str
) -> None:
    tab.press("member-add", role="admin", **typed)
    assert words in shown(tab) and "<code>" not in shown(tab)
    assert f'value="{typed.get("email", "")[:300].strip(chr(0))}"' in shown(tab)
    assert '<option value="admin" selected>' in shown(tab)
    assert len(app.staff.page()) == 1


@pytest.mark.parametrize("member", ["", "-1", "999", "x", "1e9", "9" * 40])
@pytest.mark.parametrize(
    "action",
    ["member-ask-password", "member-password", "member-ask-deactivate", "member-deactivate", "member-reactivate"],
)
def test_a_member_that_is_not_there_is_told(app: App, tab: Tab, action: str, member: str) -> None:
    tab.press(action, member=member)
    assert "There is no such member" in shown(tab)
    assert [staff.active for staff in app.staff.page()] == [True]


def test_a_page_that_is_open_ends_with_the_access(app: App, tab: Tab) -> None:
    add_staff(app, Role.ADMIN, "boss@example.com")
    app.staff.deactivate("al@example.com", None)
    with pytest.raises(gr.Error, match="signed out"):
        tab.press("view", view="documents")


def test_what_people_are_called_is_escaped() -> None:
    member = StaffView(2, SCRIPT, SCRIPT, Role.AGENT, True)
    page = team_page([member], 1, MemberForm(SCRIPT, SCRIPT), told=SCRIPT, made=NewPassword(SCRIPT, SCRIPT))
    assert SCRIPT not in page + deactivate_dialog(member, 1) + password_dialog(member, 1)


def test_somebody_is_invited_by_a_link_that_can_be_withdrawn(app: App, tab: Tab) -> None:
    tab.press("member-add", name="Ana", email=ANA, role="viewer", by="link")
    assert "/join/" in shown(tab) and "Invitation as viewer" in shown(tab)
    (link,) = app.accounts.links.page()
    assert (link.email, link.role) == (ANA, Role.VIEWER)
    tab.press("view", view="team")
    assert "/join/" not in shown(tab), "it is shown once"
    tab.press("link-withdraw", link=str(link.id))
    assert app.accounts.links.page() == [] and "Open links" not in shown(tab)


def test_a_colleague_gets_a_link_for_a_new_password(app: App, tab: Tab) -> None:
    ana = add_staff(app)
    tab.press("member-ask-password", member=str(ana.id))
    tab.press("member-link", member=str(ana.id))
    (token,) = re.findall(r"/join/([^<]+)<", shown(tab))
    app.accounts.links.follow(token, "another long password")
    assert app.staff.sign_in(ANA, "another long password").staff.id == ana.id
