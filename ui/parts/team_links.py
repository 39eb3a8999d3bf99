"""One-time links that can still be used, below the team: for whom, until when, and the button that ends one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from support_bot.services.staff_links import StaffLinkView
from support_bot.values import LinkKind
from ui.parts.html import action, escape, pill, table


def links_list(links: Sequence[StaffLinkView]) -> str:
    """Open links, the newest first; nothing where there are none."""
    if not links:
        return ""
    rows = "".join(map(_row, links))
    return f'<h2 class="section team-line">Open links</h2>{table(("For", "Kind"), rows)}'


def _row(link: StaffLinkView) -> str:
    until = link.expires_at.astimezone(dt.UTC).strftime("%d %b, %H:%M UTC")
    kind = f"Invitation as {link.role.value}" if link.kind is LinkKind.INVITATION else "New password"
    end = action("Withdraw", "link-withdraw", kind="danger", link=link.id)
    return (
        f'<tr><td><b>{escape(link.email)}</b><br><span class="small">until {until}</span></td>'
        f'<td><span class="pills">{pill(kind)}{end}</span></td></tr>'
    )
