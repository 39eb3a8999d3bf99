"""Small real worlds for tests: an app on a real database with the fake engine, articles, staff, conversations."""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from support_bot.assembly import App, build_app, prepare
from support_bot.engine.base import TextEngine
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.jobs.handlers import register
from support_bot.services.views import StaffView
from support_bot.settings import AnsweringSettings, EngineSettings, Settings
from support_bot.values import AnswerEvent, Audience, DocumentStatus, Role

UNUSED_PLACES = ("data_level0.bin", "length.bin")
"""Of Chroma's graph: files whose unused places are what lay in the process's memory (docs/erasure.md)."""

PASSWORD = "correct horse battery"

RETURNS = """# Returns and refunds

## How long do I have

You can return a jacket within 30 days, unworn, with the tag on. Sale jackets can be exchanged, not refunded.

## How do I send it back

1. Open **Orders > Return an item**.
2. Print the return label.
3. Hand the parcel in at any post office.

## Refund times

| Paid with | Refund takes |
|---|---|
| Card | 5 business days |
| Gift card | 1 business day |
"""

DELIVERY = """# Delivery

Standard delivery costs $4.90 and takes 3 to 5 business days. Express delivery costs $12 and arrives the next day.
Delivery is free for orders over $60.
"""


def settings(folder: Path, **answering: object) -> Settings:
    """Settings of a throw-away installation with the fake engine and no sample company."""
    values: dict[str, object] = {"answer_threshold": 0.2, **answering}
    return Settings(
        data_dir=folder / "data",
        cache_dir=folder / "cache",
        sample_data=False,
        offline=True,
        company="Acme",
        engine=EngineSettings(kind="fake"),
        answering=AnsweringSettings(**values),
    )


def make_app(folder: Path, engine: TextEngine | None = None, *, start: bool = True, **answering: object) -> App:
    """An app with the fake engine and the hashing embedder, its jobs running in this process."""
    chosen = settings(folder, **answering)
    make_database(chosen)
    app = build_app(chosen, engine=engine or FakeEngine(), embedder=HashingEmbedder())
    register(app)
    if start:
        app.start()
    return app


def make_database(chosen: Settings) -> None:
    """What `prepare` makes, copied where it was made once: the tables of an empty SQLite database take a while."""
    file = chosen.data_dir / "support-bot.db"
    if chosen.database_url or file.exists():
        prepare(chosen)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_empty_database())


@functools.cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        chosen = settings(Path(folder)).model_copy(update={"database_url": ""})
        prepare(chosen)
        return (chosen.data_dir / "support-bot.db").read_bytes()


def add_article(app: App, name: str, text: str, audience: Audience = Audience.PUBLIC) -> int:
    """Add an article and make it searchable at once; its document id."""
    added = app.knowledge.add(name, text.encode(), audience=audience)
    app.knowledge.process(added.document.id)
    (view,) = app.knowledge.wait_until_ready([added.document.id], 20)
    assert view.status is DocumentStatus.READY, view.reason
    return added.document.id


def add_staff(app: App, role: Role = Role.AGENT, email: str = "ana@example.com") -> StaffView:
    return app.staff.add(email, email.split("@")[0].title(), role, PASSWORD)


def ask(app: App, conversation_id: str, text: str) -> list[AnswerEvent]:
    """Say something and wait for the turn to end; its events."""
    started = app.chat.say(conversation_id, text)
    return [logged.event for logged in app.chat.follow(started, timeout_s=30)]


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait until `condition()` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
