"""A piece of a page: HTML that Python renders and whose buttons hand their action back."""

from __future__ import annotations

from typing import Any

import gradio as gr

_BIND = "window.supportBot.bind(element, trigger, watch, upload);"


def surface(name: str, value: str = "") -> gr.HTML:
    """A piece with the id `name`: `.click` is an action, `.submit` words to send, `.input` a sign of
    writing, `.upload` a file that has arrived."""
    return gr.HTML(value, elem_id=name, apply_default_css=False, js_on_load=_BIND, padding=False)


def private(**more: Any) -> dict[str, Any]:
    """How every handler is registered: not in the API's listing, no progress animation over the page."""
    return {"api_visibility": "private", "show_progress": "hidden", "queue": False} | more


def data_of(event: gr.EventData) -> dict[str, Any]:
    """What the pressed element carried (its `data-…` and the fields of its form), as text."""
    data = event._data
    return {str(key): value for key, value in data.items()} if isinstance(data, dict) else {}


def number(data: dict[str, Any], name: str) -> int:
    """A whole number from the browser; -1 for anything else, which no row has."""
    value = str(data.get(name, ""))
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else -1
