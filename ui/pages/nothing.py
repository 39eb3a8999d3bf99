"""The page for an address that leads nowhere, for people; programs get their JSON."""

from __future__ import annotations

from html import escape

from ui.pages.plain import plain_page


def nothing_page(company: str, home: str = "/") -> str:
    """The whole page; `home` is the address of the customers' page."""
    return plain_page(
        company,
        "There is no such page",
        "<p>The address may have been mistyped, or what was here has moved.</p>"
        f'<a class="button" href="{escape(home)}">Ask {escape(company)} support</a>'
        f'<p class="help">You work here? <a href="{escape(home)}desk">Open the desk</a></p>',
    )
