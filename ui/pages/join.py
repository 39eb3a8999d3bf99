"""The pages behind a one-time link: joining the team, or setting a new password. Plain forms, as the sign-in is."""

from __future__ import annotations

from html import escape

from support_bot.services.staff import LEAST_PASSWORD
from support_bot.services.staff_links import StaffLinkView
from support_bot.values import LinkKind
from ui.pages.plain import plain_page, told

_BACK = '<p class="help"><a href="../login">To the sign-in</a></p>'


def join_page(company: str, link: StaffLinkView | None, error: str = "") -> str:
    """The form; where the link cannot be used, only what went wrong and the way to the sign-in."""
    if link is None:
        return plain_page(company, "Link", told(error) + _BACK)
    joins = link.kind is LinkKind.INVITATION
    words = f"Join the support team of {company} as {_role(link)}." if joins else "Set a new password."
    return plain_page(
        company,
        "Join the team" if joins else "New password",
        f"<p>{escape(words)}</p>{told(error)}"
        '<form method="post"><label for="email">E-mail</label>'
        f'<input id="email" type="email" autocomplete="username" value="{escape(link.email)}" readonly>'
        f"{_name(link) if joins else ''}"
        f"{_password('Password', 'new', f' minlength={LEAST_PASSWORD} aria-describedby=rule')}"
        f'<p class="help" id="rule">At least {LEAST_PASSWORD} characters.</p>'
        f"{_password('Password, once more', 'again')}"
        f'<button type="submit">{"Join" if joins else "Set the password"}</button></form>',
    )


def joined_page(company: str, link: StaffLinkView) -> str:
    """After the link was used."""
    words = (
        "Welcome. Sign in with your e-mail address and your password."
        if link.kind is LinkKind.INVITATION
        else "Your password is set. Wherever you were signed in, you are signed out."
    )
    return plain_page(company, "Done", f'{told(words, "good")}<a class="button" href="../login">Sign in</a>')


def _role(link: StaffLinkView) -> str:
    return f"a{'n' if link.role.value[0] == 'a' else ''} {link.role.value}"


def _name(link: StaffLinkView) -> str:
    return (
        '<label for="name">Name</label><input id="name" name="name" autocomplete="name" maxlength="200" required '
        f'aria-describedby="seen" value="{escape(link.name)}"><p class="help" id="seen">Customers see it beside what '
        "you write.</p>"
    )


def _password(label: str, name: str, more: str = "") -> str:
    return (
        f'<label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" type="password" autocomplete="new-password" required{more}>'
    )
