"""Channels on the admin's pages: their texts, colour and origins, the switch, and the line for the site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from support_bot.assembly import App
from support_bot.services.views import ChannelView
from ui.pages.identity import IdentityKeys
from ui.pages.promises import PromiseEditor
from ui.pages.shelf import Shelf
from ui.parts import channels as parts
from ui.parts.channels import ChannelForm

Act = Callable[[Shelf, dict[str, Any]], None]


class ChannelTable:
    """What the buttons around channels do, and how they look afterwards."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._promises = PromiseEditor(app)
        self._identity = IdentityKeys(app)

    def acts(self) -> dict[str, Act]:
        """What each button is called."""
        return {
            "channel-new": self._new,
            "channel-add": self._add,
            "channel-open": self._open,
            "channel-close": self._close,
            "channel-save": self._save,
            "channel-switch": self._switch,
            "promise-save": self._promises.save,
            "identity-add": self._identity.add,
            "identity-revoke": self._identity.revoke,
        }

    def enter(self, shelf: Shelf) -> None:
        """Where there is one channel only, it is the one that is meant."""
        channels = self._app.channels.page()
        shelf.channel = _form(channels[0], shelf.next_serial()) if len(channels) == 1 else None

    # ---- what the buttons do

    def _new(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.channel = ChannelForm(serial=shelf.next_serial())

    def _add(self, shelf: Shelf, data: dict[str, Any]) -> None:
        slug, name = _text(data, "slug").strip(), _text(data, "name")
        shelf.channel = ChannelForm(typed_slug=slug[:60], name=name[:200], serial=_serial(shelf))
        shelf.channel = _form(self._app.channels.add(slug, name), shelf.next_serial())

    def _open(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.channel = _form(self._app.channels.get(_text(data, "channel")), shelf.next_serial())

    def _close(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.channel = None

    def _save(self, shelf: Shelf, data: dict[str, Any]) -> None:
        stored = self._app.channels.get(_text(data, "channel"))
        typed = {name: _text(data, name) for name in ("name", "greeting", "questions", "origins", "accent")}
        shelf.channel = replace(_form(stored, _serial(shelf)), **typed)  # stays in the form when it is refused
        saved = self._app.channels.update(
            stored.slug,
            name=typed["name"],
            greeting=typed["greeting"].strip(),
            suggested_questions=typed["questions"].splitlines(),
            allowed_origins=[line for line in typed["origins"].splitlines() if line.strip()],
            accent=typed["accent"],
        )
        shelf.channel = replace(_form(saved, shelf.next_serial()), saved=True)

    def _switch(self, shelf: Shelf, data: dict[str, Any]) -> None:
        # The form stays as it is, so that what is being typed in it is not lost.
        self._app.channels.update(_text(data, "channel"), enabled=data.get("to") == "on")

    # ---- how it looks

    def listed(self, shelf: Shelf) -> str:
        """All channels."""
        told = "" if shelf.channel else shelf.told
        return parts.channel_list(self._app.channels.page(), shelf.channel.slug if shelf.channel else "", told)

    def form(self, shelf: Shelf) -> str:
        """The channel that is open, or nothing."""
        more = self._promises.form(shelf) + self._identity.shown(shelf)
        return parts.channel_form(shelf.channel, shelf.address, shelf.told, more) if shelf.channel else ""


def own_address(app: App, request: Any) -> str:
    """Where browsers reach this server: the public address, or where the admin's own browser found it."""
    headers = getattr(request, "headers", None) or {}
    return (app.settings.server.public_url or str(headers.get("origin") or "")).rstrip("/")


def _serial(shelf: Shelf) -> int:
    return shelf.channel.serial if shelf.channel else shelf.next_serial()


def _form(view: ChannelView, serial: int) -> ChannelForm:
    return ChannelForm(
        slug=view.slug, name=view.name, greeting=view.greeting, questions="\n".join(view.suggested_questions),
        origins="\n".join(view.allowed_origins), accent=view.accent, serial=serial,
    )  # fmt: skip


def _text(data: dict[str, Any], name: str) -> str:
    return str(data.get(name, "")).replace("\x00", "")[:50_000]
