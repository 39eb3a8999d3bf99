"""The fixed parts around the customer's conversation: header, state line, composer, article panel, announcements."""

from __future__ import annotations

import re

from support_bot.services.views import MessageView, SourceView
from support_bot.values import Author, Mode
from ui.parts.html import action, attributes, escape, notice, plural, symbol_button
from ui.parts.icons import icon
from ui.parts.markdown import article, plain


def chat_header(name: str, style: str = "") -> str:
    """Name, what answers here, and the few things one can do; `style` colours the page like its channel."""
    buttons = "".join(
        (
            symbol_button("Light or dark", "theme", "moon"),
            symbol_button("Download this conversation", "transcript", "download"),
            symbol_button("New conversation", "new", "plus"),
            symbol_button("End this conversation", "end", "end"),
        )
    )
    return (
        f'{style}<header class="chat-header"><span class="mark" aria-hidden="true">{escape(name[:1].upper())}</span>'
        f'<div class="titles"><h1>{escape(name)}</h1><p>Automated assistant</p></div>'
        f'<div class="tools">{buttons}</div></header>'
    )


def composer(limit: int) -> str:
    """Where the customer writes; Enter sends, Shift and Enter starts a new line."""
    return (
        '<p class="connection" role="status" data-connection></p>'
        '<form class="composer" data-action="send" autocomplete="off">'
        '<label for="message" class="unseen">Your message</label>'
        f'<textarea id="message" name="text" rows="1" maxlength="{limit}" placeholder="Write a message" required'
        ' enterkeyhint="send" data-typing="typing"></textarea>'
        '<button type="submit" class="button primary send" aria-label="Send" title="Send">'
        f"{icon('send')}</button></form>"
    )


def state_line(
    mode: Mode, person: str = "", *, rated: int | None = None, begun: bool = True, email_wanted: bool = False
) -> str:
    """The line above the composer: who answers now, and always a way to a person."""
    ask = action("Talk to a person", "person", kind="quiet person", symbol="person")
    match mode:
        case Mode.WAITING:
            words = "A person will reply here. You can keep writing, and you can close this page and come back."
            asked = _email() if email_wanted else ""
            return f'<div class="state waiting">{icon("clock")}<p><b>Waiting for a person.</b> {words}</p></div>{asked}'
        case Mode.HUMAN:
            who = escape(person or "A person from our team")
            words = f"<p><b>{who}</b> is answering. The assistant is silent.</p>"
            return f'<div class="state human">{icon("person")}{words}</div>'
        case Mode.CLOSED:
            return f'<div class="state closed">{_closing(rated)}</div>'
    return f'<div class="state">{ask}<p class="small">Answers come from our help articles.</p></div>'


def _email() -> str:
    return (
        '<form class="state email" data-action="email"><label for="email">Your e-mail address</label>'
        '<input id="email" name="email" type="email" class="field" required maxlength="254" autocomplete="email">'
        '<button type="submit" class="button">Leave it</button></form>'
    )


def _closing(rated: int | None) -> str:
    again = action("Start a new conversation", "new", kind="primary")
    if rated:
        return f"<p><b>This conversation has ended.</b> Thank you for your rating.</p>{again}"
    words = ("Very poor", "Poor", "Fair", "Good", "Very good")
    scores = "".join(
        action(str(score), "rate", kind="score", score=score, aria_label=f"{score} of 5: {word}", title=word)
        for score, word in enumerate(words, 1)
    )
    return (
        "<p><b>This conversation has ended.</b> How well did we help, from 1 (very poor) to 5 (very good)? Write again "
        "to go on.</p>"
        f'<div class="scores" role="group" aria-label="Rate this conversation">{scores}</div>{again}'
    )


def source_panel(source: SourceView, serial: int) -> str:
    """The article behind a citation, opened at the passage; `serial` tells the page to open it again."""
    link = ""
    if source.url and source.url.startswith(("https://", "http://")):
        values = attributes({"href": source.url, "target": "_blank", "rel": "noopener noreferrer"})
        link = f'<a class="button quiet"{values}>Open page</a>'
    kind = "Help article" if source.document_id else "Written by a person"
    return (
        f'<dialog class="panel" data-serial="{serial}" aria-label="{escape(source.title)}">'
        f'<header><div><p class="small">{kind}</p><h2>{escape(source.title)}</h2></div>{link}'
        f"{symbol_button('Close the article', 'close-dialog', 'close')}</header>"
        f'<div class="article" tabindex="0">{article(source.text, source.start, source.end)}</div></dialog>'
    )


def source_missing(detail: str, serial: int) -> str:
    """The article is gone since it was cited."""
    return (
        f'<dialog class="panel" data-serial="{serial}" aria-label="Help article"><header><h2>Help article</h2>'
        f"{symbol_button('Close the article', 'close-dialog', 'close')}</header>"
        f'<div class="article">{notice(detail)}</div></dialog>'
    )


def download(name: str, text: str, serial: int) -> str:
    """A file that the page's script saves; the text never lies on the server's disk."""
    return f'<pre hidden data-download="{escape(name)}" data-serial="{serial}">{escape(text)}</pre>'


def announcement(messages: tuple[MessageView, ...]) -> str:
    """What a screen reader says, once: the last message that is not the customer's own."""
    heard = [message for message in messages if message.author is not Author.CUSTOMER]
    if not heard:
        return ""
    last = heard[-1]
    who = {Author.BOT: "Assistant", Author.SYSTEM: ""}.get(last.author, last.name or "Our team")
    words = plain(re.sub(r"\s*\[\d+\]", "", last.text))
    count = len(last.citations)
    tail = f" {plural(count, 'source')} below the answer." if count else ""
    return escape(f"{who}: {words}{tail}" if who else words)
