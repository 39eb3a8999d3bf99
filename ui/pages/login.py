"""The sign-in page: a plain form that works without scripts and fetches nothing."""

from __future__ import annotations

from html import escape

from ui.pages.plain import plain_page, told


def login_page(company: str, next: str = "/desk", error: str = "", email: str = "") -> str:
    """The whole page; `next` is where the form leads after signing in. An `email` that was typed in before stays."""
    return plain_page(
        company,
        "Sign in",
        f"<p>{escape(company)} support desk</p>{told(error)}"
        f'<form method="post" action="login"><input type="hidden" name="next" value="{escape(next)}">'
        '<label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="username" '
        f'value="{escape(email)}" required{"" if email else " autofocus"}>'
        '<label for="password">Password</label><input id="password" name="password" type="password" '
        f'autocomplete="current-password" required{" autofocus" if email else ""}>'
        '<button type="submit">Sign in</button></form>'
        '<p class="help">Forgotten your password? An admin can give you a new one.</p>',
    )
