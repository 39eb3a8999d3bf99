"""The Gradio app that customers see at `/`."""

from __future__ import annotations

import gradio as gr

from support_bot.assembly import App
from ui.pages.chat import FOLLOWERS, ChatPage


def build_customer_app(app: App) -> gr.Blocks:
    """The customer's chat."""
    title = f"{app.settings.company} support"
    page = gr.Blocks(title=title, analytics_enabled=False, fill_width=True, fill_height=True)
    with page:
        ChatPage(app).build(page)
    page.queue(api_open=False, max_size=None, default_concurrency_limit=FOLLOWERS)
    return page
