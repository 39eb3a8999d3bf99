"""One message of a conversation as HTML: who says it, what is said, where it stands. Shared by customer and desk."""

from __future__ import annotations

import re

from support_bot.services.views import MessageView
from support_bot.values import Audience, Author, SourceRef
from ui.parts.html import ago, attributes, escape
from ui.parts.icons import icon
from ui.parts.live import LiveTurn
from ui.parts.markdown import answer, safe_markdown, source_data

_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def spoken(text: str) -> str:
    """What a person typed: escaped, line breaks kept, web addresses clickable."""
    html, place = [], 0
    for found in _URL.finditer(text):
        html.append(escape(text[place : found.start()]))
        address = escape(found[0])
        html.append(f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>')
        place = found.end()
    html.append(escape(text[place:]))
    return f"<p>{''.join(html)}</p>".replace("\r\n", "\n").replace("\n", "<br>\n")


def source_list(citations: tuple[SourceRef, ...]) -> str:
    """The numbered lines below an answer; each opens the article at the passage."""
    lines = []
    for source in citations:
        where = escape(source.title) + (f" › {escape(source.heading)}" if source.heading else "")
        lines.append(
            f'<li><button type="button" class="source"{attributes(source_data(source))}>'
            f'<span class="number">{source.index}</span><span class="where">{where}</span>'
            f"{icon('chevron')}</button></li>"
        )
    return f'<ol class="sources" aria-label="Sources">{"".join(lines)}</ol>' if lines else ""


def byline(message: MessageView, *, for_customer: bool = True) -> str:
    """Who speaks; bot and person are always told apart in words, not only by a picture."""
    match message.author:
        case Author.CUSTOMER:
            name, role, kind = ("You" if for_customer else "Customer"), "", "customer"
        case Author.BOT:
            name, role, kind = "Assistant", "automated", "bot"
        case _:
            name, role, kind = message.name or "Our team", "person", "staff"
    if message.author is Author.CUSTOMER and for_customer:
        return f'<header class="unseen">{name}, {ago(message.created_at)}</header>'
    if message.audience is Audience.INTERNAL:
        role, kind = "internal note", "note"
    picture = {"bot": icon("spark"), "staff": escape(name[:1].upper()), "note": icon("note"), "customer": ""}[kind]
    avatar = f'<span class="avatar {kind}" aria-hidden="true">{picture}</span>' if picture else ""
    after = f' <span class="role">{role}</span>' if role else ""
    return f'<header class="byline">{avatar}<b>{escape(name)}</b>{after}{ago(message.created_at)}</header>'


def body(message: MessageView, turn: LiveTurn | None = None) -> str:
    """The message's words; the bot's with its citation marks where the log knows which sentence rests on what."""
    if message.author is Author.BOT:
        if turn and turn.parts:
            return answer(turn.text, turn.citations) + source_list(turn.citations)
        if message.citations:
            return answer(message.text, message.citations) + source_list(message.citations)
        return safe_markdown(message.text)
    return spoken(message.text)


def kind_of(message: MessageView) -> str:
    """The CSS class that says whose message it is."""
    if message.audience is Audience.INTERNAL:
        return "note"
    return message.author.value


def system_line(message: MessageView) -> str:
    """What the system reports: a quiet line across the conversation."""
    return f'<p class="event" data-message="{message.id}">{escape(message.text)}</p>'
