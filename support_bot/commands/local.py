"""The product within a command's own process, for when no server runs: built, started, used and closed again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from support_bot.api.app import build_api
from support_bot.assembly import App, build_app, prepare
from support_bot.commands.forward import ASGIApp
from support_bot.engine.fake import FakeEngine
from support_bot.engine.weights import Progress
from support_bot.jobs.handlers import register
from support_bot.settings import Settings

_LOOK_S = 0.2


def build(settings: Settings, progress: Progress) -> App:
    """The whole product, ready to `start()`: the database is brought up to date, missing weights are fetched."""
    prepare(settings, progress)
    app = build_app(settings)
    register(app)
    return app


class SearchOnly:
    """The product as far as it finds things; nothing in it writes, so no weights of a writer are loaded."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        prepare(settings, progress)
        self._app = build_app(settings, engine=FakeEngine())
        register(self._app)
        self.knowledge = self._app.knowledge
        self.retriever = self._app.langchain().retriever.retriever

    def start(self) -> None:
        self._app.start()

    def close(self) -> None:
        self._app.close()


@contextmanager
def live_api(
    settings: Settings, progress: Callable[[], AbstractContextManager[Progress]], tell: Callable[[str], None]
) -> Iterator[tuple[ASGIApp, str]]:
    """The HTTP API over a live product, with its owner's token.

    `progress` shows how far it is until it is live; `tell` hears of an admin that had to be made."""
    with progress() as report:
        app = build(settings, report)
    try:
        if words := first_admin(app):
            tell(words)
        with progress() as report:
            app.start()
            await_first_articles(app, report)
        yield build_api(app), app.owner_token
    finally:
        app.close()


def first_admin(app: App) -> str:
    """Make the first admin where there is nobody yet; what its owner has to be told, or nothing."""
    password = app.staff.ensure_admin()
    return f"Sign in as {app.settings.admin_email} with the password {password} (shown only now)." if password else ""


def await_first_articles(app: App, progress: Progress) -> None:
    """Wait while a fresh install reads the articles it began with."""
    while left := app.first_reading.left():
        progress("Reading the first articles", left.done, left.total)
        time.sleep(_LOOK_S)
