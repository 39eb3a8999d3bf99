"""The desk's middle column: one conversation with its ticket, notes, traces, and where the agent writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from support_bot.services.views import Assignee, ConversationView, MessageView, Present, TicketRow, TraceView
from support_bot.values import OPEN_STATUSES, PRIORITIES, Author, FlagReason, Mode
from ui.parts.copilot import flag, tones
from ui.parts.desk import MODES, STATUSES
from ui.parts.html import action, attributes, escape, notice, pill, progress, symbol_button
from ui.parts.icons import icon
from ui.parts.live import LiveTurn
from ui.parts.macros import chosen_line
from ui.parts.markdown import plain
from ui.parts.messages import body, byline, kind_of, system_line
from ui.parts.sla import sla_pill
from ui.parts.ticket_history import words
from ui.parts.trace import trace

SETTABLE = ("open", "pending", "on_hold")


def head(
    view: ConversationView,
    staff_id: int | None,
    assignees: Sequence[Assignee] = (),
    present: Sequence[Present] = (),
) -> str:
    """Number, subject, state, who else is there, and what can be done now; `assignees` may be given the ticket.

    `staff_id` None is a viewer, who can do nothing."""
    ticket = view.ticket.row if view.ticket else None
    is_open = staff_id is not None and ticket is not None and ticket.status in OPEN_STATUSES
    title = escape(ticket.subject if ticket else view.row.first_words or "Conversation")
    number = f'<span class="small">#{ticket.id}</span> ' if ticket else ""
    pills = pill(*MODES[view.row.mode])
    if ticket:
        pills += _status(ticket) if is_open else pill(ticket.status, STATUSES[ticket.status])
        whose = f"assigned to {ticket.assignee}" if ticket.assignee else "unassigned"
        pills += sla_pill(ticket.sla)
        pills += _assignee(ticket, assignees) + _priority(ticket) if is_open else pill(whose)
    pills += "".join(_present(person) for person in present)
    back = symbol_button("Back to the list", "back", "close")
    details = symbol_button("Details of the ticket", "details", "note", key="o") if ticket else ""
    buttons = "" if staff_id is None else _buttons(view, ticket, staff_id)
    tools = f'{buttons}<span class="slim-only">{details}</span>'
    return (
        f'<header class="talk-head"><div class="titles"><h1>{number}{title}</h1><div class="pills">{pills}</div></div>'
        f'<div class="tools">{tools}<span class="narrow">{back}</span></div></header>'
    )


def _present(person: Present) -> str:
    doing, tone = ("is writing", "waiting") if person.writing else ("is here", "accent")
    return f'<span class="pill {tone} present" role="status">{icon("person")}{escape(person.name)} {doing}</span>'


def _buttons(view: ConversationView, ticket: TicketRow | None, staff_id: int) -> str:
    mode, conversation = view.row.mode, view.row.id
    buttons = []
    follows = ticket is not None and ticket.merged_into is not None and mode is Mode.WAITING
    if mode in (Mode.BOT, Mode.WAITING) and not follows:
        buttons.append(action("Take over", "take", kind="primary", conversation=conversation, key="t"))
    if ticket and ticket.status in OPEN_STATUSES:
        if ticket.assignee_id != staff_id:
            buttons.append(action("Assign to me", "assign", ticket=ticket.id, key="a"))
        if mode in (Mode.WAITING, Mode.HUMAN):
            buttons.append(action("Hand back", "hand-back", ticket=ticket.id, title="Let the assistant answer again"))
        buttons.append(action("Solve", "solve", ticket=ticket.id, symbol="check", key="e"))
    return "".join(buttons)


def _assignee(ticket: TicketRow, assignees: Sequence[Assignee]) -> str:
    same = Counter(person.name for person in assignees)
    known = {
        person.id: person.name if same[person.name] == 1 else f"{person.name} ({person.email})" for person in assignees
    }
    if ticket.assignee_id is not None:
        known.setdefault(ticket.assignee_id, ticket.assignee or "")
    options = [("", "unassigned"), *((number, f"assigned to {name}") for number, name in known.items())]
    return choice("give", "Assigned to", ticket, options, ticket.assignee_id or "")


def _priority(ticket: TicketRow) -> str:
    options = [(name, f"{name} priority") for name in PRIORITIES]
    return choice("priority", "Priority", ticket, options, ticket.priority)


def _status(ticket: TicketRow) -> str:
    names = SETTABLE if ticket.status in SETTABLE else (ticket.status, *SETTABLE)
    return choice("status", "Status", ticket, [(name, words(name)) for name in names], ticket.status, key="s")


def choice(
    name: str, label: str, ticket: TicketRow, options: Sequence[tuple[object, str]], now: object, key: str = ""
) -> str:
    """A list to choose from that acts at once; its options are a value and words each."""
    written = "".join(
        f'<option value="{escape(value)}"{" selected" if value == now else ""}>{escape(words)}</option>'
        for value, words in options
    )
    values = attributes(
        {
            "data_action": name,
            "data_ticket": ticket.id,
            "data_value": now,
            "aria_label": label,
            "data_key": key or None,
            "aria_keyshortcuts": key or None,
        }
    )
    return f'<select class="field slim"{values}>{written}</select>'


def talk(
    view: ConversationView,
    turns: Mapping[int, LiveTurn],
    flagged: Mapping[int, FlagReason] | None = MappingProxyType({}),
    *,
    customer_typing: bool = False,
) -> str:
    """Summary, then every message with its notes and, below each answer, how it came about.

    `flagged` None is a viewer, who cannot flag anything."""
    traces = {trace.message_id: trace for trace in view.traces}
    parts = [_summary(view)]
    for message in view.messages:
        flags = flag(message.id, flagged.get(message.id)) if message.id in traces and flagged is not None else ""
        parts.append(_message(message, turns.get(message.id), traces.get(message.id), flags))
    if not view.messages:
        parts.append('<p class="event">Nothing has been said yet.</p>')
    if customer_typing:
        parts.append(progress("The customer is writing"))
    return f'<div class="thread">{"".join(parts)}</div>'


def _summary(view: ConversationView) -> str:
    if not view.ticket or not view.ticket.summary:
        return ""
    lines = "".join(f"<p>{escape(plain(line))}</p>" for line in view.ticket.summary.splitlines())
    reason = escape(words(view.ticket.row.reason))
    return (
        f'<details class="summary" data-keep="summary-{view.ticket.row.id}"><summary>{icon("chevron")}'
        f"Why this is here: {reason}</summary><div>{lines}</div></details>"
    )


def _message(message: MessageView, turn: LiveTurn | None, found: TraceView | None, flags: str) -> str:
    if message.author is Author.SYSTEM:
        return system_line(message)
    if message.status == "retracted":
        flags += '<p class="small">Taken back: the customer does not see this.</p>'
    elif message.status == "streaming":
        flags = progress("writing")
    if message.helpful is not None:
        flags += pill("customer: helpful", "good") if message.helpful else pill("customer: not helpful", "bad")
    words_of = body(message, turn) if message.text else ""
    bubble = f'<div class="bubble">{words_of}</div>' if words_of else ""
    taken = " taken-back" if message.status == "retracted" else ""
    return (
        f'<article class="message {kind_of(message)}{taken}" data-message="{message.id}">'
        f"{byline(message, for_customer=False)}{bubble}{flags}{trace(found) if found else ''}</article>"
    )


def composer(view: ConversationView, *, kind: str, sent: int, told: str = "", anyway: bool = False) -> str:
    """Reply or note. Where nobody can reply, the reason and the way on stand here instead.

    `anyway` is after a warning: sending once more is meant so."""
    ticket = view.ticket.row if view.ticket else None
    if ticket is None:
        line = "The assistant answers here. Take over to write yourself." if view.row.mode is Mode.BOT else ""
        return f'{notice(told)}<p class="hint">{line}</p>'
    if ticket.status not in OPEN_STATUSES:
        if ticket.merged_into is not None:
            return f'{notice(told)}<p class="hint">Merged into ticket #{ticket.merged_into}: write there.</p>'
        line = f"This ticket is {ticket.status}. When the customer writes again, the assistant answers."
        return f'{notice(told)}<p class="hint">{line}</p>'
    tabs = "".join(
        f'<button type="button" class="button tab" data-action="kind" data-kind="{name}" data-key="{key}" '
        f'aria-pressed="{"true" if name == kind else "false"}">{label}</button>'
        for name, label, key in (("reply", "Reply", "r"), ("note", "Note", "n"))
    )
    said = notice(told, "wait" if anyway else "bad")
    macros = action("Macros", "open-macros", symbol="note", key="p")
    takes = "" if view.row.mode is Mode.HUMAN else " Sending takes the conversation over."
    values = attributes(
        {
            "data_ticket": ticket.id,
            "data_sent": sent,
            "data_reply_hint": f"Write to the customer.{takes}",
            "data_note_hint": "Write a note that only your team sees.",
        }
    )
    return (
        f'{said}<form class="desk-composer" data-action="write" data-enter="newline"{values}>'
        f'<div class="tabs">{tabs}</div><input type="hidden" name="kind" value="{kind}">'
        '<label class="unseen" for="words">Your words</label>'
        f'<textarea id="words" name="text" rows="3" class="field" data-typing="typing"></textarea>'
        f"{chosen_line()}"
        f'<div class="row">{macros}{tones()}<span class="small"><kbd>Ctrl</kbd> <kbd>Enter</kbd> sends</span>'
        f'<button type="submit" class="button primary">{"Send anyway" if anyway else "Send"}</button></div></form>'
    )


def nothing_selected() -> str:
    """The middle column before a conversation is chosen."""
    return (
        f'<div class="empty">{icon("inbox")}<p><b>Choose a conversation</b></p>'
        '<p class="small">Press <kbd>j</kbd> and <kbd>k</kbd> to walk through the list, '
        "<kbd>?</kbd> for all keys.</p></div>"
    )
