"""Connectors to other help desks: the list of them with what waits and what went wrong, and the form of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.services.connector_views import ConnectorView, DeliveryView, OutboxView
from ui.parts.html import action, ago, attributes, escape, notice, pill, plural, symbol_button, table
from ui.parts.icons import icon

_KINDS = {
    "request-tracker": "Request Tracker 5",
    "django-helpdesk": "django-helpdesk 2.6",
    "webhook": "A program of yours (webhook)",
}
_DOING = {"create": "to be made there", "note": "summary as a note", "message": "message", "status": "status"}
_FIELDS = {"webhook": ("url", "queue")}
_LABELS = {"url": "Address", "queue": "Queue", "user": "User", "token": "Token"}
_HINTS = {
    "name": "Small letters, digits and hyphens. It stands in the address for events and stays for good.",
    "url": "Where the help desk is, like https://desk.example.com.",
    "queue": "Where tickets are made: its name in Request Tracker, its number in django-helpdesk.",
    "user": "The help desk's own user for the assistant. What it does there is never carried back.",
    "token": "Of that user. It is not shown again; left empty, the one there is stays.",
}
_SAFE = "After the ticket itself everything arrives as a private note, and no e-mail address is given."
_UNSAFE = "Replies from here are public over there, and customers' addresses are given."


@dataclass(frozen=True)
class ConnectorForm:
    """What stands in the form: as stored, or as typed and not taken yet. An empty `name` is a new connector.

    `secret` is a signing secret that was just made; `said` is what the test found, `works` whether it was good news.
    With another `serial` the browser forgets what was typed."""

    name: str = ""
    typed_name: str = ""
    kind: str = ""
    url: str = ""
    queue: str = ""
    user: str = ""
    saved: bool = False
    secret: str = ""
    said: str = ""
    works: bool = False
    serial: int = 0


def kind_label(kind: str) -> str:
    """What people call a kind; a plug-in of others has its own name only."""
    return _KINDS.get(kind, kind)


def connector_list(connectors: Sequence[ConnectorView], selected: str, told: str = "") -> str:
    """All connectors with their switches, and below them what waits in each; a row opens one."""
    head = (
        '<div class="page-head with-action"><div><h1>Help desks</h1><p class="small">Conversations go to the help desk '
        "you have, and what people write there comes back.</p></div>"
        f"{action('Add a help desk', 'connector-new', symbol='plus')}</div>{notice(told)}"
    )
    if not connectors:
        return f'{head}<p class="small none">None is joined yet. Add one, or keep answering on the desk here.</p>'
    rows = "".join(_row(view, selected) for view in connectors)
    queues = "".join(map(_queue, connectors))
    return head + table(("Help desk", "State", "Carried over"), rows, plural(len(connectors), "help desk")) + queues


def _row(view: ConnectorView, selected: str) -> str:
    here = view.name == selected
    values = attributes(
        {"data_action": "connector-open", "data_connector": view.name, "data_row": True, "data_selected": here}
    )
    return (
        f'<tr class="{"here" if here else ""}"><td><button type="button" class="open"{values}>'
        f'<b>{escape(view.name)}</b><span class="small">{escape(kind_label(view.kind))}</span></button></td>'
        f'<td>{_state(view)}</td><td class="said">{_counts(view)}</td></tr>'
    )


def _state(view: ConnectorView) -> str:
    state, other = (pill("On", "good"), "off") if view.enabled else (pill("Off", "waiting"), "on")
    safe = pill("Safe mode", "accent") if view.safe else ""
    switch = action(f"Switch {other}", "connector-switch", connector=view.name, to=other)
    return f'<span class="pills">{state}{safe}{switch}</span>'


def _counts(view: ConnectorView) -> str:
    dead = view.dead + view.dead_deliveries
    failed = f"{dead} failed" if dead else ""
    return ", ".join(filter(None, [f"{view.done} sent", f"{view.waiting} waiting" if view.waiting else "", failed]))


def _queue(view: ConnectorView) -> str:
    if not view.queue and not view.deliveries:
        return ""
    dead = view.dead + view.dead_deliveries
    again = action("Try the failed ones again", "connector-retry", connector=view.name) if dead else ""
    rows = "".join(_sent(item) for item in view.queue) + "".join(_came(item) for item in view.deliveries)
    return (
        f'<div class="queue-line"><h2 class="section">What {escape(view.name)} has not taken or told yet</h2>{again}'
        f"</div>{table(('What', 'State', 'Attempts', 'Since'), rows)}"
    )


def _sent(item: OutboxView) -> str:
    return _item(f"Ticket {item.ticket_id}: {_DOING.get(item.kind, item.kind)}", "To the help desk", item)


def _came(item: DeliveryView) -> str:
    return _item("Something that happened there", "From the help desk", item)


def _item(what: str, way: str, item: OutboxView | DeliveryView) -> str:
    state = pill("Failed", "bad") if item.state == "dead" else pill("Waiting", "waiting")
    error = f'<span class="why">{escape(item.error)}</span>' if item.error else ""
    return (
        f'<tr><td><b>{escape(what)}</b><br><span class="small">{way}</span></td><td>{state}{error}</td>'
        f"<td>{item.attempts}</td><td>{ago(item.created_at)}</td></tr>"
    )


def connector_form(
    form: ConnectorForm, kinds: Sequence[str], view: ConnectorView | None, address: str, told: str = ""
) -> str:
    """The form beside the list. `view` is the connector as stored, None for a new one."""
    title = escape(form.name) if form.name else "Add a help desk"
    close = symbol_button("Close", "connector-close", "close")
    body = _new(form, kinds) if view is None else _known(form, view, address)
    return f'<article class="detail"><header><h2>{title}</h2>{close}</header>{notice(told)}{body}</article>'


def _new(form: ConnectorForm, kinds: Sequence[str]) -> str:
    choices = "".join(
        f'<option value="{escape(kind)}"{" selected" if kind == form.kind else ""}>{escape(kind_label(kind))}</option>'
        for kind in kinds
    )
    return (
        f'<form class="pin" data-action="connector-add" data-taken="{form.serial}">'
        '<label for="connector-kind">Kind</label>'
        f'<select id="connector-kind" name="kind" class="field">{choices}</select>'
        f"{_field('Short name', 'name', form.typed_name, required=True, maxlength=40, autocapitalize='none')}"
        f"{_field('Address', 'url', form.url, required=True, maxlength=500, type='url')}"
        '<div class="row"><button class="button primary" type="submit">Add it</button></div></form>'
    )


def _known(form: ConnectorForm, view: ConnectorView, address: str) -> str:
    values = {"url": form.url, "queue": form.queue, "user": form.user, "token": ""}
    fields = "".join(_setting(name, values[name], view) for name in _FIELDS.get(view.kind, tuple(_LABELS)))
    saved = _good("Saved.") if form.saved else ""
    return (
        f'{saved}<form class="pin" data-action="connector-save" data-connector="{escape(view.name)}" '
        f'data-taken="{form.serial}">{fields}'
        '<div class="row"><button class="button primary" type="submit">Save</button></div></form>'
        f"{_trial(form, view)}{_safe_mode(view)}{_events(form, view, address)}{_end(view)}"
    )


def _setting(name: str, value: str, view: ConnectorView) -> str:
    if name != "token":
        return _field(_LABELS[name], name, value, maxlength=500 if name == "url" else 200)
    shown = "There is one" if view.has_token else "There is none yet"
    return _field("Token", name, "", type="password", autocomplete="off", maxlength=1000, placeholder=shown)


def _trial(form: ConnectorForm, view: ConnectorView) -> str:
    said = (_good(form.said) if form.works else notice(form.said)) if form.said else ""
    return (
        '<section class="paste"><h3 class="section">Does it work?</h3><p class="small">Signs in over there and looks; '
        f"nothing changes.</p>{said}<div>{action('Test it', 'connector-test', connector=view.name)}</div></section>"
    )


def _safe_mode(view: ConnectorView) -> str:
    other = "off" if view.safe else "on"
    switch = action(f"Switch safe mode {other}", "connector-safe", connector=view.name, to=other)
    return (
        f'<section class="paste"><h3 class="section">Safe mode is {"on" if view.safe else "off"}</h3>'
        f'<p class="small">{_SAFE if view.safe else _UNSAFE}</p><div>{switch}</div></section>'
    )


def _events(form: ConnectorForm, view: ConnectorView, address: str) -> str:
    events = f"{address or 'https://bot.example.com'}/api/v1/connectors/{view.name}/events"
    secret = (
        f'<div class="notice good" role="status">{icon("check")}<span>Copy the secret now; it is not shown again.'
        f"<code>{escape(form.secret)}</code></span></div>"
        if form.secret
        else f'<p class="small">{_secrets(view.secrets)}</p>'
    )
    make = action("Make a new signing secret", "connector-secret", connector=view.name)
    return (
        '<section class="paste"><h3 class="section">What happens there comes to</h3>'
        f"<code>{escape(events)}</code>{secret}<div>{make}</div></section>"
    )


def _secrets(count: int) -> str:
    if count == 0:
        return "There is no signing secret yet; without one nothing that comes is believed."
    stays = " and the one before it" if count > 1 else ""
    return f"What comes is signed with the newest secret{stays}. A new one leaves the present one good."


def _end(view: ConnectorView) -> str:
    ask = action("Forget this help desk", "connector-ask-remove", kind="danger", connector=view.name)
    return f'<section class="paste"><div>{ask}</div></section>'


def remove_dialog(view: ConnectorView, serial: int) -> str:
    """Asks once more; says what ends and what stays."""
    cancel = action("Keep it", "close-dialog")
    go = action("Forget it", "connector-remove", kind="danger", connector=view.name, then="close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Forget {escape(view.name)}">'
        f"<h2>Forget {escape(view.name)}?</h2><p>Its token, its secrets, what waits and which ticket is which go for "
        "good. Nothing changes over there. To pause it, switch it off instead.</p>"
        f'<div class="row">{cancel}{go}</div></dialog>'
    )


def _good(words: str) -> str:
    return f'<p class="notice good" role="status">{icon("check")}<span>{escape(words)}</span></p>'


def _field(label: str, name: str, value: str, **more: object) -> str:
    values = attributes({"name": name, "id": f"connector-{name}", "class_": "field", "value": value, **more})
    hint = f'<p class="small">{_HINTS[name]}</p>'
    return f'<label for="connector-{name}">{label}</label><input{values}>{hint}'
