"""Channels: the list of them, the form of one, and the line that puts its chat on a site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.services.channels import MOST_QUESTIONS
from support_bot.services.views import ChannelView
from ui.parts.html import action, attributes, escape, notice, pill, plural, symbol_button, table
from ui.parts.icons import icon

_EXAMPLE = "https://bot.example.com"
_HINTS = {
    "slug": "Small letters, digits and hyphens. It stands in the line for your site and stays for good.",
    "questions": f"One on each line, at most {MOST_QUESTIONS}. Customers ask them with one click.",
    "accent": "Made darker or lighter where it could not be read.",
    "origins": "Sites that may show this chat, one on each line, like https://shop.example.com. On any other site it "
    "only says that it is not available.",
}


@dataclass(frozen=True)
class ChannelForm:
    """What stands in the form: as stored, or as typed and not taken yet. An empty `slug` is a new channel.

    With another `serial` the browser forgets what was typed."""

    slug: str = ""
    typed_slug: str = ""
    name: str = ""
    greeting: str = ""
    questions: str = ""
    origins: str = ""
    accent: str = ""
    saved: bool = False
    serial: int = 0


def channel_list(channels: Sequence[ChannelView], selected: str, told: str = "") -> str:
    """All channels with their switch; a row opens one."""
    rows = "".join(_row(view, selected) for view in channels)
    return (
        '<div class="page-head with-action"><div><h1>Channels</h1><p class="small">Where customers meet the assistant: '
        "each with its own texts, colour and sites.</p></div>"
        f"{action('Add a channel', 'channel-new', symbol='plus')}</div>"
        f"{notice(told)}"
        + table(("Channel", "State", "Sites that may show it"), rows, plural(len(channels), "channel"))
    )


def _row(view: ChannelView, selected: str) -> str:
    here = view.slug == selected
    values = attributes(
        {"data_action": "channel-open", "data_channel": view.slug, "data_row": True, "data_selected": here}
    )
    sites = ", ".join(view.allowed_origins) or "None but this server"
    return (
        f'<tr class="{"here" if here else ""}"><td><button type="button" class="open"{values}>'
        f'<b>{escape(view.name)}</b><span class="small">{escape(view.slug)}</span></button></td>'
        f"<td>{_state(view)}</td>"
        f'<td class="said">{escape(sites)}</td></tr>'
    )


def _state(view: ChannelView) -> str:
    state, other = (pill("On", "good"), "off") if view.enabled else (pill("Off", "waiting"), "on")
    why = "" if view.enabled else '<span class="why">No customer can begin a chat here.</span>'
    switch = action(f"Switch {other}", "channel-switch", channel=view.slug, to=other)
    return f'<span class="pills">{state}{switch}</span>{why}'


def channel_form(form: ChannelForm, address: str, told: str = "", more: str = "") -> str:
    """The form beside the list; `address` is where browsers reach the server, for the line to paste; `more` follows."""
    title = escape(form.slug) if form.slug else "Add a channel"
    return (
        f'<article class="detail"><header><h2>{title}</h2>{symbol_button("Close", "channel-close", "close")}</header>'
        f"{notice(told)}{_saved(form)}{_known(form, address) if form.slug else _new(form)}{more}</article>"
    )


def _saved(form: ChannelForm) -> str:
    return f'<p class="notice good" role="status">{icon("check")}<span>Saved.</span></p>' if form.saved else ""


def _new(form: ChannelForm) -> str:
    return (
        f'<form class="pin" data-action="channel-add" data-taken="{form.serial}">'
        f"{_field('Name', 'name', form.name, required=True, maxlength=200)}"
        f"{_field('Short name', 'slug', form.typed_slug, required=True, maxlength=60, autocapitalize='none')}"
        '<div class="row"><button class="button primary" type="submit">Add it</button></div></form>'
    )


def _known(form: ChannelForm, address: str) -> str:
    return (
        f'<form class="pin" data-action="channel-save" data-channel="{escape(form.slug)}" data-taken="{form.serial}" '
        f'data-enter="newline">'
        f"{_field('Name', 'name', form.name, required=True, maxlength=200)}"
        f"{_area('Greeting', 'greeting', form.greeting, maxlength=2000)}"
        f"{_area('Suggested questions', 'questions', form.questions)}"
        f"{_area('Sites', 'origins', form.origins, spellcheck='false')}"
        f"{_field('Colour', 'accent', form.accent, type='color')}"
        '<div class="row"><button class="button primary" type="submit">Save</button></div></form>'
        f"{_line(form, address)}"
    )


def _line(form: ChannelForm, address: str) -> str:
    line = f'<script src="{address or _EXAMPLE}/widget.js" data-channel="{form.slug}" async></script>'
    return (
        '<section class="paste"><h3 class="section">On your site</h3><p class="small">Paste this line into each page '
        f"that is to have the chat, just before &lt;/body&gt;.</p><code>{escape(line)}</code>"
        f'<p><a href="../embed/{escape(form.slug)}" target="_blank" rel="noopener">See the chat as customers do</a></p>'
        "</section>"
    )


def _field(label: str, name: str, value: str, **more: object) -> str:
    values = attributes({"name": name, "id": f"channel-{name}", "class_": "field", "value": value, **more})
    return f'<label for="channel-{name}">{label}</label><input{values}>{_hint(name)}'


def _area(label: str, name: str, value: str, **more: object) -> str:
    values = attributes({"name": name, "id": f"channel-{name}", "class_": "field", "rows": 3, **more})
    # A first line break right behind the tag would be dropped.
    return f'<label for="channel-{name}">{label}</label><textarea{values}>\n{escape(value)}</textarea>{_hint(name)}'


def _hint(name: str) -> str:
    return f'<p class="small">{_HINTS[name]}</p>' if name in _HINTS else ""
