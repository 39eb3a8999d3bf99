"""The team on the admin's pages: adding people, new passwords, and ending or bringing back their access."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from support_bot.assembly import App
from support_bot.errors import NotFound
from support_bot.services.staff import made_up_password
from support_bot.services.staff_links import MadeLink
from support_bot.services.views import StaffView
from support_bot.values import Role
from ui.pages.shelf import Shelf
from ui.pages.surface import number
from ui.pages.teams import TeamGroups
from ui.parts import team as parts
from ui.parts.team import Access, MemberForm, NewLink, NewPassword
from ui.parts.team_two_factor import SecondFactors, reset_dialog

Act = Callable[[Shelf, dict[str, Any]], None]


class TeamTable:
    """What the buttons around members do, and how they look afterwards."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._groups = TeamGroups(app)

    def acts(self, admin: StaffView) -> dict[str, Act]:
        """What each button is called, for the admin who presses it."""
        return self._groups.acts(admin) | {
            "member-add": partial(self._add, admin),
            "member-ask-password": self._ask_password,
            "member-password": self._password,
            "member-link": partial(self._link, admin),
            "link-withdraw": self._withdraw,
            "two-factor-rule": partial(self._rule, admin),
            "member-ask-reset": self._ask_reset,
            "member-reset": partial(self._reset, admin),
            "member-ask-deactivate": self._ask_deactivate,
            "member-deactivate": partial(self._deactivate, admin),
            "member-reactivate": self._reactivate,
        }

    # ---- what the buttons do

    def _add(self, admin: StaffView, shelf: Shelf, data: dict[str, Any]) -> None:
        role = Role(data["role"]) if data.get("role") in list(Role) else Role.AGENT
        name, email = (str(data.get(field, "")).replace("\x00", "") for field in ("name", "email"))
        count = shelf.member.added
        by = "link" if data.get("by") == "link" else "password"
        shelf.member = MemberForm(name[:200], email[:300], role, count, by)  # stays in the form when it is refused
        if by == "link":
            made = self._app.accounts.links.invite(email, name, role, admin.id)
            shelf.member, shelf.made = MemberForm(added=count + 1), self._shown(shelf, made)
            return
        password = made_up_password()
        added = self._app.staff.add(email, name, role, password)
        shelf.member, shelf.made = MemberForm(added=count + 1), NewPassword(added.email, password)

    def _ask_password(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = parts.password_dialog(self._member(data), shelf.next_serial())

    def _password(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = ""
        email, password = self._member(data).email, made_up_password()
        self._app.staff.set_password(email, password)
        shelf.made = NewPassword(email, password)

    def _link(self, admin: StaffView, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = ""
        made = self._app.accounts.links.offer_password(self._member(data).email, admin.id)
        shelf.made = self._shown(shelf, made)

    def _shown(self, shelf: Shelf, made: MadeLink) -> NewLink:
        return NewLink(made.details.email, f"{shelf.address}{made.path}")

    def _withdraw(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.accounts.links.withdraw(number(data, "link"))

    def _rule(self, admin: StaffView, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.accounts.two_factor.require(data.get("to") == "on", admin.id)

    def _ask_reset(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = reset_dialog(self._member(data), shelf.next_serial())

    def _reset(self, admin: StaffView, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = ""
        self._app.accounts.two_factor.reset(self._member(data).email, admin.id)

    def _ask_deactivate(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = parts.deactivate_dialog(self._member(data), shelf.next_serial())

    def _deactivate(self, admin: StaffView, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = ""
        self._app.staff.deactivate(self._member(data).email, admin.id)

    def _reactivate(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.staff.reactivate(self._member(data).email)

    def _member(self, data: dict[str, Any]) -> StaffView:
        wanted = number(data, "member")
        for member in self._app.staff.page():
            if member.id == wanted:
                return member
        raise NotFound("There is no such member of the team.")

    # ---- how it looks

    def page(self, shelf: Shelf, admin: StaffView) -> str:
        """Everyone, as this admin sees them."""
        links = self._app.accounts.links.page()
        two_factor = self._app.accounts.two_factor
        second = SecondFactors(two_factor.is_required(), frozenset(two_factor.who()))
        members = self._app.staff.page()
        page = parts.team_page(
            members, admin.id, shelf.member, access=Access(links, second), told=shelf.told, made=shelf.made
        )
        return page + self._groups.section(shelf)
