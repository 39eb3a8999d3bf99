"""A conversation as a file for the customer: text, JSON or HTML. Sees only what the customer saw."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

from support_bot.errors import Invalid
from support_bot.services.views import MessageView
from support_bot.values import Author

_WHO = {Author.CUSTOMER: "You", Author.BOT: "Automated assistant", Author.SYSTEM: "Note"}


def render(messages: Sequence[MessageView], format: str, *, company: str) -> str:
    """The transcript in the format asked for; raises Invalid for one that does not exist."""
    match format:
        case "txt":
            return _text(messages, company)
        case "json":
            return _json(messages, company)
        case "html":
            return _html(messages, company)
    raise Invalid("A transcript is txt, json or html.")


def _who(message: MessageView) -> str:
    return message.name or _WHO.get(message.author, "Support")


def _sources(message: MessageView) -> list[str]:
    return [f"{c.title}{' › ' + c.heading if c.heading else ''}" for c in message.citations]


def _text(messages: Sequence[MessageView], company: str) -> str:
    lines = [f"Conversation with {company}", ""]
    for message in messages:
        lines.append(f"{_who(message)} ({message.created_at:%Y-%m-%d %H:%M} UTC)")
        lines.append(message.text)
        lines.extend(f"  Source: {source}" for source in _sources(message))
        lines.append("")
    return "\n".join(lines)


def _json(messages: Sequence[MessageView], company: str) -> str:
    said = [
        {
            "author": message.author.value,
            "name": message.name,
            "text": message.text,
            "at": message.created_at.isoformat(),
            "sources": _sources(message),
        }
        for message in messages
    ]
    return json.dumps({"company": company, "messages": said}, ensure_ascii=False, indent=2)


def _html(messages: Sequence[MessageView], company: str) -> str:
    title = html.escape(f"Conversation with {company}")
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"]
    for message in messages:
        text = html.escape(message.text).replace("\n", "<br>")
        sources = "".join(f"<li>{html.escape(source)}</li>" for source in _sources(message))
        listed = f"<ul>{sources}</ul>" if sources else ""
        at = f"{message.created_at:%Y-%m-%d %H:%M} UTC"
        parts.append(f"<h2>{html.escape(_who(message))} <small>{at}</small></h2><p>{text}</p>{listed}")
    return "\n".join([*parts, "</html>"])
