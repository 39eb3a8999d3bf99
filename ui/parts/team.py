"""The team on the admin's pages: who may sign in, the form that adds somebody, and what is asked before access ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.services.staff_links import StaffLinkView
from support_bot.services.views import StaffView
from support_bot.values import Role
from ui.parts.html import action, attributes, escape, notice, pill, plural, table
from ui.parts.icons import icon
from ui.parts.team_links import links_list
from ui.parts.team_two_factor import NO_SECOND, SecondFactors, rule

_ROLES = {Role.AGENT: "Agent", Role.ADMIN: "Admin", Role.VIEWER: "Viewer"}


@dataclass(frozen=True)
class MemberForm:
    """What stands in the form for a new member: empty, or as typed and not taken yet. `added` counts those taken."""

    name: str = ""
    email: str = ""
    role: Role = Role.AGENT
    added: int = 0
    by: str = "link"


@dataclass(frozen=True)
class NewPassword:
    """A password that was just made up for somebody; shown until the next thing is done."""

    email: str
    password: str


@dataclass(frozen=True)
class NewLink:
    """A one-time link that was just made for somebody; shown until the next thing is done."""

    email: str
    url: str


@dataclass(frozen=True)
class Access:
    """Links that can still be used, and second factors."""

    links: Sequence[StaffLinkView] = ()
    second: SecondFactors = NO_SECOND


NOTHING_OPEN = Access()


def team_page(
    members: Sequence[StaffView],
    own: int,
    typed: MemberForm,
    *,
    access: Access = NOTHING_OPEN,
    told: str = "",
    made: NewPassword | NewLink | None = None,
) -> str:
    """Everyone with what can be done about them, the active ones first; `own` is the id of whoever looks."""
    rows = "".join(
        _member(member, own, member.id in access.second.who)
        for member in sorted(members, key=lambda member: not member.active)
    )
    return (
        '<div class="page-head"><h1>Team</h1><p class="small">Agents answer customers on the desk. Admins also change '
        f"articles, answers and the team. Viewers read the desk and change nothing.</p></div>{_form(typed)}"
        f'<div class="team-told" role="status">{notice(told)}{_made(made)}</div>{rule(access.second)}'
        f"{table(('Member', 'Role and access'), rows, plural(len(members), 'member'))}{links_list(access.links)}"
    )


def _form(typed: MemberForm) -> str:
    options = "".join(
        f'<option value="{role.value}"{" selected" if role is typed.role else ""}>{label}</option>'
        for role, label in _ROLES.items()
    )
    ways = "".join(
        f'<option value="{way}"{" selected" if way == typed.by else ""}>{label}</option>'
        for way, label in (("link", "invite by a link"), ("password", "with a password"))
    )
    name = attributes(
        {"name": "name", "value": typed.name, "maxlength": 200, "placeholder": "Name", "aria_label": "Name"}
    )
    email = attributes(
        {"name": "email", "type": "email", "value": typed.email, "maxlength": 200, "placeholder": "E-mail",
         "aria_label": "E-mail", "autocomplete": "off"}
    )  # fmt: skip
    return (
        f'<form class="try" data-action="member-add" data-taken="{typed.added}"><input class="field" required{name}>'
        f'<input class="field" required{email}><select class="field" name="role" aria-label="Role">{options}</select>'
        f'<select class="field" name="by" aria-label="How">{ways}</select>'
        '<button class="button primary" type="submit">Add to the team</button></form>'
    )


def _made(made: NewPassword | NewLink | None) -> str:
    if made is None:
        return ""
    if isinstance(made, NewLink):
        return (
            f'<p class="notice good">{icon("check")}<span>For {escape(made.email)}: <code>{escape(made.url)}</code> '
            "It works once and is shown only now: pass it on to nobody else.</span></p>"
        )
    return (
        f'<p class="notice good">{icon("check")}<span>{escape(made.email)} signs in at <b>/desk</b> with the password '
        f"<code>{escape(made.password)}</code>. It is shown only now: note it and pass it on.</span></p>"
    )


def _member(member: StaffView, own: int, two_factor: bool) -> str:
    state = "" if member.active else pill("Deactivated", "waiting")
    state += pill("Two-factor", "good") if two_factor else ""
    if member.id == own:
        doing = '<span class="small">This is you.</span>'
    elif member.active:
        doing = action("New password", "member-ask-password", member=member.id) + action(
            "Deactivate", "member-ask-deactivate", kind="danger", member=member.id
        )
        doing += action("Reset two-factor", "member-ask-reset", kind="danger", member=member.id) if two_factor else ""
    else:
        doing = action("Reactivate", "member-reactivate", member=member.id)
    return (
        f'<tr><td><b>{escape(member.name)}</b><br><span class="small">{escape(member.email)}</span></td>'
        f'<td><span class="pills">{pill(_ROLES[member.role])}{state}{doing}</span></td></tr>'
    )


def deactivate_dialog(member: StaffView, serial: int) -> str:
    """Asks once more; says what ends and what stays."""
    cancel = action("Keep access", "close-dialog")
    go = action("Deactivate", "member-deactivate", kind="danger", member=member.id, then="close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Deactivate {escape(member.name)}">'
        f"<h2>Deactivate {escape(member.name)}?</h2><p>{escape(member.email)} is signed out at once and cannot sign "
        "in; programs with their API keys stop for good. Their open tickets go back to nobody, and customers they "
        "spoke with wait for somebody else; their name stays on what they wrote. You can reactivate them later.</p>"
        f'<div class="row">{cancel}{go}</div></dialog>'
    )


def password_dialog(member: StaffView, serial: int) -> str:
    """Asks once more; says what happens to the old password."""
    cancel = action("Keep the old one", "close-dialog")
    link = action("Make a link", "member-link", kind="primary", member=member.id, then="close-dialog")
    go = action("Make a new password", "member-password", member=member.id, then="close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="New password for {escape(member.name)}">'
        f"<h2>A new password for {escape(member.name)}?</h2><p>With a link they choose one themselves; until then the "
        "old one works. With a password that is made here they are signed out at once, and you pass it on."
        f'</p><div class="row">{cancel}{go}{link}</div></dialog>'
    )
