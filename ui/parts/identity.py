"""The keys that a channel's site signs its users with: the list, and the one that has just been made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.services.views import IdentityKeyView
from ui.parts.html import action, ago, escape, notice, pill, table
from ui.parts.icons import icon


@dataclass(frozen=True)
class NewKey:
    """What came of the last press: a secret, shown this once, or why there is none."""

    slug: str
    kid: str = ""
    secret: str = ""
    told: str = ""


def identity_keys(slug: str, keys: Sequence[IdentityKeyView], new: NewKey | None) -> str:
    """Folded, below the channel's own form."""
    rows = "".join(_row(key) for key in keys)
    known = table(("Key", "State", "Made"), rows)
    return (
        f'<section class="paste"><details class="promises" data-keep="identity-{escape(slug)}">'
        f'<summary>{icon("chevron")}<h3 class="section">Signed-in customers</h3></summary>'
        '<p class="small">Your site signs who its user is with one of these keys, and agents see a verified customer. '
        "Two may live at once: make the new one, change your site, then revoke the old one.</p>"
        f"{_made(new) if new else ''}{known if keys else ''}"
        f'<div class="row">{action("Make a key", "identity-add", channel=slug)}</div></details></section>'
    )


def _made(new: NewKey) -> str:
    if new.told:
        return notice(new.told)
    return (
        f'<div class="notice good" role="status">{icon("check")}<span>Key <b>{escape(new.kid)}</b> is made. Its secret '
        f"is shown only now; keep it on your server, never in a page.</span></div><code>{escape(new.secret)}</code>"
    )


def _row(key: IdentityKeyView) -> str:
    live = key.revoked_at is None
    state = pill("Live", "good") if live else pill("Revoked", "waiting")
    button = action("Revoke", "identity-revoke", channel=key.channel, identity=str(key.id)) if live else ""
    return (
        f"<tr><td><code>{escape(key.kid)}</code></td>"
        f'<td><span class="pills">{state}{button}</span></td><td>{ago(key.created_at)}</td></tr>'
    )
