"""A page of plain HTML around one card: works without scripts, fetches nothing, is dark where the system is."""

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
p.good { padding: 8px 12px; border-radius: 8px; background: var(--good-soft); color: var(--good); }
p.help { margin: 20px 0 0; font-size: 12px; line-height: 16px; }
input + p.help { margin-top: 4px; }
label { display: block; margin: 16px 0 4px; font-size: 14px; line-height: 20px; font-weight: 500; }
input {
  width: 100%; height: 40px; padding: 0 12px; font: inherit;
  border: 1px solid var(--line-strong); border-radius: 8px; background: var(--surface); color: var(--ink);
}
button, a.button {
  display: grid; place-items: center; width: 100%; min-height: 40px; margin-top: 24px; padding: 8px 16px; border: 0;
  border-radius: 8px; cursor: pointer; background: var(--accent); color: var(--accent-ink);
  font: inherit; font-weight: 500; text-align: center; text-decoration: none;
}
a { color: var(--accent); text-underline-offset: 2px; }
:is(a, input, button):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
"""


def plain_page(company: str, title: str, inside: str) -> str:
    """The whole page; `inside` is HTML that stands below the title."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, '
        f'initial-scale=1"><meta name="robots" content="noindex"><title>{escape(title)} · {escape(company)}</title>'
        f"{accent_style(ACCENT, by_system=True)}<style>{colours()}{_STYLE}</style></head><body><main>"
        f'<span class="mark" aria-hidden="true">{escape(company[:1].upper())}</span><h1>{escape(title)}</h1>'
        f"{inside}</main></body></html>"
    )


def told(text: str, tone: str = "error") -> str:
    """A line about what went wrong (or with `good`, right); empty for no text."""
    role = "alert" if tone == "error" else "status"
    return f'<p class="{tone}" role="{role}">{escape(text)}</p>' if text else ""
