"""The sign-in page: a plain form that works without scripts and fetches nothing."""

from __future__ import annotations

from html import escape

from ui.theme import ACCENT, accent_style, colours

_STYLE = """
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 16px;
  background: var(--canvas); color: var(--ink);
  font: 16px/24px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif;
}
main {
  width: 100%; max-width: 360px; padding: 32px;
  border: 1px solid var(--line); border-radius: 8px; background: var(--surface);
}
.mark {
  display: grid; place-items: center; width: 36px; height: 36px; border-radius: 50%;
  background: var(--accent); color: var(--accent-ink); font-weight: 600;
}
h1 { margin: 16px 0 4px; font-size: 20px; line-height: 28px; }
p { margin: 0 0 20px; color: var(--muted); font-size: 14px; line-height: 20px; }
p.error { padding: 8px 12px; border-radius: 8px; background: var(--bad-soft); color: var(--bad); }
p.help { margin: 20px 0 0; font-size: 12px; line-height: 16px; }
label { display: block; margin: 16px 0 4px; font-size: 14px; line-height: 20px; font-weight: 500; }
input {
  width: 100%; height: 40px; padding: 0 12px; font: inherit;
  border: 1px solid var(--line-strong); border-radius: 8px; background: var(--surface); color: var(--ink);
}
button {
  width: 100%; height: 40px; margin-top: 24px; border: 0; border-radius: 8px; cursor: pointer;
  background: var(--accent); color: var(--accent-ink); font: inherit; font-weight: 500;
}
:is(input, button):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
"""


def login_page(company: str, next: str = "/desk", error: str = "", email: str = "") -> str:
    """The whole page; `next` is where the form leads after signing in. An `email` that was typed in before stays."""
    problem = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, '
        f'initial-scale=1"><meta name="robots" content="noindex"><title>Sign in · {escape(company)}</title>'
        f"{accent_style(ACCENT, by_system=True)}<style>{colours()}{_STYLE}</style></head><body><main>"
        f'<span class="mark" aria-hidden="true">{escape(company[:1].upper())}</span><h1>Sign in</h1>'
        f"<p>{escape(company)} support desk</p>{problem}"
        f'<form method="post" action="login"><input type="hidden" name="next" value="{escape(next)}">'
        '<label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="username" '
        f'value="{escape(email)}" required{"" if email else " autofocus"}>'
        '<label for="password">Password</label><input id="password" name="password" type="password" '
        f'autocomplete="current-password" required{" autofocus" if email else ""}>'
        '<button type="submit">Sign in</button></form>'
        '<p class="help">Forgotten your password? An admin can give you a new one.</p></main></body></html>'
    )
