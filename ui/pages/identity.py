"""The keys of signed-in customers, on the admin's pages: making one, revoking one."""

from __future__ import annotations

from typing import Any

from support_bot.assembly import App
from support_bot.errors import SupportBotError
from ui.pages.shelf import Shelf
from ui.parts.identity import NewKey, identity_keys


class IdentityKeys:
    """A secret stands on the page until another key or channel is chosen, and nowhere afterwards."""

    def __init__(self, app: App) -> None:
        self._app = app

    def add(self, shelf: Shelf, data: dict[str, Any]) -> None:
        """Make a key of the channel."""
        slug = str(data.get("channel", ""))[:60]
        try:
            key, secret = self._app.desk.identity.create_key(slug)
        except SupportBotError as error:
            shelf.identity_key = NewKey(slug, told=error.detail)
            return
        shelf.identity_key = NewKey(slug, key.kid, secret)

    def revoke(self, shelf: Shelf, data: dict[str, Any]) -> None:
        """End a key of the channel."""
        slug, key = str(data.get("channel", ""))[:60], str(data.get("identity", ""))
        shelf.identity_key = None
        self._app.desk.identity.revoke_key(slug, int(key) if key.isdecimal() and len(key) < 16 else 0)

    def shown(self, shelf: Shelf) -> str:
        """The keys of the channel that is open, or nothing."""
        slug = shelf.channel.slug if shelf.channel else ""
        if shelf.identity_key and shelf.identity_key.slug != slug:
            shelf.identity_key = None
        return identity_keys(slug, self._app.desk.identity.keys(slug), shelf.identity_key) if slug else ""
