"""Measure the inbox as `support-bot bench inbox` orders it, in a database of its own that is gone afterwards."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from support_bot.engine.weights import Progress
from support_bot.errors import Invalid
from support_bot.evaluation import inbox
from support_bot.models import Channel
from support_bot.storage.database import Database
from support_bot.storage.migrations import current_revision, upgrade

RUNS = 20


def measure_inbox(conversations: int, url: str, progress: Progress) -> dict[str, Any]:
    """Times over so many conversations, in a SQLite file or in the empty PostgreSQL database at `url`.

    Raises Invalid where that database is not empty."""
    with tempfile.TemporaryDirectory(prefix="support-bot-bench-", ignore_cleanup_errors=True) as folder:
        db = Database(url or f"sqlite:///{Path(folder, 'inbox.db')}")
        with closing(db):
            db.require()
            if current_revision(db.engine) is not None:
                raise Invalid("The database for the measurement must be empty: nobody's data is touched.")
            upgrade(db.engine)
            with db.transaction() as tx:
                tx.channels.add(Channel(slug="web", name="Web"))
            staff = inbox.fill(db, conversations, lambda done, all_: progress("inbox", done, all_))
            times = inbox.measure(db, staff, conversations, RUNS)
    kind = "postgresql" if url else "sqlite"
    return {
        "database": kind, "conversations": conversations, "messages": conversations * inbox.PER_CONVERSATION,
        "times": [asdict(time) for time in times],
    }  # fmt: skip


def inbox_lines(found: dict[str, Any]) -> list[str]:
    """The same for a reader."""
    head = f"inbox on {found['database']}: {found['conversations']} conversations, {found['messages']} messages"
    lines = [head, f"{'':<36}{'p50 ms':>8}{'p95 ms':>8}{'entries':>9}"]
    return lines + [
        f"{time['what']:<36}{time['p50_ms']:>8}{time['p95_ms']:>8}{time['entries']:>9}" for time in found["times"]
    ]
