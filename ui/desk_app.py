"""The Gradio apps of staff: the desk at `/desk` and the admin's pages at `/admin`."""

from __future__ import annotations

import gradio as gr

from support_bot.assembly import App
from ui.pages.desk import DeskPage
from ui.pages.knowledge import KnowledgePage

_AT_ONCE = 16


def build_desk_app(app: App) -> gr.Blocks:
    """The agents' desk."""
    return _build(f"Desk · {app.settings.company}", DeskPage(app))


def build_admin_app(app: App) -> gr.Blocks:
    """The admin's knowledge page."""
    return _build(f"Knowledge · {app.settings.company}", KnowledgePage(app))


def _build(title: str, inside: DeskPage | KnowledgePage) -> gr.Blocks:
    page = gr.Blocks(title=title, analytics_enabled=False, fill_width=True, fill_height=True)
    with page:
        inside.build(page)
    page.queue(api_open=False, default_concurrency_limit=_AT_ONCE)
    return page
