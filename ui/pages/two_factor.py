"""The pages of two-factor sign-in: the code at the sign-in, and one's own authenticator. Plain forms, no scripts."""

from __future__ import annotations

from html import escape

import segno

from support_bot.services.two_factor import Setup, Shown
from ui.pages.plain import plain_page, told

_STYLE = """<style>
.qr { display: block; width: 200px; height: 200px; margin: 0 auto 16px; border-radius: 8px; }
ul.codes { margin: 0 0 16px; padding: 0; list-style: none; columns: 2; font-size: 12px; line-height: 24px; }
code { overflow-wrap: anywhere; }
</style>"""
_BACK = '<p class="help"><a href="desk">To the desk</a></p>'


def code_page(company: str, next: str, error: str, ticket: str) -> str:
    """The second step of the sign-in."""
    return plain_page(
        company,
        "One more step",
        f"<p>Type the code that your authenticator shows, or a recovery code.</p>{told(error)}"
        '<form method="post" action="login-code">'
        f'<input type="hidden" name="next" value="{escape(next)}">'
        f'<input type="hidden" name="ticket" value="{escape(ticket)}">{_code("Code")}'
        '<button type="submit">Sign in</button></form><p class="help"><a href="login">Begin again</a></p>',
    )


def two_factor_page(company: str, shown: Shown) -> str:
    """How it stands for who is signed in, and what they can do about it."""
    who = f"<p>{escape(shown.staff.name)} · {escape(shown.staff.email)}</p>{told(shown.error)}"
    if shown.codes:
        inside = _codes(shown.codes)
    elif shown.state.on:
        inside = _on(shown)
    elif shown.setup is not None:
        inside = _setting_up(shown.setup)
    else:
        inside = _off(shown)
    return plain_page(company, "Two-factor sign-in", _STYLE + who + inside + _BACK)


def _off(shown: Shown) -> str:
    needed = "Everybody needs it here: set it up to go on. " if shown.state.required else ""
    return (
        f"<p>{needed}With it, signing in also takes a code that an app on your phone shows.</p>"
        f"{_form('begin', _password(), 'Set it up')}"
    )


def _setting_up(setup: Setup) -> str:
    picture = segno.make(setup.uri, error="m").svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr"
    )
    return (
        f"<p>Scan this with an authenticator, or type the secret: <code>{escape(setup.secret)}</code></p>{picture}"
        f"{_form('confirm', _code('The code it shows'), 'Switch it on')}"
    )


def _codes(codes: tuple[str, ...]) -> str:
    rows = "".join(f"<li><code>{escape(code)}</code></li>" for code in codes)
    return (
        f"{told('Two-factor sign-in is on.', 'good')}<p>Keep these recovery codes where your phone is not. Each lets "
        f'you in once, and they are shown only now.</p><ul class="codes">{rows}</ul>'
    )


def _on(shown: Shown) -> str:
    off = "" if shown.state.required else _form("off", _code("Code", "code-off"), "Switch it off")
    return (
        f"<p>It is on. Recovery codes left: {shown.state.codes_left}.</p>"
        f"{_form('codes', _code('Code'), 'Make new recovery codes')}{off}"
    )


def _form(doing: str, inside: str, label: str) -> str:
    return (
        f'<form method="post" action="two-factor"><input type="hidden" name="doing" value="{doing}">{inside}'
        f'<button type="submit">{label}</button></form>'
    )


def _password() -> str:
    return (
        '<label for="password">Your password</label><input id="password" name="password" type="password" '
        'autocomplete="current-password" required>'
    )


def _code(label: str, id: str = "code") -> str:
    return (
        f'<label for="{id}">{label}</label><input id="{id}" name="code" inputmode="text" '
        'autocomplete="one-time-code" maxlength="40" required>'
    )
