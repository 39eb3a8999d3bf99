"""The page on which a member of staff changes their own password: a plain form, as the sign-in is."""

from __future__ import annotations

from html import escape

from support_bot.services.staff import LEAST_PASSWORD
from support_bot.services.views import StaffView
from ui.pages.plain import plain_page, told

_CHANGED = "Your password is changed. Wherever else you were signed in, you are signed out."


def password_page(company: str, staff: StaffView, error: str = "", changed: bool = False) -> str:
    """The whole page; after the change it says so and leads back."""
    who = f"<p>{escape(staff.name)} · {escape(staff.email)}</p>{told(error)}{told(_CHANGED if changed else '', 'good')}"
    back = '<p class="help"><a href="two-factor">Two-factor sign-in</a> · <a href="desk">Back to the desk</a></p>'
    return plain_page(company, "Your password", who + ("" if changed else _form(staff.email)) + back)


def _form(email: str) -> str:
    # The hidden address lets password managers know whose password this is.
    return (
        '<form method="post" action="password">'
        f'<input type="hidden" name="username" autocomplete="username" value="{escape(email)}">'
        f"{_field('Old password', 'old', 'current-password', ' autofocus')}"
        f"{_field('New password', 'new', 'new-password', f' minlength={LEAST_PASSWORD} aria-describedby=rule')}"
        f'<p class="help" id="rule">At least {LEAST_PASSWORD} characters.</p>'
        f"{_field('New password, once more', 'again', 'new-password')}"
        '<button type="submit">Change password</button></form>'
    )


def _field(label: str, name: str, kind: str, more: str = "") -> str:
    return (
        f'<label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" type="password" autocomplete="{kind}" required{more}>'
    )
